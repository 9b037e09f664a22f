//! The registry: the instances and targets of an executor, and the entities that describe them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::descriptor::TargetDescriptor;
use rship_core::dispatch::{Destination as _, DispatchTable};
use rship_core::entity::{self, Instance, InstanceStatus, Status, TargetStatus};
use rship_core::id;

use super::Tree;
use super::reference::Reference;
use crate::outbox::{Departed, Departure, TargetNumber};

/// The registry behind its lock, which is taken below a tree's and above the outbox's.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Targets>);

impl Registry {
    pub(crate) fn targets(&self) -> MutexGuard<'_, Targets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
pub(crate) struct Targets {
    pub(crate) instances: Vec<Instance>,
    instance_ids: Vec<Arc<str>>,
    all: BTreeMap<TargetNumber, Arc<Reference>>,
    /// What was added lives here, whoever still holds a handle.
    trees: BTreeMap<TargetNumber, Arc<Tree>>,
    newest: TargetNumber,
    /// The number of the registration; none has begun while it is 0.
    session: u64,
    pub(crate) table: DispatchTable<Arc<Reference>>,
}

impl Targets {
    pub(crate) fn add_instance(&mut self, instance: Instance) -> usize {
        let id: Arc<str> = instance.id.as_str().into();
        self.table.add_instance(Arc::clone(&id));
        self.instance_ids.push(id);
        self.instances.push(instance);
        self.instances.len() - 1
    }

    /// The id of an instance, by its position.
    pub(crate) fn instance_id(&self, index: usize) -> &Arc<str> {
        &self.instance_ids[index]
    }

    pub(crate) fn instance_index(&self, id: &str) -> Option<usize> {
        self.instances.iter().position(|instance| instance.id == id)
    }

    /// The target with this id in an instance.
    pub(super) fn find(&self, instance: usize, target: &str) -> Option<&Arc<Reference>> {
        let mut known = self.table.destinations(target);
        known.find(|known| known.instance == instance)
    }

    /// The number of a target that is about to be inserted.
    pub(super) fn new_number(&mut self) -> TargetNumber {
        self.newest.0 += 1;
        self.newest
    }

    pub(super) fn insert(&mut self, target: Arc<Reference>) {
        let number = target.number;
        if let Some(parent) = target.parent.and_then(|parent| self.all.get(&parent)) {
            parent.changing().children.push(number);
        } else if let Some(tree) = target.tree.upgrade() {
            self.trees.insert(number, tree);
        }
        self.table
            .add_target(Arc::clone(&target.id), Arc::clone(&target));
        self.all.insert(number, target);
    }

    /// Forgets a target without its children; the caller closes its places in the outbox.
    pub(super) fn remove(&mut self, number: TargetNumber) -> Option<Arc<Reference>> {
        let target = self.all.remove(&number)?;
        self.trees.remove(&number);
        self.table.remove_target(&target.instance_id, &target.id);
        if let Some(parent) = target.parent.and_then(|parent| self.all.get(&parent)) {
            let children = &mut parent.changing().children;
            // Children leave last first when all do.
            let place = children.iter().rposition(|child| *child == number);
            place.map(|place| children.remove(place));
        }
        Some(target)
    }

    /// What a server must be told of a target that is about to be removed; `None` when no server can know
    /// it.
    pub(super) fn departed(&self, target: &Reference, departure: Departure) -> Option<Departed> {
        if !target.was_announced() {
            return None;
        }
        let offline = departure == Departure::Left;
        let details = {
            let changing = target.changing();
            let details = &changing.details;
            details.entities(&target.instance_id, &target.id, offline)
        };
        // What no server was told of, one learns only after this is deleted.
        let mut others = self.table.destinations(&target.id);
        let shared = others.any(|other| other.number != target.number && other.was_announced());
        let sources = target.sources.iter();
        Some(Departed {
            key: target.key(),
            departure,
            target: self.target(target),
            actions: self.actions(target),
            emitters: self.emitters(target),
            details,
            pulses: sources
                .filter_map(|source| Some((source.emitter.to_string(), source.stored()?)))
                .collect(),
            shared,
        })
    }

    /// A registration begins, with a server that was told of nothing.
    pub(crate) fn begin_session(&mut self) {
        self.session += 1;
    }

    /// Says that the server of this session is told of a target; `false` when it was before.
    pub(crate) fn announce(&self, target: &Reference) -> bool {
        let announced = &mut target.changing().announced_in;
        std::mem::replace(announced, self.session) != self.session
    }

    /// Whether the server of this session was told of a target.
    pub(crate) fn is_announced(&self, target: &Reference) -> bool {
        target.changing().announced_in == self.session
    }

    /// A target with those above it, the topmost first.
    pub(crate) fn line(&self, number: TargetNumber) -> Vec<Arc<Reference>> {
        let up = |target: &&Arc<Reference>| self.all.get(&target.parent?);
        let mut line: Vec<_> = std::iter::successors(self.all.get(&number), up)
            .cloned()
            .collect();
        line.reverse();
        line
    }

    /// The first target after this one.
    pub(crate) fn after(&self, number: TargetNumber) -> Option<&Arc<Reference>> {
        let after = (Bound::Excluded(number), Bound::Unbounded);
        self.all.range(after).next().map(|(_, target)| target)
    }

