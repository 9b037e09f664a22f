//! Two trees, side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{Change, Kind};
use super::schema::{Side, misfits};
use super::tree::{Instance, Target, Tree, is_named_after_host, text};
use crate::near;

/// What to do about an id that is gone.
const KEEP_ID: &str = "give it its old id with `id = \"..\"`, as cues and bindings hold it";
const KEEP_TAKING: &str = "take what was taken, or add an action with an id of its own beside it";
const KEEP_TELLING: &str = "tell what was told, or add an emitter with an id of its own beside it";

/// For how many ids that are gone a like one is looked for: that takes long where many are.
const SOUGHT: usize = 20;

/// All changes, in the order of the old tree and then of what is new.
pub(super) fn changes(old: &Tree<'_>, new: &Tree<'_>) -> Vec<Change> {
    let known = all_ids(old);
    let mut ids = all_ids(new);
    ids.retain(|id| !known.contains(id));
    let mut walk = Walk {
        changes: Vec::new(),
        ids,
        sought: 0,
    };
    if old.service != new.service {
        let is = format!("it is `{}` now", new.service);
        let mend = "instances are named after their service: give the executor its old one";
        walk.breaks(Kind::Service, old.service, is, mend);
    }
    let of_new = index(new);
    for instance in &old.instances {
        walk.instance(instance, same(instance, new), &of_new);
    }
    let index = index(old);
    for instance in &new.instances {
        let same = same(instance, old);
        let here = same.map_or(&[][..], |one| &one.targets);
        walk.new_targets(here, &index, &instance.targets);
    }
    walk.changes
}

/// The instance of the same id.
fn same<'t, 'a>(instance: &Instance<'_>, tree: &'t Tree<'a>) -> Option<&'t Instance<'a>> {
    let id = text(instance.item, "id");
    tree.instances
        .iter()
        .find(|other| text(other.item, "id") == id)
}

/// The targets of a tree by their ids: of those that are in several instances, one, and whether there are others.
type Index<'t, 'a> = BTreeMap<&'a str, (&'t Target<'a>, bool)>;

struct Walk<'a> {
    changes: Vec<Change>,
    /// The ids that are new, one of which may be meant by one that is gone.
    ids: BTreeSet<(Kind, &'a str)>,
    /// How many were looked for among them.
    sought: usize,
}

impl Walk<'_> {
    fn instance(&mut self, old: &Instance<'_>, new: Option<&Instance<'_>>, all: &Index<'_, '_>) {
        // One that is named after its host has another name on the next one.
        if new.is_none() && !is_named_after_host(old.item) {
            let mend = "give it its old id, as commands name it";
            self.is_gone(Kind::Instance, text(old.item, "id"), mend);
        }
        let here = new.map_or(&[][..], |one| &one.targets);
        for target in &old.targets {
            self.target(target, here, all);
        }
    }

    /// A target that was; `near` are those where it was, `all` are those that are anywhere.
    fn target(&mut self, old: &Target<'_>, near: &[Target<'_>], all: &Index<'_, '_>) {
        let Some(new) = find(old, near, all) else {
            let mend = if old.is_template {
                "members of that list are targets which cues hold: keep the field"
            } else {
                KEEP_ID
            };
            self.is_gone(Kind::Target, old.id(), mend);
            return;
        };
        // The name of a member is not that of its list.
        if old.id() == new.id() {
            let fields = ["name", "category", "bgColor", "fgColor", "parentTargets"];
            self.looks(Kind::Target, old.item, new.item, &fields);
        }
        self.actions(old, new);
        self.emitters(old, new);
        for child in &old.targets {
            self.target(child, &new.targets, all);
        }
    }

    fn actions(&mut self, old: &Target<'_>, new: &Target<'_>) {
        for action in old.actions {
            let id = text(action, "id");
            let Some(other) = member(new.actions, old, new, id) else {
                self.is_gone(Kind::Action, id, KEEP_ID);
                continue;
            };
            self.looks(Kind::Action, action, other, &["name"]);
            let (was, is) = (&action["schema"], &other["schema"]);
            self.schemas(Side::Taken, Kind::Action, id, was, is);
            self.writes(id, &action["writesTo"], &other["writesTo"], old, new);
        }
    }

    fn emitters(&mut self, old: &Target<'_>, new: &Target<'_>) {
        for emitter in old.emitters {
            let id = text(emitter, "id");
            let Some(other) = member(new.emitters, old, new, id) else {
                self.is_gone(Kind::Emitter, id, KEEP_ID);
                continue;
            };
            self.looks(Kind::Emitter, emitter, other, &["name"]);
            let (was, is) = (&emitter["schema"], &other["schema"]);
            self.schemas(Side::Told, Kind::Emitter, id, was, is);
        }
    }

    fn schemas(&mut self, side: Side, kind: Kind, id: &str, old: &Value, new: &Value) {
        let (old, new) = (&parsed(old), &parsed(new));
        let misfits = misfits(side, old, new);
        if misfits.is_empty() && old != new {
            let text = match side {
                Side::Taken => "its arguments changed: what was taken still is",
                Side::Told => "its value changed: what is told was told before",
            };
            self.compatible(kind, id, text.to_owned());
        }
        for misfit in misfits {
            let mend = match side {
                Side::Taken => KEEP_TAKING,
                Side::Told => KEEP_TELLING,
            };
            self.breaks(kind, id, misfit.text, mend);
            if let Some(change) = self.changes.last_mut() {
                change.path = misfit.path;
            }
        }
    }

    /// A server sets a state back through the action that writes it.
    fn writes(&mut self, id: &str, old: &Value, new: &Value, of: &Target<'_>, now: &Target<'_>) {
        let is_same = old["role"] == new["role"]
            && renamed(text(old, "emitterId"), of, now) == text(new, "emitterId");
        match (old.is_null(), new.is_null()) {
            (true, true) => {}
            (true, false) => {
                let text = format!("it sets the emitter `{}` now", text(new, "emitterId"));
                self.compatible(Kind::Action, id, text);
            }
            _ if is_same => {}
            _ => {
                let was = text(old, "emitterId");
                let text = format!("it does not set the emitter `{was}` any more as it did");
                let mend = "properties and saved states are set by it: keep `#[action]` beside `#[emitter]`, or `writes`";
                self.breaks(Kind::Action, id, text, mend);
            }
        }
    }

    fn new_targets(&mut self, near: &[Target<'_>], all: &Index<'_, '_>, new: &[Target<'_>]) {
        for target in new {
            let Some(before) = find(target, near, all) else {
                self.compatible(Kind::Target, target.id(), "it is new".to_owned());
                continue;
            };
            for (kind, members, before_members) in [
                (Kind::Action, target.actions, before.actions),
                (Kind::Emitter, target.emitters, before.emitters),
            ] {
                for item in members {
                    let id = text(item, "id");
                    if member(before_members, target, before, id).is_none() {
                        self.compatible(kind, id, "it is new".to_owned());
                    }
                }
            }
            self.new_targets(&before.targets, all, &target.targets);
        }
    }

    /// What only people see.
    fn looks(&mut self, kind: Kind, old: &Value, new: &Value, fields: &[&str]) {
        for field in fields {
            if old[*field] != new[*field] {
                let text = format!("`{field}` was {}, and is {}", old[*field], new[*field]);
                self.compatible(kind, self::text(old, "id"), text);
            }
        }
    }

    fn is_gone(&mut self, kind: Kind, id: &str, mend: &str) {
        self.sought += 1;
        let near = if self.sought > SOUGHT {
            Vec::new()
        } else {
            let of_kind = self.ids.iter().filter(|(of, _)| *of == kind);
            near::names(id, of_kind.map(|(_, id)| *id))
        };
        let text = match near.first() {
            Some(near) => format!("it is gone, or is `{near}` now"),
            None => "it is gone".to_owned(),
        };
        self.breaks(kind, id, text, mend);
    }

    fn breaks(&mut self, kind: Kind, id: &str, text: String, mend: &str) {
        self.changes.push(Change {
            is_breaking: true,
            kind,
            id: id.to_owned(),
            path: String::new(),
            text,
            mend: mend.to_owned(),
        });
    }

    fn compatible(&mut self, kind: Kind, id: &str, text: String) {
        self.changes.push(Change {
            is_breaking: false,
            kind,
            id: id.to_owned(),
            path: String::new(),
            text,
            mend: String::new(),
        });
    }
}

