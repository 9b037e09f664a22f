//! Sessions: one connection after the other, each beginning with all there is to tell. All of it runs on
//! the connection thread, in one task for each executor.

mod announce;
mod backoff;
mod connect;
mod detect;
mod dialect;
mod inbox;
mod instances;
mod liveness;
mod read_back;
mod reader;
mod registration;
mod socket;
mod status;
mod transport;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument as _, info, info_span, warn};

use crate::command::{Outgoing, Router};
use crate::journal::{Journal, Topic};
use crate::metrics::Counters;
use crate::outbox::{Items, Outbox, Round};
use crate::settings::Settings;
use crate::target::{Registry, start_handlers};
use backoff::Backoff;
use connect::ConnectError;
use detect::Identity;
use inbox::Inbox;
use liveness::Liveness;
use socket::Socket;

pub use status::Status;
pub(crate) use transport::Tcp;

/// Why a session ended, for the log and the status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error(transparent)]
    Connect(Box<ConnectError>),
    #[error("the server closed the connection{0}")]
    Closed(String),
    #[error("the connection broke: {0}")]
    Broken(tokio_tungstenite::tungstenite::Error),
    #[error("the server was silent for {:.1} s", .0.as_secs_f64())]
    Silent(Duration),
    #[error("the server has taken nothing for {:.1} s, though it sends", .0.as_secs_f64())]
    Stalled(Duration),
    #[error("the server has answered no ping for {:.1} s, though it sends", .0.as_secs_f64())]
    Unanswered(Duration),
    #[error("the executor ends")]
    Stopped,
}

/// What sessions need of an executor.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) registry: Arc<Registry>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) items: Items,
    pub(crate) router: Router,
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) status: watch::Sender<Status>,
    /// Becomes true when the sessions are to end.
    pub(crate) stop: watch::Sender<bool>,
}

impl Parts {
    pub(crate) fn set_status(&self, status: Status) {
        self.status.send_if_modified(|now| {
            let changed = *now != status;
            *now = status;
            changed
        });
    }
}

/// Ready when it becomes true.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the executor. What is returned borrows a lock, and must not live in a
    // future that moves between threads.
    drop(stop.wait_for(|stop| *stop).await);
}

/// Connects, and connects again, until the executor is to end.
pub(crate) async fn supervise(parts: Arc<Parts>) {
    let parts = &*parts;
    let mut stop = parts.stop.subscribe();
    let mut backoff = Backoff::new(parts.settings.timing.backoff);
    let mut instances = instances::Known::default();
    let mut round = Round::default();
    let mut attempt: u64 = 0;
    while !*stop.borrow() {
        attempt += 1;
        parts.set_status(Status::Connecting);
        let (began, sessions) = (Instant::now(), parts.counters.sessions.read());
        let address = &parts.settings.server.address;
        let span = info_span!("session", attempt, server = %address);
        let end = session(parts, &mut round, &mut instances, &mut stop)
            .instrument(span)
            .await;
        // For the commands that came just before the end.
        start_handlers();
        parts.outbox.end(&mut round);
        parts.outgoing.end();
        drop_commands(parts);
        if matches!(end, End::Stopped) || *stop.borrow() {
            break;
        }
        // However long a connection took to fail: only one on which the server was heard was good.
        let good = parts.counters.sessions.read() > sessions;
        let lasted = if good {
            began.elapsed()
        } else {
            Duration::ZERO
        };
        let retry_in = backoff.after(lasted);
        warn!(
            server = %address,
            "offline: {end}; next try in {:.1} s",
            retry_in.as_secs_f64()
        );
        parts.set_status(Status::Offline {
            reason: end.to_string(),
            retry_in,
        });
        tokio::select! {
            biased;
            () = tokio::time::sleep(retry_in) => {}
            () = stopped(&mut stop) => {}
        }
    }
}

/// Drops the commands that have not begun: the server that asked is gone, and the next one did not ask.
fn drop_commands(parts: &Parts) {
    let trees: Vec<_> = parts.registry.targets().trees().cloned().collect();
    let dropped: usize = trees.iter().map(|tree| tree.drop_unbegun()).sum();
    if dropped > 0 {
        parts.counters.commands_dropped.add(dropped as u64);
        parts.journal.warn(Topic::CommandDropped, || {
            format!(
                "{dropped} commands are dropped: the session that asked for them ended before they began"
            )
        });
    }
}

async fn session(
    parts: &Parts,
    round: &mut Round,
    instances: &mut instances::Known,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let timing = &parts.settings.timing;
    let liveness = Arc::new(Liveness::new(timing.ping, timing.silence));
    let opening = connect::open(&parts.settings.server, &liveness);
    let opening = tokio::time::timeout(timing.connect, opening);
    let socket = tokio::select! {
        biased;
        () = stopped(stop) => return End::Stopped,
        opened = opening => match opened {
            Ok(Ok(socket)) => socket,
            Ok(Err(why)) => return End::Connect(why),
            Err(_) => return End::Connect(Box::new(ConnectError::TimedOut(timing.connect))),
        },
    };
    info!("connected");
    let socket = Socket::new(socket);
    let epoch = parts.outbox.connected();
    let (identity, known) = watch::channel::<Option<Identity>>(None);
    let inbox = Inbox::default();
    let shared = Shared {
        parts,
        socket: &socket,
        liveness: &liveness,
        inbox: &inbox,
    };
    let end = tokio::select! {
        biased;
        end = writer::run(&shared, round, instances, known, stop) => end,
        end = reader::run(&shared, identity, epoch) => end,
        end = liveness.lost() => end,
    };
    if matches!(end, End::Closed(_) | End::Stopped) {
        // What was written reaches the server; anything else is thrown away with the socket.
        let _ = tokio::time::timeout(timing.shutdown, socket.shut_down()).await;
    }
    end
}

/// What the reader and the writer of one session share.
struct Shared<'s> {
    parts: &'s Parts,
    socket: &'s Socket,
    liveness: &'s Liveness,
    inbox: &'s Inbox,
}
