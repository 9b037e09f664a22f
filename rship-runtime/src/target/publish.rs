//! Publishing: the walk that finds what changed of a tree since it was last looked at.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rship_core::change::with_scratch;
use rship_core::descriptor::EmitterKind;
use rship_core::few::Few;
use rship_core::model::{AnyTarget, Place, Present, Written};
use rship_core::{Published, PulseSink};

use super::context::Context;
use super::follow::{self, Followed};
use super::lock::{Held, TreeState};
use super::name::LiveName;
use super::reference::{Reference, Step};
use super::{Tree, register};
use crate::journal::{Journal, Topic};
use crate::outbox::{Change, Outbox, SlotId, Source};

/// One target of a tree, with what is below it.
pub(super) struct Branch {
    pub(super) target: Arc<Reference>,
    pub(super) name: Option<Box<LiveName>>,
    /// Where its impulses go.
    pub(super) sinks: Vec<Option<Arc<dyn PulseSink>>>,
    /// Emitters that tell of their changes.
    pub(super) followed: Few<usize, Followed>,
    pub(super) fields: Vec<Vec<Child>>,
}

/// A sub-target in its field.
pub(super) struct Child {
    pub(super) key: Box<str>,
    /// `None` when it could not be registered; the log said why.
    pub(super) branch: Option<Branch>,
}

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look<'a> {
    /// Everything, also what is sampled: a tree that was just added.
    First,
    /// Everything that may have changed when the target at the end of this path did: all of it and
    /// below it, and what is computed above it.
    Along(&'a [Step]),
    /// What a field of the target at the end of this path, which tells of its changes, may have changed:
    /// the same without what is below it.
    Told(&'a [Step]),
    /// What is computed this often.
    Clock(Duration),
    /// Which sub-targets there are.
    Members,
}

/// What became of the values that had changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Handed to a live session, nothing was waiting before them.
    pub sent: usize,
    /// Kept as the newest value of their emitter until the server can take them.
    pub kept: usize,
}

impl Held {
    /// Publishes what changed. User code that panics on the way is reported and skipped.
    pub(crate) fn publish(&mut self, look: Look<'_>) -> Changes {
        let tree = Arc::clone(self.tree());
        self.touched.clear();
        if tree.removed.load(Ordering::Acquire) {
            return Changes::default();
        }
        let TreeState {
            root,
            branch,
            touched,
            ..
        } = &mut **self;
        let mut walk = Walk {
            tree: &tree,
            touched,
            changes: Changes::default(),
        };
        let walked = catch_unwind(AssertUnwindSafe(|| walk.branch(branch, &**root, look)));
        let changes = walk.changes;
        if walked.is_err() {
            tree.context.journal.warn(Topic::UserPanic, || {
                format!(
                    "looking at the values of target `{}` panicked: what comes after is not published",
                    tree.id
                )
            });
        }
        changes
    }
}

struct Walk<'w> {
    tree: &'w Arc<Tree>,
    touched: &'w mut Vec<SlotId>,
    changes: Changes,
}

