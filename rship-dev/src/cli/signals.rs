//! What ends a command that would go on for ever.

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

/// Ctrl-C and Ctrl-Break, the window that is closed, the end of the system: all that Windows tells a console.
#[cfg(windows)]
pub(crate) fn end_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let mut interrupt = ctrl_c().map_err(not_heard)?;
    let mut stop = ctrl_break().map_err(not_heard)?;
    let mut close = ctrl_close().map_err(not_heard)?;
    let mut shutdown = ctrl_shutdown().map_err(not_heard)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
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

/// That is among what [`end_signal`] listens to.
#[cfg(windows)]
pub(crate) fn hangup_signal() -> Result<impl Future<Output = ()>, Failure> {
    Ok(std::future::pending())
}

fn not_heard(error: io::Error) -> Failure {
    Failure::Told(format!("cannot listen to signals: {error}"))
}
