//! The state as all tasks share it: one lock, never held across an await.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rship_core::wire::Generation;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::state::{Client, MAX_WAITING, Outgoing, State};
use crate::speaking;
use crate::store::{ClientNo, Entities, StoreEvent};

/// How many store events are kept for a follower that is slow.
const EVENTS_KEPT: usize = 16_384;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) generation: Generation,
    pub(crate) answer_limit: Duration,
    pub(crate) ping_every: Duration,
    pub(crate) record: bool,
    state: Mutex<State>,
    /// Counts transactions, so that waiters know when to look again.
    revision: watch::Sender<u64>,
    pub(crate) events: broadcast::Sender<StoreEvent>,
    /// Whether nothing is read from clients.
    pub(crate) stalled: watch::Sender<bool>,
    /// Wakes the task that keeps the time of commands and windows.
    timed: Notify,
}

/// A connection's side of the state.
pub(crate) struct Opened {
    pub(crate) no: ClientNo,
    pub(crate) queue: mpsc::Receiver<Outgoing>,
    /// Whether the client sent a binary frame.
    pub(crate) binary: Arc<AtomicBool>,
    /// Resolves when the server throws the connection out.
    pub(crate) thrown_out: oneshot::Receiver<()>,
}

impl Shared {
    pub(crate) fn new(
        generation: Generation,
        answer_limit: Duration,
        ping_every: Duration,
        record: bool,
        window: Duration,
        entities: Entities,
    ) -> Arc<Self> {
        Arc::new(Self {
            generation,
            answer_limit,
            ping_every,
            record,
            state: Mutex::new(State::new(generation, window, entities)),
            revision: watch::Sender::new(0),
            events: broadcast::Sender::new(EVENTS_KEPT),
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
        state.followed = self.events.receiver_count() > 0;
        let (commands, window) = (state.pending.len(), state.windows.next());
        let result = change(&mut state);
        for event in state.settle() {
            // Fails when the last follower left meanwhile.
            drop(self.events.send(event));
        }
        if state.pending.len() > commands || state.windows.next() != window {
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
        let (sender, queue) = mpsc::channel(MAX_WAITING);
        let (alive, thrown_out) = oneshot::channel();
        let binary = Arc::new(AtomicBool::new(false));
        let no = self.transact(|state| {
            let no = state.next_client;
            state.next_client += 1;
            let id = speaking::new_tx();
            let tx = speaking::new_tx();
            let greeting = speaking::set_id(self.generation, &id, &tx);
            let set_id_tx = greeting.is_some().then_some(tx);
            let client = Client {
                id,
                set_id_tx,
                queue: sender,
                binary: Arc::clone(&binary),
                watches: Default::default(),
                _alive: alive,
            };
            state.clients.insert(no, client);
            if let Some(greeting) = greeting {
                state.send(no, Outgoing::Document(greeting));
            }
            no
        });
        Opened {
            no,
            queue,
            binary,
            thrown_out,
        }
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
