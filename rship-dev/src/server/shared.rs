//! The state as all tasks share it: one lock, never held across an await.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rship_core::wire::Generation;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::time::Instant;

use super::Builder;
use super::client::Queue;
use super::follow::Followers;
use super::half_open::HalfOpen;
use super::limits::Limits;
use super::opening::Doors;
use super::state::State;
use crate::store::ClientNo;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) generation: Generation,
    pub(crate) answer_limit: Duration,
    pub(crate) ping_every: Duration,
    pub(crate) record: bool,
    pub(crate) limits: Limits,
    pub(crate) doors: Doors,
    /// Connections that are not open yet.
    pub(crate) half_open: Arc<HalfOpen>,
    /// Room for connections that are.
    pub(crate) seats: Arc<Semaphore>,
    /// What all connections have half received.
    pub(crate) half_received: Arc<AtomicUsize>,
    state: Mutex<State>,
    /// Counts transactions, so that waiters know when to look again.
    revision: watch::Sender<u64>,
    pub(crate) followers: Followers,
    /// Whether nothing is read from clients.
    pub(crate) stalled: watch::Sender<bool>,
    /// Wakes the task that keeps the time of commands and windows.
    timed: Notify,
}

/// A connection's side of the state.
pub(crate) struct Opened {
    pub(crate) no: ClientNo,
    pub(crate) queue: Queue,
    /// Whether the client sent a binary frame.
    pub(crate) binary: Arc<AtomicBool>,
    /// Resolves when the server throws the connection out.
    pub(crate) thrown_out: oneshot::Receiver<()>,
}

impl Shared {
    pub(crate) fn new(builder: Builder) -> Arc<Self> {
        let Builder {
            generation,
            answer_limit,
            ping_every,
            record,
            window,
            entities,
            limits,
            doors,
            ..
        } = builder;
        let window = match generation {
            Generation::V2026 => window,
            Generation::V2023 | Generation::V2024 => Duration::ZERO,
        };
        Arc::new(Self {
            generation,
            answer_limit,
            ping_every: ping_every.max(Duration::from_millis(1)),
            record,
            doors,
            half_open: Arc::default(),
            seats: Arc::new(Semaphore::new(limits.clients.min(Semaphore::MAX_PERMITS))),
            half_received: Arc::default(),
            state: Mutex::new(State::new(generation, window, entities, limits.clone())),
            limits,
            revision: watch::Sender::new(0),
            followers: Followers::default(),
            stalled: watch::Sender::new(false),
            timed: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic inside a transaction leaves a state that is still a state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state, then tells everyone who watches it.
    pub(crate) fn transact<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        state.followed = self.followers.followed();
        let (idle, window) = (state.pending.is_empty(), state.windows.next());
        let result = change(&mut state);
        for event in state.settle() {
            self.followers.tell(event, self.limits.followed);
        }
        // All commands have the same time, so only the first one is news.
        if (idle && !state.pending.is_empty()) || state.windows.next() != window {
            self.timed.notify_one();
        }
        drop(state);
        self.revision.send_modify(|revision| *revision += 1);
        result
    }

    /// The count of transactions, to be woken by the next.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Takes in a new connection and greets it as the generation does.
    pub(crate) fn open(&self) -> Opened {
        self.transact(State::open)
    }

    /// Ends commands whose time is over and applies windows; runs as long as the server.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        loop {
            let next = self.transact(|state| {
                let now = Instant::now();
                let nexts = [state.expire(now), state.apply_windows(now)];
                nexts.into_iter().flatten().min()
            });
            match next {
                Some(next) => {
                    tokio::select! {
                        biased;
                        () = tokio::time::sleep_until(next) => {}
                        () = self.timed.notified() => {}
                    }
                }
                None => self.timed.notified().await,
            }
        }
    }
}

/// Resolves when the server stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is a stop as well.
    drop(stop.wait_for(|stop| *stop).await);
}
