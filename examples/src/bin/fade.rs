//! A long action: a lamp that fades beside whatever else it is told, until the next fade takes over.
//!
//! ```text
//! cargo run -p rship-examples --bin fade
//! cargo run -p rship-examples --bin fade -- --manifest
//! ```

use std::time::Duration;

use rship_examples::{Failure, Show};
use rship_runtime::prelude::*;
use tokio::time::{Instant, interval};

/// Time between two steps of a fade.
const STEP: Duration = Duration::from_millis(40);

/// A lamp that can be dimmed.
#[derive(Target)]
#[target(category = "light")]
struct Lamp {
    /// Brightness, from 0 to 1.
    #[emitter]
    #[action(min = 0.0, max = 1.0)]
    level: f64,
}

#[actions]
impl Lamp {
    /// Fades to a brightness; answers when it is there. A new fade takes over from where this one is.
    #[action(restart, writes = "level")]
    async fn fade(
        // In place of a receiver: the lamp is locked for moments only, and stays free in between.
        this: Handle<Self>,
        #[arg(min = 0.0, max = 1.0)] to: f64,
        #[arg(min = 0.0, max = 60.0, default = 2.0, unit = "s")] seconds: f64,
    ) {
        let from = this.lock().await.level;
        let began = Instant::now();
        let mut steps = interval(STEP);
        loop {
            steps.tick().await;
            let elapsed = began.elapsed().as_secs_f64();
            if elapsed >= seconds {
                break;
            }
            this.lock().await.level = from + (to - from) * elapsed / seconds;
        }
        this.lock().await.level = to;
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let show = Show::open("lamps").await?;
    show.executor.add("lamp", Lamp { level: 0.0 })?;
    show.run(&[
        "watch lamp:level",
        "call lamp:fade '{\"to\": 1, \"seconds\": 10}'",
        "call lamp:fade '{\"to\": 0}'",
        "call lamp:set-level 0.5",
    ])
    .await
}
