//! How targets enter and leave the registry, with all that is below them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rship_core::descriptor::{EmitterKind, Shape, SubTargetDescriptor, TargetDescriptor};
use rship_core::few::Few;
use rship_core::id;
use rship_core::model::{AnyModel, AnyTarget, Place};

use super::context::Context;
use super::keeper::SavedValue;
use super::lock::Who;
use super::name::LiveName;
use super::progress::Runs;
use super::publish::{Branch, Child, ImpulseSink, Look};
use super::reference::{Changing, Path, RawHandle, Reference, Step};
use super::registry::Targets;
use super::{Registry, Tree, TreeState};
use crate::error::Error;
use crate::outbox::{Change, Departure, Source, TargetKey};
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
    /// Whether it is behind a lock, or part of what is.
    behind: bool,
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
    let model = model.of_value(&*root);
    let sketch = Sketch::new(context, model, &*root, (Arc::clone(&id), name, path), false)?;
    let shared = sketch.is_shared();
    let mut targets = registry.targets();
    check_free(&targets, instance, &sketch, &mut HashMap::new())?;
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
            looked_at: Mutex::default(),
            watched: AtomicBool::new(false),
        }
    });
    let target = Arc::clone(&references[0]);
    let saved = saved_values(context, &references);
    for reference in references {
        targets.insert(reference);
    }
    drop(targets);
    if shared {
        tree.watch_shared();
    }
    // Nobody else has the tree yet, so its lock is free.
    match &context.keeper {
        Some(keeper) if !saved.is_empty() => {
            keeper.restore(&tree, tree.try_lock(Who::Restoring).ok(), saved);
        }
        _ => {
            if let Ok(mut held) = tree.try_lock(Who::Sampling) {
                held.publish(Look::First);
            }
        }
    }
    context.outbox.targets_came();
    Ok(RawHandle::new(&tree, &target))
}

/// What targets that are about to enter are to be given back.
fn saved_values(context: &Context, new: &[Arc<Reference>]) -> Vec<SavedValue> {
    let keeper = context.keeper.as_ref();
    keeper.map_or_else(Vec::new, |keeper| keeper.came(new))
}

impl Sketch {
    fn new(
        context: &Context,
        model: Arc<dyn AnyModel>,
        value: &AnyTarget,
        (id, name, path): (Arc<str>, String, Path),
        part_of_behind: bool,
    ) -> Result<Self, Error> {
        let (name, live_name) = LiveName::first(&*model, value, name);
        let mut sketch = Self {
            id,
            name,
            live_name,
            path,
            behind: part_of_behind || model.is_behind(),
            model: Arc::clone(&model),
            fields: Vec::new(),
        };
        sketch.none_awaits()?;
        let mut members = Ok(());
        let opened = model.open(value, &mut |value| members = sketch.members(context, value));
        opened.map_err(|why| Error::Unreached {
            target: sketch.id.to_string(),
            why,
        })?;
        members.map(|()| sketch)
    }

    /// Behind a lock no action may await.
    fn none_awaits(&self) -> Result<(), Error> {
        if !self.behind {
            return Ok(());
        }
        let actions = &self.model.descriptor().actions;
        match (0..actions.len()).find(|action| self.model.awaits(*action)) {
            Some(action) => Err(Error::AwaitsBehindLock(id::member(
                &self.id,
                &actions[action].id,
            ))),
            None => Ok(()),
        }
    }

    /// Whether a part of it is behind a lock.
    fn is_shared(&self) -> bool {
        let mut below = self.fields.iter().flatten();
        self.behind || below.any(|(_, child)| child.is_shared())
    }

