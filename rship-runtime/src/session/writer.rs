//! The writer: the only one that writes to the socket. A session begins with everything there is to
//! tell; after that it sends what the outbox has.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use rship_core::wire::{self, Writer};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tracing::{info, warn};
use uuid::Uuid;

use super::connect::Socket;
use super::detect::Identity;
use super::{End, registration};
use crate::hub::Hub;
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
    };
    let ended = link.talk(&mut identity, stop).await;
    match ended {
        Ok(known) => {
            let limit = hub.config.shutdown_timeout;
            if timeout(limit, link.farewell(known.as_ref())).await.is_err() {
                warn!(
                    "the server did not take the farewell within {:.1} s",
                    limit.as_secs_f64()
                );
            }
            End::Stopped
        }
        Err(error) => End::Broken(error),
    }
}

struct Link<'h> {
    hub: &'h Arc<Hub>,
    sink: SplitSink<Socket, Message>,
    stamper: Stamper,
}

/// The form in which one identity of the server is spoken to.
struct Speech {
    writer: Writer,
    /// The newest target that the registration told of.
    upto: NodeId,
}

impl Link<'_> {
    /// Talks until the executor is to end; returns how the server was spoken to last.
    async fn talk(
        &mut self,
        identity: &mut watch::Receiver<Option<Identity>>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Speech>, WsError> {
        // What a 2026 server echoes, and others do not mind.
        let ping = wire::ping(&Uuid::new_v4().to_string(), stamp::unix_millis());
        self.send([ping]).await?;
        let mut speech: Option<Speech> = None;
        let mut pings = interval(self.hub.config.ping_interval.max(Duration::from_millis(10)));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let known = identity.borrow_and_update().clone();
            if let Some(known) = known
                && speech.as_ref().is_none_or(|speech| !speech.suits(&known))
            {
                speech = Some(self.tell_everything(&known).await?);
            }
            if let Some(speech) = &speech {
                self.send_waiting(speech).await?;
            }
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(speech),
                changed = identity.changed() => {
                    // The reader has ended, and with it the session: `select!` in the caller ends this.
                    if changed.is_err() {
                        return std::future::pending().await;
                    }
                }
                _ = pings.tick() => self.sink.send(Message::Ping(Bytes::new())).await?,
                () = self.hub.outbox.ready(), if speech.is_some() => {}
            }
        }
    }

    async fn tell_everything(&mut self, known: &Identity) -> Result<Speech, WsError> {
        let writer = Writer::new(known.generation, known.client_id.clone());
        // News counts from here on, so nothing falls between it and the registration.
        let waiting = self.hub.outbox.begin();
        let none = NodeId::default();
        let old = registration::news(self.hub, waiting, none, &writer, &mut self.stamper);
        let all = registration::everything(self.hub, &writer, &mut self.stamper);
        self.send(old.into_iter().chain(all.frames)).await?;
        self.hub.outbox.replay(&all.slots);
        let speech = Speech {
            writer,
            upto: all.upto,
        };
        self.send_waiting(&speech).await?;
        self.hub.counters.sessions.add(1);
        info!(generation = %known.generation, "online");
        self.hub.set_status(Status::Online {
            generation: known.generation,
        });
        Ok(speech)
    }

    /// Sends what waits, frame by frame, until nothing does.
    async fn send_waiting(&mut self, speech: &Speech) -> Result<(), WsError> {
        loop {
            let taken = self.hub.outbox.take(&speech.writer, &mut self.stamper);
            if taken.is_empty() {
                return Ok(());
            }
            let more = taken.more;
            let news = registration::news(
                self.hub,
                taken.news,
                speech.upto,
                &speech.writer,
                &mut self.stamper,
            );
            self.send(news.into_iter().chain(taken.pulses).chain(taken.answers))
                .await?;
            if !more {
                // What came in meanwhile left a permit with the outbox.
                return Ok(());
            }
        }
    }

    async fn send(&mut self, frames: impl IntoIterator<Item = String>) -> Result<(), WsError> {
        for frame in frames {
            self.hub.counters.frames_out.add(1);
            self.hub.counters.bytes_out.add(frame.len() as u64);
            self.sink.feed(Message::text(frame)).await?;
        }
        self.sink.flush().await
    }

    /// Takes everything offline and closes the connection.
    async fn farewell(&mut self, speech: Option<&Speech>) {
        let sent = async {
            if let Some(speech) = speech {
                self.send_waiting(speech).await?;
                let frames = registration::farewell(self.hub, &speech.writer, &mut self.stamper);
                self.send(frames).await?;
            }
            self.sink.send(Message::Close(None)).await
        };
        if let Err(error) = sent.await {
            warn!("the farewell could not be sent: {error}");
        }
    }
}

impl Speech {
    fn suits(&self, known: &Identity) -> bool {
        self.writer.generation() == known.generation
            && self.writer.client_id() == known.client_id.as_deref()
    }
}