    pub(crate) fn get(&self, number: TargetNumber) -> Option<&Arc<Reference>> {
        self.all.get(&number)
    }

    /// All targets, parents before children.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Reference>> {
        self.all.values()
    }

    pub(crate) fn trees(&self) -> impl Iterator<Item = &Arc<Tree>> {
        self.trees.values()
    }

    /// A target and all below it, parents first.
    pub(crate) fn subtree(&self, root: TargetNumber) -> Vec<TargetNumber> {
        let mut all = vec![root];
        let mut next = 0;
        while let Some(target) = all.get(next).and_then(|number| self.all.get(number)) {
            all.extend_from_slice(&target.changing().children);
            next += 1;
        }
        all
    }

    /// Says whether a target with all below it can be used; returns those of which that is new.
    pub(crate) fn set_online(&self, root: TargetNumber, online: bool) -> Vec<TargetNumber> {
        let mut all = self.subtree(root);
        all.retain(|number| {
            self.get(*number)
                .is_some_and(|target| target.set_online(online))
        });
        all
    }

    /// The target as it is known now under the id of this one: a member that left and came back is
    /// another.
    pub(crate) fn current(&self, target: &Reference) -> Option<Arc<Reference>> {
        self.find(target.instance, &target.id).cloned()
    }

    pub(crate) fn set_instance_status(&mut self, status: InstanceStatus) {
        for instance in &mut self.instances {
            instance.status = status;
        }
    }
}

/// Entities, as a server is told them.
impl Targets {
    pub(crate) fn target(&self, target: &Reference) -> entity::Target {
        let descriptor = target.model.descriptor();
        let member = |member: &String| id::member(&target.id, member);
        let id_of = |number: &TargetNumber| self.get(*number).map(|target| target.id.to_string());
        let changing = target.changing();
        entity::Target {
            id: target.id.to_string(),
            name: changing.name.clone(),
            service_id: self.service_of(target),
            category: descriptor.category.clone(),
            action_ids: descriptor
                .actions
                .iter()
                .map(|action| member(&action.id))
                .collect(),
            emitter_ids: descriptor
                .emitters
                .iter()
                .map(|emitter| member(&emitter.id))
                .collect(),
            sub_targets: changing.children.iter().filter_map(id_of).collect(),
            parent_targets: target.parent.iter().filter_map(id_of).collect(),
            bg_color: descriptor
                .bg_color
                .clone()
                .unwrap_or_else(|| "#000000".to_owned()),
            fg_color: descriptor
                .fg_color
                .clone()
                .unwrap_or_else(|| "#ffffff".to_owned()),
            root_level: target.parent.is_none(),
            last_updated: changing.last_updated.clone(),
        }
    }

    pub(crate) fn status(&self, target: &Arc<Reference>) -> TargetStatus {
        let status = if target.is_online() {
            Status::Online
        } else {
            Status::Offline
        };
        TargetStatus::new(&target.instance_id, &target.id, status)
    }

    pub(crate) fn actions(&self, target: &Reference) -> Vec<entity::Action> {
        let mut actions = self.described_actions(target);
        for (action, live) in &target.changing().schemas {
            if let Some(action) = actions.get_mut(*action) {
                action.schema.clone_from(&live.schema);
            }
        }
        actions
    }

    /// The actions as they are described, whatever the device says of their choices and bounds.
    pub(crate) fn described_actions(&self, target: &Reference) -> Vec<entity::Action> {
        let service = self.service_of(target);
        actions_of(target.model.descriptor(), &target.id, &service)
    }

    pub(crate) fn emitters(&self, target: &Reference) -> Vec<entity::Emitter> {
        let service = self.service_of(target);
        emitters_of(target.model.descriptor(), &target.id, &service)
    }

    fn service_of(&self, target: &Reference) -> String {
        self.instances[target.instance].service_id.clone()
    }
}

/// The actions of a target of this type and id.
pub(crate) fn actions_of(
    descriptor: &TargetDescriptor,
    target: &str,
    service: &str,
) -> Vec<entity::Action> {
    let actions = descriptor.actions.iter();
    actions
        .map(|action| entity::Action {
            id: id::member(target, &action.id),
            name: action.name.clone(),
            target_id: target.to_owned(),
            service_id: service.to_owned(),
            schema: action.schema.clone(),
            schema_layout: action.layout.clone(),
            writes_to: action.writes.as_ref().map(|writes| entity::WritesTo {
                emitter_id: id::member(target, &writes.emitter),
                role: writes.role.as_str(),
            }),
        })
        .collect()
}

/// The emitters of a target of this type and id.
pub(crate) fn emitters_of(
    descriptor: &TargetDescriptor,
    target: &str,
    service: &str,
) -> Vec<entity::Emitter> {
    let emitters = descriptor.emitters.iter();
    emitters
        .map(|emitter| entity::Emitter {
            id: id::member(target, &emitter.id),
            name: emitter.name.clone(),
            target_id: target.to_owned(),
            service_id: service.to_owned(),
            schema: emitter.schema.clone(),
        })
        .collect()
}
