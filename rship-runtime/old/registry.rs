//! The registry: the instances and targets of an executor, what a server must be told of them, and the
//! way from an id to a target.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use rship_core::change::LastValue;
use rship_core::descriptor::TargetDescriptor;
use rship_core::dispatch::{DispatchTable, Route};
use rship_core::entity::{self, Instance, InstanceStatus, Status, TargetStatus};
use rship_core::id;
use rship_core::model::AnyModel;

use crate::details::Details;
use crate::outbox::SlotId;
use crate::stamp;
use crate::tree::{Path, Tree};

/// A target of an instance. Numbers only grow, so their order is that of registration: parents first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct NodeId(u64);

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) instances: Vec<Instance>,
    instance_ids: Vec<Arc<str>>,
    nodes: BTreeMap<NodeId, Node>,
    newest: NodeId,
    /// The number of the session; none has begun while it is 0.
    session: u64,
    /// Whether anything was ever said of a target beside its description.
    detailed: bool,
    pub(crate) table: DispatchTable<Arc<Way>>,
}

/// How the router reaches a target.
pub(crate) struct Way {
    pub(crate) node: NodeId,
    pub(crate) target: Arc<str>,
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
    /// The session whose server was told of it last; 0 when none ever was.
    told_in: u64,
}

impl Node {
    /// Whether a server may know this target.
    pub(crate) fn was_told(&self) -> bool {
        self.told_in > 0
    }
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

/// A target on its way into the registry.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) parent: Option<NodeId>,
    pub(crate) slots: Vec<SlotId>,
    pub(crate) way: Way,
}

impl Registry {
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
    pub(crate) fn find(&self, instance: usize, target: &str) -> Option<NodeId> {
        self.way(instance, target).map(|way| way.node)
    }

    /// The number of a target that is about to be inserted.
    pub(crate) fn new_node(&mut self) -> NodeId {
        self.newest.0 += 1;
        self.newest
    }

    pub(crate) fn insert(&mut self, entry: Entry) {
        let Entry {
            name,
            parent,
            slots,
            way,
        } = entry;
        let (id, instance) = (way.node, way.tree.instance);
        let descriptor = Arc::clone(way.model.descriptor());
        let node = Node {
            instance,
            target: Arc::clone(&way.target),
            name,
            descriptor: Arc::clone(&descriptor),
            parent,
            children: Vec::new(),
            // Below a target that was taken offline, all is.
            online: parent
                .and_then(|parent| self.node(parent))
                .is_none_or(|node| node.online),
            last_updated: stamp::now().to_string(),
            slots,
            details: Details::default(),
            told_in: 0,
        };
        let route = Route {
            instance: Arc::clone(&self.instance_ids[instance]),
            online: node.online,
            descriptor,
            to: Arc::new(way),
        };
        self.table.add_target(Arc::clone(&node.target), route);
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            parent.children.push(id);
        }
        self.nodes.insert(id, node);
    }

    /// Forgets a target without its children; the caller closes its places in the outbox.
    pub(crate) fn remove(&mut self, id: NodeId) -> Option<(Removed, Vec<SlotId>)> {
        let node = self.nodes.get(&id)?;
        let instance = self.instances[node.instance].id.clone();
        let target = self.target(node);
        let (actions, emitters) = (self.actions(node), self.emitters(node));
        let node = self.nodes.remove(&id)?;
        self.table.remove_target(&instance, &node.target);
        if let Some(parent) = node.parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            // Children leave last first when all do.
            let place = parent.children.iter().rposition(|child| *child == id);
            place.map(|place| parent.children.remove(place));
        }
        // What no server was told of, one learns only after this is deleted.
        let others = self.table.routes(&node.target);
        let shared = others
            .filter_map(|route| self.nodes.get(&route.to.node))
            .any(Node::was_told);
        let removed = Removed {
            instance,
            target,
            actions,
            emitters,
            details: node.details,
            pulses: Vec::new(),
            shared,
        };
        Some((removed, node.slots))
    }

    /// A session begins, with a server that was told of nothing.
    pub(crate) fn begin_session(&mut self) {
        self.session += 1;
    }

    /// Says that the server of this session is told of a target; `false` when it was before, or the
    /// target is gone.
    pub(crate) fn tell(&mut self, id: NodeId) -> bool {
        let session = self.session;
        self.nodes
            .get_mut(&id)
            .is_some_and(|node| std::mem::replace(&mut node.told_in, session) != session)
    }

    /// Whether the server of this session was told of a target.
    pub(crate) fn is_told(&self, id: NodeId) -> bool {
        let node = self.nodes.get(&id);
        node.is_some_and(|node| node.told_in == self.session)
    }

    /// A target with those above it, the topmost first.
    pub(crate) fn line(&self, id: NodeId) -> Vec<NodeId> {
        let up = |id: &NodeId| self.nodes.get(id).and_then(|node| node.parent);
        let mut line: Vec<_> = std::iter::successors(Some(id), up).collect();
        line.reverse();
        line
    }

    /// The first target after this one.
    pub(crate) fn after(&self, id: NodeId) -> Option<NodeId> {
        let after = (Bound::Excluded(id), Bound::Unbounded);
        self.nodes.range(after).next().map(|(id, _)| *id)
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

    /// Whether a command may carry out an action of a target now.
    pub(crate) fn allows_action(&self, id: NodeId, action: &str) -> bool {
        // Few devices ever say that something is not available: most commands need no look at the node.
        !self.detailed
            || self
                .node(id)
                .is_none_or(|node| node.details.allows_action(action))
    }

    pub(crate) fn details_mut(&mut self, id: NodeId) -> Option<&mut Details> {
        self.detailed = true;
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

    fn way(&self, instance: usize, target: &str) -> Option<&Arc<Way>> {
        let instance = &self.instance_ids[instance];
        let routes = self.table.routes(target);
        let mut own = routes.filter(|route| *route.instance == **instance);
        own.next().map(|route| &route.to)
    }

    fn service_of(&self, node: &Node) -> String {
        self.instances[node.instance].service_id.clone()
    }
}
