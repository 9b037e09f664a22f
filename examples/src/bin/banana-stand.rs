//! The document's own example, whole: a banana stand with a cash register.
//!
//! ```text
//! cargo run -p rship-examples --bin banana-stand
//! cargo run -p rship-examples --bin banana-stand -- --manifest
//! ```

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// Sells bananas, keeps money.
#[derive(Target)]
#[target(name = "The Banana Stand", category = "retail", bg_color = "#ffff00", fg_color = "#000000")]
struct BananaStand {
    /// Dollars in the walls.
    #[emitter]
    cash: f64,
    /// Bananas left.
    #[emitter]
    #[action]
    stock: u32,
    /// One pulse per sale.
    #[emitter]
    banana_sold: Emitter<Sale>,
    #[target(id = "cash-register")]
    register: CashRegister,
}

/// What was sold.
#[derive(Clone, Serialize, JsonSchema)]
struct Sale {
    /// Bananas.
    count: u32,
    /// Dollars.
    price: f64,
}

/// Where small money goes.
#[derive(Target)]
struct CashRegister {
    /// Whether the drawer is open.
    #[emitter]
    #[action]
    open: bool,
}

#[actions]
impl BananaStand {
    /// Sell bananas.
    #[action]
    fn sell(&mut self, #[arg(min = 1, max = 12)] count: u32, tip: Option<f64>) -> Result<f64, String> {
        if count > self.stock {
            return Err(format!("only {} bananas left", self.stock));
        }
        self.stock -= count;
        let price = f64::from(count) * 10.0 + tip.unwrap_or(0.0);
        self.cash += price;
        self.banana_sold.pulse(Sale { count, price });
        Ok(price)
    }

    /// There is always money in the banana stand.
    #[action(name = "Burn it down")]
    async fn burn(&mut self) {
        self.cash = 0.0;
    }

    /// Puts money into the walls.
    #[action]
    fn fill_with_money(&mut self, #[arg(min = 0.0)] dollars: f64) {
        self.cash += dollars;
    }

    /// Cash plus stock at today's price.
    #[emitter]
    fn worth(&self) -> f64 {
        self.cash + f64::from(self.stock) * 10.0
    }
}

#[tokio::main]
async fn main() -> Result<(), rship_runtime::Error> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let executor = Executor::from_env("bluth-company")?;
    let stand = executor.add("banana-stand", BananaStand {
        cash: 0.0, stock: 100, banana_sold: Emitter::default(), register: CashRegister { open: false },
    })?;
    stand.lock().await.cash += 250_000.0;
    executor.run().await
}
