//! Shadows: what was last published of each target in a tree, and the walk that finds what changed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rship_core::change::{LastValue, with_scratch};
use rship_core::descriptor::{EmitterKind, Shape};
use rship_core::model::{AnyModel, AnyTarget, Place};
use rship_core::{Published, PulseSink, id};
use tracing::{error, warn};

use super::{Path, Step, Tree, TreeState, register};
use crate::hub::Hub;
use crate::outbox::SlotId;
use crate::registry::NodeId;

/// What the executor knows of one target in a tree, beside the target itself.
pub(crate) struct Shadow {
    pub(super) node: NodeId,
    pub(super) target: Arc<str>,
    pub(super) name: String,
    pub(crate) model: Arc<dyn AnyModel>,
    pub(super) path: Path,
    pub(super) published: Vec<LastValue>,
    pub(super) slots: Vec<SlotId>,
    pub(super) sinks: Vec<Option<Arc<dyn PulseSink>>>,
    pub(super) fields: Vec<Vec<Child>>,
}

/// A sub-target in its field.
pub(super) struct Child {
    pub(super) key: Box<str>,
    /// `None` when it could not be registered; the log said why.
    pub(super) shadow: Option<Shadow>,
}

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look<'a> {
    /// Everything, also what the clock looks at: a tree that was just added.
    First,
    /// Everything that may have changed when the target at the end of this path did: all of it and
    /// below it, and what is computed above it.
    Along(&'a [Step]),
    /// What is computed this often.
    Clock(Duration),
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

impl TreeState {
    /// Publishes what changed. User code that panics on the way is reported and skipped.
    pub(crate) fn publish(&mut self, tree: &Arc<Tree>, look: Look<'_>) -> Changes {
        let Some(hub) = tree.hub.upgrade() else {
            return Changes::default();
        };
        if tree.removed.load(Ordering::Acquire) {
            return Changes::default();
        }
        let mut walk = Walk {
            hub: &hub,
            tree,
            changes: Changes::default(),
        };
        let Self { root, shadow } = self;
        let walked = catch_unwind(AssertUnwindSafe(|| walk.node(shadow, &**root, look)));
        if walked.is_err() {
            error!(
                target_id = &*shadow.target,
                "looking at the values of this target panicked: what comes after is not published"
            );
        }
        walk.changes
    }
}

struct Walk<'w> {
    hub: &'w Arc<Hub>,
    tree: &'w Arc<Tree>,
    changes: Changes,
}

