//! What the tests share: a device, a running executor, and a server that does what a script says.

#[cfg(doctest)]
mod book;
pub mod browser;
pub mod corpus;
mod device;
mod door;
mod example;
mod gate;
mod hosted;
mod memory;
mod pipes;
mod program;
mod proxy;
mod running;
mod scripted;
mod store;
mod tls;

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

pub use device::{Fridge, Lamp, Register, Sale, Sign, Stand};
pub use door::Door;
pub use example::example;
pub use gate::{Gate, Turnstile};
pub use hosted::{Host, Hosted, on_current_thread, on_two_workers};
pub use memory::{Memory, alone};
pub use pipes::{Connector, Pipes, pipes};
pub use program::{VARIABLES, ended, program};
pub use proxy::{Acted, Direction, Proxy, Toxic, ToxicId};
pub use running::{Running, builder, core, executor, pulse};
pub use scripted::{Peer, Server};
pub use store::{differences, ids, stored};
pub use tls::{Authority, Day, Identity, TlsFront, TlsServer};

/// Longer than anything takes on the slowest machine; nothing waits for it to pass.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits for `what`, which must happen.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(LIMIT, future).await {
        Ok(done) => done,
        Err(_) => panic!("no {what} within {LIMIT:?}"),
    }
}

/// Asks again and again until `holds` does; for what has no event to wait for.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    within(what, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A target may stand behind a lock:
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use rship_runtime::prelude::*;
///
/// #[derive(Target)]
/// struct Player;
///
/// #[actions]
/// impl Player {
///     #[action]
///     fn fade(&mut self) {}
/// }
///
/// Arc::<Mutex<Player>>::descriptor().unwrap();
/// ```
///
/// Not so where one of its actions awaits. (The words are not compared: they come with paths of the compiler's.)
///
/// ```compile_fail,E0080
/// use std::sync::{Arc, Mutex};
///
/// use rship_runtime::prelude::*;
///
/// #[derive(Target)]
/// struct Player;
///
/// #[actions]
/// impl Player {
///     #[action]
///     async fn fade(&mut self) {}
/// }
///
/// Arc::<Mutex<Player>>::descriptor().unwrap();
/// ```
#[cfg(doctest)]
mod behind_a_lock {}
