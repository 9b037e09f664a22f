//! Saving: keeps the values of settable states in a file. Looking at a tree only marks what has changed; the
//! values are taken and written elsewhere, on a thread for the disk alone.
//!
//! Order of locks: that of the file, then that of the values, then those of the marks, of what has no room, and
//! of a source's value.
//! That of the file is held while it is written, and nobody but its writer takes it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{sleep_until, timeout};
use tracing::info;

use super::Tree;
use super::keeper::{Keep, Keeper, SavedValue};
use super::lock::{Held, lock};
use super::reference::Reference;
use super::restoring;
use crate::error::Error;
use crate::journal::{Journal, Topic, alert};
use crate::metrics::Counters;
use crate::outbox::SlotId;
use crate::saved::{Owner, Saved};
use crate::state_file::StateFile;
use crate::world;

/// How long after a change the file is written.
const AFTER_A_CHANGE: Duration = Duration::from_secs(1);

/// How long after it was written it is written again at the soonest.
const BETWEEN: Duration = Duration::from_secs(3);

/// The longest pause after the disk has refused.
const LONGEST: Duration = Duration::from_secs(60);

struct States {
    /// `None` once it was written for the last time.
    file: Mutex<Option<StateFile>>,
    saved: Mutex<Saved>,
    marks: Mutex<Marks>,
    /// What was not said yet.
    no_room: Mutex<NoRoom>,
    /// Wakes the writer: something has changed.
    news: Notify,
    /// Wakes the writer: it must not wait any longer.
    hurry: Notify,
    /// Where the file is, for messages.
    path: String,
    limit: usize,
    counters: Arc<Counters>,
    journal: Arc<Journal>,
}

/// What has changed since it was taken last.
#[derive(Default)]
struct Marks {
    changed: Vec<(Arc<Reference>, usize)>,
    /// Values that differ by too little to be told.
    near: BTreeMap<SlotId, Near>,
}

struct Near {
    target: Arc<Reference>,
    emitter: usize,
    json: Box<[u8]>,
}

/// What had no room.
#[derive(Default)]
struct NoRoom {
    count: u64,
    /// The first of it.
    what: Option<String>,
}

/// Opens a state file; what it returns makes the keeper.
pub(crate) fn open(path: &Path, limit: usize) -> Result<Keep, Error> {
    let (file, saved) = StateFile::open(path, limit)?;
    Ok(Box::new(move |counters, journal| {
        Arc::new(States {
            path: file.path().display().to_string(),
            file: Mutex::new(Some(file)),
            saved: Mutex::new(saved),
            marks: Mutex::default(),
            no_room: Mutex::default(),
            news: Notify::new(),
            hurry: Notify::new(),
            limit,
            counters: Arc::clone(counters),
            journal: Arc::clone(journal),
        })
    }))
}

fn owner(target: &Reference) -> Owner {
    // The first has the same values on another machine, where its id is another.
    let instance = (target.instance > 0).then(|| (*target.instance_id).into());
    (instance, (*target.id).into())
}

fn emitter_of(target: &Reference, emitter: usize) -> &str {
    let emitters = &target.model.descriptor().emitters;
    emitters.get(emitter).map_or("", |emitter| &emitter.id)
}

impl NoRoom {
    fn add(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        self.what.get_or_insert_with(what);
    }
}

impl States {
    /// Takes what has changed.
    fn take_marks(&self, saved: &mut Saved) {
        let marks = std::mem::take(&mut *lock(&self.marks));
        let mut no_room = lock(&self.no_room);
        for (target, emitter) in marks.changed {
            let source = &target.sources[emitter];
            source.unmark();
            if let Some(json) = source.newest() {
                keep(saved, &mut no_room, &target, emitter, &json);
            }
        }
        for near in marks.near.into_values() {
            keep(saved, &mut no_room, &near.target, near.emitter, &near.json);
        }
    }

