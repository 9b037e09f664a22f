//! What can be wrong with a connection, one thing at a time: the toxics of Toxiproxy, and two more.

use std::time::Duration;

use tokio::time::Instant;

/// The way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the executor to its server.
    Up,
    /// From the server to the executor.
    Down,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Toxic {
    /// Everything arrives this much later, give or take `jitter`; the order stays.
    Latency {
        /// How much later.
        delay: Duration,
        /// How much more or less than that.
        jitter: Duration,
    },
    /// No more than this passes in a second.
    Bandwidth {
        /// Bytes.
        rate: u32,
    },
    /// Everything arrives in slices.
    Slicer {
        /// Bytes of a slice.
        size: usize,
        /// The time between two.
        delay: Duration,
    },
    /// The connection is closed when this much has passed.
    LimitData {
        /// Bytes.
        bytes: usize,
    },
    /// Nothing passes, and after a while the connection is closed.
    Timeout {
        /// The while.
        after: Duration,
    },
    /// After a while the connection is reset.
    ResetPeer {
        /// The while.
        after: Duration,
    },
    /// When one side closes, the other is told later.
    SlowClose {
        /// How much later.
        delay: Duration,
    },
    /// Nothing passes, and nobody is told; what was kept passes when this is over.
    Stall,
    /// Whom the bytes go to has vanished without a word: open connections are dead, and say so to nobody on the side
    /// that the bytes come from. New ones are sound.
    HalfOpen,
    /// Whoever is connected is reset, and so is whoever connects.
    Down,
}

impl Toxic {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Bandwidth { .. } => "bandwidth",
            Self::Slicer { .. } => "slicer",
            Self::LimitData { .. } => "limit_data",
            Self::Timeout { .. } => "timeout",
            Self::ResetPeer { .. } => "reset_peer",
            Self::SlowClose { .. } => "slow_close",
            Self::Stall => "stall",
            Self::HalfOpen => "half_open",
            Self::Down => "down",
        }
    }
}

/// The number of a toxic in its proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToxicId(pub(super) usize);

/// A toxic at work.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) id: ToxicId,
    pub(super) direction: Direction,
    pub(super) toxic: Toxic,
    pub(super) since: Instant,
    /// The number of the last connection that it works on.
    pub(super) last: usize,
}

/// How a connection ends that none of its sides ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    /// Closed, as far as there is an order.
    Close,
    /// Reset on both sides.
    Reset,
    /// Whom the bytes of this direction went to is not there any more, until the toxic is gone.
    Vanish(Direction, ToxicId),
}

/// All that is wrong with one direction of one connection at a time.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) latency: Option<(Duration, Duration)>,
    pub(super) rate: Option<u32>,
    pub(super) slices: Option<(usize, Duration)>,
    pub(super) limit: Option<(ToxicId, usize)>,
    pub(super) close: Option<Duration>,
    pub(super) stalled: Option<ToxicId>,
    /// Whether nothing passes, and nothing is kept.
    pub(super) silent: bool,
    /// The first of what ends it: when, how, and the name of the toxic.
    pub(super) cut: Option<(Instant, Cut, &'static str)>,
}

impl Effects {
    /// What these toxics are to a connection of this number that was opened then.
    pub(super) fn of(
        active: &[Active],
        direction: Direction,
        number: usize,
        opened: Instant,
    ) -> Self {
        let mut effects = Self::default();
        for one in active {
            if number > one.last || one.direction != direction {
                continue;
            }
            let begin = one.since.max(opened);
            match one.toxic {
                Toxic::Latency { delay, jitter } => effects.latency = Some((delay, jitter)),
                Toxic::Bandwidth { rate } => effects.rate = Some(rate),
                Toxic::Slicer { size, delay } => effects.slices = Some((size, delay)),
                Toxic::LimitData { bytes } => effects.limit = Some((one.id, bytes)),
                Toxic::SlowClose { delay } => effects.close = Some(delay),
                Toxic::Stall => effects.stalled = Some(one.id),
                Toxic::Timeout { after } => {
                    effects.silent = true;
                    effects.ends(begin + after, Cut::Close, one);
                }
                Toxic::ResetPeer { after } => effects.ends(begin + after, Cut::Reset, one),
                Toxic::HalfOpen => effects.ends(begin, Cut::Vanish(direction, one.id), one),
                Toxic::Down => effects.ends(begin, Cut::Reset, one),
            }
        }
        effects
    }

    fn ends(&mut self, at: Instant, how: Cut, by: &Active) {
        if self.cut.is_none_or(|(first, ..)| at < first) {
            self.cut = Some((at, how, by.toxic.name()));
        }
    }
}
