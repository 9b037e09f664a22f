//! States of the outbox: where its content goes, what leads from one to another, and when the session that
//! takes it is woken.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use super::pulses::{Queue, Standing};
use super::{Epoch, Outbox, Round, State};
use crate::world;

/// What is gathered before a session is woken, and for how long.
const GATHERED: (u32, Duration) = (64, Duration::from_micros(200));

/// Where the outbox's content goes.
pub(super) enum Phase {
    /// Nowhere: states are kept, impulses wait.
    Offline,
    /// To a server that is being told of what there is: only pulses of targets that were announced.
    Registering(Link),
    /// To a server that was told of everything.
    Live(Link),
    /// Nowhere, for ever.
    Ended,
}

/// How far the session that takes things is.
#[derive(Default)]
pub(super) struct Link {
    /// Whether it knows that there is something to take.
    notified: bool,
    /// What it does not know yet, because handlers gather.
    gathered: Gathered,
    /// Whether something that was taken may not be on the wire yet.
    pub(super) in_flight: bool,
}

/// How much came without the session knowing, and since when.
#[derive(Default)]
struct Gathered {
    count: u32,
    since: Option<Instant>,
}

/// For as long as it lives, what is put into the outbox wakes the session once for several, because one
/// wake costs as much as a command. Whoever holds it drops it before it waits, and has it dropped within
/// about a millisecond, whatever it does: nobody may wait for the end of a slow handler.
pub(crate) struct Gathering(Arc<Outbox>);

impl Gathering {
    pub(crate) fn is_of(&self, outbox: &Arc<Outbox>) -> bool {
        Arc::ptr_eq(&self.0, outbox)
    }
}

impl Gathered {
    /// Counts one more; whether the session need not know of it yet.
    fn is_not_enough(&mut self) -> bool {
        let (most, longest) = GATHERED;
        self.count += 1;
        let now = world::now();
        let since = *self.since.get_or_insert(now);
        self.count < most && now.duration_since(since) < longest
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        // Before the look: who puts something in after it does not gather any more, or is seen.
        self.0.gathering.fetch_sub(1, Ordering::AcqRel);
        let mut state = self.0.locked();
        if let Some(link) = state.phase.link()
            && std::mem::take(&mut link.gathered).count > 0
            && !std::mem::replace(&mut link.notified, true)
        {
            drop(state);
            self.0.ready.notify_one();
        }
    }
}

