//! The writer: the only one that writes to the socket. A session begins with everything there is to
//! tell; after that it sends what the outbox has.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use rship_core::wire::{self, Encoding, Writer};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tracing::{info, warn};
use uuid::Uuid;

use super::connect::Socket;
use super::detect::Identity;
use super::{End, encoding, registration};
use crate::hub::{Hub, stopped};
use crate::registry::NodeId;
use crate::stamp::{self, Stamper};
use crate::status::Status;

/// Writes until the connection ends or the executor does.
pub(super) async fn run(
    hub: &Arc<Hub>,
    sink: SplitSink<Socket, Message>,
    mut identity: watch::Receiver<Option<Identity>>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let mut link = Link {
        hub,
        sink,
        stamper: Stamper::new(),
        speech: None,
        unsent: VecDeque::new(),
    };
    // Around all of it, because a server that does not read must not keep an executor from ending.
    let ended = tokio::select! {
        biased;
        () = stopped(stop) => None,
        ended = link.talk(&mut identity) => Some(ended),
    };
    let Some(Err(error)) = ended else {
        link.part().await;
        return End::Stopped;
    };
    End::Broken(error)
}

struct Link<'h> {
    hub: &'h Arc<Hub>,
    sink: SplitSink<Socket, Message>,
    stamper: Stamper,
    /// How the server is spoken to, once it is known.
    speech: Option<Speech>,
    /// Frames on their way to the socket; here, so that none is lost when a wait for it is given up.
    unsent: VecDeque<String>,
}

/// The form in which one identity of the server is spoken to.
struct Speech {
    writer: Writer,
    encoding: Encoding,
    /// The newest target that the registration told of.
    upto: NodeId,
}

/// What became of a part of what waits.
#[derive(Default)]
struct Sent {
    pulses: usize,
    /// Whether pulses are left.
    more: bool,
}

