//! The registry: the instances and targets of an executor, what a server must be told of them, and the
//! way from an id to a target.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rship_core::change::LastValue;
use rship_core::descriptor::TargetDescriptor;
use rship_core::dispatch::{DispatchTable, Route};
use rship_core::entity::{self, Instance, InstanceStatus, Status, TargetStatus};
use rship_core::id;
use rship_core::model::AnyModel;

use crate::details::Details;
use crate::outbox::SlotId;
use crate::tree::{Path, Tree};

/// A target of an instance. Numbers only grow, so their order is that of registration: parents first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct NodeId(u64);

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) instances: Vec<Instance>,
    nodes: BTreeMap<NodeId, Node>,
    by_address: HashMap<(usize, Arc<str>), NodeId>,
    next: u64,
    /// The newest target that a server was ever told of.
    told: NodeId,
    pub(crate) table: DispatchTable<Way>,
}

/// How the router reaches a target.
pub(crate) struct Way {
    pub(crate) node: NodeId,
    pub(crate) tree: Arc<Tree>,
    pub(crate) path: Path,
    pub(crate) model: Arc<dyn AnyModel>,
}

/// One target of one instance.
pub(crate) struct Node {
    pub(crate) instance: usize,
    pub(crate) target: Arc<str>,
    pub(crate) name: String,
    pub(crate) descriptor: Arc<TargetDescriptor>,
    pub(crate) parent: Option<NodeId>,
    pub(crate) children: Vec<NodeId>,
    pub(crate) online: bool,
    pub(crate) last_updated: String,
    /// The places of its emitters in the outbox, in the order of the descriptor.
    pub(crate) slots: Vec<SlotId>,
    pub(crate) details: Details,
}

/// What is left of a target that is gone: enough to tell the server.
pub(crate) struct Removed {
    pub(crate) instance: String,
    pub(crate) target: entity::Target,
    pub(crate) actions: Vec<entity::Action>,
    pub(crate) emitters: Vec<entity::Emitter>,
    pub(crate) details: Details,
    /// The last value of each emitter that had one.
    pub(crate) pulses: Vec<(String, LastValue)>,
    /// Whether another instance has the target still.
    pub(crate) shared: bool,
}

impl Registry {
    pub(crate) fn add_instance(&mut self, instance: Instance) -> usize {
        self.table.add_instance(instance.id.as_str().into());
        self.instances.push(instance);
        self.instances.len() - 1
    }

    pub(crate) fn instance_index(&self, id: &str) -> Option<usize> {
        self.instances.iter().position(|instance| instance.id == id)
    }

    /// The target with this id in an instance.
    pub(crate) fn find(&self, instance: usize, target: &Arc<str>) -> Option<NodeId> {
        self.by_address
            .get(&(instance, Arc::clone(target)))
            .copied()
    }

