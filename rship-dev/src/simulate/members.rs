//! The actions and emitters of one target of a manifest.

use std::collections::HashMap;
use std::sync::LazyLock;

use rship_core::descriptor::WriteRole;
use rship_core::entity::LayoutField;
use rship_core::model::{EmitterValue as _, Progress};
use serde_json::{Map, Value};

use super::read::Item;
use super::refs::written_out;
use crate::manifest::array;

/// An action or an emitter.
pub(super) struct Member<'m> {
    item: &'m Value,
    place: String,
    /// The part of its id after `TARGET:`.
    pub(super) id: &'m str,
    pub(super) name: String,
    /// As servers are told it.
    pub(super) schema: Value,
    /// With its references written out.
    pub(super) plain: Value,
}

/// All of a target, which belong together by their positions.
pub(super) struct Members<'m> {
    pub(super) actions: Vec<Member<'m>>,
    pub(super) emitters: Vec<Member<'m>>,
    /// Of each action, the emitter that it writes.
    pub(super) writes: Vec<Option<(usize, WriteRole)>>,
    /// Of an emitter, the action whose runs it tells of.
    pub(super) progress: HashMap<usize, usize>,
    /// Of an action, the one whose runs it ends.
    pub(super) cancels: HashMap<usize, usize>,
}

impl<'m> Members<'m> {
    pub(super) fn read(item: &Item<'m, '_>, target: &str) -> Result<Self, String> {
        let actions = members(item, target, "actions")?;
        let emitters = members(item, target, "emitters")?;
        let (of_emitter, of_action) = (positions(&emitters), positions(&actions));
        let writes = actions
            .iter()
            .map(|action| writes(action, target, &of_emitter));
        let writes = writes.collect::<Result<_, _>>()?;
        let (mut progress, mut cancels) = (HashMap::new(), HashMap::new());
        for (index, action) in actions.iter().enumerate() {
            let beside = |all: &HashMap<&str, usize>, what| {
                all.get(&*format!("{}-{what}", action.id)).copied()
            };
            if let Some(emitter) = beside(&of_emitter, "progress")
                && is_progress(&emitters[emitter].plain)
            {
                progress.insert(emitter, index);
            }
            if let Some(cancel) = beside(&of_action, "cancel")
                && takes_nothing(&actions[cancel].plain)
            {
                cancels.insert(cancel, index);
            }
        }
        Ok(Self {
            actions,
            emitters,
            writes,
            progress,
            cancels,
        })
    }
}

fn members<'m>(item: &Item<'m, '_>, target: &str, list: &str) -> Result<Vec<Member<'m>>, String> {
    let Item(of, place) = *item;
    let place = format!("{place}.{list}");
    let mut known = HashMap::new();
    let all = array(of, list, &place)?.iter().enumerate();
    let all = all.map(|(index, item)| {
        let member = Member::read(item, format!("{place}[{index}]"), target)?;
        match known.insert(member.id, index) {
            None => Ok(member),
            Some(first) => Err(format!(
                "`{}.id` is `{}`, which number {first} of them has: give it one of its own",
                member.place, member.id
            )),
        }
    });
    all.collect()
}

impl<'m> Member<'m> {
    fn read(item: &'m Value, place: String, target: &str) -> Result<Self, String> {
        let of_item = Item(item, &place);
        let id = of_item.member_id(target)?;
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
        Ok(Self {
            plain: plain.unwrap_or_else(|| schema.clone()),
            item,
            id,
            name,
            schema,
            place,
        })
    }

    /// The fields of its payload as a form shows them.
    pub(super) fn layout(&self) -> Result<Vec<LayoutField>, String> {
        if self.item.get("schemaLayout").is_none() {
            return Ok(Vec::new());
        }
        let place = format!("{}.schemaLayout", self.place);
        let all = array(self.item, "schemaLayout", &place)?.iter().enumerate();
        let all = all.map(|(index, field)| {
            let place = format!("{place}[{index}]");
            let item = Item(field, &place);
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

    /// Its arguments, those first that a form shows first, and then those that must be there.
    pub(super) fn arguments(&self, layout: &[LayoutField]) -> Vec<String> {
        let shown = layout.iter().map(|field| field.path.as_str());
        let required = self.plain.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        shown.chain(required).map(str::to_owned).collect()
    }
}

fn positions<'m>(members: &[Member<'m>]) -> HashMap<&'m str, usize> {
    let members = members.iter().enumerate();
    members.map(|(index, member)| (member.id, index)).collect()
}

/// The emitter that an action writes.
fn writes(
    action: &Member<'_>,
    target: &str,
    emitters: &HashMap<&str, usize>,
) -> Result<Option<(usize, WriteRole)>, String> {
    let writes = match action.item.get("writesTo") {
        None | Some(Value::Null) => return Ok(None),
        Some(writes) => writes,
    };
    let place = format!("{}.writesTo", action.place);
    let item = Item(writes, &place);
    let whole = item.text("emitterId")?;
    let own = whole
        .strip_prefix(target)
        .and_then(|rest| rest.strip_prefix(':'));
    let Some(emitter) = own.and_then(|own| emitters.get(own)) else {
        return Err(format!(
            "`{place}.emitterId` is `{whole}`, which is not an emitter of `{target}`: name one, or leave `writesTo` out"
        ));
    };
    match item.text("role")? {
        "canonical" => Ok(Some((*emitter, WriteRole::Canonical))),
        "aux" => Ok(Some((*emitter, WriteRole::Aux))),
        other => Err(format!(
            "`{place}.role` is `{other}`: write `canonical` or `aux`"
        )),
    }
}

/// The schema of what says how far an action is.
static PROGRESS: LazyLock<Value> =
    LazyLock::new(|| Progress::emitter_schema().map_or(Value::Null, |own| own.schema));

/// Whether a schema is that one, whatever it says in words.
fn is_progress(schema: &Value) -> bool {
    let without_words = |schema: &Value| {
        let mut schema = schema.clone();
        schema
            .as_object_mut()
            .map(|fields| fields.remove("description"));
        schema
    };
    without_words(schema) == without_words(&PROGRESS)
}

fn takes_nothing(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.is_null() || schema["type"] == "object" && properties.is_none_or(Map::is_empty)
}
