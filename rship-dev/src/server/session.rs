//! One connection: the handshake, the reader and the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use rship_core::wire::{Encoding, Generation};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::shared::{Opened, Shared, stopped};
use super::state::Outgoing;
use crate::codec::{self, Unreadable};
use crate::reading::{Problem, frames};
use crate::recorded::Recorded;
use crate::speaking;
use crate::store::ClientNo;

/// The one path that servers serve.
pub(crate) const PATH: &str = "/myko";

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// What a WebSocket can be opened on.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

type Socket = WebSocketStream<Box<dyn ByteStream>>;

/// Serves one connection until it ends, is thrown out, or the server stops.
pub(crate) async fn serve(
    stream: Box<dyn ByteStream>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let handshake =
        tokio_tungstenite::accept_hdr_async_with_config(stream, check_path, Some(codec::config()));
    let socket = tokio::select! {
        biased;
        () = stopped(&mut stop) => return,
        socket = timeout(HANDSHAKE_LIMIT, handshake) => match socket {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => {
                tracing::debug!(target: "rship_dev", %error, "no WebSocket came of a connection");
                return;
            }
            Err(_) => return,
        },
    };
    let (mut sink, mut stream) = socket.split();
    let Opened {
        no,
        mut queue,
        binary,
        thrown_out,
    } = shared.open();
    let farewell = tokio::select! {
        biased;
        () = stopped(&mut stop) => true,
        _ = thrown_out => false,
        () = read(&shared, no, &binary, &mut stream) => false,
        result = write(&shared, no, &binary, &mut sink, &mut queue) => {
            if let Err(error) = result {
                tracing::debug!(target: "rship_dev", %error, "a connection broke");
            }
            false
        }
    };
    shared.transact(|state| state.close(no));
    if farewell {
        // A client that does not take the farewell is left without one.
        drop(timeout(CLOSE_LIMIT, sink.close()).await);
    }
}

// The shape of the callback, large error included, is the library's.
#[allow(clippy::result_large_err)]
fn check_path(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let path = request.uri().path();
    if path == PATH {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some(format!(
        "there is nothing at {path}, the WebSocket is at {PATH}\n"
    )));
    *refusal.status_mut() = StatusCode::NOT_FOUND;
    Err(refusal)
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
        let Some(document) = codec::decode(&message) else {
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
            let recorded = text.map(|text| Recorded { client: no, text });
            state.frames.extend(recorded);
            match read {
                Ok(read) => state.receive(no, read, shared.answer_limit),
                Err(unreadable) => state.unreadable(no, unreadable),
            }
        });
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
    binary: &AtomicBool,
    sink: &mut SplitSink<Socket, Message>,
    queue: &mut mpsc::Receiver<Outgoing>,
) -> Result<(), Error> {
    let pings = shared.generation == Generation::V2024;
    // The clock of a test, which two pings of one millisecond would go by unseen.
    let (opened, began) = (speaking::millis(), Instant::now());
    let mut clock = interval_at(Instant::now() + shared.ping_every, shared.ping_every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let outgoing = tokio::select! {
            biased;
            outgoing = queue.recv() => match outgoing {
                Some(outgoing) => outgoing,
                None => return Ok(()),
            },
            _ = clock.tick(), if pings => Outgoing::Document(speaking::own_ping(opened + began.elapsed().as_millis() as u64)),
        };
        feed(shared, no, binary, sink, outgoing).await?;
        while let Ok(outgoing) = queue.try_recv() {
            feed(shared, no, binary, sink, outgoing).await?;
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
    binary: &AtomicBool,
    sink: &mut SplitSink<Socket, Message>,
    outgoing: Outgoing,
) -> Result<(), Error> {
    let encoding = if binary.load(Ordering::Relaxed) {
        Encoding::Cbor
    } else {
        Encoding::Json
    };
    let message = match outgoing {
        Outgoing::Document(document) => codec::encode(encoding, &document),
        Outgoing::Bare(text) => Message::text(text),
        Outgoing::Raw(text) => Message::text(text),
        Outgoing::Whole(tx) => match shared.transact(|state| state.whole(no, &tx)) {
            Some(document) => codec::encode(encoding, &document),
            None => return Ok(()),
        },
    };
    sink.feed(message).await
}