fn index<'t, 'a>(tree: &'t Tree<'a>) -> Index<'t, 'a> {
    let mut index = Index::new();
    let mut open: Vec<_> = tree.instances.iter().flat_map(|one| &one.targets).collect();
    while let Some(target) = open.pop() {
        let has_others = index.contains_key(target.id());
        index.insert(target.id(), (target, has_others));
        open.extend(&target.targets);
    }
    index
}

/// The target of the same id, where it was or else anywhere, or what stands for it where it was.
fn find<'f, 'a>(
    wanted: &Target<'_>,
    near: &'f [Target<'a>],
    all: &Index<'f, 'a>,
) -> Option<&'f Target<'a>> {
    match all.get(wanted.id()) {
        Some((only, false)) => Some(only),
        Some((any, true)) => {
            let here = near.iter().find(|target| target.id() == wanted.id());
            here.or(Some(any))
        }
        None => near.iter().find(|target| target.stands_for(wanted)),
    }
}

/// The action or emitter of an id, in a target that may have another key in its id.
fn member<'a>(
    members: &'a [Value],
    old: &Target<'_>,
    new: &Target<'_>,
    id: &str,
) -> Option<&'a Value> {
    let id = renamed(id, old, new);
    members.iter().find(|member| text(member, "id") == id)
}

/// An id as it is with the id of the new target in place of the old one's.
fn renamed(id: &str, old: &Target<'_>, new: &Target<'_>) -> String {
    match id.strip_prefix(old.id()) {
        Some(rest) => [new.id(), rest].concat(),
        None => id.to_owned(),
    }
}

/// A schema; for 2023 it is written as a string, and none takes everything.
fn parsed(schema: &Value) -> Value {
    match schema {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    }
}

fn all_ids<'a>(tree: &Tree<'a>) -> BTreeSet<(Kind, &'a str)> {
    let instances = tree.instances.iter();
    let mut ids: BTreeSet<_> = instances
        .map(|one| (Kind::Instance, text(one.item, "id")))
        .collect();
    let mut open: Vec<_> = tree.instances.iter().flat_map(|one| &one.targets).collect();
    while let Some(target) = open.pop() {
        ids.insert((Kind::Target, target.id()));
        let actions = target.actions.iter();
        ids.extend(actions.map(|one| (Kind::Action, text(one, "id"))));
        let emitters = target.emitters.iter();
        ids.extend(emitters.map(|one| (Kind::Emitter, text(one, "id"))));
        open.extend(&target.targets);
    }
    ids
}
