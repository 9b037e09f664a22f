//! The writer: the only one that writes to the socket. A session begins with everything there is to
//! tell; after that it sends what the outbox has.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use rship_core::wire::{self, Encoding, FRAME_LIMIT, Frames, Generation, Writer};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::announce::Announcer;
use super::detect::Identity;
use super::instances::{Known, Standing};
use super::read_back::ReadBack;
use super::registration::{Progress, Registration};
use super::{End, Parts, Shared, Status, encoding, stopped};
use crate::outbox::{Round, Update};
use crate::stamp::{self, Stamper};

/// How long targets that are added to a running executor are gathered.
const GATHERING: Duration = Duration::from_millis(2);

/// Frames that are written before the reader gets a turn.
const ROUNDS: u32 = 8;

/// Bytes after which a slow link is pinged again, so that its pongs show progress.
const PINGED_AFTER: u64 = 32 << 10;

/// The first and the longest pause before everything is told once more in the same session.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Writes until the connection ends or the executor does.
pub(super) async fn run(
    shared: &Shared<'_>,
    round: &mut Round,
    instances: &mut Known,
    mut identity: watch::Receiver<Option<Identity>>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    instances.begin();
    let mut link = Link {
        shared,
        parts: shared.parts,
        stamper: Stamper::new(),
        round,
        instances,
        read_back: ReadBack::new(shared.parts.settings.timing.read_back),
        dialect: None,
        unpinged: 0,
        again: None,
        pause: Duration::ZERO,
        heard: false,
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

struct Link<'s> {
    shared: &'s Shared<'s>,
    parts: &'s Parts,
    stamper: Stamper,
    round: &'s mut Round,
    instances: &'s mut Known,
    read_back: ReadBack,
    /// How the server is spoken to, once it is known.
    dialect: Option<Dialect>,
    /// Bytes that were written since the last ping.
    unpinged: u64,
    /// When everything may be told once more, if it was told already.
    again: Option<Instant>,
    pause: Duration,
    /// Whether the server was heard behind all that it was told.
    heard: bool,
}

/// The form in which one identity of the server is spoken to, and how far that has come.
struct Dialect {
    writer: Writer,
    encoding: Encoding,
    /// Frames on their way to the socket; here, so that none is lost when a wait for it is given up.
    frames: Frames,
    /// What is left of a large frame that is sent in pieces.
    pieces: VecDeque<Message>,
    registration: Registration,
    left: Progress,
    stage: Stage,
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Registering,
    /// Everything was told; so many pulses waited for that.
    Catching(usize),
    /// All of it was written; the server has read it when it answers this ping.
    Written(u64),
    Online,
}

/// Frames that were written, counted also when the wait for the socket is given up.
struct Written<'p> {
    parts: &'p Parts,
    frames: u64,
    bytes: u64,
}

