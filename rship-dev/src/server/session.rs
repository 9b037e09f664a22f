//! One connection: the handshake, the reader and the writer.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use rship_core::wire::Generation;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::client::{Outgoing, Queue, Queued};
use super::limits::size;
use super::meter::{Meter, Metered, Stuck};
use super::opening::Refusal;
use super::shared::{Opened, Shared, stopped};
use crate::codec::{self, Unreadable};
use crate::reading::plain::Pulse;
use crate::reading::{Problem, frames, plain, plain_cbor};
use crate::recorded::Recorded;
use crate::speaking;
use crate::store::ClientNo;

const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// What a WebSocket can be opened on.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A connection that came in.
pub(crate) struct Incoming {
    pub(crate) stream: Box<dyn ByteStream>,
    /// The address at which it came in; one that was handed in has none.
    pub(crate) local: Option<IpAddr>,
}

type Socket = WebSocketStream<Metered>;

/// Serves one connection until it ends, is thrown out, or the server stops.
pub(crate) async fn serve(
    incoming: Incoming,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let meter = Meter::new(Arc::clone(&shared.half_received));
    let opened = tokio::select! {
        biased;
        () = stopped(&mut stop) => return,
        opened = open(incoming, &shared, &meter) => opened,
    };
    let Some((socket, _seat)) = opened else {
        return;
    };
    let (mut sink, mut stream) = socket.split();
    let Opened {
        no,
        mut queue,
        binary,
        thrown_out,
    } = shared.open();
    let reads = || !*shared.stalled.borrow();
    let farewell = tokio::select! {
        biased;
        () = stopped(&mut stop) => true,
        _ = thrown_out => false,
        () = read(&shared, no, &binary, &mut stream) => false,
        result = write(&shared, no, &mut sink, &mut queue) => {
            if let Err(error) = result {
                tracing::debug!(target: "rship_dev", %error, "a connection broke");
            }
            false
        }
        stuck = meter.stuck(shared.limits.progress, reads) => {
            shared.transact(|state| state.throw_out(no, without_progress(&shared, stuck)));
            false
        }
    };
    shared.transact(|state| state.close(no));
    if farewell {
        // A client that does not take the farewell is left without one.
        drop(timeout(CLOSE_LIMIT, sink.close()).await);
    }
}

fn without_progress(shared: &Shared, stuck: Stuck) -> String {
    let limit = humantime::format_duration(shared.limits.progress);
    match stuck {
        Stuck::Reading => {
            format!(
                "it sent a part of a message and nothing more for {limit}, and was disconnected"
            )
        }
        Stuck::Writing => format!(
            "it read nothing for {limit} while something waited for it, and was disconnected"
        ),
    }
}

/// Opens a WebSocket, for those who may come in.
async fn open(
    incoming: Incoming,
    shared: &Arc<Shared>,
    meter: &Arc<Meter>,
) -> Option<(Socket, OwnedSemaphorePermit)> {
    let Incoming { stream, local } = incoming;
    let mut place = shared.half_open.enter(shared.limits.opening);
    let mut seat = None;
    // The shape of the callback, large error included, is the library's.
    #[allow(clippy::result_large_err)]
    let check = |request: &Request, response: Response| {
        let checked = shared.doors.check(request, local).and_then(|()| {
            let free = Arc::clone(&shared.seats).try_acquire_owned();
            seat = Some(free.map_err(|_| Refusal::full(shared.limits.clients))?);
            Ok(())
        });
        checked.map(|()| response).map_err(|refusal| {
            explain(shared, &refusal.reason);
            refusal.response()
        })
    };
    let stream = Metered::new(stream, Arc::clone(meter), shared.limits.receiving);
    let handshake = accept_hdr_async_with_config(stream, check, Some(codec::config()));
    let why = tokio::select! {
        biased;
        opened = timeout(shared.limits.opening_time, handshake) => match opened {
            Ok(Ok(socket)) => return Some((socket, seat?)),
            // Who was refused was told, and it was explained.
            Ok(Err(Error::Http(_))) => return None,
            Ok(Err(error)) => {
                tracing::debug!(target: "rship_dev", %error, "no WebSocket came of a connection");
                return None;
            }
            Err(_) => format!(
                "it opened no WebSocket within {}",
                humantime::format_duration(shared.limits.opening_time)
            ),
        },
        _ = &mut place.crowded_out => format!(
            "more than {} connections had not opened a WebSocket yet, and the oldest is closed",
            shared.limits.opening
        ),
    };
    explain(shared, &why);
    None
}

/// Says why a connection was not opened.
fn explain(shared: &Shared, reason: &str) {
    let problem = Problem::fatal("", reason);
    shared.transact(|state| state.explain(None, "connection", "", problem));
}

