//! The record of a target: what never changes in one shared allocation, what does in one place behind it.
//! Dispatch, registry, publishing and handles hold a reference to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rship_core::descriptor::{ActionDescriptor, TargetDescriptor};
use rship_core::dispatch::Destination;
use rship_core::few::Few;
use rship_core::id;
use rship_core::model::{AnyModel, Place};
use serde_json::Value;

use super::details::Details;
use super::progress::{Run, Runs};
use super::{Registry, Tree};
use crate::outbox::{Change, SlotId, Source, TargetKey, TargetNumber};
use crate::stamp;

/// The way from the root of a tree to one of its targets.
pub(crate) type Path = Arc<[Step]>;

/// One step from a target to a sub-target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The field's position in the descriptor.
    pub(crate) field: usize,
    /// What tells the member apart.
    pub(crate) key: Box<str>,
    /// Where it was when it was first seen.
    pub(crate) index: usize,
    /// Whether the index alone counts.
    pub(crate) pinned: bool,
}

impl Step {
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            key: &self.key,
            index: self.index,
            pinned: self.pinned,
        }
    }
}

/// One target of one instance.
pub(crate) struct Reference {
    pub(crate) number: TargetNumber,
    /// The position of its instance.
    pub(crate) instance: usize,
    pub(crate) instance_id: Arc<str>,
    pub(crate) id: Arc<str>,
    pub(crate) path: Path,
    pub(crate) model: Arc<dyn AnyModel>,
    pub(crate) tree: Weak<Tree>,
    /// Whether it, or what it is part of, is behind a lock of the user's.
    pub(crate) behind: bool,
    pub(crate) parent: Option<TargetNumber>,
    /// Its emitters' places in the outbox, in the order of the descriptor.
    pub(crate) slots: Vec<SlotId>,
    pub(crate) sources: Vec<Arc<Source>>,
    /// How far the runs of those actions are that say so.
    pub(super) runs: Box<[Arc<Runs>]>,
    pub(super) online: AtomicBool,
    /// Whether something of it is not available now: few devices ever say so.
    pub(super) restricted: AtomicBool,
    /// Whether it is to be announced only when its saved values are back.
    pub(super) restoring: AtomicBool,
    pub(super) changing: Mutex<Changing>,
}

/// A handle without its type. It keeps the tree alive.
#[derive(Clone)]
pub(crate) struct RawHandle {
    pub(crate) tree: Arc<Tree>,
    pub(crate) target: Arc<Reference>,
    /// The run of an action that it was made for, if that says how far it is.
    pub(crate) run: Option<Run>,
}

impl RawHandle {
    pub(crate) fn new(tree: &Arc<Tree>, target: &Arc<Reference>) -> Self {
        Self {
            tree: Arc::clone(tree),
            target: Arc::clone(target),
            run: None,
        }
    }

    /// Where the tree is known, unless it was removed: another may have its ids by now.
    pub(crate) fn registry(&self) -> Option<Arc<Registry>> {
        let registry = self.tree.context.registry.upgrade()?;
        let removed = self.tree.removed.load(Ordering::Acquire);
        (!removed).then_some(registry)
    }
}

/// What changes of a target. Its lock is taken below the registry's, and none below it.
pub(crate) struct Changing {
    pub(crate) name: String,
    pub(crate) last_updated: String,
    pub(crate) children: Vec<TargetNumber>,
    pub(crate) details: Details,
    /// Schemas of actions whose choices or bounds are those of the running device.
    pub(crate) schemas: Few<usize, LiveSchema>,
    /// The session whose server was told of it last; 0 when none ever was.
    pub(super) announced_in: u64,
}

/// The schema of an action as it is now.
pub(crate) struct LiveSchema {
    /// What the device said.
    said: Vec<u8>,
    pub(crate) schema: Value,
}

impl Changing {
    pub(super) fn new(name: String, now: String) -> Self {
        Self {
            name,
            last_updated: now,
            children: Vec::new(),
            details: Details::default(),
            schemas: Few::default(),
            announced_in: 0,
        }
    }
}

impl Reference {
    pub(crate) fn key(&self) -> TargetKey {
        (Arc::clone(&self.instance_id), Arc::clone(&self.id))
    }

    pub(crate) fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn action(&self, action: usize) -> Option<&ActionDescriptor> {
        self.model.descriptor().actions.get(action)
    }

    /// The whole id of one of its actions.
    pub(crate) fn action_id(&self, action: usize) -> String {
        id::member(
            &self.id,
            self.action(action).map_or("", |action| &action.id),
        )
    }

    /// Takes what the device says of an action's choices and bounds; `false` when that is known.
    pub(super) fn take_said(&self, action: usize, said: &[u8]) -> bool {
        let known = |live: &LiveSchema| live.said == said;
        if self.changing().schemas.get(&action).is_some_and(known) {
            return false;
        }
        let Some(schema) = self.model.schema_with(action, said) else {
            return false;
        };
        let live = LiveSchema {
            said: said.to_vec(),
            schema,
        };
        self.changing().schemas.insert(action, live);
        true
    }

    /// Whether an action may be carried out now.
    pub(crate) fn allows(&self, action: usize) -> bool {
        !self.restricted.load(Ordering::Acquire)
            || self
                .action(action)
                .is_none_or(|action| self.changing().details.allows_action(&action.id))
    }

    /// The runs of an action, if they say how far they are.
    pub(super) fn runs(&self, action: usize) -> Option<&Arc<Runs>> {
        self.runs.iter().find(|runs| runs.are_of(action))
    }

    /// Changes what is known beside the description.
    pub(crate) fn set_details(&self, set: impl FnOnce(&mut Details)) {
        let mut changing = self.changing();
        set(&mut changing.details);
        let restricted = changing.details.is_restricted();
        self.restricted.store(restricted, Ordering::Release);
    }

    /// Gives it another name; what is to be told then.
    pub(crate) fn rename(&self, name: String) -> Change {
        let mut changing = self.changing();
        changing.name = name;
        changing.last_updated = stamp::now().to_string();
        Change::Description(self.number)
    }

    /// Says whether commands reach the target; `false` when that is so already.
    pub(super) fn set_online(&self, online: bool) -> bool {
        self.online.swap(online, Ordering::AcqRel) != online
    }

    /// Whether it is to be announced only when its saved values are back.
    pub(crate) fn is_restoring(&self) -> bool {
        self.restoring.load(Ordering::Acquire)
    }

    /// Says that a server may know the target from before, though it was not announced since.
    pub(super) fn mark_known(&self) {
        self.changing().announced_in = u64::MAX;
    }

    /// Whether a server may know this target.
    pub(crate) fn was_announced(&self) -> bool {
        self.changing().announced_in > 0
    }
}

impl Destination for Reference {
    fn instance(&self) -> &str {
        &self.instance_id
    }

    fn is_online(&self) -> bool {
        self.online.load(Ordering::Acquire)
    }

    fn descriptor(&self) -> &TargetDescriptor {
        self.model.descriptor()
    }
}
