//! Where lints are forbidden, no expansion allows them, and none raises them.

#![forbid(warnings, unused, nonstandard_style, future_incompatible, rust_2018_idioms)]
#![forbid(let_underscore, keyword_idents, refining_impl_trait, missing_docs, unsafe_code)]
#![forbid(deprecated, unreachable_code, unused_mut, unused_qualifications, unused_variables)]
#![forbid(unused_imports, unused_results, single_use_lifetimes, unreachable_pub)]
#![forbid(clippy::all, clippy::pedantic, clippy::nursery, clippy::default_numeric_fallback)]

use rship_runtime::prelude::*;

/// A lamp.
#[derive(Target)]
#[target(name = "Lamp", category = "light", bg_color = "#000000", fg_color = "#FFFFFF")]
#[deprecated]
pub struct Old {
    /// How bright.
    #[emitter]
    pub level: f64,
}

/// A lamp.
#[derive(Target)]
#[target(name = "Lamp", category = "light", bg_color = "#000000", fg_color = "#FFFFFF", actions)]
pub struct Lamp<T: Send + 'static> {
    /// How bright.
    #[emitter]
    #[action(min = 0, max = 1)]
    pub level: f64,
    /// Count.
    #[emitter]
    #[action(min = 0, max = 1)]
    pub count: u8,
    /// Said when it is switched.
    #[emitter]
    #[deprecated]
    pub switched: Emitter<bool>,
    /// Another one.
    #[target]
    pub next: Option<Bulb>,
    /// Another one.
    #[target(key = "hours")]
    pub all: Vec<Bulb>,
    /// Another one.
    pub other: T,
}

/// A bulb.
#[derive(Target)]
pub struct Bulb {
    /// Hours.
    #[emitter]
    pub hours: u32,
}

#[actions]
impl<T: Send + 'static> Lamp<T> {
    /// Switches it.
    #[action(writes = "count")]
    #[deprecated]
    pub fn switch(&mut self, on: bool) {
        self.count = u8::from(on);
    }

    /// Dims it.
    #[action(timeout = "5s")]
    pub async fn dim(&mut self, #[arg(min = 0, max = 1, default = 0.5, unit = "lx")] mut level: f64, #[arg(default = 3)] x: u64, #[arg(default = "a")] s: String) {
        drop(s);
        level = if x > 3 { level.clamp(0.0, 1.0) } else { 0.5 };
        self.level = level;
    }

    /// Whether it is on.
    #[emitter(every = "2s")]
    #[deprecated]
    pub fn on(&self) -> bool {
        self.level > 0.0
    }
    /// Loops.
    #[action(blocking)]
    #[must_use]
    pub fn result(&self) -> Result<u8, String> {
        Ok(self.count)
    }
    /// Loops.
    #[cfg(all())]
    #[action(blocking)]
    #[must_use]
    pub fn cond(&self, #[cfg(all())] a: u8) -> u8 {
        a
    }
}
fn main() {
    assert_eq!(Lamp::<u8>::descriptor().map(|lamp| lamp.actions.len()), Ok(6));
}
