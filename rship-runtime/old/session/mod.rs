//! Sessions: one connection after the other, each beginning with all there is to tell.

mod backoff;
mod connect;
mod detect;
mod encoding;
mod reader;
mod registration;
mod socket;
mod teller;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument as _, info, info_span, warn};

use crate::hub::{Hub, stopped};
use crate::status::Status;
use backoff::Backoff;
use detect::Identity;
use socket::Socket;

pub(crate) use connect::Tcp;
pub use connect::{Connect, Transport};

/// Why a session ended, for the log and the status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("{0}")]
    Connect(String),
    #[error("the server closed the connection{0}")]
    Closed(String),
    #[error("the connection broke: {0}")]
    Broken(tokio_tungstenite::tungstenite::Error),
    #[error("the server was silent for {:.1} s", .0.as_secs_f64())]
    Silent(Duration),
    #[error("the server does not read its answers")]
    Clogged,
    #[error("the executor ends")]
    Stopped,
}

/// Connects, and connects again, until the executor is to end.
pub(crate) async fn supervise(hub: &Arc<Hub>) {
    let mut stop = hub.stop.subscribe();
    let mut backoff = Backoff::new(hub.config.backoff);
    let mut attempt: u64 = 0;
    while !*stop.borrow() {
        attempt += 1;
        hub.set_status(Status::Connecting);
        let (began, sessions) = (Instant::now(), hub.counters.sessions.read());
        let span = info_span!("session", attempt, server = %hub.config.address);
        let end = session(hub, &mut stop).instrument(span).await;
        // For the commands that came just before the end.
        hub.runners.start();
        hub.outbox.end();
        hub.requests.end();
        if matches!(end, End::Stopped) || *stop.borrow() {
            break;
        }
        // However long a connection took to fail: only one on which everything was told was good.
        let good = hub.counters.sessions.read() > sessions;
        let lasted = if good {
            began.elapsed()
        } else {
            Duration::ZERO
        };
        let retry_in = backoff.after(lasted);
        warn!(
            server = %hub.config.address,
            "offline: {end}; next try in {:.1} s",
            retry_in.as_secs_f64()
        );
        hub.set_status(Status::Offline {
            reason: end.to_string(),
            retry_in,
        });
        tokio::select! {
            () = tokio::time::sleep(retry_in) => {}
            () = stopped(&mut stop) => {}
        }
    }
}

async fn session(hub: &Arc<Hub>, stop: &mut watch::Receiver<bool>) -> End {
    let opening = tokio::time::timeout(hub.config.connect_timeout, connect::open(&hub.config));
    let socket = tokio::select! {
        biased;
        () = stopped(stop) => return End::Stopped,
        opened = opening => match opened {
            Ok(Ok(socket)) => socket,
            Ok(Err(why)) => return End::Connect(why),
            Err(_) => {
                let limit = hub.config.connect_timeout.as_secs_f64();
                return End::Connect(format!("no connection within {limit:.1} s"));
            }
        },
    };
    info!("connected");
    let socket = Socket::new(socket);
    let (identity, known) = watch::channel::<Option<Identity>>(None);
    let heard = reader::Heard::new();
    tokio::select! {
        biased;
        end = writer::run(hub, &socket, known, stop) => end,
        end = reader::run(hub, &socket, identity, &heard) => end,
        end = heard.silence(hub.config.silence_timeout) => end,
    }
}
