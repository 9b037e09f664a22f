//! The writer: the only one that writes to the socket. A session begins with everything there is to
//! tell; after that it sends what the outbox has.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use rship_core::wire::{self, Encoding, FRAME_LIMIT, Frames, Writer};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::detect::Identity;
use super::registration::Registration;
use super::socket::Socket;
use super::teller::Teller;
use super::{End, encoding};
use crate::hub::{Hub, stopped};
use crate::outbox::Batch;
use crate::stamp::{self, Stamper};
use crate::status::Status;

/// How long targets that are added to a running executor are gathered.
const GATHERING: Duration = Duration::from_millis(2);

/// Writes until the connection ends or the executor does.
pub(super) async fn run(
    hub: &Arc<Hub>,
    socket: &Socket,
    mut identity: watch::Receiver<Option<Identity>>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let mut link = Link {
        hub,
        socket,
        stamper: Stamper::new(),
        batch: Batch::default(),
        speech: None,
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

/// Frames that are written before the reader gets a turn.
const ROUNDS: u32 = 8;

/// Goes on, or lets others have their turn first.
async fn turn(of_others: bool) {
    if of_others {
        yield_now().await;
    }
}

struct Link<'h> {
    hub: &'h Arc<Hub>,
    socket: &'h Socket,
    stamper: Stamper,
    batch: Batch,
    /// How the server is spoken to, once it is known.
    speech: Option<Speech>,
}

/// The form in which one identity of the server is spoken to, and how far that has come.
struct Speech {
    writer: Writer,
    encoding: Encoding,
    /// Frames on their way to the socket; here, so that none is lost when a wait for it is given up.
    frames: Frames,
    registration: Registration,
    progress: Progress,
    /// Whether everything there was had been told before what is sent now.
    registered: bool,
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Registering,
    /// Everything was told; so many pulses waited for that.
    Catching(usize),
    Online,
}

/// Frames that were written, counted also when the wait for the socket is given up.
struct Written<'h> {
    hub: &'h Hub,
    frames: u64,
    bytes: u64,
}

impl Written<'_> {
    fn count(&mut self, message: &Message) {
        let length = match message {
            Message::Frame(frame) => frame.payload().len(),
            message => message.len(),
        };
        self.frames += 1;
        self.bytes += length as u64;
    }
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        self.hub.counters.frames_out.add(self.frames);
        self.hub.counters.bytes_out.add(self.bytes);
    }
}

