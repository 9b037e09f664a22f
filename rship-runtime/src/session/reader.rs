//! The reader: takes every frame as it comes, and never waits for a handler.

use std::time::Instant;

use rship_core::wire::{self, Answer, FrameError, Inbound, Member};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant as TokioInstant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tracing::{debug, info};

use super::detect::{Clue, Detector, Identity};
use super::{End, Shared};
use crate::journal::{Topic, shown};
use crate::outbox::Epoch;
use crate::target::start_handlers;
use crate::world;

/// Frames that are read before anybody else gets a turn.
const BURST: usize = 64;

/// Reads until the connection ends; says in `identity` what the server turns out to be.
pub(super) async fn run(
    shared: &Shared<'_>,
    identity: watch::Sender<Option<Identity>>,
    epoch: Epoch,
) -> End {
    let mut reader = Reader {
        shared,
        identity,
        epoch,
        detector: Detector::new(shared.parts.settings.server.generation),
        last_ping: None,
        arrived: world::now(),
    };
    if let Some(known) = reader.detector.at_open() {
        reader.identified(known);
    }
    reader.read().await
}

struct Reader<'s> {
    shared: &'s Shared<'s>,
    identity: watch::Sender<Option<Identity>>,
    epoch: Epoch,
    detector: Detector,
    /// The server's ping that was echoed last: an echo of an echo would go on for ever.
    last_ping: Option<Value>,
    /// When the frames of this burst came.
    arrived: Instant,
}

impl Reader<'_> {
    async fn read(&mut self) -> End {
        let (parts, liveness) = (self.shared.parts, self.shared.liveness);
        // A server that answers pings and shows nothing else is one that has nothing to show. On a slow
        // link the answers come late, and its clues do too.
        let mut handshake = None;
        let mut burst = 0;
        // Whether commands came for which the handlers were not started.
        let mut routed = false;
        loop {
            let mut idle = burst == BURST;
            if idle {
                start(&mut routed);
                // Neither the writer nor handlers wait for the end of a flood.
                yield_now().await;
            }
            if !parts.outbox.has_reply_room() {
                start(&mut routed);
                // Who does not take answers asks no more.
                parts.outbox.reply_room().await;
            }
            let message = tokio::select! {
                biased;
                () = passed(handshake), if handshake.is_some() => {
                    handshake = None;
                    self.clue(Clue::Nothing);
                    continue;
                }
                message = self.shared.socket.next(|| {
                    idle = true;
                    start(&mut routed);
                }) => message,
            };
            burst += 1;
            liveness.message();
            if idle || burst == 1 {
                self.arrived = world::now();
            }
            if idle {
                burst = 0;
            }
            match message {
                Some(Ok(Message::Text(text))) => routed |= self.frame(wire::read(&text)),
                Some(Ok(Message::Binary(bytes))) => routed |= self.frame(wire::read_binary(&bytes)),
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map_or_else(String::new, |frame| {
                        format!(": {}", shown(&frame.to_string()))
                    });
                    return End::Closed(reason);
                }
                Some(Ok(Message::Pong(bytes))) => {
                    if let Ok(number) = bytes.as_ref().try_into().map(u64::from_be_bytes)
                        && liveness.ponged(number)
                    {
                        parts.outbox.pong(number);
                        if self.detector.is_open() && handshake.is_none() {
                            let limit = parts.settings.timing.handshake;
                            handshake = Some(TokioInstant::now() + limit);
                        }
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return End::Broken(error),
                None => return End::Closed(String::new()),
            }
        }
    }

    /// Takes a frame; says whether it was a command, which may wait for a handler now.
    fn frame(&mut self, frame: Result<Inbound, FrameError>) -> bool {
        let parts = self.shared.parts;
        parts.counters.frames_in.add(1);
        let is_command = matches!(frame, Ok(Inbound::Command(_)));
        match frame {
            Ok(Inbound::Command(command)) => {
                if let Member::SetClientId {
                    client_id,
                    documented,
                } = &command.member
                {
                    self.clue(Clue::ClientId {
                        id: client_id.clone(),
                        documented: *documented,
                    });
                }
                parts.router.route(command, self.epoch, self.arrived);
            }
            Ok(Inbound::Echo(_)) => self.clue(Clue::Echo),
            Ok(Inbound::Ping(ping)) => self.ping(ping),
            Ok(Inbound::Answer(answer)) => match parts.outgoing.answered(answer) {
                Some(Answer {
                    tx,
                    result: Err(why),
                }) => parts.journal.warn(Topic::Refusal, || {
                    let (tx, why) = (shown(&tx), shown(&why));
                    format!("the server refused a command (tx {tx}): {why}")
                }),
                Some(answer) => debug!(tx = answer.tx, "the server answered"),
                None => {}
            },
            Ok(Inbound::Found(found)) => {
                if let Some(found) = self.shared.inbox.take(found) {
                    parts.outgoing.found(found);
                }
            }
            Ok(Inbound::Resend(resend)) => {
                if let Err(why) = parts.router.resend(&resend) {
                    parts.journal.warn(Topic::CommandFailed, || {
                        format!("a last value cannot be sent once more: {}", shown(&why))
                    });
                }
            }
            Ok(Inbound::Ignored) => {}
            Err(error) => self.unreadable(&error),
        }
        is_command
    }

    fn ping(&mut self, ping: Value) {
        self.clue(Clue::Ping);
        if self.last_ping.as_ref() != Some(&ping) {
            self.shared.parts.outbox.echo(wire::echo(&ping));
            self.last_ping = Some(ping);
        }
    }

    fn clue(&mut self, clue: Clue) {
        if let Some(known) = self.detector.clue(clue) {
            self.identified(known);
        }
    }

    fn identified(&self, known: Identity) {
        info!(generation = %known.generation, client_id = known.client_id, "the server is known");
        self.identity.send_replace(Some(known));
    }

    fn unreadable(&self, error: &FrameError) {
        let parts = self.shared.parts;
        parts.counters.unreadable_frames.add(1);
        parts.journal.warn(Topic::UnreadableFrame, || {
            format!("a frame was skipped: {}", shown(&error.to_string()))
        });
    }
}

/// Starts the handlers if there is something for them.
fn start(routed: &mut bool) {
    if std::mem::take(routed) {
        start_handlers();
    }
}

async fn passed(deadline: Option<TokioInstant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
