//! One direction of a connection.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::toxic::{Cut, Direction, Effects, ToxicId};

/// The most that is read at a time.
const CHUNK: usize = 4 << 10;

/// What is kept at most: little waits unseen.
const WINDOW: usize = 16 << 10;

/// What is on its way at most, where the way is long.
const LONG_WINDOW: usize = 4 << 20;

/// How often a narrow pipe takes something, in a second.
const TICKS: u32 = 20;

/// Passes on what comes in, as the toxics of the proxy say.
pub(super) struct Pipe<'c> {
    pub(super) shared: &'c Shared,
    pub(super) direction: Direction,
    /// The connection's number.
    pub(super) number: usize,
    pub(super) opened: Instant,
    pub(super) from: ReadHalf<'c>,
    pub(super) to: WriteHalf<'c>,
}

/// What a pipe remembers from one turn to the next.
struct Content {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    /// When the next piece may go.
    free: Instant,
    /// What has passed since this toxic began to count.
    passed: Option<(ToxicId, usize)>,
    /// The stall that was counted last.
    kept: Option<ToxicId>,
    /// How the source has ended, and when the sink is told.
    ended: Option<(Instant, Result<(), Cut>)>,
    /// Whether the sink takes nothing any more.
    lost: bool,
    random: fastrand::Rng,
}

impl Pipe<'_> {
    /// Ends with the source, or with what cuts the connection.
    pub(super) async fn run(mut self) -> Result<(), Cut> {
        let mut active = self.shared.active.subscribe();
        let mut buffer = vec![0; CHUNK];
        let mut content = Content {
            chunks: VecDeque::new(),
            bytes: 0,
            free: self.opened,
            passed: None,
            kept: None,
            ended: None,
            lost: false,
            random: fastrand::Rng::with_seed(self.number as u64),
        };
        loop {
            let effects = Effects::of(
                &active.borrow_and_update(),
                self.direction,
                self.number,
                self.opened,
            );
            let now = Instant::now();
            if let Some((at, cut, name)) = effects.cut
                && at <= now
            {
                self.count(name);
                return Err(cut);
            }
            if let (Some((at, end)), true) = (content.ended, content.chunks.is_empty())
                && at <= now
            {
                // Who is not there any more need not be told.
                let _ = self.to.shutdown().await;
                return end;
            }
            let window = effects.latency.map_or(WINDOW, |_| LONG_WINDOW);
            let reads = content.ended.is_none() && content.bytes < window && !effects.silent;
            let piece = self.piece(&mut content, &effects, now);
            let wake = content.wake(&effects, now);
            tokio::select! {
                changed = active.changed() => if changed.is_err() {
                    return Err(Cut::Close);
                },
                read = self.from.read(&mut buffer), if reads => self.came(&mut content, &effects, read, &buffer),
                wrote = self.to.write(piece.as_deref().unwrap_or_default()), if piece.is_some() => {
                    if let Ok(count @ 1..) = wrote {
                        if self.went(&mut content, &effects, count) {
                            self.count("limit_data");
                            return Err(Cut::Close);
                        }
                    } else {
                        // The other direction learns how it ended, and tells the source.
                        content.lost = true;
                        content.chunks.clear();
                        content.bytes = 0;
                    }
                }
                () = sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
            }
        }
    }

    /// What may be written now.
    fn piece(&self, content: &mut Content, effects: &Effects, now: Instant) -> Option<Vec<u8>> {
        let (due, chunk) = content.chunks.front()?;
        if *due > now || content.free > now || effects.silent {
            return None;
        }
        if effects.stalled.is_some() {
            if content.kept != effects.stalled {
                content.kept = effects.stalled;
                self.count("stall");
            }
            return None;
        }
        let mut most = chunk.len();
        if let Some(rate) = effects.rate {
            most = most.min((rate / TICKS).max(1) as usize);
        }
        if let Some((size, _)) = effects.slices {
            most = most.min(size);
        }
        if let Some((id, limit)) = effects.limit {
            let (of, passed) = content.passed.unwrap_or((id, 0));
            let passed = if of == id { passed } else { 0 };
            content.passed = Some((id, passed));
            most = most.min(limit.saturating_sub(passed).max(1));
        }
        Some(chunk[..most].to_vec())
    }

    /// Takes in what was read, or how reading ended.
    fn came(
        &self,
        content: &mut Content,
        effects: &Effects,
        read: io::Result<usize>,
        buffer: &[u8],
    ) {
        let now = Instant::now();
        match read {
            Ok(count @ 1..) => {
                let mut due = now;
                if let Some((delay, jitter)) = effects.latency {
                    due += delay.saturating_sub(jitter);
                    due += (jitter * 2).mul_f64(content.random.f64());
                    self.count("latency");
                }
                if content.lost {
                    return;
                }
                let last = content.chunks.back().map(|(due, _)| *due);
                content.chunks.push_back((
                    last.map_or(due, |last| last.max(due)),
                    buffer[..count].to_vec(),
                ));
                content.bytes += count;
            }
            end => {
                let mut at = now;
                if let Some(delay) = effects.close {
                    at += delay;
                    self.count("slow_close");
                }
                content.ended = Some((at, end.map(drop).map_err(|_| Cut::Reset)));
            }
        }
    }

    /// Takes out what was written; says whether that was all that may pass.
    fn went(&self, content: &mut Content, effects: &Effects, count: usize) -> bool {
        content.bytes -= count;
        let mut cut = false;
        if let Some((_, chunk)) = content.chunks.front_mut() {
            cut = count < chunk.len();
            chunk.drain(..count);
            if chunk.is_empty() {
                content.chunks.pop_front();
            }
        }
        let mut pause = Duration::ZERO;
        if let Some(rate) = effects.rate {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            pause += Duration::from_secs(1) * count / rate;
            self.count("bandwidth");
        }
        if let Some((_, delay)) = effects.slices
            && cut
        {
            pause += delay;
            self.count("slicer");
        }
        content.free = Instant::now() + pause;
        if let (Some((_, limit)), Some((_, passed))) = (effects.limit, &mut content.passed) {
            *passed += count;
            return *passed >= limit;
        }
        false
    }

    fn count(&self, name: &'static str) {
        self.shared.count(name, self.direction);
    }
}

impl Content {
    /// When something is to be done again by itself.
    fn wake(&self, effects: &Effects, now: Instant) -> Option<Instant> {
        let waits = self.chunks.front().map(|(due, _)| (*due).max(self.free));
        let closes = self.ended.filter(|_| self.chunks.is_empty());
        let cut = effects.cut.map(|(at, ..)| at);
        [waits, closes.map(|(at, _)| at), cut]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}