impl Written<'_> {
    fn count(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u64;
    }
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        self.parts.counters.frames_out.add(self.frames);
        self.parts.counters.bytes_out.add(self.bytes);
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
        self.parts.counters.frames_out.add(1);
        self.parts.counters.bytes_out.add(ping.len() as u64);
        self.shared.socket.send(Message::text(ping)).await?;
        let every = self
            .parts
            .settings
            .timing
            .ping
            .max(Duration::from_millis(10));
        let mut pings = interval(every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut confirmed = self.shared.liveness.confirmed();
        let mut rounds: u32 = 0;
        loop {
            rounds = rounds.wrapping_add(1);
            self.meet(identity).await?;
            self.look_at_answers();
            if self.targets_come() {
                sleep(GATHERING).await;
            }
            self.send_next().await?;
            self.confirm(*confirmed.borrow_and_update());
            let more = self.has_more();
            let wake = self.wake();
            tokio::select! {
                biased;
                changed = identity.changed() => {
                    // The reader has ended, and with it the session: `select!` in the caller ends this.
                    if changed.is_err() {
                        return std::future::pending().await;
                    }
                }
                _ = pings.tick() => drop(self.ping().await?),
                _ = confirmed.changed() => {}
                () = self.shared.inbox.arrived() => {}
                () = self.parts.outbox.ready(), if self.dialect.is_some() && !more => {}
                () = until(wake), if !more => {}
                // Who publishes faster than the socket takes it must not starve the branches above.
                // Nor must it starve the reader, which is polled when this has to wait.
                () = turn(rounds.is_multiple_of(ROUNDS)), if more => {}
            }
        }
    }

    fn has_more(&self) -> bool {
        let Some(dialect) = &self.dialect else {
            return false;
        };
        dialect.left == Progress::More || self.parts.outbox.has_more(self.round)
    }

    /// When there is something to do even if nothing comes.
    fn wake(&self) -> Option<Instant> {
        let dialect = self.dialect.as_ref()?;
        let held = match dialect.left {
            Progress::Held(until) => until.map(Instant::from_std),
            Progress::Nothing | Progress::More => None,
        };
        let settled = dialect.stage == Stage::Online && self.parts.outbox.is_registered();
        let read_back = self.read_back.due().filter(|_| settled);
        [held, self.again, read_back].into_iter().flatten().min()
    }

    /// Takes up what the server turned out to be, or turned out not to be.
    async fn meet(
        &mut self,
        identity: &mut watch::Receiver<Option<Identity>>,
    ) -> Result<(), WsError> {
        let known = identity.borrow_and_update().clone();
        let Some(known) = known else {
            return Ok(());
        };
        let suits = self
            .dialect
            .as_ref()
            .is_some_and(|dialect| dialect.suits(&known));
        let due = self.again.is_some_and(|again| again <= Instant::now());
        if suits && !(due && self.instances.wants_everything()) {
            if due {
                self.again = None;
            }
            return Ok(());
        }
        if self.dialect.is_some() && !due {
            // A server that says again and again who we are is not told again and again who is here.
            let allowed = Instant::now() + self.pause;
            if self.again.is_none() && self.pause > Duration::ZERO {
                self.again = Some(allowed);
            }
            if self.pause > Duration::ZERO {
                return Ok(());
            }
        }
        if self.dialect.is_some() {
            self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
        }
        self.again = None;
        self.take_back(&known).await?;
        self.begin(&known);
        Ok(())
    }

    /// Takes back what was told in a form that would stay beside that of the server.
    async fn take_back(&mut self, known: &Identity) -> Result<(), WsError> {
        let Some(dialect) = &mut self.dialect else {
            return Ok(());
        };
        let now = dialect.writer.generation();
        if (now == Generation::V2026) == (known.generation == Generation::V2026) {
            return Ok(());
        }
        self.stamper.look_at_clock();
        Announcer {
            parts: self.parts,
            targets: &mut self.parts.registry.targets(),
            writer: &dialect.writer,
            stamper: &mut self.stamper,
            frames: &mut dialect.frames,
        }
        .take_back_pulses();
        self.send().await
    }

    /// Begins to tell everything.
    fn begin(&mut self, known: &Identity) {
        // From here on updates are kept, so nothing falls between them and the registration.
        let mut targets = self.parts.registry.targets();
        targets.begin_session();
        self.parts.outbox.begin(self.round);
        self.parts.outgoing.begin();
        let encoding = encoding::choose(self.parts.settings.server.encoding, known.generation);
        let mut frames = Frames::new(known.generation, encoding);
        let writer = Writer::new(known.generation, known.client_id.clone());
        self.instances.client_id(known.client_id.as_deref());
        if self.read_back.is_on() {
            let ids = targets.instances.iter().map(|instance| &instance.id);
            let question = self.shared.inbox.ask_for_instances(ids);
            frames.frame(question.as_bytes());
        }
        self.dialect = Some(Dialect {
            encoding,
            writer,
            frames,
            pieces: VecDeque::new(),
            registration: Registration::default(),
            left: Progress::More,
            stage: Stage::Registering,
        });
        debug!(generation = %known.generation, "telling everything");
    }

    /// Looks at what the server has of our instances, and at what was read back.
    fn look_at_answers(&mut self) {
        let Some(dialect) = &self.dialect else {
            return;
        };
        if let Some(before) = self.shared.inbox.instances_before() {
            self.instances.meet(&before);
        }
        if dialect.stage != Stage::Online {
            return;
        }
        let Some(found) = self.shared.inbox.instances() else {
            return;
        };
        let expected: Vec<_> = {
            let targets = self.parts.registry.targets();
            let all = targets.instances.iter();
            all.filter_map(|own| serde_json::to_value(own).ok())
                .collect()
        };
        match self.instances.judge(&found, &expected) {
            Standing::Ours => return,
            Standing::Changed => {
                let all = 0..expected.len();
                self.parts
                    .outbox
                    .changed(all.map(crate::outbox::Change::Instance));
            }
            Standing::Lost => {
                let pause = self.pause.clamp(PAUSES.0, PAUSES.1);
                self.again.get_or_insert_with(|| Instant::now() + pause);
            }
        }
        self.parts.counters.healed.add(1);
    }

    /// Whether the first of some further targets came: more are likely to follow, and go into the same
    /// frames.
    fn targets_come(&self) -> bool {
        self.dialect.as_ref().is_some_and(|dialect| {
            dialect.left == Progress::Nothing && !self.parts.outbox.is_registered()
        })
    }

    /// Sends the next part of what waits: updates, a part of the registration, up to a frame's worth of
    /// pulses, and replies. Returns how many pulses these were.
    async fn send_next(&mut self) -> Result<usize, WsError> {
        let Some(dialect) = &mut self.dialect else {
            return Ok(0);
        };
        let (parts, round) = (self.parts, &mut *self.round);
        parts.outbox.open_round(round);
        self.stamper.look_at_clock();
        let mut departed = false;
        if let Some(echo) = parts.outbox.take_echo() {
            dialect.frames.frame(echo.as_bytes());
        }
        {
            // The registry stays as it is in between: a target that is gone has no pulse in here.
            let mut targets = parts.registry.targets();
            let mut announcer = Announcer {
                parts,
                targets: &mut targets,
                writer: &dialect.writer,
                stamper: &mut self.stamper,
                frames: &mut dialect.frames,
            };
            let mut wrote_all = true;
            while let Some(update) = parts.outbox.next_update() {
                announcer.update(&update);
                departed |= matches!(update, Update::Departed(_));
                parts.outbox.update_written(update);
                if announcer.frames.size() >= FRAME_LIMIT {
                    wrote_all = false;
                    break;
                }
            }
            // An id whose removal was not told yet may have come back.
            if wrote_all {
                dialect.left = dialect
                    .registration
                    .step(&mut announcer, &parts.outbox, round);
            }
            if parts.outbox.take_requests() {
                parts
                    .outgoing
                    .write(|frame| announcer.frames.frame(frame.as_bytes()));
            }
            if dialect.stage == Stage::Online {
                self.read_back.step(&mut announcer, self.shared.inbox);
            }
            parts.outbox.take(round);
        }
        let (pulses, replies) = (round.pulses(), round.replies());
        round.write(&dialect.writer, &mut self.stamper, &mut dialect.frames);
        self.send().await?;
        self.parts.counters.commands_answered.add(replies as u64);
        self.parts.outbox.flushed(self.round);
        // A deletion is confirmed as soon as may be, because its id may be waiting to come back.
        if departed || self.unpinged >= PINGED_AFTER && self.shared.liveness.is_slow() {
            self.ping().await?;
        }
        self.progress(pulses).await?;
        Ok(pulses)
    }

    /// Everything was written when all was told and what waited for that is on the wire; not what came
    /// meanwhile: that may never end.
    async fn progress(&mut self, pulses: usize) -> Result<(), WsError> {
        let Some(dialect) = &mut self.dialect else {
            return Ok(());
        };
        let waiting = self.parts.outbox.waiting(self.round);
        dialect.stage = match dialect.stage {
            Stage::Registering if self.parts.outbox.is_registered() => Stage::Catching(waiting),
            Stage::Catching(left) => Stage::Catching(left.saturating_sub(pulses).min(waiting)),
            stage => stage,
        };
        if dialect.stage == Stage::Catching(0) {
            let ping = self.ping().await?;
            if let Some(dialect) = &mut self.dialect {
                dialect.stage = Stage::Written(ping);
            }
        }
        Ok(())
    }

    /// A session is online when the server was heard behind all that it was told.
    fn confirm(&mut self, ping: u64) {
        let Some(dialect) = &mut self.dialect else {
            return;
        };
        if let Stage::Written(last) = dialect.stage
            && ping >= last
        {
            dialect.stage = Stage::Online;
            let generation = dialect.writer.generation();
            if !std::mem::replace(&mut self.heard, true) {
                self.parts.counters.sessions.add(1);
            }
            info!(%generation, "online");
            self.parts.set_status(Status::Online { generation });
            self.read_back.begin();
        }
    }

    /// Sends a ping; returns its number.
    async fn ping(&mut self) -> Result<u64, WsError> {
        let number = self.parts.outbox.ping();
        self.shared.liveness.pinged(number);
        self.unpinged = 0;
        self.shared
            .socket
            .send(Message::Ping(number_of(number)))
            .await?;
        Ok(number)
    }

    /// Sends all frames that are written.
    async fn send(&mut self) -> Result<(), WsError> {
        let Some(dialect) = &mut self.dialect else {
            return Ok(());
        };
        let mut written = Written {
            parts: self.parts,
            frames: 0,
            bytes: 0,
        };
        let liveness = self.shared.liveness;
        let sending = self.shared.socket.send_all(|| {
            if let Some(piece) = dialect.pieces.pop_front() {
                if matches!(piece, Message::Ping(_)) {
                    return Some(Message::Ping(number_of(liveness.probe())));
                }
                return Some(piece);
            }
            let frame = dialect.frames.take()?;
            written.count(frame.bytes().len());
            dialect.pieces = encoding::pieces(dialect.encoding, frame);
            dialect.pieces.pop_front()
        });
        sending.await?;
        self.unpinged += written.bytes;
        Ok(())
    }

    /// Takes everything offline, closes the connection, and waits for the server to close it too: a
    /// socket that is dropped before may take the last frames with it.
    async fn part(&mut self) {
        let limit = self.parts.settings.timing.shutdown;
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
        self.parts.outbox.end_pace();
        let mut left = self.parts.outbox.waiting(self.round);
        loop {
            let sent = self.send_next().await?;
            left = left
                .saturating_sub(sent)
                .min(self.parts.outbox.waiting(self.round));
            let Some(dialect) = &self.dialect else { break };
            let caught_up =
                self.parts.outbox.is_caught_up() || matches!(dialect.left, Progress::Held(_));
            if left == 0 && caught_up {
                break;
            }
        }
        // With this, answers that were given meanwhile.
        self.send_next().await?;
        if let Some(dialect) = &mut self.dialect {
            self.stamper.look_at_clock();
            let mut announcer = Announcer {
                parts: self.parts,
                targets: &mut self.parts.registry.targets(),
                writer: &dialect.writer,
                stamper: &mut self.stamper,
                frames: &mut dialect.frames,
            };
            announcer.farewell();
        }
        self.send().await?;
        self.shared.socket.send(Message::Close(None)).await
    }
}

impl Dialect {
    fn suits(&self, known: &Identity) -> bool {
        self.writer.generation() == known.generation
            && self.writer.client_id() == known.client_id.as_deref()
    }
}

fn number_of(ping: u64) -> Bytes {
    Bytes::copy_from_slice(&ping.to_be_bytes())
}

/// Goes on, or lets others have their turn first.
async fn turn(of_others: bool) {
    if of_others {
        yield_now().await;
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
