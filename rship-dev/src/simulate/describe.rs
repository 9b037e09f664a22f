//! One target of a manifest: its actions and emitters, and which of them belong together.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use rship_core::descriptor::{
    ActionDescriptor, ActionMode, EmitterDescriptor, EmitterKind, Pace, SubTargetDescriptor,
    TargetDescriptor, WriteRole, Writes,
};
use rship_core::entity::LayoutField;
use rship_core::model::{
    ActionSpec, EmitterSpec, EmitterValue, ModelBuilder, ModelError, Progress,
};
use rship_core::payload::Checker;
use rship_core::schema::{SchemaError, TypeSchema};
use serde_json::{Value, json};

use super::figure::Figure;
use super::payload::Taken;
use super::plan::{Action, Emitter, Field, Plan};
use super::read::{Item, Names, twice};
use super::refs::written_out;
use super::writes::Sets;
use crate::manifest::array;

/// What the model of a target is called in messages.
const TYPE: &str = "stand-in";

/// A target of a manifest, and what is below it.
pub(super) struct Description<'m> {
    pub(super) item: &'m Item<'m, 'm>,
    pub(super) id: &'m str,
    pub(super) fields: Vec<(Field, Names)>,
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

/// An action or an emitter of a manifest.
struct Member<'m> {
    item: &'m Value,
    place: String,
    id: &'m str,
    name: String,
    /// As servers are told it.
    schema: Value,
    /// With its references written out.
    plain: Value,
}