    fn members(&mut self, context: &Context, value: &AnyTarget) -> Result<(), Error> {
        let sketch = self;
        let model = Arc::clone(&sketch.model);
        for field in 0..model.descriptor().sub_targets.len() {
            let mut children = Vec::new();
            let mut failed = None;
            model.each_member(field, value, &mut |place, member| {
                let parent = (&*sketch.id, &sketch.path, &sketch.model, sketch.behind);
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
        Ok(())
    }

    /// A sub-target that is not in the registry yet.
    fn member(
        context: &Context,
        (parent, path, parent_model, behind): (&str, &Path, &Arc<dyn AnyModel>, bool),
        field: usize,
        place: Place<'_>,
        member: &AnyTarget,
    ) -> Result<Self, Error> {
        let model = parent_model.member_model(field)?.of_value(member);
        let own = &parent_model.descriptor().sub_targets[field];
        if matches!(own.shape, Shape::List | Shape::Map) && place.key.is_empty() {
            return Err(Error::EmptyKey {
                target: parent.to_owned(),
                field: own.field.clone(),
            });
        }
        let (id, name) = member_names(context, parent, own, model.descriptor(), place.key);
        let step = Step {
            field,
            key: place.key.into(),
            index: place.index,
            pinned: false,
        };
        let path = path.iter().cloned().chain([step]).collect();
        Self::new(context, model, member, (id, name, path), behind)
    }
}

/// The id and the name of a member of a field, and of a type.
pub(crate) fn member_names(
    context: &Context,
    parent: &str,
    field: &SubTargetDescriptor,
    of_type: &TargetDescriptor,
    key: &str,
) -> (Arc<str>, String) {
    let single = matches!(field.shape, Shape::One | Shape::Optional);
    let given = field.id.clone().or_else(|| {
        let of_type = of_type.id.clone();
        of_type.filter(|_| single)
    });
    let id = match (given, single) {
        (Some(id), true) => context.whole_id(&id),
        (None, true) => id::sub_target(parent, &field.field).into(),
        (Some(id), false) => id::keyed(&context.whole_id(&id), key).into(),
        (None, false) => id::keyed(&id::sub_target(parent, &field.field), key).into(),
    };
    let name = field.name.as_ref().unwrap_or(&of_type.name);
    let name = if single {
        name.clone()
    } else {
        format!("{name} {key}")
    };
    (id, name)
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
    let of_parent = (&*parent.id, &parent.path, &parent.model, parent.behind);
    let sketch = Sketch::member(context, of_parent, field, place, member)?;
    if sketch.is_shared() {
        tree.watch_shared();
    }
    let removed = || Error::Removed(parent.id.to_string());
    let registry = context.registry.upgrade().ok_or_else(removed)?;
    let mut targets = registry.targets();
    if targets.get(parent.number).is_none() {
        // The tree was removed while it was being looked at.
        return Err(removed());
    }
    check_free(&targets, parent.instance, &sketch, &mut HashMap::new())?;
    let enter = Enter {
        context,
        tree: &Arc::downgrade(tree),
        instance: parent.instance,
    };
    let mut references = Vec::new();
    let branch = enter.branch(&mut targets, sketch, Some(parent), &mut references);
    let saved = saved_values(context, &references);
    for reference in references {
        targets.insert(reference);
    }
    drop(targets);
    if let Some(keeper) = context.keeper.as_ref().filter(|_| !saved.is_empty()) {
        keeper.restore(tree, None, saved);
    }
    context.outbox.targets_came();
    // A parent that was known before lists one child more now.
    context.outbox.changed([Change::Description(parent.number)]);
    Ok(branch)
}

fn check_free(
    targets: &Targets,
    instance: usize,
    sketch: &Sketch,
    // As if counted: a set would be one more kind of map in every program.
    new: &mut HashMap<TargetKey, u32>,
) -> Result<(), Error> {
    let (id, instance_id) = (&sketch.id, &targets.instances[instance].id);
    let key = (Arc::from(&**instance_id), Arc::clone(id));
    if targets.find(instance, id).is_some() || new.insert(key, 1).is_some() {
        return Err(Error::DuplicateTarget {
            instance: instance_id.clone(),
            target: id.to_string(),
        });
    }
    let type_name = sketch.model.descriptor().type_name;
    if let Some(other) = targets.table.destinations(id).next()
        && other.model.descriptor().type_name != type_name
    {
        return Err(Error::OtherType {
            target: id.to_string(),
            known: other.model.descriptor().type_name,
            new: type_name,
        });
    }
    for (_, child) in sketch.fields.iter().flatten() {
        check_free(targets, instance, child, new)?;
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
        parent: Option<&Arc<Reference>>,
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
            let is_kept =
                self.context.keeper.is_some() && descriptor.restored_by(&emitter.id).is_some();
            let instance = Arc::clone(&instance_id);
            let source = Arc::new(Source::new(whole, instance, emitter.pace, is_kept));
            let slot = outbox.open(Arc::clone(&source), number);
            sinks.push(match emitter.kind {
                EmitterKind::Impulse => {
                    let sink = ImpulseSink::new(self.context, slot, Arc::clone(&source));
                    Some(Arc::new(sink) as Arc<dyn rship_core::PulseSink>)
                }
                EmitterKind::Computed { every: Some(every) }
                | EmitterKind::Shared { every: Some(every) } => {
                    self.context.sampling.watch(self.tree, every);
                    None
                }
                EmitterKind::Progress { action } => {
                    runs.push(Runs::new(action, outbox, slot, &source));
                    None
                }
                EmitterKind::State
                | EmitterKind::Computed { every: None }
                | EmitterKind::Shared { every: None } => None,
            });
            slots.push(slot);
            sources.push(source);
        }
        // Below a target that was taken offline, all is.
        let online = parent.is_none_or(rship_core::dispatch::Destination::is_online);
        let changing = Changing::new(sketch.name, stamp::now().to_string());
        let target = Arc::new(Reference {
            number,
            instance: self.instance,
            instance_id,
            id: sketch.id,
            path: sketch.path,
            model: sketch.model,
            tree: Weak::clone(self.tree),
            behind: sketch.behind,
            parent: parent.map(|parent| parent.number),
            slots,
            sources,
            runs: runs.into(),
            online: online.into(),
            restricted: false.into(),
            restoring: false.into(),
            changing: Mutex::new(changing),
        });
        let stays = |member: &str| {
            let member = member.strip_prefix(&*target.id);
            let member = member.and_then(|member| member.strip_prefix(':'));
            member.is_some_and(|member| {
                descriptor.emitter(member).is_some() || descriptor.action(member).is_some()
            })
        };
        if outbox.returned(&target.key(), &stays) {
            target.mark_known();
        }
        references.push(Arc::clone(&target));
        let fields = sketch.fields.into_iter().map(|children| {
            let children = children.into_iter().map(|(key, child)| Child {
                key,
                branch: Some(self.branch(targets, child, Some(&target), references)),
            });
            children.collect()
        });
        let fields = fields.collect();
        Branch {
            target,
            name: sketch.live_name,
            sinks,
            followed: Few::default(),
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
        take_out(context, &registry, &branch.target, (departure, forget));
    }
}

/// Removes a root target with all below it, here and on the server.
pub(crate) fn remove(registry: &Registry, raw: &RawHandle) {
    let RawHandle { tree, target, .. } = raw;
    tree.removed.store(true, Ordering::Release);
    tree.context.sampling.forget(tree);
    // Its saved values stay: it may be added again.
    let departure = (Departure::Removed, false);
    take_out(&tree.context, registry, target, departure);
}

fn take_out(
    context: &Context,
    registry: &Registry,
    root: &Reference,
    (departure, forget): (Departure, bool),
) {
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
        if let Some(keeper) = &context.keeper {
            keeper.left(&target, forget);
        }
    }
    context.outbox.close(&slots);
    context.outbox.departed(&all, departed);
    context.outbox.changed(root.parent.map(Change::Description));
}
