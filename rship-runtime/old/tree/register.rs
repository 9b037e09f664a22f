//! How targets enter and leave the registry, with all that is below them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rship_core::change::LastValue;
use rship_core::descriptor::{EmitterKind, Shape};
use rship_core::id;
use rship_core::model::{AnyModel, AnyTarget, Place};

use super::shadow::Child;
use super::{Look, Path, Shadow, Step, Tree, TreeState};
use crate::config::Ids;
use crate::error::Error;
use crate::hub::Hub;
use crate::impulse::ImpulseSink;
use crate::outbox::{News, Source};
use crate::registry::{Entry, Node, NodeId, Registry, Removed, Way};

/// A root target on its way into an executor.
pub(crate) struct Addition {
    pub(crate) instance: usize,
    pub(crate) id: String,
    pub(crate) model: Arc<dyn AnyModel>,
    pub(crate) root: Box<AnyTarget>,
}

/// Adds a root target with all below it, and publishes its values.
pub(crate) fn add(hub: &Arc<Hub>, addition: Addition) -> Result<(Arc<Tree>, Arc<str>), Error> {
    let Addition {
        instance,
        id,
        model,
        root,
    } = addition;
    let target = whole_id(hub, id);
    let name = model.descriptor().name.clone();
    let shadow = sketch(
        hub,
        model,
        &*root,
        Arc::clone(&target),
        name,
        Path::from([]),
    )?;
    let tree = Arc::new(Tree::new(hub, instance, TreeState { root, shadow }));
    // Nobody else has the tree yet, so its lock is free.
    if let Ok(mut state) = tree.state.try_lock() {
        enter(hub, &tree, &mut state.shadow, None)?;
        state.publish(&tree, Look::First);
    }
    Ok((tree, target))
}

fn whole_id(hub: &Hub, id: String) -> Arc<str> {
    match hub.config.ids {
        Ids::Plain => id.into(),
        Ids::Service => format!("{}:{id}", hub.config.service).into(),
    }
}

fn sketch(
    hub: &Hub,
    model: Arc<dyn AnyModel>,
    value: &AnyTarget,
    target: Arc<str>,
    name: String,
    path: Path,
) -> Result<Shadow, Error> {
    let descriptor = Arc::clone(model.descriptor());
    let mut shadow = Shadow {
        node: NodeId::default(),
        target,
        name,
        path,
        published: vec![LastValue::default(); descriptor.emitters.len()],
        slots: Vec::new(),
        sinks: Vec::new(),
        fields: Vec::new(),
        model: Arc::clone(&model),
    };
    for field in 0..descriptor.sub_targets.len() {
        let mut children = Vec::new();
        let mut failed = None;
        model.each_member(field, value, &mut |place, member| match sketch_member(
            hub, &shadow, field, place, member,
        ) {
            Ok(child) => children.push(Child {
                key: place.key.into(),
                shadow: Some(child),
            }),
            Err(error) => failed = failed.take().or(Some(error)),
        });
        if let Some(error) = failed {
            return Err(error);
        }
        shadow.fields.push(children);
    }
    Ok(shadow)
}

/// The shadow of a sub-target, not yet in the registry.
pub(super) fn sketch_member(
    hub: &Hub,
    parent: &Shadow,
    field: usize,
    place: Place<'_>,
    member: &AnyTarget,
) -> Result<Shadow, Error> {
    let model = parent.model.member_model(field)?;
    let own = &parent.model.descriptor().sub_targets[field];
    let single = matches!(own.shape, Shape::One | Shape::Optional);
    let given = own.id.clone().or_else(|| {
        let of_type = model.descriptor().id.clone();
        of_type.filter(|_| single)
    });
    let target: Arc<str> = match (given, single) {
        (Some(id), true) => whole_id(hub, id),
        (None, true) => id::sub_target(&parent.target, &own.field).into(),
        (Some(id), false) => id::keyed(&whole_id(hub, id), place.key).into(),
        (None, false) => id::keyed(&id::sub_target(&parent.target, &own.field), place.key).into(),
    };
    let name = own.name.as_ref().unwrap_or(&model.descriptor().name);
    let name = Shadow::label(own.shape, name, place.key);
    let step = Step {
        field,
        key: place.key.into(),
        index: place.index,
        pinned: false,
    };
    let path = parent.path.iter().cloned().chain([step]).collect();
    sketch(hub, model, member, target, name, path)
}