async fn read(
    shared: &Shared,
    no: ClientNo,
    binary: &AtomicBool,
    stream: &mut SplitStream<Socket>,
) {
    let mut stalled = shared.stalled.subscribe();
    while let Some(message) = next(stream, &mut stalled).await {
        let message = match message {
            Ok(message) => message,
            Err(Error::Io(error)) if error.kind() == ErrorKind::QuotaExceeded => {
                let reason = format!(
                    "all clients together had {} of messages under way that had not come whole: it was disconnected",
                    size(shared.limits.receiving)
                );
                shared.transact(|state| state.throw_out(no, reason));
                return;
            }
            Err(Error::Capacity(error)) => {
                let reason = format!(
                    "{error}: a server takes {} MiB per message and closes the connection",
                    codec::MAX_MESSAGE >> 20
                );
                shared.transact(|state| {
                    state.explain(Some(no), "frame", "", Problem::fatal("", reason))
                });
                return;
            }
            Err(error) => {
                tracing::debug!(target: "rship_dev", %error, "a connection ended");
                return;
            }
        };
        if matches!(message, Message::Close(_)) {
            return;
        }
        if let Some(pulses) = pulses_in(shared, &message) {
            if message.is_binary() {
                binary.store(true, Ordering::Relaxed);
            }
            shared.transact(|state| state.pulses(no, &pulses));
            continue;
        }
        let Some(document) = codec::decode(&message, shared.limits.document) else {
            continue;
        };
        if message.is_binary() {
            if shared.generation != Generation::V2026 {
                let reason = format!("it is binary, a {} server reads text", shared.generation);
                let problem = Problem::fatal("", reason);
                shared.transact(|state| state.explain(Some(no), "frame", "", problem));
                continue;
            }
            binary.store(true, Ordering::Relaxed);
        }
        let text = shared
            .record
            .then(|| as_text(&message, &document))
            .flatten();
        let read = document.map(|document| frames::read(shared.generation, document));
        shared.transact(|state| {
            if let Some(text) = text {
                state.record(Recorded { client: no, text });
            }
            match read {
                Ok(read) => state.receive(no, read, shared.answer_limit),
                Err(unreadable) => state.unreadable(no, unreadable),
            }
        });
    }
}

/// The pulses of a frame that is read without making a tree of it; one that is recorded is not.
fn pulses_in<'m>(shared: &Shared, message: &'m Message) -> Option<Vec<Pulse<'m>>> {
    if shared.record || message.len() > codec::LIGHT {
        return None;
    }
    let heaviest = shared.limits.entity;
    match message {
        Message::Text(text) => plain::read(shared.generation, text, heaviest),
        Message::Binary(bytes) if shared.generation == Generation::V2026 => {
            plain_cbor::read(bytes, heaviest)
        }
        _ => None,
    }
}

/// The next message, once the server is not stalled.
async fn next(
    stream: &mut SplitStream<Socket>,
    stalled: &mut watch::Receiver<bool>,
) -> Option<Result<Message, Error>> {
    loop {
        stalled.wait_for(|stalled| !stalled).await.ok()?;
        tokio::select! {
            biased;
            Ok(()) = stalled.changed() => {}
            message = stream.next() => return message,
        }
    }
}

async fn write(
    shared: &Shared,
    no: ClientNo,
    sink: &mut SplitSink<Socket, Message>,
    queue: &mut Queue,
) -> Result<(), Error> {
    let pings = shared.generation == Generation::V2024;
    // The clock of a test, which two pings of one millisecond would go by unseen.
    let (opened, began) = (speaking::millis(), Instant::now());
    let mut clock = interval_at(Instant::now() + shared.ping_every, shared.ping_every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let queued = tokio::select! {
            biased;
            queued = queue.recv() => match queued {
                Some(queued) => queued,
                None => return Ok(()),
            },
            _ = clock.tick(), if pings => {
                let now = opened + began.elapsed().as_millis() as u64;
                let ping = Outgoing::Document(speaking::own_ping(now));
                shared.transact(|state| state.send(no, ping));
                continue;
            }
        };
        feed(shared, no, sink, queued).await?;
        while let Some(queued) = queue.try_recv() {
            feed(shared, no, sink, queued).await?;
        }
        sink.flush().await?;
    }
}

/// What a recorded frame is kept as; a binary one that cannot be read is not kept.
fn as_text(message: &Message, document: &Result<Value, Unreadable>) -> Option<String> {
    match message {
        Message::Text(text) => Some(text.to_string()),
        _ => document.as_ref().ok().map(Value::to_string),
    }
}

async fn feed(
    shared: &Shared,
    no: ClientNo,
    sink: &mut SplitSink<Socket, Message>,
    queued: Queued,
) -> Result<(), Error> {
    let message = match queued {
        Queued::Message(message) => message,
        Queued::Whole(tx) => match shared.transact(|state| state.whole(no, &tx)) {
            Some(message) => message,
            None => return Ok(()),
        },
    };
    sink.feed(message).await
}
