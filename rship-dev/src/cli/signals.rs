//! What ends a command that would go on for ever.

#[cfg(unix)]
use std::io;

use super::Failure;

/// Ctrl-C, or the polite end from a supervisor. Whoever is told that this process runs may send it at once, so the
/// handlers are in place when this returns.
#[cfg(unix)]
pub(crate) fn end_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(not_heard)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(not_heard)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn end_signal() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        // Without a handler the signal ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// The terminal was closed. Only who draws in one listens to it: a handler would undo `nohup`.
#[cfg(unix)]
pub(crate) fn hangup_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).map_err(not_heard)?;
    Ok(async move {
        hangup.recv().await;
    })
}

#[cfg(not(unix))]
pub(crate) fn hangup_signal() -> Result<impl Future<Output = ()>, Failure> {
    Ok(std::future::pending())
}

#[cfg(unix)]
fn not_heard(error: io::Error) -> Failure {
    Failure::Told(format!("cannot listen to signals: {error}"))
}
