//! The listening socket, and the tasks of its connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::session::{self, ByteStream, Incoming};
use super::shared::{Shared, stopped};

/// How long the sessions may take to say goodbye.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);
/// The pause after a refused accept, which is what a process without free file handles gets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until the server stops, then ends them all: those of the socket, if there is one, and those
/// that are handed in.
pub(crate) async fn listen(
    listener: Option<TcpListener>,
    mut handed_in: mpsc::UnboundedReceiver<Box<dyn ByteStream>>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let mut sessions = JoinSet::new();
    let clock = tokio::spawn(Arc::clone(&shared).keep_time());
    let session_stop = stop.clone();
    loop {
        let incoming = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = sessions.join_next() => continue,
            Some(stream) = handed_in.recv() => Incoming { stream, local: None },
            incoming = accept(listener.as_ref()) => incoming,
        };
        sessions.spawn(session::serve(
            incoming,
            Arc::clone(&shared),
            session_stop.clone(),
        ));
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

/// The next connection of the socket.
async fn accept(listener: Option<&TcpListener>) -> Incoming {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small frames answer each other here; waiting to fill a packet only adds latency.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(target: "rship_dev", %error, "no TCP_NODELAY");
                }
                // One that has no address is gone already.
                let Ok(local) = stream.local_addr() else {
                    continue;
                };
                return Incoming {
                    stream: Box::new(stream),
                    local: Some(local.ip()),
                };
            }
            Err(error) => {
                tracing::warn!(target: "rship_dev", %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
