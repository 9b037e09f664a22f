//! What ends a command that would go on for ever.

use std::io;

/// Ctrl-C, or the polite end from a supervisor. Whoever is told that this process runs may send it at once, so the
/// handlers are in place when this returns.
#[cfg(unix)]
pub(crate) fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn end_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler the signal ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// The terminal was closed. Only who draws in one listens to it: a handler would undo `nohup`.
#[cfg(unix)]
pub(crate) fn hangup_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        hangup.recv().await;
    })
}

#[cfg(not(unix))]
pub(crate) fn hangup_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}
