//! From a manifest to the plans of its targets, with the place of whatever cannot be used.

use std::collections::HashSet;
use std::sync::Arc;

use rship_core::descriptor::Shape;
use rship_core::{color, id};
use serde_json::Value;

use super::describe::plan;
use super::plan::{Field, Plan};
use crate::manifest::{WANTED, array};

/// How many targets a stand-in has at most, those of its arrays among them.
pub(super) const MOST_TARGETS: usize = 100_000;

/// The instances of a manifest, with what is in them.
pub(super) struct Cast {
    pub(super) service: String,
    pub(super) instances: Vec<Instance>,
}

pub(super) struct Instance {
    pub(super) id: String,
    /// As the manifest has it.
    pub(super) item: Value,
    /// With their ids.
    pub(super) targets: Vec<(String, Arc<Plan>)>,
}

/// Reads a manifest.
///
/// # Errors
/// Says where it cannot be used, and what to do.
pub(super) fn cast(manifest: &Value) -> Result<Cast, String> {
    let mut reader = Reader {
        ids: HashSet::new(),
        count: 0,
    };
    let all = array(manifest, "instances", "instances")?;
    if all.is_empty() {
        return Err(format!("`instances` has no instance: {WANTED}"));
    }
    let mut instances: Vec<Instance> = Vec::new();
    for (index, one) in all.iter().enumerate() {
        let place = format!("instances[{index}]");
        let Some(item) = one.get("instance") else {
            return Err(format!("`{place}.instance` is missing: {WANTED}"));
        };
        let of_item = Item(item, &format!("{place}.instance"));
        let id = of_item.id("id")?.to_owned();
        if instances.iter().any(|other| other.id == id) {
            return Err(format!(
                "`{place}.instance.id` is `{id}`, which another instance has: give it one of its own"
            ));
        }
        if let Some(color) = item.get("color").and_then(Value::as_str) {
            of_item.color("color", color)?;
        }
        reader.ids.clear();
        let targets = array(one, "targets", &format!("{place}.targets"))?;
        let targets = targets.iter().enumerate().map(|(index, target)| {
            let item = Item(target, &format!("{place}.targets[{index}]"));
            let id = item.id("id")?;
            reader.enters(&item, id)?;
            Ok((id.to_owned(), reader.target(&item, id)?))
        });
        let targets = targets.collect::<Result<_, String>>()?;
        instances.push(Instance {
            id,
            item: item.clone(),
            targets,
        });
    }
    let service = match manifest
        .get("serviceId")
        .or(all[0]["instance"].get("serviceId"))
    {
        Some(Value::String(service)) => service.clone(),
        _ => return Err(format!("`serviceId` is missing: {WANTED}")),
    };
    id::check(&service).map_err(|why| format!("`serviceId`: {why}"))?;
    for (index, instance) in instances.iter().enumerate() {
        let own = instance.item.get("serviceId").and_then(Value::as_str);
        if own.is_some_and(|own| own != service) {
            return Err(format!(
                "`instances[{index}].instance.serviceId` is not `{service}` as that of the manifest: put each service \
                 into a manifest of its own"
            ));
        }
    }
    Ok(Cast { service, instances })
}

/// A part of a manifest, and its place.
pub(super) struct Item<'m, 'p>(pub(super) &'m Value, pub(super) &'p str);

impl<'m> Item<'m, '_> {
    pub(super) fn text(&self, field: &str) -> Result<&'m str, String> {
        match self.0.get(field) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(format!("`{}.{field}` is not a string: {WANTED}", self.1)),
            None => Err(format!("`{}.{field}` is missing: {WANTED}", self.1)),
        }
    }

    fn id(&self, field: &str) -> Result<&'m str, String> {
        let id = self.text(field)?;
        match id::check(id) {
            Ok(()) => Ok(id),
            Err(why) => Err(format!("`{}.{field}`: {why}", self.1)),
        }
    }

    pub(super) fn color(&self, field: &str, color: &str) -> Result<(), String> {
        if color::is_hex(color) {
            return Ok(());
        }
        Err(format!(
            "`{}.{field}` is `{color}`, which is not a color: write it as `#rrggbb`",
            self.1
        ))
    }

    /// The part of the id after `TARGET:`.
    pub(super) fn member_id(&self, target: &str) -> Result<&'m str, String> {
        let whole = self.text("id")?;
        let own = whole
            .strip_prefix(target)
            .and_then(|rest| rest.strip_prefix(':'));
        let Some(own) = own else {
            return Err(format!(
                "`{}.id` is `{whole}`: servers find it by the id of its target, so write `{target}:` before it",
                self.1
            ));
        };
        match id::check(own) {
            Ok(()) => Ok(own),
            Err(why) => Err(format!("`{}.id`: {why}", self.1)),
        }
    }
}