/// Puts a shadow and all below it into the registry, parents first, and tells the server; all or none.
pub(super) fn enter(
    hub: &Arc<Hub>,
    tree: &Arc<Tree>,
    shadow: &mut Shadow,
    parent: Option<NodeId>,
) -> Result<(), Error> {
    let mut registry = hub.registry();
    if parent.is_some_and(|parent| registry.node(parent).is_none()) {
        // The tree was removed while it was being looked at.
        return Err(Error::Removed(shadow.target.to_string()));
    }
    let mut ids = HashSet::new();
    check_free(&registry, tree.instance, shadow, &mut ids)?;
    insert(hub, &mut registry, tree, shadow, parent);
    hub.outbox.targets_came();
    // A parent that was known before lists one child more now.
    hub.outbox.news(parent.map(News::Changed));
    Ok(())
}

fn check_free(
    registry: &Registry,
    instance: usize,
    shadow: &Shadow,
    ids: &mut HashSet<Arc<str>>,
) -> Result<(), Error> {
    let target = &shadow.target;
    if registry.find(instance, target).is_some() || !ids.insert(Arc::clone(target)) {
        return Err(Error::DuplicateTarget {
            instance: registry.instances[instance].id.clone(),
            target: target.to_string(),
        });
    }
    let new = shadow.model.descriptor().type_name;
    if let Some(other) = registry.table.routes(target).next()
        && other.descriptor.type_name != new
    {
        return Err(Error::OtherType {
            target: target.to_string(),
            known: other.descriptor.type_name,
            new,
        });
    }
    for child in shadow.fields.iter().flatten() {
        if let Some(child) = &child.shadow {
            check_free(registry, instance, child, ids)?;
        }
    }
    Ok(())
}

fn insert(
    hub: &Arc<Hub>,
    registry: &mut Registry,
    tree: &Arc<Tree>,
    shadow: &mut Shadow,
    parent: Option<NodeId>,
) {
    let descriptor = Arc::clone(shadow.model.descriptor());
    let node = registry.new_node();
    for emitter in &descriptor.emitters {
        let whole = id::member(&shadow.target, &emitter.id);
        let instance = Arc::clone(registry.instance_id(tree.instance));
        let source = Arc::new(Source::new(whole, instance));
        let slot = hub.outbox.open(Arc::clone(&source), node);
        shadow.slots.push(slot);
        shadow.sinks.push(match emitter.kind {
            EmitterKind::Impulse => Some(Arc::new(ImpulseSink {
                outbox: Arc::clone(&hub.outbox),
                slot,
                source,
            })),
            EmitterKind::Computed { every: Some(every) } => {
                hub.clock.watch(tree, every);
                None
            }
            EmitterKind::State | EmitterKind::Computed { every: None } => None,
        });
    }
    registry.insert(Entry {
        name: shadow.name.clone(),
        parent,
        slots: shadow.slots.clone(),
        way: Way {
            node,
            target: Arc::clone(&shadow.target),
            tree: Arc::clone(tree),
            path: Arc::clone(&shadow.path),
            model: Arc::clone(&shadow.model),
        },
    });
    shadow.node = node;
    for child in shadow.fields.iter_mut().flatten() {
        if let Some(child) = &mut child.shadow {
            insert(hub, registry, tree, child, Some(node));
        }
    }
}

/// Takes a sub-target that left its field offline, with all below it. The server keeps what it knows
/// of them, because a show refers to them and they may come back.
pub(super) fn leave(hub: &Hub, shadow: &Shadow) {
    take_out(hub, shadow.node, News::Left);
}

/// Removes a root target with all below it, here and on the server.
pub(crate) fn remove(hub: &Hub, tree: &Tree, root: NodeId) {
    tree.removed.store(true, Ordering::Release);
    take_out(hub, root, News::Removed);
}

fn take_out(hub: &Hub, root: NodeId, say: fn(Box<Removed>) -> News) {
    let mut registry = hub.registry();
    let parent = registry.node(root).and_then(|node| node.parent);
    let (mut gone, mut places) = (Vec::new(), Vec::new());
    let all = registry.subtree(root);
    hub.outbox.forget(&all);
    // Children first: no child is ever without its parent.
    for id in all.into_iter().rev() {
        // No server can know what none was told of.
        let was_told = registry.node(id).is_some_and(Node::was_told);
        if let Some((removed, slots)) = registry.remove(id) {
            places.extend(slots);
            gone.push((removed, was_told));
        }
    }
    let mut values = hub.outbox.close(&places).into_iter();
    for (removed, _) in &mut gone {
        let emitters = removed.emitters.iter().map(|emitter| emitter.id.clone());
        let pulses = emitters.zip(&mut values);
        removed.pulses = pulses
            .filter(|(_, value)| !value.json().is_empty())
            .collect();
    }
    let told = gone.into_iter().filter(|(_, was_told)| *was_told);
    let news = told.map(|(removed, _)| say(Box::new(removed)));
    hub.outbox.news(news.chain(parent.map(News::Changed)));
}
