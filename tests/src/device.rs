//! A device with one of everything: states, an impulse, computed values, sub-targets of every shape.

use std::collections::BTreeMap;

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// Sells bananas.
#[derive(Target, Default)]
#[target(
    name = "The Banana Stand",
    category = "retail",
    bg_color = "#ffff00",
    fg_color = "#000000"
)]
pub struct Stand {
    /// Dollars in the walls.
    #[emitter]
    pub cash: f64,
    /// Bananas left.
    #[emitter]
    #[action]
    pub stock: u32,
    /// One pulse for each sale.
    #[emitter]
    pub sold: Emitter<Sale>,
    /// Where small money goes.
    #[target]
    pub register: Register,
    /// Lamps, by serial number.
    #[target(key = "serial")]
    pub lamps: Vec<Lamp>,
    /// Fridges, by name.
    #[target]
    pub fridges: BTreeMap<String, Fridge>,
    /// A sign, if one hangs there.
    #[target]
    pub sign: Option<Sign>,
}

/// What was sold.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Sale {
    /// Bananas.
    pub count: u32,
}

/// A cash register.
#[derive(Target, Default)]
pub struct Register {
    /// Whether the drawer is open.
    #[emitter]
    #[action]
    pub open: bool,
}

/// A lamp.
#[derive(Target, Default)]
pub struct Lamp {
    /// What is printed on it.
    pub serial: String,
    /// From 0 to 1.
    #[emitter]
    #[action]
    pub level: f64,
}

/// A fridge.
#[derive(Target, Default)]
pub struct Fridge {
    /// Degrees.
    #[emitter]
    #[action]
    pub celsius: i32,
}

/// A sign.
#[derive(Target, Default)]
pub struct Sign {
    /// What it says.
    #[emitter]
    #[action]
    pub text: String,
}

#[actions]
impl Stand {
    /// Sells some.
    #[action]
    pub fn sell(
        &mut self,
        #[arg(min = 1, max = 12)] count: u32,
        tip: Option<f64>,
    ) -> Result<f64, String> {
        if count > self.stock {
            return Err(format!("only {} bananas left", self.stock));
        }
        self.stock -= count;
        let price = f64::from(count) * 10.0 + tip.unwrap_or(0.0);
        self.cash += price;
        self.sold.pulse(Sale { count });
        Ok(price)
    }

    /// Burns it down.
    #[action]
    pub async fn burn(&mut self) {
        self.cash = 0.0;
    }

    /// What all is worth.
    #[emitter]
    pub fn worth(&self) -> f64 {
        self.cash + f64::from(self.stock) * 10.0
    }
}

impl Stand {
    /// One with members in every field.
    #[must_use]
    pub fn full() -> Self {
        Self {
            cash: 10.0,
            stock: 100,
            lamps: vec![Lamp::new("a", 0.25), Lamp::new("b", 0.5)],
            fridges: BTreeMap::from([
                ("left".to_owned(), Fridge { celsius: 4 }),
                ("right".to_owned(), Fridge { celsius: -18 }),
            ]),
            sign: Some(Sign {
                text: "open".to_owned(),
            }),
            ..Self::default()
        }
    }
}

impl Lamp {
    /// A lamp.
    #[must_use]
    pub fn new(serial: &str, level: f64) -> Self {
        Self {
            serial: serial.to_owned(),
            level,
        }
    }
}