/// Puts a plan together.
pub(super) fn plan(of: &Description<'_>) -> Result<Arc<Plan>, String> {
    let actions = members(of, "actions")?;
    let emitters = members(of, "emitters")?;
    let (position, in_actions) = (positions(&emitters), positions(&actions));
    // Which emitter each action writes, and in which role.
    let writes = actions.iter().map(|action| writes(of, action, &position));
    let writes = writes.collect::<Result<Vec<_>, _>>()?;
    let is_progress = |emitter: &Member<'_>| is_same_but_for_words(&emitter.plain, &PROGRESS);
    let long = actions.iter().map(|action| {
        let emitter = position.get(&*format!("{}-progress", action.id));
        Long {
            progress: emitter
                .copied()
                .filter(|index| is_progress(&emitters[*index])),
            cancel: in_actions
                .get(&*format!("{}-cancel", action.id))
                .copied()
                .filter(|index| takes_nothing(&actions[*index].plain)),
        }
    });
    let long: Vec<Long> = long.collect();

    let mut descriptor =
        named(of, &emitters, &actions).map_err(|error| format!("`{}`: {error}", of.item.1))?;
    let kinds = |index| {
        let action = long.iter().position(|long| long.progress == Some(index));
        action.map_or(EmitterKind::State, |action| EmitterKind::Progress {
            action,
        })
    };
    descriptor.emitters = emitters
        .iter()
        .enumerate()
        .map(|(index, emitter)| EmitterDescriptor {
            id: emitter.id.to_owned(),
            name: emitter.name.clone(),
            doc: None,
            schema: emitter.schema.clone(),
            kind: kinds(index),
            pace: Pace::default(),
        })
        .collect();
    descriptor.actions = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        let cancels = long.iter().position(|long| long.cancel == Some(index));
        let mode = match cancels {
            Some(action) => ActionMode::Cancel { action },
            None if long[index].is_long() => ActionMode::Detached,
            None => ActionMode::Exclusive,
        };
        let writes = writes[index].as_ref();
        descriptor.actions.push(ActionDescriptor {
            id: action.id.to_owned(),
            name: action.name.clone(),
            doc: None,
            schema: action.schema.clone(),
            layout: layout(action)?,
            writes: writes.map(|(emitter, role)| Writes {
                emitter: emitters[*emitter].id.to_owned(),
                role: *role,
            }),
            mode,
            restart: false,
            timeout: None,
            cancel: long[index].cancel.is_some(),
            accepted: false,
        });
    }
    let (fields, names): (Vec<_>, Vec<_>) = of
        .fields
        .iter()
        .map(|(field, names)| (field, names))
        .unzip();
    descriptor.sub_targets = fields
        .iter()
        .zip(&names)
        .map(|(field, names)| SubTargetDescriptor {
            field: names.field.clone(),
            id: names.id.clone(),
            name: names.name.clone(),
            shape: field.shape,
            forget: false,
        })
        .collect();
    let is_fixed = |(field, names): (&&Field, &&Names)| names.id.is_some() || field.plan.is_single;
    let is_single = fields.iter().zip(&names).any(is_fixed);

    let writers = |index| {
        let written = writes.iter().zip(&actions);
        written.filter_map(move |(writes, action)| match writes {
            Some((emitter, role)) if *emitter == index => Some((*role, action)),
            _ => None,
        })
    };
    let planned = emitters.iter().enumerate().map(|(index, emitter)| {
        // A setter takes what its emitter publishes, and may say closer what that is.
        let is_setter = |(role, _): &(WriteRole, _)| *role == WriteRole::Canonical;
        let setter = writers(index)
            .find(is_setter)
            .map(|(_, setter)| &setter.plain);
        let of_setter = setter.filter(|schema| schema.get("type").is_some());
        Emitter {
            checker: Checker::compile(&emitter.plain),
            wanders: writers(index).next().is_none()
                && descriptor.emitters[index].kind == EmitterKind::State,
            schema: of_setter.unwrap_or(&emitter.plain).clone(),
        }
    });
    let planned = planned.collect();
    let actions = actions.into_iter().enumerate().map(|(index, action)| {
        let sets = writes[index].as_ref().map(|(emitter, role)| Sets {
            emitter: *emitter,
            name: emitters[*emitter].id.to_owned(),
            is_setter: *role == WriteRole::Canonical,
            arguments: arguments(&descriptor.actions[index].layout, &action.plain),
        });
        let setter = sets.as_ref().filter(|sets| sets.is_setter);
        Action {
            taken: Taken::new(action.plain, setter.map(|sets| &*sets.name)),
            has_progress: long[index].progress.is_some(),
            sets,
        }
    });
    Ok(Arc::new(Plan {
        actions: actions.collect(),
        emitters: planned,
        fields: fields.into_iter().cloned().collect(),
        is_single,
        descriptor: Arc::new(descriptor),
    }))
}

/// What a long action has besides, by their positions.
struct Long {
    progress: Option<usize>,
    cancel: Option<usize>,
}

impl Long {
    fn is_long(&self) -> bool {
        self.progress.is_some() || self.cancel.is_some()
    }
}

fn members<'m>(of: &Description<'m>, list: &str) -> Result<Vec<Member<'m>>, String> {
    let Item(target, place) = *of.item;
    let place = format!("{place}.{list}");
    let mut known = HashMap::new();
    let all = array(target, list, &place)?.iter().enumerate();
    let all = all.map(|(index, item)| {
        let place = format!("{place}[{index}]");
        let of_item = Item(item, &place);
        let id = of_item.member_id(of.id)?;
        twice(&mut known, id, index, &of_item)?;
        let name = match item.get("name") {
            None => id.to_owned(),
            Some(_) => of_item.text("name")?.to_owned(),
        };
        // For 2023 servers it may be written as a string.
        let schema = match item.get("schema") {
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|error| {
                format!("`{place}.schema` is a string that is not JSON ({error}): write the schema itself")
            })?,
            Some(schema) => schema.clone(),
            None => Value::Null,
        };
        let plain = written_out(&schema).map_err(|why| format!("`{place}.schema` {why}"))?;
        Ok(Member {
            plain: plain.unwrap_or_else(|| schema.clone()),
            item,
            id,
            name,
            schema,
            place,
        })
    });
    all.collect()
}