impl Phase {
    pub(super) fn link(&mut self) -> Option<&mut Link> {
        match self {
            Self::Registering(link) | Self::Live(link) => Some(link),
            Self::Offline | Self::Ended => None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// The session takes what there is.
    pub(super) fn taken(&mut self) {
        if let Some(link) = self.link() {
            *link = Link {
                in_flight: true,
                ..Link::default()
            };
        }
    }
}

impl Outbox {
    /// Wakes the session, once for all that comes until it takes it.
    pub(super) fn wake(&self, mut state: MutexGuard<'_, State>) {
        let gathers = self.gathering.load(Ordering::Acquire) > 0;
        let wakes = state.phase.link().is_some_and(|link| {
            let may_wait = link.notified || gathers && link.gathered.is_not_enough();
            link.notified |= !may_wait;
            !may_wait
        });
        drop(state);
        if wakes {
            self.ready.notify_one();
        }
    }

    /// Begins to gather what is put in.
    pub(crate) fn gather(self: &Arc<Self>) -> Gathering {
        self.gathering.fetch_add(1, Ordering::AcqRel);
        Gathering(Arc::clone(self))
    }

    /// A connection is open: commands may come.
    pub(crate) fn connected(&self) -> Epoch {
        let mut state = self.locked();
        state.epochs += 1;
        state.epoch = Some(state.epochs);
        state.epochs
    }

    /// The server is known, and was told of nothing in the form that it reads.
    pub(crate) fn begin(&self, round: &mut Round) {
        let mut state = self.locked();
        state.recall(round);
        state.phase = Phase::Registering(Link::default());
        state.phase.taken();
        state.requests = false;
        state.updates.begin();
        let State { early, urgent, .. } = &mut *state;
        urgent.clear();
        for target in early.keys() {
            urgent.push(*target);
        }
    }

    /// The connection is gone: states are kept, impulses wait, replies are of no use to anybody.
    pub(crate) fn end(&self, round: &mut Round) {
        let discarded = {
            let mut state = self.locked();
            state.recall(round);
            state.phase = Phase::Offline;
            state.epoch = None;
            state.echo = None;
            state.updates.end();
            state.replies.clear() + round.replies()
        };
        round.clear();
        self.counters.answers_discarded.add(discarded as u64);
        self.room.notify_waiters();
    }

    /// No session comes any more: nobody waits for the wire.
    pub(crate) fn finish(&self) {
        {
            let mut state = self.locked();
            state.phase = Phase::Ended;
            state.epoch = None;
            state.pulses = Queue::default();
            state.paced.clear();
            state.early = BTreeMap::new();
            state.replies.clear();
        }
        self.written.notify_waiters();
        self.room.notify_waiters();
    }

    /// The server was told of everything there is now.
    pub(crate) fn registered(&self) {
        let mut state = self.locked();
        if let Phase::Registering(link) = &mut state.phase {
            let link = std::mem::take(link);
            state.phase = Phase::Live(link);
        }
    }

    /// Whether the server of this session was told of everything.
    pub(crate) fn is_registered(&self) -> bool {
        self.locked().phase.is_live()
    }

    /// Whether no session comes any more.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.locked().phase, Phase::Ended)
    }
}

impl State {
    /// Takes back what was queued for announced targets: no target is announced any more.
    fn recall(&mut self, round: &mut Round) {
        for used in self.slots.all_mut() {
            used.standing = Standing::Unannounced;
        }
        self.paced.clear();
        let Self {
            slots,
            pulses,
            early,
            ..
        } = self;
        for queue in [&mut round.outgoing, pulses] {
            queue.drain(|entry, value| {
                if entry.impulse.is_some()
                    && let Some(used) = slots.get(entry.slot)
                {
                    early
                        .entry(used.target)
                        .or_default()
                        // It fitted before.
                        .push_impulse(entry.slot, value);
                }
            });
        }
        round.forget_sources();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    /// An outbox with a session that has just taken all there was.
    fn live() -> (Arc<Outbox>, Epoch) {
        let outbox = Arc::new(Outbox::new(
            crate::settings::Limits::default(),
            Arc::default(),
            Arc::default(),
        ));
        let (epoch, mut round) = (outbox.connected(), Round::default());
        outbox.begin(&mut round);
        outbox.registered();
        assert!(outbox.take_pulses(&mut round));
        (outbox, epoch)
    }

    fn is_woken(outbox: &Outbox) -> bool {
        outbox.ready().now_or_never().is_some()
    }

    #[test]
    fn what_is_gathered_wakes_the_session_once_when_the_gathering_ends() {
        let (outbox, epoch) = live();
        // However slow the machine is, one of these alone is not too old.
        let gathering = outbox.gather();
        assert!(outbox.reply(epoch, "one", &[]));
        assert!(!is_woken(&outbox));
        drop(gathering);
        assert!(is_woken(&outbox));
        assert!(outbox.reply(epoch, "two", &[]));
        assert!(!is_woken(&outbox), "it was told, and takes this as well");
        let mut round = Round::default();
        assert!(outbox.take_pulses(&mut round));
        assert_eq!(round.replies(), 2);
        drop(outbox.gather());
        assert!(!is_woken(&outbox), "there is nothing");
    }

    #[test]
    fn a_gathering_that_is_large_or_old_wakes_the_session_before_it_ends() {
        let (outbox, epoch) = live();
        let gathering = outbox.gather();
        for _ in 0..GATHERED.0 {
            outbox.reply(epoch, "one of many", &[]);
        }
        assert!(is_woken(&outbox));
        assert!(outbox.take_pulses(&mut Round::default()));
        outbox.reply(epoch, "one", &[]);
        std::thread::sleep(GATHERED.1);
        outbox.reply(epoch, "one that comes later", &[]);
        assert!(is_woken(&outbox));
        drop(gathering);
    }
}
