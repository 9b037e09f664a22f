//! One target of a stand-in: its values, and what is below it.

use std::sync::Arc;
use std::time::Duration;

use rship_core::id;
use rship_core::model::{ActionError, Reply};
use serde_json::Value;
use tokio::sync::mpsc;

use super::chance::Chance;
use super::faults::{Fault, Faults};
use super::plan::Plan;
use super::values;
use crate::weight;

/// An action that a stand-in was told to carry out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Called {
    /// The instance.
    pub instance: String,
    /// The action's id.
    pub action: String,
    /// Its arguments, after they were checked; of more than 64 KiB, a text that says so.
    pub payload: Value,
    /// What goes wrong with it on request.
    pub fault: Option<Fault>,
}

/// The largest arguments that are kept for whoever hears of them, in bytes.
const KEPT: usize = 64 << 10;

/// What all targets of a stand-in share.
#[derive(Debug)]
pub(super) struct House {
    pub(super) faults: Faults,
    /// Who hears of actions; one that does not keep up misses some.
    pub(super) calls: mpsc::Sender<Called>,
    pub(super) seed: u64,
    pub(super) members: usize,
    /// How long an action takes that says how far it is, or can be cancelled.
    pub(super) long: Duration,
}

/// A target.
pub(super) struct Figure {
    pub(super) plan: Arc<Plan>,
    pub(super) house: Arc<House>,
    instance: Arc<str>,
    id: String,
    /// Of each emitter, in the order of the plan; null where somebody else knows it.
    pub(super) values: Vec<Value>,
    /// By which values wander.
    chance: Chance,
    /// By which actions set what nobody told them.
    whim: Chance,
    /// Of each field, with their keys.
    pub(super) members: Vec<Vec<(String, Figure)>>,
}

impl Figure {
    pub(super) fn new(
        plan: &Arc<Plan>,
        house: &Arc<House>,
        instance: &Arc<str>,
        id: String,
    ) -> Self {
        let mut chance = Chance::of(house.seed, &[instance, &id]);
        let whim = Chance::of(house.seed, &[instance, &id, "whim"]);
        let values = plan.emitters.iter();
        let values = values.map(|emitter| values::fresh(&emitter.schema, &mut chance));
        let values = values.collect();
        let fields = plan.fields.iter().enumerate();
        let members = fields.map(|(index, field)| {
            let keys = field.keys(house.members);
            let members = keys.into_iter().map(|key| {
                let child = plan.member_id(&id, index, &key);
                let member = Self::new(&field.plan, house, instance, child);
                (key, member)
            });
            members.collect()
        });
        Self {
            plan: Arc::clone(plan),
            house: Arc::clone(house),
            instance: Arc::clone(instance),
            values,
            chance,
            whim,
            members: members.collect(),
            id,
        }
    }

    /// Moves each value that nothing sets, here and below.
    pub(super) fn step(&mut self) {
        let emitters = self.plan.emitters.iter();
        for (emitter, value) in emitters.zip(&mut self.values) {
            if emitter.wanders {
                *value = values::next(&emitter.schema, value, &mut self.chance);
            }
        }
        for (_, member) in self.members.iter_mut().flatten() {
            member.step();
        }
    }

    /// The ids of this target and of all below it.
    pub(super) fn ids(&self, all: &mut Vec<String>) {
        all.push(self.id.clone());
        for (_, member) in self.members.iter().flatten() {
            member.ids(all);
        }
    }

    pub(super) fn action_id(&self, action: usize) -> String {
        let actions = &self.plan.descriptor.actions;
        let name = actions.get(action).map_or("", |action| &action.id);
        id::member(&self.id, name)
    }

    /// Says that an action begins.
    pub(super) fn tell(&self, action: usize, payload: &Value) {
        let action = self.action_id(action);
        let called = Called {
            instance: self.instance.to_string(),
            fault: self.house.faults.of(&action),
            action,
            payload: if weight::of(payload) > KEPT {
                "[more than is shown]".into()
            } else {
                payload.clone()
            },
        };
        // Nobody may be there to hear of it.
        drop(self.house.calls.try_send(called));
    }

    /// Carries an action out.
    pub(super) fn act(&mut self, action: usize, payload: &Value) -> Reply {
        let plan = Arc::clone(&self.plan);
        let sets = plan
            .actions
            .get(action)
            .and_then(|action| action.sets.as_ref());
        if let Some(sets) = sets
            && let Some(emitter) = plan.emitters.get(sets.emitter)
            && let Some(value) = self.values.get_mut(sets.emitter)
        {
            let fits = (&emitter.schema, &emitter.checker);
            *value = sets.value(payload, fits, value, &mut self.whim);
        }
        Ok(Value::Null)
    }
}

pub(super) fn refused(text: String) -> ActionError {
    ActionError::Failed(text)
}