impl Walk<'_> {
    fn context(&self) -> &Context {
        &self.tree.context
    }

    fn branch(&mut self, branch: &mut Branch, value: &AnyTarget, look: Look<'_>) {
        if !branch.target.model.is_held() {
            return self.opened(branch, value, look);
        }
        let target = Arc::clone(&branch.target);
        let mut work = |value: &AnyTarget| self.opened(branch, value, look);
        if let Err(why) = target.model.open(value, &mut work) {
            self.context().journal.warn(Topic::Unreached, || {
                format!(
                    "target `{}` cannot be reached, so that nothing of it is published: {why}",
                    target.id
                )
            });
        }
    }

    /// The same where the target is at hand, whatever it stands in.
    fn opened(&mut self, branch: &mut Branch, value: &AnyTarget, look: Look<'_>) {
        match look {
            Look::Along([step, rest @ ..]) => {
                self.along(branch, value, step, Look::Along(rest));
            }
            Look::Told([step, rest @ ..]) => self.along(branch, value, step, Look::Told(rest)),
            Look::Told([]) => {}
            Look::First | Look::Along([]) | Look::Clock(_) | Look::Members => {
                self.fields(branch, value, look);
            }
        }
        if matches!(look, Look::Members) {
            return;
        }
        self.name(branch, value);
        self.emitters(branch, value, look);
        if !matches!(look, Look::Clock(_)) {
            self.schemas(&branch.target, value);
        }
    }

    fn name(&self, branch: &mut Branch, value: &AnyTarget) {
        let Branch { target, name, .. } = branch;
        let Some(name) = name else {
            return;
        };
        let looked = catch_unwind(AssertUnwindSafe(|| name.changed(&*target.model, value)));
        match looked {
            Ok(Some(name)) => self.context().outbox.changed([target.rename(name)]),
            Ok(None) => {}
            Err(_) => self.context().journal.warn(Topic::UserPanic, || {
                format!("making the name of target `{}` panicked", target.id)
            }),
        }
    }

    /// Looks at the choices and bounds of actions that are those of the device.
    fn schemas(&self, target: &Reference, value: &AnyTarget) {
        let mut changed = false;
        for &action in target.model.live_actions() {
            let look = || {
                with_scratch(|said| {
                    let present = target.model.present(action, value, said);
                    if present == Present::TooMany {
                        self.context().journal.warn(Topic::ValueRefused, || {
                            format!(
                                "action `{}`: the device has more choices than the 1 MiB that an argument \
                                 may have: they are not shown, and its commands are refused",
                                target.action_id(action)
                            )
                        });
                    }
                    present != Present::Nothing && target.take_said(action, said)
                })
            };
            match catch_unwind(AssertUnwindSafe(look)) {
                Ok(news) => changed |= news,
                Err(_) => self.context().journal.warn(Topic::UserPanic, || {
                    format!(
                        "action `{}`: asking the device for choices or bounds panicked: they stay as they were",
                        target.action_id(action)
                    )
                }),
            }
        }
        if changed {
            let actions = Change::Actions(target.number);
            self.context().outbox.changed([actions]);
        }
    }

    fn along(&mut self, branch: &mut Branch, value: &AnyTarget, step: &Step, look: Look<'_>) {
        let model = &branch.target.model;
        let by_key = Place {
            pinned: false,
            ..step.place()
        };
        let found = model.position(step.field, by_key, value);
        if found.is_none() || step.pinned && found != Some(step.index) {
            // The member's key has changed, so it is another one now.
            return self.field(branch, step.field, value, Look::Along(&[]));
        }
        let member = model.member(step.field, step.place(), value);
        let children = branch.fields.get_mut(step.field);
        let mut children = children.into_iter().flatten();
        let child = children.find(|child| child.key == step.key);
        if let (
            Some(Child {
                branch: Some(child),
                ..
            }),
            Some(member),
        ) = (child, member)
        {
            self.branch(child, member, look);
        }
    }

    fn emitters(&mut self, branch: &mut Branch, value: &AnyTarget, look: Look<'_>) {
        let Branch {
            target,
            sinks,
            followed,
            ..
        } = branch;
        for (index, emitter) in target.model.descriptor().emitters.iter().enumerate() {
            let due = match (emitter.kind, look) {
                (
                    EmitterKind::Computed { every: Some(every) }
                    | EmitterKind::Shared { every: Some(every) },
                    Look::Clock(period),
                ) => every == period,
                (EmitterKind::Computed { every }, Look::Along(_) | Look::Told(_)) => {
                    every.is_none()
                }
                (EmitterKind::Progress { .. }, Look::Along(_) | Look::Told(_)) => false,
                (_, Look::Along(rest) | Look::Told(rest)) => rest.is_empty(),
                (_, Look::Clock(_) | Look::Members) => false,
                (_, Look::First) => true,
            };
            if !due {
                continue;
            }
            if let Some(sink) = &sinks[index] {
                target.model.attach(index, value, sink);
                continue;
            }
            if emitter.kind == (EmitterKind::Shared { every: None }) {
                let known = followed.get(&index).map(|followed| &*followed.source);
                if let Some(following) = target.model.follow(index, value, known) {
                    let new = follow::begin(self.tree, target, following);
                    followed.insert(index, new);
                }
            }
            let (slot, source) = (target.slots[index], &*target.sources[index]);
            let published = if let EmitterKind::Progress { action } = emitter.kind {
                target.runs(action).and_then(|runs| runs.publish())
            } else {
                with_scratch(|json| {
                    let written = self.read(target, index, value, json)?;
                    let published = self.context().outbox.state(slot, source, json);
                    if published.is_some() {
                        self.look_for_infinity(target, index, value, written);
                    }
                    if source.is_kept {
                        self.keep(target, index, json, published);
                    }
                    published
                })
            };
            match published {
                Some(Published::Sent) => self.changes.sent += 1,
                Some(Published::Kept) => self.changes.kept += 1,
                _ => continue,
            }
            self.touched.push(slot);
        }
    }

    /// Reads an emitter; `None` when that failed. One value that cannot be computed keeps no other from
    /// being published.
    fn read(
        &self,
        target: &Reference,
        index: usize,
        value: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Option<Written> {
        let read = || target.model.read(index, value, json);
        let emitter = &target.sources[index].emitter;
        let journal = &self.context().journal;
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => {
                unwritable(journal, emitter, &error);
                None
            }
            Err(_) => {
                journal.warn(Topic::UserPanic, || {
                    format!("emitter `{emitter}`: making the value panicked: no pulse")
                });
                None
            }
        }
    }

    /// Says once of a value that changed, until it is finite again, that it has a number which is not.
    fn look_for_infinity(&self, target: &Reference, index: usize, value: &AnyTarget, of: Written) {
        let source = &target.sources[index];
        let finite = || target.model.is_finite(index, value);
        let is = of.has_null && catch_unwind(AssertUnwindSafe(finite)).is_ok_and(|finite| !finite);
        if source.became_infinite(is) {
            not_finite(&self.context().journal, &source.emitter);
        }
    }

    /// Tells whoever keeps states of a value that was just looked at.
    fn keep(
        &self,
        target: &Arc<Reference>,
        index: usize,
        json: &[u8],
        published: Option<Published>,
    ) {
        let source = &target.sources[index];
        let is_news = match published {
            None => source.has_dead_band(),
            Some(Published::TooLarge) => false,
            Some(_) => !source.is_infinite(),
        };
        if is_news && let Some(keeper) = &self.context().keeper {
            keeper.looked(target, index, json, published.is_some());
        }
    }

    fn fields(&mut self, branch: &mut Branch, value: &AnyTarget, look: Look<'_>) {
        for field in 0..branch.fields.len() {
            self.field(branch, field, value, look);
        }
    }

    /// Looks at the members of one field, and at who came and who left.
    fn field(&mut self, branch: &mut Branch, field: usize, value: &AnyTarget, look: Look<'_>) {
        let target = Arc::clone(&branch.target);
        if let Some(children) = branch.fields.get_mut(field) {
            let mut at = 0;
            let mut visit = |place: Place<'_>, member: &AnyTarget| {
                let known = match children.get(at) {
                    Some(child) if *child.key == *place.key => Some(at),
                    _ => {
                        let mut left = children.iter().skip(at);
                        left.position(|child| *child.key == *place.key)
                            .map(|more| at + more)
                    }
                };
                let known = known.filter(|known| {
                    let child = &mut children[*known];
                    let still = child
                        .branch
                        .as_ref()
                        .is_none_or(|branch| branch.target.model.is_still(member));
                    if !still {
                        // Another variant has come in its place.
                        let child = children.remove(*known);
                        child
                            .branch
                            .iter()
                            .for_each(|branch| register::leave(self.context(), branch, false));
                    }
                    still
                });
                match known {
                    Some(known) => children.swap(at, known),
                    None => {
                        if children[..at].iter().any(|child| *child.key == *place.key) {
                            self.same_key(&target, field, place);
                            return;
                        }
                        let child = self.member_came(&target, field, place, member);
                        children.insert(at, child);
                    }
                }
                if let Some(child) = &mut children[at].branch {
                    // A member that just came is looked at whole.
                    let look = if known.is_some() { look } else { Look::First };
                    self.branch(child, member, look);
                }
                at += 1;
            };
            // Keys are user code. When one panics, who left is not known: all stay as they are.
            let walked = catch_unwind(AssertUnwindSafe(|| {
                target.model.each_member(field, value, &mut visit);
            }));
            if walked.is_err() {
                let name = &target.model.descriptor().sub_targets[field].field;
                self.context().journal.warn(Topic::UserPanic, || {
                    format!(
                        "looking at the members of field `{name}` of target `{}` panicked: the rest is not \
                         looked at",
                        target.id
                    )
                });
                return;
            }
            let forget = target.model.descriptor().sub_targets[field].forget;
            for child in children.drain(at..) {
                if let Some(child) = &child.branch {
                    register::leave(self.context(), child, forget);
                }
            }
        }
    }

    fn member_came(
        &self,
        parent: &Arc<Reference>,
        field: usize,
        place: Place<'_>,
        member: &AnyTarget,
    ) -> Child {
        let entered = register::enter_member(self.tree, parent, field, place, member);
        let entered = entered.map_err(|error| {
            self.context().journal.warn(Topic::TargetLeftOut, || {
                format!(
                    "member `{}` of target `{}` is left out: {error}",
                    place.key, parent.id
                )
            });
        });
        Child {
            key: place.key.into(),
            branch: entered.ok(),
        }
    }

    fn same_key(&self, parent: &Reference, field: usize, place: Place<'_>) {
        let name = &parent.model.descriptor().sub_targets[field].field;
        self.context().journal.warn(Topic::TargetLeftOut, || {
            format!(
                "two members of field `{name}` of target `{}` have the key `{}`: the second is left out",
                parent.id, place.key
            )
        });
    }
}

