//! The handler pool: threads that run what is the user's, shared by all executors of a process.
//!
//! Handlers share few threads as long as they are short, because a thread that is woken for each command
//! costs more than the command. The pool grows while one of its threads is blocked, so that a handler
//! which blocks delays its own tree alone, and shrinks again when there is nothing to do. Each piece of
//! work runs inside the runtime of its executor: what it spawns and waits for is driven there.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use async_task::{Runnable, Task};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Tree;
use super::lock::{TreeState, lock};
use super::reference::Reference;
use crate::connection_thread::ConnectionThread;
use crate::journal::alert;
use crate::outbox::Gathering;
use crate::work;

/// How long work waits for a thread that is busy before another is taken.
const PATIENCE: Duration = Duration::from_millis(1);

/// How often busy threads are looked at while no work waits.
const GLANCE: Duration = Duration::from_millis(500);

/// How long a thread may be blocked before the log names who blocks it.
const BLOCKED: Duration = Duration::from_secs(1);

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

/// Threads at most; further handlers wait.
const THREADS: usize = 512;

static POOL: LazyLock<Pool> = LazyLock::new(Pool::default);

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    work: Condvar,
    /// Wakes the watch: work waits, or a thread has become busy.
    watch: Notify,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Work>,
    /// How much work was ever taken.
    taken: usize,
    seats: Vec<Arc<Seat>>,
    idle: usize,
    /// Whether a thread was woken or started that has not taken anything yet.
    waking: bool,
    /// Whether the watch runs, and whether it looks every millisecond.
    watched: bool,
    alert: bool,
    /// Whether the log said that there are too many threads.
    crowded: bool,
}

enum Work {
    /// A tree with commands.
    Tree(Arc<Tree>),
    Task(Runnable),
    /// A target that lost its last owner on the connection thread.
    Drop(Arc<tokio::sync::Mutex<TreeState>>),
}

/// What a thread is busy with.
#[derive(Clone)]
pub(super) enum What {
    /// The commands of its tree.
    Commands,
    /// A long action.
    Long(Arc<Reference>, usize),
    Sampling,
    /// Giving saved values back.
    Restoring,
}

/// A thread of the pool.
#[derive(Default)]
struct Seat {
    busy: Mutex<Option<Busy>>,
    /// What is put into this outbox is gathered.
    gathering: Mutex<Option<Gathering>>,
}

