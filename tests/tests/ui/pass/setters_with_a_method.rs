//! A setter may call a method, which says no in any of the ways in which an action does; a value may be
//! made of its field; an emitter may be told how often to speak.

#![deny(warnings)]
#![deny(missing_docs)]
#![no_implicit_prelude]

use ::rship_runtime::prelude::*;

use ::std::boxed::Box;
use ::std::error::Error;
use ::std::option::Option::{self, Some};
use ::std::result::Result::{self, Ok};
use ::std::string::String;
use ::std::time::Duration;

/// A lamp.
#[derive(Target)]
struct Lamp {
    #[emitter(max_rate = "30 Hz", deadband = 0.01)]
    #[action(min = 0, max = 1, set = "dim")]
    level: f64,
    #[emitter]
    #[action(set = "rename")]
    name: String,
    #[emitter(deadband = 1)]
    #[action(set = "wait")]
    steps: Option<u32>,
    #[emitter(with = "seconds", deadband = 0.5)]
    #[action(min = 0, set = "fade_in")]
    fade: Duration,
    #[emitter(with = "self::seconds")]
    pause: Duration,
    #[emitter]
    #[action(set = "tell")]
    told: u8,
}

fn seconds(duration: &Duration) -> f64 {
    duration.as_secs_f64()
}

impl Lamp {
    fn dim(&mut self, level: f64) {
        self.level = level;
    }

    fn rename(&mut self, name: String) -> Result<(), Box<dyn Error>> {
        self.name = name;
        Ok(())
    }

    async fn wait(&mut self, steps: Option<u32>) -> Result<(), String> {
        self.steps = steps;
        Ok(())
    }

    fn fade_in(&mut self, seconds: f64) {
        self.fade = Duration::from_secs_f64(seconds);
    }

    async fn tell(&mut self, to: u8) {
        self.told = to;
    }
}

#[actions]
impl Lamp {
    /// How hot.
    #[emitter(max_rate = "0.5 Hz", deadband = 2)]
    fn heat(&self) -> Option<f32> {
        Some(20.0)
    }
}

/// One case of many.
#[derive(Target)]
struct Dimmer<T: ::serde::Serialize + ::serde::de::DeserializeOwned + ::schemars::JsonSchema + ::std::marker::Send + 'static> {
    #[emitter(max_rate = "1000 Hz")]
    #[action(set = "set")]
    level: T,
}

impl<T: ::serde::Serialize + ::serde::de::DeserializeOwned + ::schemars::JsonSchema + ::std::marker::Send + 'static> Dimmer<T> {
    fn set(&mut self, level: T) {
        self.level = level;
    }
}

fn main() {
    let lamp = Lamp::descriptor().unwrap();
    ::std::assert_eq!(lamp.actions.len(), 5);
    ::std::assert_eq!(lamp.emitters[3].schema["type"], "number");
    ::std::assert_eq!(lamp.emitters[0].pace.deadband, Some(0.01));
    ::std::assert_eq!(lamp.emitters[6].pace.min_interval, Some(Duration::from_secs(2)));
    ::std::assert!(Dimmer::<f32>::descriptor().is_ok());
}
