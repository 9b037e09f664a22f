//! Expanded code raises no lint, and needs no documentation of its own.

#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub, single_use_lifetimes)]
#![deny(rust_2018_idioms, unused_results, let_underscore_drop)]
#![forbid(unsafe_code)]

use rship_runtime::prelude::*;

/// A lamp.
#[derive(Target)]
#[target(name = "Lamp", category = "light", bg_color = "#000000", fg_color = "#FFFFFF")]
pub struct Lamp {
    /// How bright.
    #[emitter]
    #[action(min = 0, max = 1)]
    pub level: f64,
    /// Said when it is switched.
    #[emitter]
    pub switched: Emitter<bool>,
    /// Another one.
    #[target]
    pub next: Option<Bulb>,
}

/// A bulb.
#[derive(Target)]
pub struct Bulb {
    /// Hours.
    #[emitter]
    pub hours: u32,
}

#[actions]
impl Lamp {
    /// Switches it.
    #[action]
    pub fn switch(&mut self, on: bool) {
        self.level = f64::from(u8::from(on));
        let _ = self.switched.pulse(on);
    }

    /// Dims it.
    #[action]
    pub async fn dim(&mut self, #[arg(min = 0, max = 1, default = 0.5, unit = "lx")] mut level: f64) {
        level = level.clamp(0.0, 1.0);
        self.level = level;
    }

    /// Whether it is on.
    #[emitter]
    pub fn on(&self) -> bool {
        self.level > 0.0
    }
}

fn main() {
    assert_eq!(Lamp::descriptor().map(|lamp| lamp.actions.len()), Ok(3));
}