struct Busy {
    since: Instant,
    tree: Weak<Tree>,
    what: What,
    /// After how long the log names it next.
    next: Duration,
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Has a tree work off its mailbox, once [`start`] is called.
pub(super) fn schedule(tree: Arc<Tree>) {
    if let Some(stage) = tree.context.stage().cloned() {
        work::spawn(&stage, tree.work());
        return;
    }
    POOL.state().ready.push_back(Work::Tree(tree));
}

/// A task that runs on the pool whenever it is woken.
pub(super) fn task(tree: &Arc<Tree>, what: What, work: work::Work) -> (Runnable, Task<()>) {
    let future = Inhabited {
        tree: Arc::downgrade(tree),
        runtime: tree.context.runtime().cloned(),
        what,
        work,
    };
    let stage = tree.context.stage().cloned();
    async_task::spawn(future, move |runnable: Runnable| {
        if let Some(stage) = &stage {
            work::spawn(stage, async move {
                runnable.run();
            });
            return;
        }
        POOL.state().ready.push_back(Work::Task(runnable));
        start();
    })
}

/// Has something be dropped where user code may run.
pub(super) fn drop_elsewhere(state: Arc<tokio::sync::Mutex<TreeState>>) {
    POOL.state().ready.push_back(Work::Drop(state));
    start();
}

/// Begins to carry out what was scheduled; called after one or more pieces of work.
pub(crate) fn start() {
    let mut state = POOL.state();
    if state.ready.is_empty() {
        return;
    }
    let busy = state.seats.len() - state.idle;
    if busy == 0 && !state.waking {
        state.add_thread();
    }
    let watched = state.watched;
    let alert = std::mem::replace(&mut state.alert, true);
    drop(state);
    if !watched {
        // The connection thread that had it may have ended meanwhile.
        watch_pool();
    } else if !alert {
        POOL.watch.notify_one();
    }
}

/// What of a tree is at work on a thread now.
pub(super) fn at_work(tree: &Tree) -> Option<String> {
    let state = POOL.state();
    state.seats.iter().find_map(|seat| {
        let busy = lock(&seat.busy);
        let busy = busy.as_ref()?;
        let own = std::ptr::eq(busy.tree.as_ptr(), tree);
        own.then(|| busy.describe().0)
    })
}

impl State {
    /// Wakes a thread, or starts one.
    fn add_thread(&mut self) {
        if self.idle > 0 {
            self.waking = true;
            POOL.work.notify_one();
            return;
        }
        if self.seats.len() >= THREADS {
            if !std::mem::replace(&mut self.crowded, true) {
                alert(&format!(
                    "{THREADS} handlers block their threads: further actions wait for one of them to end"
                ));
            }
            return;
        }
        let seat = Arc::new(Seat::default());
        let own = Arc::clone(&seat);
        let started = std::thread::Builder::new()
            .name("rship-handler".to_owned())
            .spawn(move || run(&own));
        match started {
            Ok(_) => {
                self.waking = true;
                self.seats.push(seat);
            }
            Err(error) => {
                alert(&format!("no thread can be started for a handler: {error}"));
            }
        }
    }
}

/// The life of a thread.
fn run(seat: &Arc<Seat>) {
    CURRENT.with(|current| current.replace(Some(Arc::clone(seat))));
    // The memory of a future that has ended.
    let mut ended = None;
    while let Some(work) = next(seat) {
        // Handlers are caught where they are called; this is for what user code is dropped here.
        let caught = catch_unwind(AssertUnwindSafe(|| match work {
            Work::Tree(tree) => {
                let runtime = tree.context.runtime().cloned();
                let _entered = runtime.as_ref().map(tokio::runtime::Handle::enter);
                let weak = Arc::downgrade(&tree);
                let _busy = seat.occupy(Weak::clone(&weak), What::Commands);
                let mut work = match ended.take() {
                    Some(mut work) => {
                        Pin::set(&mut work, Tree::work(tree));
                        work
                    }
                    None => Box::pin(Tree::work(tree)),
                };
                let mut context = TaskContext::from_waker(Waker::noop());
                match work.as_mut().poll(&mut context) {
                    Poll::Ready(()) => ended = Some(work),
                    // What awaits goes on as a task: it is polled once more at once, and then has a waker.
                    Poll::Pending => {
                        if let Some(tree) = weak.upgrade() {
                            let context = Arc::clone(&tree.context);
                            context.tasks.spawn(&context, &tree, What::Commands, work);
                        }
                    }
                }
            }
            Work::Task(runnable) => drop(runnable.run()),
            Work::Drop(state) => drop(state),
        }));
        if caught.is_err() {
            seat.vacate();
            alert("dropping a target, or what belongs to one, panicked");
        }
    }
}

thread_local! {
    /// The seat of this thread, for tasks.
    static CURRENT: std::cell::RefCell<Option<Arc<Seat>>> = const { std::cell::RefCell::new(None) };
}

/// The next piece of work; `None` when there was none for so long that the thread may end.
fn next(seat: &Arc<Seat>) -> Option<Work> {
    let mut state = POOL.state();
    loop {
        if let Some(work) = state.ready.pop_front() {
            state.waking = false;
            state.taken += 1;
            let watched = state.watched;
            let (gathers, before) = seat.gather_for(&work);
            let alert = !gathers || std::mem::replace(&mut state.alert, true);
            drop(state);
            drop(before);
            if !watched {
                watch_pool();
            } else if !alert {
                POOL.watch.notify_one();
            }
            return Some(work);
        }
        if let Some(gathered) = seat.gathered() {
            drop(state);
            drop(gathered);
            state = POOL.state();
            continue;
        }
        state.waking = false;
        state.idle += 1;
        let (after, waited) = POOL
            .work
            .wait_timeout(state, IDLE)
            .unwrap_or_else(PoisonError::into_inner);
        state = after;
        state.idle -= 1;
        if waited.timed_out() && state.ready.is_empty() {
            state.seats.retain(|other| !Arc::ptr_eq(other, seat));
            state.crowded = false;
            return None;
        }
    }
}

/// Starts the watch where there is a connection thread for it.
fn watch_pool() {
    let Ok(thread) = ConnectionThread::get() else {
        return;
    };
    if std::mem::replace(&mut POOL.state().watched, true) {
        return;
    }
    // Made here, because a task may be dropped before it is ever polled.
    let watching = Watching;
    let own = Arc::downgrade(&thread);
    work::spawn(thread.handle(), async move {
        let _watching = watching;
        watch(own).await;
    });
}

struct Watching;

impl Drop for Watching {
    fn drop(&mut self) {
        let mut state = POOL.state();
        state.watched = false;
        state.alert = false;
    }
}

/// Takes further threads when those at work are held up: by a handler that blocks its thread, or by more
/// work than one thread can do. Names those that block one for long.
async fn watch(thread: Weak<ConnectionThread>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    loop {
        let (taken, came, busy, alert) = {
            let mut state = POOL.state();
            let came = state.taken + state.ready.len();
            let busy = state.seats.len() - state.idle;
            let gathers = state.seats.iter().any(|seat| seat.gathers());
            state.alert = gathers || !state.ready.is_empty();
            (state.taken, came, busy, state.alert)
        };
        if alert {
            sleep(PATIENCE).await;
            // Whatever handlers do, what they put in waits no longer than this.
            let gathered: Vec<_> = {
                let state = POOL.state();
                state
                    .seats
                    .iter()
                    .filter_map(|seat| seat.gathered())
                    .collect()
            };
            drop(gathered);
            let mut state = POOL.state();
            if state.ready.is_empty() {
                continue;
            }
            let stuck = state.taken == taken;
            let late = state.taken < came;
            let busy = state.seats.len() - state.idle;
            if !state.waking && (stuck || late && busy < cores) {
                state.add_thread();
            }
            continue;
        }
        if busy == 0 {
            if thread.strong_count() == 0 {
                return;
            }
            POOL.watch.notified().await;
            continue;
        }
        tokio::select! {
            () = POOL.watch.notified() => {}
            () = sleep(GLANCE) => name_the_blocked(),
        }
    }
}

fn name_the_blocked() {
    let seats = POOL.state().seats.clone();
    for seat in seats {
        let said = lock(&seat.busy)
            .as_mut()
            .and_then(Busy::is_blocked_for_long);
        if let Some(said) = said {
            alert(&said);
        }
    }
}

impl Seat {
    fn occupy(&self, tree: Weak<Tree>, what: What) -> Occupied<'_> {
        *lock(&self.busy) = Some(Busy {
            since: Instant::now(),
            tree,
            what,
            next: BLOCKED,
        });
        Occupied(self)
    }

