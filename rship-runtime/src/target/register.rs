//! How targets enter and leave the registry, with all that is below them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rship_core::descriptor::{EmitterKind, Shape};
use rship_core::id;
use rship_core::model::{AnyModel, AnyTarget, Place};

use super::context::Context;
use super::lock::Who;
use super::name::LiveName;
use super::progress::Runs;
use super::publish::{Branch, Child, ImpulseSink, Look};
use super::reference::{Changing, Path, RawHandle, Reference, Step};
use super::registry::Targets;
use super::{Registry, Tree, TreeState};
use crate::error::Error;
use crate::outbox::{Change, Departure, Source, TargetNumber};
use crate::stamp;

/// A root target on its way into an executor.
pub(crate) struct Addition {
    pub(crate) instance: usize,
    pub(crate) id: String,
    pub(crate) model: Arc<dyn AnyModel>,
    pub(crate) root: Box<AnyTarget>,
}

/// A target that is not in the registry yet.
pub(super) struct Sketch {
    id: Arc<str>,
    name: String,
    /// What of it changes the name at run time, if something does.
    live_name: Option<Box<LiveName>>,
    path: Path,
    model: Arc<dyn AnyModel>,
    fields: Vec<Vec<(Box<str>, Sketch)>>,
}

/// Adds a root target with all below it, and publishes its values.
pub(crate) fn add(
    context: &Arc<Context>,
    registry: &Registry,
    addition: Addition,
) -> Result<RawHandle, Error> {
    if context.outbox.has_ended() {
        return Err(Error::Ended);
    }
    let Addition {
        instance,
        id,
        model,
        root,
    } = addition;
    let id = context.whole_id(&id);
    let name = model.descriptor().name.clone();
    let path = Path::from([]);
    let sketch = Sketch::new(context, model, &*root, (Arc::clone(&id), name, path))?;
    let mut targets = registry.targets();
    check_free(&targets, instance, &sketch, &mut HashSet::new())?;
    let mut references = Vec::new();
    let tree = Arc::new_cyclic(|tree: &Weak<Tree>| {
        let enter = Enter {
            context,
            tree,
            instance,
        };
        let branch = enter.branch(&mut targets, sketch, None, &mut references);
        Tree {
            context: Arc::clone(context),
            id,
            state: Arc::new(tokio::sync::Mutex::new(TreeState {
                root,
                branch,
                touched: Vec::new(),
                inside: None,
            })),
            occupancy: Mutex::default(),
            mailbox: super::Mailbox::default(),
            running: Mutex::default(),
            runs: Mutex::default(),
            long: Mutex::default(),
            removed: AtomicBool::new(false),
            due_looks: Mutex::default(),
            watched: AtomicBool::new(false),
        }
    });
    let target = Arc::clone(&references[0]);
    for reference in references {
        targets.insert(reference);
    }
    drop(targets);
    // Nobody else has the tree yet, so its lock is free.
    if let Ok(mut held) = tree.try_lock(Who::Sampling) {
        held.publish(Look::First);
    }
    context.outbox.targets_came();
    Ok(RawHandle::new(&tree, &target))
}

