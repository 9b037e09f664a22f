//! Publishing: the walk that finds what changed of a tree since it was last looked at.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rship_core::change::with_scratch;
use rship_core::descriptor::EmitterKind;
use rship_core::model::{AnyTarget, Place};
use rship_core::{Published, PulseSink};

use super::context::Context;
use super::lock::Held;
use super::name::LiveName;
use super::reference::{Reference, Step};
use super::{Tree, TreeState, register};
use crate::journal::{Journal, Topic};
use crate::outbox::{Outbox, SlotId, Source};

/// One target of a tree, with what is below it.
pub(super) struct Branch {
    pub(super) target: Arc<Reference>,
    pub(super) name: Option<Box<LiveName>>,
    /// Where its impulses go.
    pub(super) sinks: Vec<Option<Arc<dyn PulseSink>>>,
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
        if let Look::Along([step, rest @ ..]) = look {
            self.along(branch, value, step, rest);
        } else {
            self.fields(branch, value, look);
        }
        if !matches!(look, Look::Members) {
            self.name(branch, value);
            self.emitters(branch, value, look);
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

    fn along(&mut self, branch: &mut Branch, value: &AnyTarget, step: &Step, rest: &[Step]) {
        let member = branch.target.model.member(step.field, step.place(), value);
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
            self.branch(child, member, Look::Along(rest));
        }
    }

    fn emitters(&mut self, branch: &Branch, value: &AnyTarget, look: Look<'_>) {
        let target = &branch.target;
        for (index, emitter) in target.model.descriptor().emitters.iter().enumerate() {
            let due = match (emitter.kind, look) {
                (EmitterKind::Computed { every: Some(every) }, Look::Clock(period)) => {
                    every == period
                }
                (EmitterKind::Computed { every: Some(_) }, Look::Along(_)) => false,
                (EmitterKind::Computed { every: None }, Look::Along(_)) => true,
                (EmitterKind::State | EmitterKind::Impulse, Look::Along(rest)) => rest.is_empty(),
                (EmitterKind::Progress { .. }, Look::Along(_)) => false,
                (_, Look::Clock(_) | Look::Members) => false,
                (_, Look::First) => true,
            };
            if !due {
                continue;
            }
            if let Some(sink) = &branch.sinks[index] {
                target.model.attach(index, value, sink);
                continue;
            }
            let (slot, source) = (target.slots[index], &*target.sources[index]);
            let published = if let EmitterKind::Progress { action } = emitter.kind {
                target.runs(action).and_then(|runs| runs.publish())
            } else {
                let published = with_scratch(|json| {
                    self.read(target, index, value, json)
                        .then(|| self.context().outbox.state(slot, source, json))
                });
                published.flatten()
            };
            match published {
                Some(Published::Sent) => self.changes.sent += 1,
                Some(Published::Kept) => self.changes.kept += 1,
                _ => continue,
            }
            self.touched.push(slot);
        }
    }

    /// Reads an emitter; `false` when that failed. One value that cannot be computed keeps no other from
    /// being published.
    fn read(
        &self,
        target: &Reference,
        index: usize,
        value: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> bool {
        let read = || target.model.read(index, value, json);
        let emitter = &target.sources[index].emitter;
        let journal = &self.context().journal;
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(has_value)) => has_value,
            Ok(Err(error)) => {
                unwritable(journal, emitter, &error);
                false
            }
            Err(_) => {
                journal.warn(Topic::UserPanic, || {
                    format!("emitter `{emitter}`: making the value panicked: no pulse")
                });
                false
            }
        }
    }

    fn fields(&mut self, branch: &mut Branch, value: &AnyTarget, look: Look<'_>) {
        let target = Arc::clone(&branch.target);
        for (field, children) in branch.fields.iter_mut().enumerate() {
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
                continue;
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

    fn refuse(&self, error: &serde_json::Error) {
        unwritable(&self.journal, &self.source.emitter, error);
    }
}