impl Link<'_> {
    /// Talks until the connection breaks. It may be given up at any await.
    async fn talk(
        &mut self,
        identity: &mut watch::Receiver<Option<Identity>>,
    ) -> Result<Infallible, WsError> {
        // What a 2026 server echoes, and others do not mind.
        let ping = wire::ping(&Uuid::new_v4().to_string(), stamp::unix_millis());
        self.send([ping]).await?;
        let mut pings = interval(self.hub.config.ping_interval.max(Duration::from_millis(10)));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let known = identity.borrow_and_update().clone();
            if let Some(known) = known
                && self
                    .speech
                    .as_ref()
                    .is_none_or(|speech| !speech.suits(&known))
            {
                self.tell_everything(&known).await?;
            }
            let more = self.send_next().await?.more;
            tokio::select! {
                biased;
                changed = identity.changed() => {
                    // The reader has ended, and with it the session: `select!` in the caller ends this.
                    if changed.is_err() {
                        return std::future::pending().await;
                    }
                }
                _ = pings.tick() => {
                    let number = self.hub.outbox.ping().to_be_bytes();
                    self.sink.send(Message::Ping(Bytes::copy_from_slice(&number))).await?;
                }
                () = self.hub.outbox.ready(), if self.speech.is_some() && !more => {}
                // Who publishes faster than the socket takes it must not starve the branches above.
                () = std::future::ready(()), if more => {}
            }
        }
    }

    async fn tell_everything(&mut self, known: &Identity) -> Result<(), WsError> {
        let writer = Writer::new(known.generation, known.client_id.clone());
        let all = {
            let mut registry = self.hub.registry();
            // News counts from here on, so nothing falls between it and the registration.
            let waiting = self.hub.outbox.begin();
            let none = NodeId::default();
            let old = registration::news(
                self.hub,
                &mut registry,
                waiting,
                none,
                &writer,
                &mut self.stamper,
            );
            self.hub.outbox.told(old.lasting);
            self.unsent.extend(old.frames);
            let all = registration::everything(self.hub, &mut registry, &writer, &mut self.stamper);
            // What is added from here on queues its own values.
            self.hub.outbox.replay(&all.slots);
            all
        };
        self.speech = Some(Speech {
            encoding: encoding::choose(self.hub.config.encoding, known.generation),
            writer,
            upto: all.upto,
        });
        self.send(all.frames).await?;
        self.send_waiting().await?;
        self.hub.counters.sessions.add(1);
        info!(generation = %known.generation, "online");
        self.hub.set_status(Status::Online {
            generation: known.generation,
        });
        Ok(())
    }

    /// Sends what waits now, and not what comes meanwhile: that may never end.
    async fn send_waiting(&mut self) -> Result<(), WsError> {
        let mut left = self.hub.outbox.waiting();
        loop {
            let sent = self.send_next().await?;
            left = left.saturating_sub(sent.pulses);
            if left == 0 || !sent.more {
                return Ok(());
            }
        }
    }

    /// Sends the next part of what waits.
    async fn send_next(&mut self) -> Result<Sent, WsError> {
        let Some(Speech { writer, upto, .. }) = &self.speech else {
            return Ok(Sent::default());
        };
        let sent = {
            // The registry stays as it is in between: a target that is gone has no pulse in here.
            let mut registry = self.hub.registry();
            let taken = self.hub.outbox.take(writer, &mut self.stamper);
            let news = registration::news(
                self.hub,
                &mut registry,
                taken.news,
                *upto,
                writer,
                &mut self.stamper,
            );
            self.hub.outbox.told(news.lasting);
            self.unsent.extend(news.frames);
            self.unsent.extend(taken.pulses);
            self.unsent.extend(taken.answers);
            Sent {
                pulses: taken.count,
                more: taken.more,
            }
        };
        if !self.unsent.is_empty() {
            self.send([]).await?;
        }
        self.hub.outbox.flushed();
        Ok(sent)
    }

    async fn send(&mut self, frames: impl IntoIterator<Item = String>) -> Result<(), WsError> {
        self.unsent.extend(frames);
        while !self.unsent.is_empty() {
            poll_fn(|context| self.sink.poll_ready_unpin(context)).await?;
            if let Some(frame) = self.unsent.pop_front() {
                self.hub.counters.frames_out.add(1);
                let encoding = self
                    .speech
                    .as_ref()
                    .map_or(Encoding::Json, |speech| speech.encoding);
                let message = encoding::message(encoding, frame);
                self.hub.counters.bytes_out.add(message.len() as u64);
                self.sink.start_send_unpin(message)?;
            }
        }
        self.sink.flush().await
    }

    /// Takes everything offline, closes the connection, and waits for the server to close it too: a
    /// socket that is dropped before may take the last frames with it.
    async fn part(&mut self) {
        let limit = self.hub.config.shutdown_timeout;
        let mut said = false;
        let parting = async {
            match self.farewell().await {
                Ok(()) => said = true,
                Err(error) => return warn!("the farewell could not be sent: {error}"),
            }
            // The reader ends with the connection, and with it the session.
            std::future::pending().await
        };
        if timeout(limit, parting).await.is_err() && !said {
            warn!(
                "the server did not take the farewell within {:.1} s",
                limit.as_secs_f64()
            );
        }
    }

    async fn farewell(&mut self) -> Result<(), WsError> {
        self.send_waiting().await?;
        let unanswered = self.hub.unanswered.refuse_all("the executor ends");
        self.send(unanswered).await?;
        if let Some(speech) = &self.speech {
            let frames = registration::farewell(self.hub, &speech.writer, &mut self.stamper);
            self.send(frames).await?;
        }
        self.sink.send(Message::Close(None)).await
    }
}

impl Speech {
    fn suits(&self, known: &Identity) -> bool {
        self.writer.generation() == known.generation
            && self.writer.client_id() == known.client_id.as_deref()
    }
}
