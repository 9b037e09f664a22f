//! Attributes of one name add up, and stand beside those of other macros.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Debug, serde::Serialize, Target)]
#[target(name = "Rack")]
#[target(category = "audio")]
#[serde(rename_all = "camelCase")]
struct Rack {
    #[emitter(id = "master")]
    #[emitter(name = "Master level")]
    #[action(min = -80, max = 10)]
    #[action(id = "master-level", name = "Set the master level")]
    #[serde(rename = "m")]
    level: f64,
}

#[actions]
impl Rack {
    #[action(id = "mute")]
    #[inline]
    #[action(name = "Mute all")]
    #[allow(clippy::unused_self)]
    fn mute_all(
        &mut self,
        #[arg(min = 0)]
        #[arg(max = 60)]
        seconds: f64,
    ) -> f64 {
        seconds
    }
}

fn main() {
    let rack = Rack::descriptor().unwrap();
    assert_eq!((rack.name.as_str(), rack.category.as_str()), ("Rack", "audio"));
    assert_eq!(rack.emitter("master").unwrap().name, "Master level");
    assert_eq!(rack.action("master-level").unwrap().schema["minimum"], -80.0);
    assert_eq!(rack.action("mute").unwrap().name, "Mute all");
    assert_eq!(Rack { level: 0.0 }.mute_all(2.0), 2.0);
}
