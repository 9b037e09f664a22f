//! Details of one target in one instance, as 2026 servers know them: what of it is available, where it
//! stands, and what it is there for.

use std::collections::BTreeMap;

use rship_core::entity::{
    ActionStatus, EmitterStatus, Position, Status, TargetLayout, TargetTopology,
};
use rship_core::id;
use rship_core::wire::{Change, Frames, Generation, Writer};

use crate::stamp::Stamper;

/// An action or an emitter of a target, by the part of its id after `TARGET:`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// An action.
    Action(String),
    /// An emitter.
    Emitter(String),
}

impl Member {
    /// The action with this id.
    #[must_use]
    pub fn action(id: impl Into<String>) -> Self {
        Self::Action(id.into())
    }

    /// The emitter with this id.
    #[must_use]
    pub fn emitter(id: impl Into<String>) -> Self {
        Self::Emitter(id.into())
    }
}

/// What was said of one target in one instance, beside its description; told again on each session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    /// Only what was set: a server takes the rest as available.
    pub(crate) available: BTreeMap<Member, bool>,
    pub(crate) position: Option<Position>,
    pub(crate) parents: Option<Vec<String>>,
    pub(crate) role: Option<String>,
}

/// How details are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    AsTheyAre,
    /// Nothing is available any more, because the executor ends or the target left.
    Offline,
    Deleted,
}

impl Details {
    pub(crate) fn allows_action(&self, action: &str) -> bool {
        // A look at an empty map is what most commands take.
        self.available.is_empty() || self.available.get(&Member::action(action)) != Some(&false)
    }

    /// Tells the details to a server that knows such.
    pub(crate) fn tell(
        &self,
        (instance, target): (&str, &str),
        telling: Telling,
        writer: &Writer,
        stamper: &mut Stamper,
        frames: &mut Frames,
    ) {
        if writer.generation() != Generation::V2026 {
            return;
        }
        let change = if telling == Telling::Deleted {
            Change::Delete
        } else {
            Change::Set
        };
        for (member, available) in &self.available {
            let status = if *available && telling == Telling::AsTheyAre {
                Status::Online
            } else {
                Status::Offline
            };
            match member {
                Member::Action(action) => {
                    let action = id::member(target, action);
                    let status = ActionStatus::new(instance, &action, status);
                    frames.event(|out| writer.event(change, &status, stamper.next(), out));
                }
                Member::Emitter(emitter) => {
                    let emitter = id::member(target, emitter);
                    let status = EmitterStatus::new(instance, &emitter, status);
                    frames.event(|out| writer.event(change, &status, stamper.next(), out));
                }
            }
        }
        if telling == Telling::Offline {
            return;
        }
        if let Some(position) = self.position {
            let layout = TargetLayout::new(instance, target, position);
            frames.event(|out| writer.event(change, &layout, stamper.next(), out));
        }
        if self.parents.is_some() || self.role.is_some() {
            let parents = self.parents.clone().unwrap_or_default();
            let topology = TargetTopology::new(instance, target, parents, self.role.clone());
            frames.event(|out| writer.event(change, &topology, stamper.next(), out));
        }
    }
}