fn positions<'m>(members: &[Member<'m>]) -> HashMap<&'m str, usize> {
    let members = members.iter().enumerate();
    members.map(|(index, member)| (member.id, index)).collect()
}

/// The emitter that an action writes.
fn writes(
    of: &Description<'_>,
    action: &Member<'_>,
    emitters: &HashMap<&str, usize>,
) -> Result<Option<(usize, WriteRole)>, String> {
    let writes = match action.item.get("writesTo") {
        None | Some(Value::Null) => return Ok(None),
        Some(writes) => writes,
    };
    let place = format!("{}.writesTo", action.place);
    let whole = Item(writes, &place).text("emitterId")?;
    let own = whole
        .strip_prefix(of.id)
        .and_then(|rest| rest.strip_prefix(':'));
    let Some(emitter) = own.and_then(|own| emitters.get(own)) else {
        return Err(format!(
            "`{place}.emitterId` is `{whole}`, which is not an emitter of `{}`: name one, or leave `writesTo` out",
            of.id
        ));
    };
    match Item(writes, &place).text("role")? {
        "canonical" => Ok(Some((*emitter, WriteRole::Canonical))),
        "aux" => Ok(Some((*emitter, WriteRole::Aux))),
        other => Err(format!(
            "`{place}.role` is `{other}`: write `canonical` or `aux`"
        )),
    }
}

fn layout(action: &Member<'_>) -> Result<Vec<LayoutField>, String> {
    if action.item.get("schemaLayout").is_none() {
        return Ok(Vec::new());
    }
    let place = format!("{}.schemaLayout", action.place);
    let all = array(action.item, "schemaLayout", &place)?
        .iter()
        .enumerate();
    let all = all.map(|(index, field)| {
        let item = Item(field, &format!("{place}[{index}]"));
        let optional = |key: &str| match field.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => item.text(key).map(|text| Some(text.to_owned())),
        };
        Ok(LayoutField {
            path: item.text("path")?.to_owned(),
            label: optional("label")?,
            section: optional("section")?,
        })
    });
    all.collect()
}

/// The arguments of an action, those first that a form shows first, and of the others those that must be there.
fn arguments(layout: &[LayoutField], schema: &Value) -> Vec<String> {
    let shown = layout.iter().map(|field| field.path.as_str());
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let mut all: Vec<String> = Vec::new();
    for name in shown.chain(required) {
        if !all.iter().any(|known| known == name) {
            all.push(name.to_owned());
        }
    }
    all
}

/// A descriptor with the names of all, in which members are found by their ids.
fn named(
    of: &Description<'_>,
    emitters: &[Member<'_>],
    actions: &[Member<'_>],
) -> Result<TargetDescriptor, ModelError> {
    let text = |field: &str| of.item.0.get(field).and_then(Value::as_str);
    let mut model = ModelBuilder::<Figure>::new(TYPE);
    model.name(text("name").unwrap_or(of.id));
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
    for emitter in emitters {
        model.state(EmitterSpec::new(emitter.id), |_| &Shown);
    }
    for action in actions {
        let spec = ActionSpec::new(action.id);
        model.action(spec.sync(|_: &mut Figure, _| Ok(Value::Null)));
    }
    Ok((**model.build()?.descriptor()).clone())
}

/// The schema of what says how far an action is.
static PROGRESS: LazyLock<Value> =
    LazyLock::new(|| Progress::emitter_schema().map_or(Value::Null, |own| own.schema));

fn takes_nothing(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.is_null()
        || schema["type"] == "object" && properties.is_none_or(serde_json::Map::is_empty)
}

fn is_same_but_for_words(one: &Value, other: &Value) -> bool {
    let with_words = |schema: &Value| {
        let mut schema = schema.clone();
        if let Value::Object(fields) = &mut schema {
            fields.insert("description".to_owned(), json!(""));
        }
        schema
    };
    with_words(one) == with_words(other)
}