fn unwritable(journal: &Journal, emitter: &str, error: &serde_json::Error) {
    journal.warn(Topic::ValueUnwritable, || {
        format!("emitter `{emitter}`: the value cannot be written as JSON, so there is no pulse: {error}")
    });
}

fn not_finite(journal: &Journal, emitter: &str) {
    journal.warn(Topic::ValueUnwritable, || {
        format!(
            "emitter `{emitter}`: the value has a number that is infinite or not a number, which JSON cannot \
             hold: it is published as null"
        )
    });
}

/// Where the pulses of one impulse emitter go.
pub(super) struct ImpulseSink {
    outbox: Arc<Outbox>,
    journal: Arc<Journal>,
    slot: SlotId,
    source: Arc<Source>,
}

impl ImpulseSink {
    pub(super) fn new(context: &Context, slot: SlotId, source: Arc<Source>) -> Self {
        Self {
            outbox: Arc::clone(&context.outbox),
            journal: Arc::clone(&context.journal),
            slot,
            source,
        }
    }
}

impl PulseSink for ImpulseSink {
    fn pulse(&self, json: &[u8]) -> Published {
        self.outbox.impulse(self.slot, &self.source, json)
    }

    fn not_finite(&self) {
        not_finite(&self.journal, &self.source.emitter);
    }

    fn refuse(&self, error: &serde_json::Error) {
        unwritable(&self.journal, &self.source.emitter, error);
    }
}
