//! The document's own example, whole: a banana stand with a cash register, and customers.
//!
//! ```text
//! cargo run -p rship-examples --bin banana-stand
//! cargo run -p rship-examples --bin banana-stand -- --manifest
//! RSHIP_URL=ws://127.0.0.1:5155/myko cargo run -p rship-examples --bin banana-stand
//! ```

use std::fmt;
use std::time::Duration;

use rship_examples::{Failure, Show};
use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// Dollars for one banana.
const PRICE: f64 = 10.0;

/// Sells bananas, keeps money.
#[derive(Target)]
#[target(
    name = "The Banana Stand",
    category = "retail",
    bg_color = "#ffff00",
    fg_color = "#000000"
)]
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
    supplier: Supplier,
}

/// Where the money of the day goes.
#[derive(Target)]
struct CashRegister {
    /// Dollars in the drawer.
    #[emitter]
    drawer: f64,
    /// Whether the drawer is open.
    #[emitter]
    #[action]
    open: bool,
}

/// Not annotated, so nobody outside sees it.
struct Supplier {
    crate_size: u32,
}

/// What was sold.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Sale {
    /// Bananas.
    count: u32,
    /// Dollars, with the tip.
    paid: f64,
}

/// What the customer takes home besides.
#[derive(Debug, PartialEq, Serialize)]
struct Receipt {
    count: u32,
    paid: f64,
    left: u32,
}

/// Why there is no sale.
#[derive(Debug, PartialEq)]
struct OutOfBananas {
    wanted: u32,
    left: u32,
}

impl fmt::Display for OutOfBananas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bananas are too many: there are {} left",
            self.wanted, self.left
        )
    }
}

#[actions]
impl BananaStand {
    fn open() -> Self {
        Self {
            cash: 0.0,
            stock: 100,
            banana_sold: Emitter::default(),
            register: CashRegister {
                drawer: 0.0,
                open: false,
            },
            supplier: Supplier { crate_size: 100 },
        }
    }

    /// Sell bananas.
    #[action]
    fn sell(
        &mut self,
        /// How many bananas.
        #[arg(min = 1, max = 12)]
        count: u32,
        /// Dollars on top of the price.
        #[arg(min = 0.0)]
        tip: Option<f64>,
    ) -> Result<Receipt, OutOfBananas> {
        let Some(left) = self.stock.checked_sub(count) else {
            let left = self.stock;
            return Err(OutOfBananas {
                wanted: count,
                left,
            });
        };
        let paid = f64::from(count) * PRICE + tip.unwrap_or(0.0);
        self.stock = left;
        self.register.drawer += paid;
        self.banana_sold.pulse(Sale { count, paid });
        Ok(Receipt { count, paid, left })
    }

    /// There is always money in the banana stand.
    #[action]
    fn fill_with_money(&mut self, #[arg(min = 0.0, unit = "dollars")] amount: f64) -> f64 {
        self.cash += amount;
        self.cash
    }

    /// Burn it down.
    #[action]
    async fn burn(&mut self) {
        self.cash = 0.0;
        self.register.drawer = 0.0;
        self.stock = 0;
    }

    /// All the money, and the stock at today's price.
    #[emitter]
    fn worth(&self) -> f64 {
        self.cash + self.register.drawer + f64::from(self.stock) * PRICE
    }

    fn restock(&mut self) {
        self.stock += self.supplier.crate_size;
    }
}

/// The stand's own life, beside what the show makes it do.
async fn customers(stand: Handle<BananaStand>) {
    for wanted in (1..=3).cycle() {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut stand = stand.lock().await;
        if let Err(OutOfBananas { .. }) = stand.sell(wanted, None) {
            stand.restock();
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let show = Show::open("bluth-company").await?;
    let stand = show.executor.add("banana-stand", BananaStand::open())?;
    stand.lock().await.cash += 250_000.0;
    tokio::spawn(customers(stand));
    show.run(&[
        "ls",
        "call banana-stand:sell '{\"count\": 2, \"tip\": 0.5}'",
        "call banana-stand:sell '{\"count\": 13}'",
        "call banana-stand:set-stock 50",
        "watch banana-stand:banana-sold",
    ])
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_methods_work_with_no_server_in_sight() {
        let mut stand = BananaStand::open();
        let receipt = Receipt {
            count: 12,
            paid: 121.5,
            left: 88,
        };
        assert_eq!(stand.sell(12, Some(1.5)), Ok(receipt));
        assert_eq!(stand.register.drawer, 121.5);
        stand.stock = 1;
        let refused = stand.sell(2, None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "2 bananas are too many: there are 1 left"
        );
        assert_eq!(stand.stock, 1);
    }

    #[tokio::test]
    async fn nothing_is_left_after_a_fire() {
        let mut stand = BananaStand::open();
        assert_eq!(stand.fill_with_money(250_000.0), 250_000.0);
        assert_eq!(stand.worth(), 251_000.0);
        stand.burn().await;
        assert_eq!(stand.worth(), 0.0);
        stand.restock();
        assert_eq!(stand.stock, 100);
    }
}