    /// Says what had no room, if something had none.
    fn say(&self) {
        let no_room = std::mem::take(&mut *lock(&self.no_room));
        let Some(what) = no_room.what else { return };
        self.counters.states_not_kept.add(no_room.count);
        self.journal.warn(Topic::NotKept, || {
            format!(
                "the state file has no room for all values, because it may have {} bytes: {what}; raise \
                 `state_file_bytes`, or mark what need not be kept `#[action(transient)]`",
                self.limit
            )
        });
    }

    /// Writes what has changed, if something has, on a thread that may block; the last time, others may use
    /// the file after that.
    async fn write(self: &Arc<Self>, is_last: bool) -> io::Result<()> {
        let own = Arc::clone(self);
        // It does not panic, and is not cancelled.
        let written = spawn_blocking(move || {
            let mut file = lock(&own.file);
            let written = file.as_ref().map(|file| own.write_to(file));
            if is_last {
                *file = None;
            }
            written.unwrap_or(Ok(()))
        });
        let written = written.await.map_err(io::Error::other).flatten();
        self.say();
        written
    }

    fn write_to(&self, file: &StateFile) -> io::Result<()> {
        let text = {
            let mut saved = lock(&self.saved);
            self.take_marks(&mut saved);
            saved.has_changed().then(|| saved.write())
        };
        let Some(text) = text else { return Ok(()) };
        let written = file.write(&text);
        match &written {
            Ok(()) => self.counters.state_writes.add(1),
            Err(_) => lock(&self.saved).not_written(),
        }
        written
    }

    async fn save_for_ever(self: Arc<Self>) -> Infallible {
        let mut pace = Pace::default();
        loop {
            self.news.notified().await;
            loop {
                let due = pace.due(world::now());
                tokio::select! {
                    biased;
                    () = self.hurry.notified() => {}
                    () = sleep_until(due.into()) => {}
                }
                let written = self.write(false).await;
                let before = pace.failures;
                match written {
                    Ok(()) => {
                        pace.written(world::now());
                        if before > 0 {
                            info!("the state file `{}` is written again", self.path);
                        }
                        break;
                    }
                    Err(error) => {
                        pace.failed(world::now());
                        if before == 0 {
                            alert(&format!(
                                "the state file `{}` cannot be written, so what has changed is lost when \
                                 the device ends; it is tried again: {error}",
                                self.path
                            ));
                        }
                    }
                }
            }
        }
    }
}

fn keep(saved: &mut Saved, no_room: &mut NoRoom, target: &Reference, emitter: usize, json: &[u8]) {
    let Ok(json) = std::str::from_utf8(json) else {
        return;
    };
    let kept = saved.keep(&owner(target), emitter_of(target, emitter), json);
    for forgotten in kept.forgotten {
        no_room.add(|| format!("those of target `{forgotten}`, which is not there, are forgotten"));
    }
    if kept.refused {
        let source = &target.sources[emitter];
        no_room.add(|| format!("that of emitter `{}` is not kept", source.emitter));
    }
}

impl Keeper for States {
    fn came(&self, new: &[Arc<Reference>]) -> Vec<SavedValue> {
        let mut values = Vec::new();
        let mut saved = lock(&self.saved);
        // Of a target that was here before, and was changed just before it went.
        self.take_marks(&mut saved);
        for target in new {
            let owner = owner(target);
            saved.came(&owner);
            let before = values.len();
            let descriptor = target.model.descriptor();
            for (emitter, described) in descriptor.emitters.iter().enumerate() {
                let Some(json) = saved.value(&owner, &described.id) else {
                    continue;
                };
                match descriptor.restored_by(&described.id) {
                    Some(action) => values.push(SavedValue {
                        json: json.into(),
                        target: Arc::clone(target),
                        emitter,
                        action,
                    }),
                    // It was kept once, and is not any more.
                    None => saved.forget_value(&owner, &described.id),
                }
            }
            if values.len() > before {
                target.restoring.store(true, Ordering::Release);
            }
        }
        drop(saved);
        self.say();
        values
    }