    /// Gathers what a tree puts in, and nothing of what may await. Whether it does, and what was gathered
    /// for another outbox: to be dropped outside of the pool's lock.
    fn gather_for(&self, work: &Work) -> (bool, Option<Gathering>) {
        let mut gathering = lock(&self.gathering);
        let outbox = match work {
            Work::Tree(tree) => &tree.context.outbox,
            Work::Task(_) | Work::Drop(_) => return (false, gathering.take()),
        };
        if gathering.as_ref().is_some_and(|now| now.is_of(outbox)) {
            return (true, None);
        }
        (true, gathering.replace(outbox.gather()))
    }

    fn gathers(&self) -> bool {
        lock(&self.gathering).is_some()
    }

    /// Ends to gather, when what this returns is dropped: outside of the pool's lock.
    fn gathered(&self) -> Option<Gathering> {
        lock(&self.gathering).take()
    }

    fn vacate(&self) {
        let before = lock(&self.busy).take();
        drop(before);
    }
}

struct Occupied<'s>(&'s Seat);

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        self.0.vacate();
    }
}

impl Busy {
    /// What is at work, and whether it may block its thread.
    fn describe(&self) -> (String, bool) {
        let Some(tree) = self.tree.upgrade() else {
            return ("a handler of a target that is gone".to_owned(), false);
        };
        let id = Arc::clone(&tree.id);
        let described = match &self.what {
            What::Commands => tree
                .current_action()
                .map(|(id, may)| (format!("action `{id}`"), may)),
            What::Long(target, action) => {
                Some((format!("action `{}`", target.action_id(*action)), false))
            }
            // It has a warning of its own.
            What::Restoring => Some((format!("giving target `{id}` its saved values"), true)),
            What::Sampling => None,
        };
        described.unwrap_or_else(|| (format!("looking at the values of target `{id}`"), false))
    }

    fn is_blocked_for_long(&mut self) -> Option<String> {
        let blocked = self.since.elapsed();
        if blocked < self.next {
            return None;
        }
        self.next *= 10;
        let (what, may) = self.describe();
        (!may).then(|| {
            format!(
                "{what} has been blocking a thread for {:.1} s: its target is not reached meanwhile; a `fn` \
                 that blocks is marked `#[action(blocking)]`",
                blocked.as_secs_f64()
            )
        })
    }
}

/// A future that is polled inside its executor's runtime, and named while it is.
struct Inhabited {
    tree: Weak<Tree>,
    runtime: Option<tokio::runtime::Handle>,
    what: What,
    work: work::Work,
}

impl Future for Inhabited {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<()> {
        let Self {
            tree,
            runtime,
            what,
            work,
        } = &mut *self;
        let _entered = runtime.as_ref().map(tokio::runtime::Handle::enter);
        let seat = CURRENT.with(|current| current.borrow().clone());
        let _busy = seat
            .as_ref()
            .map(|seat| seat.occupy(Weak::clone(tree), what.clone()));
        work.as_mut().poll(context)
    }
}