impl Sketch {
    fn new(
        context: &Context,
        model: Arc<dyn AnyModel>,
        value: &AnyTarget,
        (id, name, path): (Arc<str>, String, Path),
    ) -> Result<Self, Error> {
        let descriptor = Arc::clone(model.descriptor());
        let (name, live_name) = LiveName::first(&*model, value, name);
        let mut sketch = Self {
            id,
            name,
            live_name,
            path,
            model: Arc::clone(&model),
            fields: Vec::new(),
        };
        for field in 0..descriptor.sub_targets.len() {
            let mut children = Vec::new();
            let mut failed = None;
            model.each_member(field, value, &mut |place, member| {
                let parent = (&*sketch.id, &sketch.path, &sketch.model);
                match Self::member(context, parent, field, place, member) {
                    Ok(child) => children.push((place.key.into(), child)),
                    Err(error) => failed = failed.take().or(Some(error)),
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            sketch.fields.push(children);
        }
        Ok(sketch)
    }

    /// A sub-target that is not in the registry yet.
    fn member(
        context: &Context,
        (parent, path, parent_model): (&str, &Path, &Arc<dyn AnyModel>),
        field: usize,
        place: Place<'_>,
        member: &AnyTarget,
    ) -> Result<Self, Error> {
        let model = parent_model.member_model(field)?;
        let own = &parent_model.descriptor().sub_targets[field];
        let single = matches!(own.shape, Shape::One | Shape::Optional);
        let given = own.id.clone().or_else(|| {
            let of_type = model.descriptor().id.clone();
            of_type.filter(|_| single)
        });
        let id: Arc<str> = match (given, single) {
            (Some(id), true) => context.whole_id(&id),
            (None, true) => id::sub_target(parent, &own.field).into(),
            (Some(id), false) => id::keyed(&context.whole_id(&id), place.key).into(),
            (None, false) => id::keyed(&id::sub_target(parent, &own.field), place.key).into(),
        };
        let name = own.name.as_ref().unwrap_or(&model.descriptor().name);
        let name = if single {
            name.clone()
        } else {
            format!("{name} {}", place.key)
        };
        let step = Step {
            field,
            key: place.key.into(),
            index: place.index,
            pinned: false,
        };
        let path = path.iter().cloned().chain([step]).collect();
        Self::new(context, model, member, (id, name, path))
    }
}

/// Has a member of a field enter the registry, with all below it; all or none.
pub(super) fn enter_member(
    tree: &Arc<Tree>,
    parent: &Arc<Reference>,
    field: usize,
    place: Place<'_>,
    member: &AnyTarget,
) -> Result<Branch, Error> {
    let context = &tree.context;
    let of_parent = (&*parent.id, &parent.path, &parent.model);
    let sketch = Sketch::member(context, of_parent, field, place, member)?;
    let removed = || Error::Removed(parent.id.to_string());
    let registry = context.registry.upgrade().ok_or_else(removed)?;
    let mut targets = registry.targets();
    if targets.get(parent.number).is_none() {
        // The tree was removed while it was being looked at.
        return Err(removed());
    }
    check_free(&targets, parent.instance, &sketch, &mut HashSet::new())?;
    let enter = Enter {
        context,
        tree: &Arc::downgrade(tree),
        instance: parent.instance,
    };
    let mut references = Vec::new();
    let branch = enter.branch(&mut targets, sketch, Some(parent.number), &mut references);
    for reference in references {
        targets.insert(reference);
    }
    drop(targets);
    context.outbox.targets_came();
    // A parent that was known before lists one child more now.
    context.outbox.changed([Change::Description(parent.number)]);
    Ok(branch)
}

fn check_free(
    targets: &Targets,
    instance: usize,
    sketch: &Sketch,
    ids: &mut HashSet<Arc<str>>,
) -> Result<(), Error> {
    let id = &sketch.id;
    if targets.find(instance, id).is_some() || !ids.insert(Arc::clone(id)) {
        return Err(Error::DuplicateTarget {
            instance: targets.instances[instance].id.clone(),
            target: id.to_string(),
        });
    }
    let new = sketch.model.descriptor().type_name;
    if let Some(other) = targets.table.destinations(id).next()
        && other.model.descriptor().type_name != new
    {
        return Err(Error::OtherType {
            target: id.to_string(),
            known: other.model.descriptor().type_name,
            new,
        });
    }
    for (_, child) in sketch.fields.iter().flatten() {
        check_free(targets, instance, child, ids)?;
    }
    Ok(())
}

/// Where targets enter.
struct Enter<'e> {
    context: &'e Arc<Context>,
    tree: &'e Weak<Tree>,
    instance: usize,
}

impl Enter<'_> {
    /// The branch of a sketch, with the references of all in it, parents first.
    fn branch(
        &self,
        targets: &mut Targets,
        sketch: Sketch,
        parent: Option<TargetNumber>,
        references: &mut Vec<Arc<Reference>>,
    ) -> Branch {
        let outbox = &self.context.outbox;
        let number = targets.new_number();
        let instance_id = Arc::clone(targets.instance_id(self.instance));
        let descriptor = Arc::clone(sketch.model.descriptor());
        let (mut slots, mut sources, mut sinks) = (Vec::new(), Vec::new(), Vec::new());
        let mut runs = Vec::new();
        for emitter in &descriptor.emitters {
            let whole = id::member(&sketch.id, &emitter.id);
            let source = Arc::new(Source::new(whole, Arc::clone(&instance_id)));
            let slot = outbox.open(Arc::clone(&source), number);
            sinks.push(match emitter.kind {
                EmitterKind::Impulse => {
                    let sink = ImpulseSink::new(self.context, slot, Arc::clone(&source));
                    Some(Arc::new(sink) as Arc<dyn rship_core::PulseSink>)
                }
                EmitterKind::Computed { every: Some(every) } => {
                    self.context.sampling.watch(self.tree, every);
                    None
                }
                EmitterKind::Progress { action } => {
                    runs.push(Runs::new(action, outbox, slot, &source));
                    None
                }
                EmitterKind::State | EmitterKind::Computed { every: None } => None,
            });
            slots.push(slot);
            sources.push(source);
        }
        // Below a target that was taken offline, all is.
        let online = parent
            .and_then(|parent| {
                targets
                    .get(parent)
                    .map(rship_core::dispatch::Destination::is_online)
            })
            .unwrap_or(true);
        let changing = Changing::new(sketch.name, stamp::now().to_string());
        let target = Arc::new(Reference {
            number,
            instance: self.instance,
            instance_id,
            id: sketch.id,
            path: sketch.path,
            model: sketch.model,
            tree: Weak::clone(self.tree),
            parent,
            slots,
            sources,
            runs: runs.into(),
            online: online.into(),
            restricted: false.into(),
            changing: Mutex::new(changing),
        });
        let own = descriptor.emitters.iter().map(|emitter| &emitter.id);
        let own: HashSet<String> = own
            .chain(descriptor.actions.iter().map(|action| &action.id))
            .map(|member| id::member(&target.id, member))
            .collect();
        if outbox.returned(&target.key(), &|member| own.contains(member)) {
            target.mark_known();
        }
        references.push(Arc::clone(&target));
        let fields = sketch.fields.into_iter().map(|children| {
            let children = children.into_iter().map(|(key, child)| Child {
                key,
                branch: Some(self.branch(targets, child, Some(number), references)),
            });
            children.collect()
        });
        let fields = fields.collect();
        Branch {
            target,
            name: sketch.live_name,
            sinks,
            fields,
        }
    }
}

/// Takes a sub-target that left its field offline, with all below it. The server keeps what it knows
/// of them, because a show refers to them and they may come back, unless they are to be forgotten.
pub(super) fn leave(context: &Context, branch: &Branch, forget: bool) {
    let departure = if forget {
        Departure::Removed
    } else {
        Departure::Left
    };
    if let Some(registry) = context.registry.upgrade() {
        take_out(context, &registry, &branch.target, departure);
    }
}

/// Removes a root target with all below it, here and on the server.
pub(crate) fn remove(registry: &Registry, raw: &RawHandle) {
    let RawHandle { tree, target, .. } = raw;
    tree.removed.store(true, Ordering::Release);
    tree.context.sampling.forget(tree);
    take_out(&tree.context, registry, target, Departure::Removed);
}

fn take_out(context: &Context, registry: &Registry, root: &Reference, departure: Departure) {
    let mut targets = registry.targets();
    let (mut departed, mut slots) = (Vec::new(), Vec::new());
    let all = targets.subtree(root.number);
    // Children first: no child is ever without its parent.
    for number in all.iter().rev() {
        let Some(target) = targets.get(*number).cloned() else {
            continue;
        };
        match targets.departed(&target, departure) {
            Some(gone) => departed.push(gone),
            None => context.outbox.gone_again(&target.key()),
        }
        slots.extend_from_slice(&target.slots);
        targets.remove(*number);
    }
    context.outbox.close(&slots);
    context.outbox.departed(&all, departed);
    context.outbox.changed(root.parent.map(Change::Description));
}