    fn restore(&self, tree: &Arc<Tree>, held: Option<Held>, values: Vec<SavedValue>) {
        restoring::restore(tree, held, values);
    }

    fn looked(&self, target: &Arc<Reference>, emitter: usize, json: &[u8], has_changed: bool) {
        let source = &target.sources[emitter];
        let mut is_news = false;
        if source.has_dead_band() {
            let slot = target.slots[emitter];
            let mut marks = lock(&self.marks);
            if source.newest_is(json) {
                // Back where it was.
                is_news |= marks.near.remove(&slot).is_some();
            } else {
                let near = Near {
                    target: Arc::clone(target),
                    emitter,
                    json: json.into(),
                };
                is_news |= marks.near.insert(slot, near).is_none();
            }
        }
        if has_changed && source.mark() {
            lock(&self.marks)
                .changed
                .push((Arc::clone(target), emitter));
            is_news = true;
        }
        if is_news {
            self.news.notify_one();
        }
    }

    fn left(&self, target: &Reference, forget: bool) {
        let owner = owner(target);
        let mut saved = lock(&self.saved);
        self.take_marks(&mut saved);
        if forget {
            saved.forget(&owner);
            self.news.notify_one();
        } else {
            saved.went(&owner);
        }
        drop(saved);
        self.say();
    }

    fn run(self: Arc<Self>) -> BoxFuture<'static, Infallible> {
        Box::pin(self.save_for_ever())
    }

    fn hurry(&self) {
        self.news.notify_one();
        self.hurry.notify_one();
    }

    fn end(self: Arc<Self>, limit: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let written = timeout(limit, self.write(true)).await;
            let late = || io::Error::other(format!("not within {:.1} s", limit.as_secs_f64()));
            if let Err(error) = written.map_err(|_| late()).flatten() {
                alert(&format!(
                    "the state file `{}` could not be written at the end, so what has changed since it was \
                     written last is lost: {error}",
                    self.path
                ));
            }
        })
    }
}

/// When the file is written: soon after a change, and not often.
#[derive(Default)]
struct Pace {
    last: Option<Instant>,
    failures: u32,
}

impl Pace {
    /// When what has changed just now is written.
    fn due(&self, now: Instant) -> Instant {
        let soon = now + AFTER_A_CHANGE;
        let pause = BETWEEN
            .saturating_mul(1 << self.failures.min(8))
            .min(LONGEST);
        self.last.map_or(soon, |last| soon.max(last + pause))
    }

    fn written(&mut self, now: Instant) {
        self.last = Some(now);
        self.failures = 0;
    }

    fn failed(&mut self, now: Instant) {
        self.last = Some(now);
        self.failures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_written_soon_and_many_are_written_seldom() {
        let mut pace = Pace::default();
        let start = Instant::now();
        let (mut now, mut writes) = (start, 0);
        while now < start + Duration::from_secs(60) {
            let due = pace.due(now);
            assert!(due >= now + AFTER_A_CHANGE);
            assert!(due <= now + AFTER_A_CHANGE.max(BETWEEN));
            now = due;
            pace.written(now);
            writes += 1;
        }
        assert_eq!(writes, 21);
        let later = now + Duration::from_secs(100);
        assert_eq!(pace.due(later), later + AFTER_A_CHANGE);
    }

    #[test]
    fn a_disk_that_refuses_is_asked_ever_more_seldom_and_never_given_up() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..40 {
            pace.failed(now);
            let due = pace.due(now);
            pauses.push((due - now).as_secs());
            now = due;
        }
        assert_eq!(pauses[..6], [6, 12, 24, 48, 60, 60]);
        assert_eq!(pauses[39], 60);
        pace.written(now);
        assert_eq!(pace.due(now), now + BETWEEN);
    }
}