impl Link<'_> {
    /// Talks until the connection breaks. It may be given up at any await.
    async fn talk(
        &mut self,
        identity: &mut watch::Receiver<Option<Identity>>,
    ) -> Result<Infallible, WsError> {
        // What a 2026 server echoes, and others do not mind.
        let ping = wire::ping(&Uuid::new_v4().to_string(), stamp::unix_millis());
        self.hub.counters.frames_out.add(1);
        self.hub.counters.bytes_out.add(ping.len() as u64);
        self.socket.send(Message::text(ping)).await?;
        let mut pings = interval(self.hub.config.ping_interval.max(Duration::from_millis(10)));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut rounds: u32 = 0;
        loop {
            rounds = rounds.wrapping_add(1);
            let speech = self.speech.as_ref();
            let suits = |known: &&Identity| speech.is_some_and(|speech| speech.suits(known));
            let other = {
                let known = identity.borrow_and_update();
                known.as_ref().filter(|known| !suits(known)).cloned()
            };
            if let Some(known) = other {
                self.begin(&known);
            }
            if self.targets_come() {
                sleep(GATHERING).await;
            }
            self.send_next().await?;
            let more = self.speech.is_some() && self.hub.outbox.has_more();
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
                    self.socket.send(Message::Ping(Bytes::copy_from_slice(&number))).await?;
                }
                () = self.hub.outbox.ready(), if self.speech.is_some() && !more => {}
                // Who publishes faster than the socket takes it must not starve the branches above.
                // Nor must it starve the reader, which is polled when this has to wait.
                () = turn(rounds.is_multiple_of(ROUNDS)), if more => {}
            }
        }
    }

    /// Whether the first of some further targets came: more are likely to follow, and go into the same
    /// frames.
    fn targets_come(&mut self) -> bool {
        self.speech.as_mut().is_some_and(|speech| {
            std::mem::take(&mut speech.registered) && !self.hub.outbox.is_registered()
        })
    }

    /// Begins to tell everything.
    fn begin(&mut self, known: &Identity) {
        // From here on news is kept, so nothing falls between it and the registration.
        let mut registry = self.hub.registry();
        registry.begin_session();
        self.hub.outbox.begin();
        let encoding = encoding::choose(self.hub.config.encoding, known.generation);
        self.speech = Some(Speech {
            encoding,
            writer: Writer::new(known.generation, known.client_id.clone()),
            frames: Frames::new(known.generation, encoding),
            registration: Registration::default(),
            progress: Progress::Registering,
            registered: false,
        });
        debug!(generation = %known.generation, "telling everything");
    }

    /// Sends the next part of what waits: news, a part of the registration, up to a frame's worth of
    /// pulses, and all answers. Returns how many pulses these were.
    async fn send_next(&mut self) -> Result<usize, WsError> {
        let Some(speech) = &mut self.speech else {
            return Ok(0);
        };
        let (hub, batch) = (self.hub, &mut self.batch);
        hub.outbox.open_batch(batch);
        self.stamper.look_at_clock();
        {
            // The registry stays as it is in between: a target that is gone has no pulse in here.
            let mut registry = hub.registry();
            let mut teller = Teller {
                hub,
                registry: &mut registry,
                writer: &speech.writer,
                stamper: &mut self.stamper,
                frames: &mut speech.frames,
            };
            let mut told_all_news = true;
            while let Some(news) = hub.outbox.next_news() {
                teller.news(&news);
                hub.outbox.told_news(news);
                if teller.frames.size() >= FRAME_LIMIT {
                    told_all_news = false;
                    break;
                }
            }
            // An id whose removal was not told yet may have come back.
            if told_all_news {
                speech.registration.tell(&mut teller, &hub.outbox, batch);
            }
            hub.outbox.take(batch);
        }
        let pulses = batch.len();
        batch.write(&speech.writer, &mut self.stamper, &mut speech.frames);
        self.send().await?;
        self.hub.outbox.flushed();
        self.progress(pulses);
        Ok(pulses)
    }

    /// A session is online when everything was told and what waited for that is on the wire; not what
    /// came meanwhile: that may never end.
    fn progress(&mut self, pulses: usize) {
        let Some(speech) = &mut self.speech else {
            return;
        };
        speech.registered = self.hub.outbox.is_registered();
        let waiting = self.hub.outbox.waiting();
        speech.progress = match speech.progress {
            Progress::Registering if speech.registered => Progress::Catching(waiting),
            Progress::Catching(left) => {
                Progress::Catching(left.saturating_sub(pulses).min(waiting))
            }
            progress => progress,
        };
        if speech.progress == Progress::Catching(0) {
            speech.progress = Progress::Online;
            let generation = speech.writer.generation();
            self.hub.counters.sessions.add(1);
            info!(%generation, "online");
            self.hub.set_status(Status::Online { generation });
        }
    }

    /// Sends all frames that are written.
    async fn send(&mut self) -> Result<(), WsError> {
        let Some(speech) = &mut self.speech else {
            return Ok(());
        };
        let mut written = Written {
            hub: self.hub,
            frames: 0,
            bytes: 0,
        };
        self.socket
            .send_all(|| {
                let message = encoding::message(speech.encoding, speech.frames.take()?);
                written.count(&message);
                Some(message)
            })
            .await
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
        let mut left = self.hub.outbox.waiting();
        loop {
            let sent = self.send_next().await?;
            left = left.saturating_sub(sent).min(self.hub.outbox.waiting());
            if self.speech.is_none() || left == 0 && self.hub.outbox.has_told_all() {
                break;
            }
        }
        for frame in self.hub.unanswered.refuse_all("the executor ends") {
            self.hub.outbox.answer(&frame);
        }
        // With these, answers that were given meanwhile.
        self.send_next().await?;
        if let Some(speech) = &mut self.speech {
            self.stamper.look_at_clock();
            let mut teller = Teller {
                hub: self.hub,
                registry: &mut self.hub.registry(),
                writer: &speech.writer,
                stamper: &mut self.stamper,
                frames: &mut speech.frames,
            };
            teller.farewell();
        }
        self.send().await?;
        self.socket.send(Message::Close(None)).await
    }
}

impl Speech {
    fn suits(&self, known: &Identity) -> bool {
        self.writer.generation() == known.generation
            && self.writer.client_id() == known.client_id.as_deref()
    }
}
