//! Details of one target in one instance, as 2026 servers know them: what of it is available, where it
//! stands, and what it is there for.

use rship_core::entity::{
    ActionStatus, EmitterStatus, Position, Status, TargetLayout, TargetTopology,
};
use rship_core::few::Few;
use rship_core::id;

use crate::outbox::Detail;

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

/// What was said of one target in one instance, beside its description; announced again on each session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    /// Only what was set: a server takes the rest as available.
    pub(crate) available: Few<Member, bool>,
    pub(crate) position: Option<Position>,
    pub(crate) parents: Option<Vec<String>>,
    pub(crate) role: Option<String>,
}

impl Details {
    pub(super) fn allows_action(&self, action: &str) -> bool {
        self.available.get(&Member::action(action)) != Some(&false)
    }

    pub(super) fn is_restricted(&self) -> bool {
        self.available.iter().any(|(_, available)| !available)
    }

    /// The entities that say all this; with `offline`, that nothing is available any more.
    pub(crate) fn entities(&self, instance: &str, target: &str, offline: bool) -> Vec<Detail> {
        let members = self.available.iter().map(|(member, available)| {
            let status = if *available && !offline {
                Status::Online
            } else {
                Status::Offline
            };
            match member {
                Member::Action(action) => {
                    let action = id::member(target, action);
                    Detail::Action(ActionStatus::new(instance, &action, status))
                }
                Member::Emitter(emitter) => {
                    let emitter = id::member(target, emitter);
                    Detail::Emitter(EmitterStatus::new(instance, &emitter, status))
                }
            }
        });
        let position = self
            .position
            .map(|position| Detail::Layout(TargetLayout::new(instance, target, position)));
        let topology = (self.parents.is_some() || self.role.is_some()).then(|| {
            let parents = self.parents.clone().unwrap_or_default();
            Detail::Topology(TargetTopology::new(
                instance,
                target,
                parents,
                self.role.clone(),
            ))
        });
        members.chain(position).chain(topology).collect()
    }
}
