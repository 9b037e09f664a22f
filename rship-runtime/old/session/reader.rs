//! The reader: takes every frame as it comes, and never waits for a handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rship_core::wire::{self, Answer, FrameError, Inbound, Member};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tracing::{debug, info, warn};

use super::End;
use super::detect::{Clue, Detector, Identity};
use super::socket::Socket;
use crate::hub::Hub;
use crate::router;

/// Frames that are read before anybody else gets a turn.
const BURST: usize = 64;

/// When the server was last heard.
pub(super) struct Heard {
    begun: Instant,
    /// Milliseconds after that.
    last: AtomicU64,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            last: AtomicU64::new(0),
        }
    }

    fn now(&self) {
        let passed = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(passed, Ordering::Relaxed);
    }

    /// Ready when the server was silent for this long.
    pub(super) async fn silence(&self, limit: Duration) -> End {
        loop {
            let last = self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed));
            if last.elapsed() >= limit {
                return End::Silent(limit);
            }
            sleep_until(last + limit).await;
        }
    }
}

/// Reads until the connection ends; says in `identity` what the server turns out to be.
pub(super) async fn run(
    hub: &Arc<Hub>,
    socket: &Socket,
    identity: watch::Sender<Option<Identity>>,
    heard: &Heard,
) -> End {
    let mut reader = Reader {
        hub,
        identity,
        detector: Detector::new(hub.config.generation),
        last_ping: None,
        complained: None,
    };
    if let Some(known) = reader.detector.at_open() {
        reader.tell(known);
    }
    reader.read(socket, heard).await
}

struct Reader<'h> {
    hub: &'h Arc<Hub>,
    identity: watch::Sender<Option<Identity>>,
    detector: Detector,
    /// The server's ping that was echoed last: an echo of an echo would go on for ever.
    last_ping: Option<Value>,
    /// When the log last spoke of an unreadable frame.
    complained: Option<Instant>,
}

impl Reader<'_> {
    async fn read(&mut self, socket: &Socket, heard: &Heard) -> End {
        let handshake = sleep_until(Instant::now() + self.hub.config.handshake_timeout);
        tokio::pin!(handshake);
        let mut waiting = true;
        let mut burst = 0;
        loop {
            let runners = &self.hub.runners;
            let mut idle = burst == BURST;
            if idle {
                runners.start();
                // Neither the writer nor handlers wait for the end of a flood.
                yield_now().await;
            }
            let message = tokio::select! {
                biased;
                () = &mut handshake, if waiting => {
                    waiting = false;
                    self.clue(Clue::Nothing);
                    continue;
                }
                message = socket.next(|| {
                    idle = true;
                    runners.start();
                }) => message,
            };
            burst += 1;
            if idle || burst == 1 {
                heard.now();
            }
            if idle {
                burst = 0;
                if self.hub.outbox.is_clogged() {
                    return End::Clogged;
                }
            }
            match message {
                Some(Ok(Message::Text(text))) => self.frame(wire::read(&text)),
                Some(Ok(Message::Binary(bytes))) => self.frame(wire::read_binary(&bytes)),
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map_or_else(String::new, |frame| format!(": {frame}"));
                    return End::Closed(reason);
                }
                Some(Ok(Message::Pong(bytes))) => {
                    if let Ok(number) = bytes.as_ref().try_into() {
                        self.hub.outbox.pong(u64::from_be_bytes(number));
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return End::Broken(error),
                None => return End::Closed(String::new()),
            }
        }
    }

    fn frame(&mut self, frame: Result<Inbound, FrameError>) {
        self.hub.counters.frames_in.add(1);
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
                router::route(self.hub, command);
            }
            Ok(Inbound::Echo(_)) => self.clue(Clue::Echo),
            Ok(Inbound::Ping(ping)) => self.ping(ping),
            Ok(Inbound::Answer(answer)) => match self.hub.requests.answered(answer) {
                Some(Answer {
                    tx,
                    result: Err(why),
                }) => {
                    warn!(tx, "the server refused a command: {why}");
                }
                Some(answer) => debug!(tx = answer.tx, "the server answered"),
                None => {}
            },
            Ok(Inbound::Found(found)) => self.hub.requests.found(found),
            Ok(Inbound::Resend(resend)) => {
                if let Err(why) = router::resend_value(self.hub, &resend) {
                    warn!("a last value cannot be sent once more: {why}");
                }
            }
            Ok(Inbound::Ignored) => {}
            Err(error) => self.unreadable(&error.to_string()),
        }
    }

    fn ping(&mut self, ping: Value) {
        self.clue(Clue::Ping);
        if self.last_ping.as_ref() != Some(&ping) {
            self.hub.outbox.answer(&wire::echo(&ping));
            self.last_ping = Some(ping);
        }
    }

    fn clue(&mut self, clue: Clue) {
        if let Some(known) = self.detector.clue(clue) {
            self.tell(known);
        }
    }

    fn tell(&self, known: Identity) {
        info!(generation = %known.generation, client_id = known.client_id, "the server is known");
        self.identity.send_replace(Some(known));
    }

    fn unreadable(&mut self, why: &str) {
        self.hub.counters.unreadable_frames.add(1);
        let due = self
            .complained
            .is_none_or(|last| last.elapsed() >= Duration::from_secs(1));
        if due {
            self.complained = Some(Instant::now());
            let so_far = self.hub.counters.unreadable_frames.read();
            warn!(so_far, "a frame was skipped: {why}");
        }
    }
}
