//! The document's own example, whole.

#![deny(warnings)]

use rship_runtime::prelude::*;

/// What one sale was.
#[derive(serde::Serialize, schemars::JsonSchema)]
struct Sale {
    count: u32,
}

#[derive(serde::Serialize)]
struct Receipt {
    dollars: f64,
}

#[derive(Debug)]
struct OutOfBananas;

impl std::fmt::Display for OutOfBananas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no banana is left")
    }
}

#[derive(Target, Default)]
#[target(id = "cash-register")]
struct CashRegister {
    #[emitter]
    open: bool,
}

#[derive(Default)]
struct Supplier {
    bananas: u32,
}

/// Sells bananas, keeps money.
#[derive(Target, Default)]
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
    #[target]
    register: CashRegister,
    supplier: Supplier,
}

impl BananaStand {
    fn open() -> Self {
        Self { stock: 12, ..Self::default() }
    }
}

#[actions]
impl BananaStand {
    /// Sell bananas.
    #[action]
    fn sell(
        &mut self,
        #[arg(min = 1, max = 12)] count: u32,
        /// Whatever the customer likes.
        tip: Option<f64>,
    ) -> Result<Receipt, OutOfBananas> {
        self.stock = self.stock.checked_sub(count).ok_or(OutOfBananas)?;
        let dollars = f64::from(count) + tip.unwrap_or(0.0);
        self.cash += dollars;
        self.register.open = true;
        self.banana_sold.pulse(Sale { count });
        Ok(Receipt { dollars })
    }

    /// Put money into the walls.
    #[action(writes = "cash")]
    fn fill_with_money(&mut self, dollars: f64) {
        self.cash += dollars;
        self.stock += self.supplier.bananas;
    }

    /// There is always money in the banana stand.
    #[action(name = "Burn it down")]
    async fn burn(&mut self) {
        self.cash = 0.0;
    }

    /// Cash plus stock at today's price.
    #[emitter]
    fn worth(&self) -> f64 {
        self.cash + f64::from(self.stock)
    }
}

#[allow(dead_code)]
#[tokio::main]
async fn device() -> Result<(), rship_runtime::Error> {
    let executor = Executor::from_env("bluth-company")?;
    let stand = executor.add("banana-stand", BananaStand::open())?;
    stand.lock().await.cash += 250_000.0;
    executor.run().await
}

fn main() {
    let stand = BananaStand::descriptor().unwrap();
    assert_eq!(stand.name, "The Banana Stand");
    assert_eq!(stand.doc.as_deref(), Some("Sells bananas, keeps money."));
    assert_eq!(stand.category, "retail");
    assert_eq!(stand.bg_color.as_deref(), Some("#ffff00"));
    assert_eq!(stand.fg_color.as_deref(), Some("#000000"));

    let actions: Vec<_> = stand.actions.iter().map(|a| (a.id.as_str(), a.name.as_str())).collect();
    assert_eq!(
        actions,
        [
            ("set-stock", "Set stock"),
            ("sell", "Sell"),
            ("fill-with-money", "Fill with money"),
            ("burn", "Burn it down"),
        ]
    );
    let emitters: Vec<_> = stand.emitters.iter().map(|e| (e.id.as_str(), e.name.as_str())).collect();
    assert_eq!(
        emitters,
        [
            ("cash", "Cash"),
            ("stock", "Stock"),
            ("banana-sold", "Banana sold"),
            ("worth", "Worth"),
        ]
    );
    assert_eq!(stand.sub_targets.len(), 1);

    let sell = &stand.action("sell").unwrap().schema;
    assert_eq!(sell["required"], serde_json::json!(["count"]));
    assert_eq!(sell["properties"]["count"]["maximum"], 12);
    assert_eq!(sell["properties"]["tip"]["description"], "Whatever the customer likes.");

    let mut stand = BananaStand::open();
    assert_eq!(stand.sell(2, Some(0.5)).unwrap().dollars, 2.5);
    assert_eq!(stand.sell(12, None).map(|_| ()).unwrap_err().to_string(), "no banana is left");
    assert_eq!(stand.worth(), 12.5);
}
