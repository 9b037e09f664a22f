//! The listening socket, and the tasks of its connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::session;
use super::shared::{Shared, stopped};

/// How long the sessions may take to say goodbye.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);
/// The pause after a refused accept, which is what a process without free file handles gets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the server stops, then ends them all.
pub(crate) async fn listen(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let mut sessions = JoinSet::new();
    let clock = tokio::spawn(Arc::clone(&shared).keep_time());
    let session_stop = stop.clone();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = sessions.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    sessions.spawn(session::serve(stream, Arc::clone(&shared), session_stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(target: "rship_dev", %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    // Whoever is left after this is dropped with the set.
    drop(
        timeout(FAREWELL_LIMIT, async {
            while sessions.join_next().await.is_some() {}
        })
        .await,
    );
    clock.abort();
}