    pub(crate) fn insert(
        &mut self,
        node: Node,
        tree: &Arc<Tree>,
        path: Path,
        model: Arc<dyn AnyModel>,
    ) -> NodeId {
        self.next += 1;
        let id = NodeId(self.next);
        let route = Route {
            instance: self.instances[node.instance].id.as_str().into(),
            online: node.online,
            descriptor: Arc::clone(&node.descriptor),
            to: Way {
                node: id,
                tree: Arc::clone(tree),
                path,
                model,
            },
        };
        self.table.add_target(Arc::clone(&node.target), route);
        self.by_address
            .insert((node.instance, Arc::clone(&node.target)), id);
        if let Some(parent) = node.parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            parent.children.push(id);
        }
        self.nodes.insert(id, node);
        id
    }

    /// Forgets a target without its children; the caller closes its places in the outbox.
    pub(crate) fn remove(&mut self, id: NodeId) -> Option<(Removed, Vec<SlotId>)> {
        let node = self.nodes.get(&id)?;
        let instance = self.instances[node.instance].id.clone();
        let target = self.target(node);
        let (actions, emitters) = (self.actions(node), self.emitters(node));
        let node = self.nodes.remove(&id)?;
        self.by_address
            .remove(&(node.instance, Arc::clone(&node.target)));
        self.table.remove_target(&instance, &node.target);
        if let Some(parent) = node.parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            parent.children.retain(|child| *child != id);
        }
        let removed = Removed {
            instance,
            target,
            actions,
            emitters,
            details: node.details,
            pulses: Vec::new(),
            shared: !self.table.routes(&node.target).is_empty(),
        };
        Some((removed, node.slots))
    }

    /// Says that a server is told of all targets up to this one.
    pub(crate) fn told_upto(&mut self, id: NodeId) {
        self.told = self.told.max(id);
    }

    /// Whether a server may know this target.
    pub(crate) fn was_told(&self, id: NodeId) -> bool {
        id <= self.told
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// All targets, parents before children.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    /// A target and all below it, parents first.
    pub(crate) fn subtree(&self, root: NodeId) -> Vec<NodeId> {
        let mut all = vec![root];
        let mut next = 0;
        while let Some(node) = all.get(next).and_then(|id| self.nodes.get(id)) {
            all.extend_from_slice(&node.children);
            next += 1;
        }
        all
    }

    pub(crate) fn details_mut(&mut self, id: NodeId) -> Option<&mut Details> {
        self.nodes.get_mut(&id).map(|node| &mut node.details)
    }

    pub(crate) fn rename(&mut self, id: NodeId, name: String, now: String) -> bool {
        let Some(node) = self.nodes.get_mut(&id) else {
            return false;
        };
        node.name = name;
        node.last_updated = now;
        true
    }

    /// Says whether commands reach a target; `false` when that is so already.
    pub(crate) fn set_online(&mut self, id: NodeId, online: bool) -> bool {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.online != online) else {
            return false;
        };
        node.online = online;
        let instance = &self.instances[node.instance].id;
        if let Some(route) = self.table.route_mut(instance, &node.target) {
            route.online = online;
        }
        true
    }

    pub(crate) fn set_instance_status(&mut self, status: InstanceStatus) {
        for instance in &mut self.instances {
            instance.status = status;
        }
    }

    pub(crate) fn target(&self, node: &Node) -> entity::Target {
        let descriptor = &node.descriptor;
        let member = |member: &String| id::member(&node.target, member);
        let name_of = |id: &NodeId| self.nodes.get(id).map(|node| node.target.to_string());
        entity::Target {
            id: node.target.to_string(),
            name: node.name.clone(),
            service_id: self.service_of(node),
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
            sub_targets: node.children.iter().filter_map(name_of).collect(),
            parent_targets: node.parent.iter().filter_map(name_of).collect(),
            bg_color: descriptor
                .bg_color
                .clone()
                .unwrap_or_else(|| "#000000".to_owned()),
            fg_color: descriptor
                .fg_color
                .clone()
                .unwrap_or_else(|| "#ffffff".to_owned()),
            root_level: node.parent.is_none(),
            last_updated: node.last_updated.clone(),
        }
    }

    pub(crate) fn status(&self, node: &Node) -> TargetStatus {
        let status = if node.online {
            Status::Online
        } else {
            Status::Offline
        };
        TargetStatus::new(&self.instances[node.instance].id, &node.target, status)
    }

    pub(crate) fn actions(&self, node: &Node) -> Vec<entity::Action> {
        let actions = node.descriptor.actions.iter();
        actions
            .map(|action| entity::Action {
                id: id::member(&node.target, &action.id),
                name: action.name.clone(),
                target_id: node.target.to_string(),
                service_id: self.service_of(node),
                schema: action.schema.clone(),
                schema_layout: action.layout.clone(),
                writes_to: action.writes.as_ref().map(|writes| entity::WritesTo {
                    emitter_id: id::member(&node.target, &writes.emitter),
                    role: writes.role.as_str(),
                }),
            })
            .collect()
    }

    pub(crate) fn emitters(&self, node: &Node) -> Vec<entity::Emitter> {
        let emitters = node.descriptor.emitters.iter();
        emitters
            .map(|emitter| entity::Emitter {
                id: id::member(&node.target, &emitter.id),
                name: emitter.name.clone(),
                target_id: node.target.to_string(),
                service_id: self.service_of(node),
                schema: emitter.schema.clone(),
            })
            .collect()
    }

    /// How often the clock must look at each tree that has emitters computed by the clock.
    pub(crate) fn clocked(&self) -> Vec<(Arc<Tree>, BTreeSet<Duration>)> {
        let mut trees: Vec<(Arc<Tree>, BTreeSet<Duration>)> = Vec::new();
        for node in self.nodes.values() {
            let periods: BTreeSet<_> = node.descriptor.emitters.iter().filter_map(period).collect();
            if periods.is_empty() {
                continue;
            }
            let Some(way) = self.way(node) else { continue };
            match trees
                .iter_mut()
                .find(|(tree, _)| Arc::ptr_eq(tree, &way.tree))
            {
                Some((_, known)) => known.extend(periods),
                None => trees.push((Arc::clone(&way.tree), periods)),
            }
        }
        trees
    }

    fn way(&self, node: &Node) -> Option<&Way> {
        let instance = &self.instances[node.instance].id;
        let routes = self.table.routes(&node.target).iter();
        let mut own = routes.filter(|route| *route.instance == **instance);
        own.next().map(|route| &route.to)
    }

    fn service_of(&self, node: &Node) -> String {
        self.instances[node.instance].service_id.clone()
    }
}

fn period(emitter: &rship_core::descriptor::EmitterDescriptor) -> Option<Duration> {
    match emitter.kind {
        rship_core::descriptor::EmitterKind::Computed { every } => every,
        _ => None,
    }
}
