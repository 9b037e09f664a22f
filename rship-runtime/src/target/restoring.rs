//! Restoring: gives saved values to the actions that set them, before a server is told of their targets.

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Sleep;

use super::Tree;
use super::job::{Outcome, call_on, says};
use super::keeper::SavedValue;
use super::lock::{Held, Inside, Who, lock};
use super::pool::What;
use super::publish::Look;
use super::reference::Reference;
use super::runtime::HandlerRuntime;
use crate::connection_thread::ConnectionThread;
use crate::journal::{alert, shown};
use crate::work;
use crate::world;

/// How long targets wait for their saved values before they are announced without.
const LIMIT: Duration = Duration::from_secs(5);

/// How many values that are refused the log names one by one.
const NAMED: usize = 10;

/// The setters of one tree at work.
struct Restoring {
    tree: Arc<Tree>,
    /// Those that wait for it.
    targets: Vec<Arc<Reference>>,
    /// What is carried out now.
    now: Mutex<Option<String>>,
    /// Whether the lock of a tree that is just being added was handed in.
    is_new: bool,
}

/// Gives values back on the handler pool, as tasks of the tree's. With the lock of a tree that is just being
/// added, waits until all is done that does not await.
pub(super) fn restore(tree: &Arc<Tree>, held: Option<Held>, values: Vec<SavedValue>) {
    let context = Arc::clone(&tree.context);
    if let Some(tests) = world::thread() {
        context.set_stage(tests.handle().clone());
    }
    let mut targets: Vec<_> = values
        .iter()
        .map(|value| Arc::clone(&value.target))
        .collect();
    targets.dedup_by_key(|target| target.number);
    let restoring = Arc::new(Restoring {
        tree: Arc::clone(tree),
        targets,
        now: Mutex::default(),
        is_new: held.is_some(),
    });
    let thread = ConnectionThread::get().ok();
    let limit = thread.as_ref().map(|thread| thread.sleep(LIMIT));
    if let Some(thread) = &thread {
        let (watched, late) = (Arc::downgrade(&restoring), thread.sleep(LIMIT));
        work::spawn(thread.handle(), async move {
            late.await;
            if let Some(restoring) = watched.upgrade() {
                restoring.is_late();
            }
        });
    }
    let waits = held.is_some() && context.stage().is_none();
    // Nothing is ever sent: the sender is dropped.
    let (begun, has_begun) = mpsc::channel::<Infallible>();
    let mut begun = Some(begun);
    let runtime = HandlerRuntime::get().ok();
    let mut setting = Box::pin(async move {
        // It is kept alive for its timers.
        let _thread = thread;
        restoring.run(held, values, limit).await;
    });
    let inhabited = std::future::poll_fn(move |context| {
        let handle = runtime.as_ref().and_then(HandlerRuntime::handle);
        let _entered = handle.as_ref().map(tokio::runtime::Handle::enter);
        let polled = setting.as_mut().poll(context);
        drop(begun.take());
        polled
    });
    let tasks = &context.tasks;
    tasks.spawn(&context, tree, What::Restoring, Box::pin(inhabited));
    if waits {
        // It goes on by itself after that.
        let _ = has_begun.recv_timeout(LIMIT);
    }
}

/// Has targets be announced, whatever becomes of their values.
struct Announces<'r>(&'r Restoring);

impl Drop for Announces<'_> {
    fn drop(&mut self) {
        self.0.announce();
    }
}

impl Restoring {
    async fn run(&self, held: Option<Held>, values: Vec<SavedValue>, limit: Option<Sleep>) {
        let announces = Announces(self);
        let mut limit = pin!(limit);
        let mut held = match held {
            Some(held) => held,
            None => self.tree.lock(Who::Restoring).await,
        };
        let mut refused = 0;
        for value in &values {
            if self.tree.removed.load(Ordering::Acquire) {
                return;
            }
            let source = &value.target.sources[value.emitter];
            // Somebody was faster, and knows better.
            if source.has_changed() {
                continue;
            }
            let target = &value.target;
            *lock(&self.now) = Some(target.action_id(value.action));
            let outcome = set(&mut held, value, limit.as_mut()).await;
            *lock(&self.now) = None;
            if let Err(why) = outcome {
                refused += 1;
                if refused <= NAMED {
                    alert(&format!(
                        "the saved value {} of emitter `{}` is not restored: {why}",
                        shown(&value.json),
                        source.emitter,
                    ));
                }
            }
        }
        if refused > NAMED {
            alert(&format!(
                "{} more saved values of target `{}` are not restored",
                refused - NAMED,
                self.tree.id
            ));
        }
        if self.is_new {
            held.publish(Look::First);
        } else {
            for target in &self.targets {
                held.publish(Look::Along(&target.path));
            }
        }
        drop(announces);
    }

    /// Has them be announced.
    fn announce(&self) {
        for target in &self.targets {
            target.restoring.store(false, Ordering::Release);
        }
        self.tree.context.outbox.targets_came();
    }

    fn is_late(&self) {
        if !self.targets.iter().any(|target| target.is_restoring()) {
            return;
        }
        let what = match &*lock(&self.now) {
            Some(action) => format!("action `{action}` has not ended"),
            None => format!("the target is in use{}", self.tree.busy_with()),
        };
        alert(&format!(
            "target `{}` is announced before it has all of its saved values: after {:.0} s {what}",
            self.tree.id,
            LIMIT.as_secs_f64()
        ));
        self.announce();
    }
}

/// Calls the setter of one value, as a command would.
async fn set(held: &mut Held, value: &SavedValue, limit: Pin<&mut Option<Sleep>>) -> Outcome {
    let SavedValue {
        target,
        action,
        json,
        ..
    } = value;
    let mut payload: Value =
        serde_json::from_str(json).map_err(|error| says(target, *action, &error))?;
    let prepared = target.model.prepare(*action, &mut payload);
    prepared.map_err(|error| says(target, *action, &error))?;
    let tree = Arc::clone(held.tree());
    let inside = Inside::holding(held.inside.take(), &tree, target, *action);
    let outcome = tokio::select! {
        biased;
        outcome = call_on(held, target, *action, payload, &inside) => outcome,
        () = over(limit) => Err(says(
            target,
            *action,
            &format_args!(
                "it has not ended {:.0} s after the target was added",
                LIMIT.as_secs_f64()
            ),
        )),
    };
    held.inside = Some(inside);
    outcome
}

/// Ready when the time is over.
async fn over(limit: Pin<&mut Option<Sleep>>) {
    match limit.as_pin_mut() {
        Some(limit) if !limit.is_elapsed() => limit.await,
        Some(_) => {}
        None => std::future::pending().await,
    }
}
