//! Descriptors: what is known of a target's type without a value and without a connection.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use crate::entity::LayoutField;

/// Everything static about one type of target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetDescriptor {
    /// The Rust type, for messages.
    pub type_name: &'static str,
    /// What people read.
    pub name: String,
    /// The type's documentation.
    pub doc: Option<String>,
    /// The group a server shows the target in.
    pub category: String,
    /// Background color, `#rrggbb`.
    pub bg_color: Option<String>,
    /// Foreground color, `#rrggbb`.
    pub fg_color: Option<String>,
    /// The whole id to use when a target of this type is a sub-target.
    pub id: Option<String>,
    /// Its emitters, in the order of their declaration.
    pub emitters: Vec<EmitterDescriptor>,
    /// Its actions, in the order of their declaration.
    pub actions: Vec<ActionDescriptor>,
    /// Its fields that hold sub-targets.
    pub sub_targets: Vec<SubTargetDescriptor>,
    pub(crate) emitter_index: HashMap<String, usize>,
    pub(crate) action_index: HashMap<String, usize>,
}

impl TargetDescriptor {
    /// The action with this id (the part after `TARGET:`), found without scanning.
    #[must_use]
    pub fn action(&self, id: &str) -> Option<&ActionDescriptor> {
        self.action_index.get(id).map(|index| &self.actions[*index])
    }

    /// The position of the emitter with this id (the part after `TARGET:`), found without scanning.
    #[must_use]
    pub fn emitter_position(&self, id: &str) -> Option<usize> {
        self.emitter_index.get(id).copied()
    }

    /// The emitter with this id (the part after `TARGET:`), found without scanning.
    #[must_use]
    pub fn emitter(&self, id: &str) -> Option<&EmitterDescriptor> {
        self.emitters.get(self.emitter_position(id)?)
    }

    /// The position of the action that sets a state again as its emitter (the part of its id after
    /// `TARGET:`) published it, if there is one, and if the state is to outlive the device.
    #[must_use]
    pub fn restored_by(&self, emitter: &str) -> Option<usize> {
        let sets = |action: &ActionDescriptor| {
            let writes = action.writes.as_ref();
            !action.transient
                && writes.is_some_and(|writes| {
                    writes.role == WriteRole::Canonical && writes.emitter == emitter
                })
        };
        self.actions.iter().position(sets)
    }
}

/// Everything static about one emitter.
#[derive(Debug, Clone, PartialEq)]
pub struct EmitterDescriptor {
    /// The part of the id after `TARGET:`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The member's documentation.
    pub doc: Option<String>,
    /// The schema of its values, in the profile that servers can use.
    pub schema: Value,
    /// Where its values come from.
    pub kind: EmitterKind,
    /// How often it speaks.
    pub pace: Pace,
}

/// Which of its changes a state publishes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// The least time between two pulses; the newest value waits for it.
    pub min_interval: Option<Duration>,
    /// By how much a number must differ from the one that was published last.
    pub deadband: Option<f64>,
}

/// Where an emitter's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmitterKind {
    /// A field: compared and published after every change of its target.
    State,
    /// A method: called after every change of its target, or by the clock.
    Computed {
        /// How often it is looked at; `None`: whenever the target changed.
        every: Option<Duration>,
    },
    /// A field that others change, too: compared and published after every change of its target, and
    /// besides by the clock, or when the field itself tells of a change.
    Shared {
        /// How often the clock looks at it; `None`: it tells.
        every: Option<Duration>,
    },
    /// An [`Emitter`](crate::Emitter): published when it is pulsed; it has no last value.
    Impulse,
    /// How far the runs of an action are: published when they say so.
    Progress {
        /// The action's position.
        action: usize,
    },
}

impl EmitterKind {
    /// Whether the emitter has a current value (all but impulses do).
    #[must_use]
    pub const fn is_state(self) -> bool {
        !matches!(self, Self::Impulse)
    }
}

/// Everything static about one action.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionDescriptor {
    /// The part of the id after `TARGET:`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The method's documentation.
    pub doc: Option<String>,
    /// The schema of the payload, in the profile that servers can use.
    pub schema: Value,
    /// The payload's fields in the order of their declaration, with their headings.
    pub layout: Vec<LayoutField>,
    /// The emitter (its id after `TARGET:`) whose state this action sets.
    pub writes: Option<Writes>,
    /// How its handler runs.
    pub mode: ActionMode,
    /// Whether a new run cancels the one before.
    pub restart: bool,
    /// How long a run may take before its command is answered with an error; `None`: what the executor
    /// is set to.
    pub timeout: Option<Duration>,
    /// Whether the action `ID-cancel` ends its runs.
    pub cancel: bool,
    /// Whether a run is answered as soon as it has begun.
    pub accepted: bool,
    /// Whether what it sets is not kept over a restart of the device.
    pub transient: bool,
}

/// That an action sets the state of an emitter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writes {
    /// The emitter's id after `TARGET:`.
    pub emitter: String,
    /// Whether this is the way to restore the state.
    pub role: WriteRole,
}

/// Which writer of an emitter an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteRole {
    /// The one writer that takes what the emitter publishes: the setter of a field.
    Canonical,
    /// A further writer, with a payload of its own.
    Aux,
}

impl WriteRole {
    /// As it is written on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canonical => "canonical",
            Self::Aux => "aux",
        }
    }
}

/// How the handler of an action runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionMode {
    /// Alone in its target tree, in the order of arrival.
    Exclusive,
    /// Beside the others: it holds a handle and locks only for moments.
    Detached,
    /// Alone in its target tree, on a thread that may block.
    Blocking,
    /// At once, and without a handler: it ends the runs of another action.
    Cancel {
        /// The other action's position.
        action: usize,
    },
}

/// A field that holds sub-targets.
#[derive(Debug, Clone, PartialEq)]
pub struct SubTargetDescriptor {
    /// The field's part of the id.
    pub field: String,
    /// The whole id, where one was given.
    pub id: Option<String>,
    /// What people read, where a name was given for the field.
    pub name: Option<String>,
    /// How many there can be.
    pub shape: Shape,
    /// Whether a server is told to delete what left the field.
    pub forget: bool,
}

/// How many sub-targets a field holds, and how they are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Exactly one.
    One,
    /// One or none.
    Optional,
    /// Any number, told apart by their key, or by their position when they have none.
    List,
    /// Any number, told apart by the map's key.
    Map,
}
