//! Hardware that nobody has at hand: each speaks its protocol as the real one does, on a port of this machine.

mod videohub;

use std::io;
use std::net::SocketAddr;

use tracing::info;

pub use videohub::Videohub;

/// Switches a Videohub on, which works until the process ends. Where it listens.
///
/// # Errors
/// As [`Videohub::start`].
pub async fn videohub(inputs: usize, outputs: usize) -> io::Result<SocketAddr> {
    let hub = Videohub::start(inputs, outputs).await?;
    let addr = hub.addr();
    info!("a simulated Videohub listens at {addr}");
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(hub);
    });
    Ok(addr)
}