impl Walk<'_> {
    fn node(&mut self, shadow: &mut Shadow, target: &AnyTarget, look: Look<'_>) {
        if let Look::Along([step, rest @ ..]) = look {
            self.along(shadow, target, step, rest);
        } else {
            self.fields(shadow, target, look);
        }
        self.emitters(shadow, target, look);
    }

    fn along(&mut self, shadow: &mut Shadow, target: &AnyTarget, step: &Step, rest: &[Step]) {
        let children = shadow.fields.get_mut(step.field);
        let mut children = children.into_iter().flatten();
        let child = children.find(|child| child.key == step.key);
        let member = shadow.model.member(step.field, step.place(), target);
        if let (
            Some(Child {
                shadow: Some(child),
                ..
            }),
            Some(member),
        ) = (child, member)
        {
            self.node(child, member, Look::Along(rest));
        }
    }

    fn emitters(&mut self, shadow: &mut Shadow, target: &AnyTarget, look: Look<'_>) {
        if shadow.slots.is_empty() {
            return;
        }
        let descriptor = Arc::clone(shadow.model.descriptor());
        for (index, emitter) in descriptor.emitters.iter().enumerate() {
            let due = match (emitter.kind, look) {
                (EmitterKind::Computed { every: Some(every) }, Look::Clock(period)) => {
                    every == period
                }
                (EmitterKind::Computed { every: Some(_) }, Look::Along(_)) => false,
                (EmitterKind::Computed { every: None }, Look::Along(_)) => true,
                (EmitterKind::State | EmitterKind::Impulse, Look::Along(rest)) => rest.is_empty(),
                (_, Look::Clock(_)) => false,
                (_, Look::First) => true,
            };
            if !due {
                continue;
            }
            if let Some(sink) = &shadow.sinks[index] {
                shadow.model.attach(index, target, sink);
                continue;
            }
            let published = with_scratch(|json| match read(shadow, index, target, json)? {
                Ok(true) if shadow.published[index].update(json) => {
                    Some(self.hub.outbox.state_changed(shadow.slots[index], json))
                }
                Ok(_) => None,
                Err(error) => {
                    let emitter = id::member(&shadow.target, &emitter.id);
                    warn!(emitter, %error, "the value cannot be written as JSON: no pulse");
                    None
                }
            });
            match published {
                Some(Published::Sent) => self.changes.sent += 1,
                Some(_) => self.changes.kept += 1,
                None => {}
            }
        }
    }

    fn fields(&mut self, shadow: &mut Shadow, target: &AnyTarget, look: Look<'_>) {
        for field in 0..shadow.fields.len() {
            let mut children = std::mem::take(&mut shadow.fields[field]);
            let mut at = 0;
            let model = Arc::clone(&shadow.model);
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
                            self.same_key(shadow, field, place);
                            return;
                        }
                        let child = self.member_came(shadow, field, place, member);
                        children.insert(at, child);
                    }
                }
                if let Some(child) = &mut children[at].shadow {
                    // A member that just came is looked at whole.
                    let look = if known.is_some() { look } else { Look::First };
                    self.node(child, member, look);
                }
                at += 1;
            };
            // Keys are user code. When one panics, who left is not known: all stay as they are.
            let walked = catch_unwind(AssertUnwindSafe(|| {
                model.each_member(field, target, &mut visit);
            }));
            if walked.is_err() {
                error!(
                    target_id = &*shadow.target,
                    field = model.descriptor().sub_targets[field].field,
                    "looking at the members of this field panicked: the rest is not looked at"
                );
                shadow.fields[field] = children;
                continue;
            }
            let left: Vec<_> = children
                .drain(at..)
                .filter_map(|child| child.shadow)
                .collect();
            shadow.fields[field] = children;
            for child in &left {
                register::leave(self.hub, child);
            }
        }
    }

    fn member_came(
        &self,
        parent: &Shadow,
        field: usize,
        place: Place<'_>,
        member: &AnyTarget,
    ) -> Child {
        let made = register::sketch_member(self.hub, parent, field, place, member)
            .and_then(|mut shadow| {
                register::enter(self.hub, self.tree, &mut shadow, Some(parent.node))?;
                Ok(shadow)
            })
            .map_err(|error| {
                error!(parent = &*parent.target, key = place.key, %error, "a sub-target is left out");
            });
        Child {
            key: place.key.into(),
            shadow: made.ok(),
        }
    }

    fn same_key(&self, parent: &Shadow, field: usize, place: Place<'_>) {
        let name = &parent.model.descriptor().sub_targets[field].field;
        warn!(
            parent = &*parent.target,
            field = name,
            key = place.key,
            "two members have one key: the second is left out"
        );
    }
}

/// Reads an emitter; `None` when that panicked. One value that cannot be computed keeps no other from
/// being published.
fn read(
    shadow: &Shadow,
    index: usize,
    target: &AnyTarget,
    json: &mut Vec<u8>,
) -> Option<Result<bool, serde_json::Error>> {
    let read = catch_unwind(AssertUnwindSafe(|| shadow.model.read(index, target, json)));
    if read.is_err() {
        let emitter = &shadow.model.descriptor().emitters[index].id;
        let emitter = id::member(&shadow.target, emitter);
        error!(emitter, "making the value panicked: no pulse");
    }
    read.ok()
}

impl Shadow {
    /// The key by which a list tells this member apart, for its name; empty for a single sub-target.
    pub(super) fn label(shape: Shape, name: &str, key: &str) -> String {
        match shape {
            Shape::One | Shape::Optional => name.to_owned(),
            Shape::List | Shape::Map => format!("{name} {key}"),
        }
    }
}
