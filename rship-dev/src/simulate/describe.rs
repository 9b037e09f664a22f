//! From one target of a manifest to its plan.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rship_core::descriptor::{
    ActionDescriptor, ActionMode, EmitterDescriptor, EmitterKind, Pace, SubTargetDescriptor,
    TargetDescriptor, WriteRole, Writes,
};
use rship_core::model::{ActionSpec, EmitterSpec, EmitterValue, ModelBuilder, ModelError};
use rship_core::payload::Checker;
use rship_core::schema::{SchemaError, TypeSchema};
use serde_json::Value;

use super::figure::Figure;
use super::members::Members;
use super::payload::Taken;
use super::plan::{Action, Emitter, Field, Plan};
use super::read::{Item, Names};
use super::writes::Sets;

/// What the model of a target is called in messages.
const TYPE: &str = "stand-in";

/// Puts the plan of a target together, which has these fields.
pub(super) fn plan(
    item: &Item<'_, '_>,
    id: &str,
    fields: Vec<(Field, Names)>,
) -> Result<Arc<Plan>, String> {
    let members = Members::read(item, id)?;
    let mut descriptor =
        named(item.0, id, &members).map_err(|error| format!("`{}`: {error}", item.1))?;
    descriptor.emitters = emitters(&members);
    descriptor.actions = actions(&members)?;
    let is_fixed = |(field, names): &(Field, Names)| names.id.is_some() || field.plan.is_single;
    let is_single = fields.iter().any(is_fixed);
    let mut own = Vec::with_capacity(fields.len());
    for (field, names) in fields {
        descriptor.sub_targets.push(SubTargetDescriptor {
            field: names.field,
            id: names.id,
            name: names.name,
            shape: field.shape,
            forget: false,
        });
        own.push(field);
    }
    Ok(Arc::new(Plan {
        emitters: told(&members),
        actions: taken(members, &descriptor),
        fields: own,
        is_single,
        descriptor: Arc::new(descriptor),
    }))
}

fn emitters(members: &Members<'_>) -> Vec<EmitterDescriptor> {
    let emitters = members.emitters.iter().enumerate();
    let emitters = emitters.map(|(index, emitter)| EmitterDescriptor {
        id: emitter.id.to_owned(),
        name: emitter.name.clone(),
        doc: None,
        schema: emitter.schema.clone(),
        kind: match members.progress.get(&index) {
            Some(action) => EmitterKind::Progress { action: *action },
            None => EmitterKind::State,
        },
        pace: Pace::default(),
    });
    emitters.collect()
}

fn actions(members: &Members<'_>) -> Result<Vec<ActionDescriptor>, String> {
    let can_be_cancelled: HashSet<_> = members.cancels.values().collect();
    let says_progress: HashSet<_> = members.progress.values().collect();
    let actions = members.actions.iter().zip(&members.writes).enumerate();
    let actions = actions.map(|(index, (action, writes))| {
        let cancel = can_be_cancelled.contains(&index);
        let mode = match members.cancels.get(&index) {
            Some(action) => ActionMode::Cancel { action: *action },
            None if cancel || says_progress.contains(&index) => ActionMode::Detached,
            None => ActionMode::Exclusive,
        };
        Ok(ActionDescriptor {
            id: action.id.to_owned(),
            name: action.name.clone(),
            doc: None,
            schema: action.schema.clone(),
            layout: action.layout()?,
            writes: writes.map(|(emitter, role)| Writes {
                emitter: members.emitters[emitter].id.to_owned(),
                role,
            }),
            mode,
            restart: false,
            timeout: None,
            cancel,
            accepted: false,
            transient: false,
        })
    });
    actions.collect()
}

/// What the emitters tell.
fn told(members: &Members<'_>) -> Vec<Emitter> {
    let mut setters = HashMap::new();
    let mut is_set = HashSet::new();
    for (action, writes) in members.actions.iter().zip(&members.writes) {
        if let Some((emitter, role)) = writes {
            is_set.insert(*emitter);
            // A setter takes what its emitter publishes, and may say closer what that is.
            if *role == WriteRole::Canonical && action.plain.get("type").is_some() {
                setters.insert(*emitter, &action.plain);
            }
        }
    }
    let emitters = members.emitters.iter().enumerate();
    let emitters = emitters.map(|(index, emitter)| {
        let schema = setters.get(&index).copied().unwrap_or(&emitter.plain);
        Emitter {
            checker: Checker::compile(&emitter.plain),
            wanders: !is_set.contains(&index) && !members.progress.contains_key(&index),
            schema: schema.clone(),
        }
    });
    emitters.collect()
}

/// What the actions take, and set.
fn taken(members: Members<'_>, descriptor: &TargetDescriptor) -> Vec<Action> {
    let says_progress: HashSet<_> = members.progress.values().copied().collect();
    let actions = members.actions.into_iter().zip(members.writes).enumerate();
    let actions = actions.map(|(index, (action, writes))| {
        let sets = writes.map(|(emitter, role)| Sets {
            emitter,
            name: members.emitters[emitter].id.to_owned(),
            is_setter: role == WriteRole::Canonical,
            arguments: action.arguments(&descriptor.actions[index].layout),
        });
        let setter = sets.as_ref().filter(|sets| sets.is_setter);
        Action {
            taken: Taken::new(action.plain, setter.map(|sets| &*sets.name)),
            has_progress: says_progress.contains(&index),
            sets,
        }
    });
    actions.collect()
}

/// Stands for the values of any emitter: what they are, its schema alone says.
struct Shown;

impl EmitterValue for Shown {
    fn emitter_schema() -> Result<TypeSchema, SchemaError> {
        Ok(TypeSchema {
            schema: Value::Null,
            nullable: false,
        })
    }

    fn write(&self, _: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        Ok(false)
    }

    fn is_finite(&self) -> bool {
        true
    }
}

/// A descriptor with the names of all, in which members are found by their ids.
fn named(target: &Value, id: &str, members: &Members<'_>) -> Result<TargetDescriptor, ModelError> {
    let text = |field: &str| target.get(field).and_then(Value::as_str);
    let mut model = ModelBuilder::<Figure>::new(TYPE);
    model.name(text("name").unwrap_or(id));
    if let Some(category) = text("category") {
        model.category(category);
    }
    if let Some(doc) = text("description") {
        model.doc(doc);
    }
    if let Some(color) = text("bgColor") {
        model.bg_color(color);
    }
    if let Some(color) = text("fgColor") {
        model.fg_color(color);
    }
    for emitter in &members.emitters {
        model.state(EmitterSpec::new(emitter.id), |_| &Shown);
    }
    for action in &members.actions {
        let spec = ActionSpec::new(action.id);
        model.action(spec.sync(|_: &mut Figure, _| Ok(Value::Null)));
    }
    Ok((**model.build()?.descriptor()).clone())
}
