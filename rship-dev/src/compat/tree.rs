//! A manifest as a tree of targets.

use serde_json::Value;

use crate::manifest::{WANTED, array};
use crate::pattern;

/// The instances of a manifest and their targets.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) service: &'a str,
    pub(super) instances: Vec<Instance<'a>>,
}

#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) item: &'a Value,
    pub(super) targets: Vec<Target<'a>>,
}

/// A target, or what members of a list will be.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) item: &'a Value,
    /// The id has `*` in place of a key.
    pub(super) is_template: bool,
    pub(super) actions: &'a [Value],
    pub(super) emitters: &'a [Value],
    pub(super) targets: Vec<Target<'a>>,
}

impl<'a> Tree<'a> {
    pub(super) fn read(manifest: &'a Value) -> Result<Self, String> {
        let all = array(manifest, "instances", "instances")?;
        let instances = all.iter().enumerate().map(|(index, instance)| {
            let place = format!("instances[{index}]");
            let Some(item) = instance.get("instance") else {
                return Err(format!("`{place}.instance` is missing: {WANTED}"));
            };
            Ok(Instance {
                item,
                targets: targets(instance, &place, false)?,
            })
        });
        Ok(Self {
            service: text(manifest, "serviceId"),
            instances: instances.collect::<Result<_, _>>()?,
        })
    }
}

fn targets<'a>(
    parent: &'a Value,
    place: &str,
    is_template: bool,
) -> Result<Vec<Target<'a>>, String> {
    let place_of_targets = format!("{place}.targets");
    let mut all = Vec::new();
    let there = array(parent, "targets", &place_of_targets)?;
    for (index, one) in there.iter().enumerate() {
        all.push(target(
            one,
            &format!("{place_of_targets}[{index}]"),
            is_template,
        )?);
    }
    // Most have no fields that hold nothing yet.
    if parent.get("members").is_some() {
        let place = format!("{place}.members");
        for (index, member) in array(parent, "members", &place)?.iter().enumerate() {
            let place = format!("{place}[{index}].target");
            let Some(template) = member.get("target") else {
                return Err(format!("`{place}` is missing: {WANTED}"));
            };
            all.push(target(template, &place, true)?);
        }
    }
    Ok(all)
}

fn target<'a>(item: &'a Value, place: &str, is_template: bool) -> Result<Target<'a>, String> {
    Ok(Target {
        item,
        is_template,
        actions: array(item, "actions", &format!("{place}.actions"))?,
        emitters: array(item, "emitters", &format!("{place}.emitters"))?,
        targets: targets(item, place, is_template)?,
    })
}

impl<'a> Target<'a> {
    pub(super) fn id(&self) -> &'a str {
        text(self.item, "id")
    }

    /// Whether this stands for the other one: they have one id, or one of them is a member of the list that the
    /// other one is the template of.
    pub(super) fn stands_for(&self, other: &Target<'_>) -> bool {
        let (one, other_id) = (self.id(), other.id());
        one == other_id
            || (self.is_template && !other.is_template && pattern::matches(one, other_id))
            || (other.is_template && !self.is_template && pattern::matches(other_id, one))
    }
}

/// A field that is a string; one that is something else is as good as empty.
pub(super) fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item[field].as_str().unwrap_or_default()
}

/// The host in the manifest of a file, so that the file does not change with who writes it.
pub(super) const ANY_HOST: &str = "machine";

/// Whether an instance has the id that it has unless it is given one: that of its service and of its host, which is
/// its machine's, or this one's where the machine was given another name.
pub(super) fn is_named_after_host(instance: &Value) -> bool {
    let service = text(instance, "serviceId");
    let id = text(instance, "id").strip_prefix(service);
    let Some(host) = id.and_then(|rest| rest.strip_prefix('-')) else {
        return false;
    };
    host == text(instance, "machineId")
        || host == ANY_HOST
        || *host == *gethostname::gethostname().to_string_lossy()
}
