//! The writer: the only one that writes to the socket. A session begins with everything there is to
//! tell; after that it sends what the outbox has.

use std::convert::Infallible;
use std::time::Duration;

use rship_core::wire::{self, FRAME_LIMIT};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tracing::{info, warn};
use uuid::Uuid;

use super::announce::Announcer;
use super::detect::Identity;
use super::dialect::{Dialect, Stage};
use super::instances::Known;
use super::read_back::ReadBack;
use super::registration::Progress;
use super::socket::pieces;
use super::{End, Parts, Shared, Status, stopped};
use crate::outbox::{Change, Round, Update};
use crate::stamp::{self, Stamper};

/// How long targets that are added to a running executor are gathered.
const GATHERING: Duration = Duration::from_millis(2);

/// Frames that are written before the reader gets a turn.
const ROUNDS: u32 = 8;

/// Bytes after which a slow link is pinged again, so that its pongs show progress.
const PINGED_AFTER: u64 = 32 << 10;

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

pub(super) struct Link<'s> {
    pub(super) shared: &'s Shared<'s>,
    pub(super) parts: &'s Parts,
    pub(super) stamper: Stamper,
    pub(super) round: &'s mut Round,
    pub(super) instances: &'s mut Known,
    pub(super) read_back: ReadBack,
    /// How the server is spoken to, once it is known.
    pub(super) dialect: Option<Dialect>,
    /// Bytes that were written since the last ping.
    unpinged: u64,
    /// When everything may be told once more, if it was told already.
    pub(super) again: Option<Instant>,
    pub(super) pause: Duration,
    /// Whether the server was heard behind all that it was told.
    heard: bool,
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
        let (mut rounds, mut pulses_alone, mut wake) = (0_u32, false, None);
        loop {
            rounds = rounds.wrapping_add(1);
            // Most of the time only pulses and replies wait.
            if !(pulses_alone && self.send_pulses(wake).await?) {
                self.meet(identity).await?;
                self.look_at_answers();
                if self.targets_come() {
                    sleep(GATHERING).await;
                }
                self.send_next().await?;
                self.confirm(*confirmed.borrow_and_update());
                wake = self.wake();
            }
            let more = self.has_more();
            pulses_alone = tokio::select! {
                biased;
                changed = identity.changed() => {
                    // The reader has ended, and with it the session: `select!` in the caller ends this.
                    if changed.is_err() {
                        return std::future::pending().await;
                    }
                    false
                }
                _ = pings.tick() => {
                    self.ping().await?;
                    false
                }
                _ = confirmed.changed() => false,
                () = self.shared.inbox.arrived() => false,
                () = self.parts.outbox.ready(), if self.dialect.is_some() && !more => true,
                () = until(wake), if !more => false,
                // Who publishes faster than the socket takes it must not starve the branches above.
                // Nor must it starve the reader, which is polled when this has to wait.
                () = turn(rounds.is_multiple_of(ROUNDS)), if more => true,
            };
        }
    }

    fn has_more(&self) -> bool {
        let Some(dialect) = &self.dialect else {
            return false;
        };
        dialect.left == Progress::More || self.round.has_more()
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
                if matches!(update, Update::Changed(Change::Instance(_))) {
                    let ids = announcer.targets.instances.iter();
                    let ids = ids.map(|instance| &instance.id);
                    let more = self.shared.inbox.ask_for_more_instances(ids);
                    for frame in more.iter().flatten() {
                        announcer.frames.frame(frame.as_bytes());
                    }
                }
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
                let generation = dialect.writer.generation();
                parts.outgoing.write(generation, |frame| {
                    announcer.frames.frame(frame.as_bytes());
                });
            }
            if dialect.stage == Stage::Online {
                self.read_back.step(&mut announcer, self.shared.inbox);
            }
            parts.outbox.take(round);
        }
        let pulses = round.pulses();
        self.send_round().await?;
        // A deletion is confirmed as soon as may be, because its id may be waiting to come back.
        if departed {
            self.ping().await?;
        }
        self.progress(pulses).await?;
        Ok(pulses)
    }

    /// Sends pulses and replies, if nothing else waits, and nothing is due; `false` when something does.
    async fn send_pulses(&mut self, due: Option<Instant>) -> Result<bool, WsError> {
        let online = |dialect: &Dialect| dialect.stage == Stage::Online;
        if !self.dialect.as_ref().is_some_and(online)
            || due.is_some_and(|due| due <= Instant::now())
            || !self.parts.outbox.take_pulses(self.round)
        {
            return Ok(false);
        }
        self.stamper.look_at_clock();
        self.send_round().await?;
        Ok(true)
    }

    /// Sends what was taken, behind the frames that are written already.
    async fn send_round(&mut self) -> Result<(), WsError> {
        let Some(dialect) = &mut self.dialect else {
            return Ok(());
        };
        let replies = self.round.replies();
        self.round
            .write(&dialect.writer, &mut self.stamper, &mut dialect.frames);
        self.send().await?;
        self.parts.counters.commands_answered.add(replies as u64);
        self.parts.outbox.flushed(self.round);
        if self.unpinged >= PINGED_AFTER && self.shared.liveness.is_slow() {
            self.ping().await?;
        }
        Ok(())
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
    pub(super) async fn send(&mut self) -> Result<(), WsError> {
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
            dialect.pieces = pieces(dialect.encoding, frame);
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