struct Reader {
    /// Of the targets in this instance.
    ids: HashSet<String>,
    /// Of targets, templates among them.
    count: usize,
}

impl Reader {
    /// A target that is there comes in.
    fn enters(&mut self, item: &Item<'_, '_>, id: &str) -> Result<(), String> {
        if self.ids.insert(id.to_owned()) {
            return Ok(());
        }
        Err(format!(
            "`{}.id` is `{id}`, which another target of the instance has: give it one of its own",
            item.1
        ))
    }

    fn target(&mut self, item: &Item<'_, '_>, id: &str) -> Result<Arc<Plan>, String> {
        let Item(target, place) = item;
        self.count += 1;
        if self.count > MOST_TARGETS {
            return Err(format!(
                "`{place}` is one target too many: a stand-in has at most {MOST_TARGETS}"
            ));
        }
        let mut fields = Vec::new();
        let place_of_targets = format!("{place}.targets");
        for (index, child) in array(target, "targets", &place_of_targets)?
            .iter()
            .enumerate()
        {
            let item = Item(child, &format!("{place_of_targets}[{index}]"));
            let child = item.id("id")?;
            self.enters(&item, child)?;
            let own = child
                .strip_prefix(id)
                .and_then(|rest| rest.strip_prefix('.'));
            let names = Names {
                field: own
                    .filter(|own| !own.is_empty())
                    .unwrap_or(child)
                    .to_owned(),
                id: own.is_none_or(str::is_empty).then(|| child.to_owned()),
                name: None,
            };
            let field = Field {
                plan: self.target(&item, child)?,
                is_there: true,
                shape: Shape::One,
            };
            fields.push((field, names));
        }
        if target.get("members").is_some() {
            let place = format!("{place}.members");
            for (index, member) in array(target, "members", &place)?.iter().enumerate() {
                fields.push(self.template(&Item(member, &format!("{place}[{index}]")), id)?);
            }
        }
        plan(item, id, fields)
    }

    /// A field whose members are to come.
    fn template(&mut self, item: &Item<'_, '_>, parent: &str) -> Result<(Field, Names), String> {
        let Item(member, place) = item;
        let field = item.text("field")?.to_owned();
        let shape = match item.text("shape")? {
            "one" => Shape::One,
            "optional" => Shape::Optional,
            "list" => Shape::List,
            "map" => Shape::Map,
            other => {
                return Err(format!(
                    "`{place}.shape` is `{other}`: write `one`, `optional`, `list` or `map`"
                ));
            }
        };
        let place = format!("{place}.target");
        let Some(target) = member.get("target") else {
            return Err(format!("`{place}` is missing: {WANTED}"));
        };
        let item = Item(target, &place);
        let (id, name) = (item.id("id")?, item.text("name")?);
        let is_one = matches!(shape, Shape::One | Shape::Optional);
        let (whole, name) = if is_one {
            (id, None)
        } else {
            let Some(whole) = id.strip_suffix(".*") else {
                return Err(format!(
                    "`{place}.id` is `{id}`: that of the members of a list or a map ends with `.*`"
                ));
            };
            (
                whole,
                Some(name.strip_suffix(" *").unwrap_or(name).to_owned()),
            )
        };
        let is_own = id::sub_target(parent, &field) == whole;
        let names = Names {
            field,
            id: (!is_own).then(|| whole.to_owned()),
            name,
        };
        let field = Field {
            plan: self.target(&item, id)?,
            is_there: false,
            shape,
        };
        Ok((field, names))
    }
}

/// How a field is called, and with it what is in it.
pub(super) struct Names {
    pub(super) field: String,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}
