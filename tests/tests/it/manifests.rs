//! Manifests as contracts: what a change of a device breaks of the shows that were made for it.

use rship_dev::compat::{Change, Kind, compare};
use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A light.
#[derive(Target)]
struct Lamp {
    /// How bright it is.
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
    #[emitter]
    curve: Curve,
    #[emitter]
    state: State,
    #[emitter]
    reached: Emitter<u8>,
    #[target]
    fan: Fan,
    #[target]
    heads: Vec<Fan>,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
enum Curve {
    Linear,
    Smooth,
}

#[derive(Serialize, JsonSchema)]
struct State {
    hours: u32,
    warning: Option<String>,
}

/// Cools it.
#[derive(Target)]
struct Fan {
    #[emitter]
    speed: u8,
}

#[actions]
impl Lamp {
    /// Fades.
    #[action]
    fn fade(
        &mut self,
        #[arg(min = 0, max = 1)] to: f64,
        #[arg(max = 60)] seconds: Option<f64>,
        curve: Option<Curve>,
    ) {
        let _ = seconds;
        self.level = to;
        self.curve = curve.unwrap_or(self.curve);
    }
}

fn executor(heads: usize) -> Executor {
    let executor = Executor::builder("lamps").build().expect("an executor");
    let lamp = Lamp {
        level: 0.0,
        curve: Curve::Linear,
        state: State {
            hours: 1,
            warning: None,
        },
        reached: Emitter::default(),
        fan: Fan { speed: 1 },
        heads: (0..heads).map(|_| Fan { speed: 0 }).collect(),
    };
    executor.add("lamp", lamp).expect("a target");
    executor
}

fn breaking(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = compare(old, new).expect("manifests");
    changes.retain(|change| change.is_breaking);
    changes
}

/// The member of that id, wherever it is.
fn find<'v>(value: &'v mut Value, id: &str) -> &'v mut Value {
    fn seek<'v>(value: &'v mut Value, id: &str) -> Option<&'v mut Value> {
        if value["id"] == id {
            return Some(value);
        }
        match value {
            Value::Array(items) => items.iter_mut().find_map(|item| seek(item, id)),
            Value::Object(fields) => fields.values_mut().find_map(|field| match field {
                Value::Array(_) | Value::Object(_) => seek(field, id),
                _ => None,
            }),
            _ => None,
        }
    }
    seek(value, id).expect(id)
}

fn target(manifest: &mut Value) -> &mut Value {
    &mut manifest["instances"][0]["targets"][0]
}

type Mutation = (
    &'static str,
    Kind,
    &'static str,
    &'static str,
    fn(&mut Value),
);

/// What is changed, what that breaks, at which id and path, and how.
const BREAKS: [Mutation; 23] = [
    ("a target's id", Kind::Target, "lamp", "", |m| {
        find(m, "lamp")["id"] = json!("light")
    }),
    ("a sub-target's id", Kind::Target, "lamp.fan", "", |m| {
        find(m, "lamp.fan")["id"] = json!("fan")
    }),
    ("a sub-target is gone", Kind::Target, "lamp.fan", "", |m| {
        target(m)["targets"] = json!([])
    }),
    ("a list is gone", Kind::Target, "lamp.heads.*", "", |m| {
        target(m)["members"] = json!([])
    }),
    ("an action's id", Kind::Action, "lamp:fade", "", |m| {
        find(m, "lamp:fade")["id"] = json!("lamp:fade-to")
    }),
    (
        "an action is gone",
        Kind::Action,
        "lamp:set-level",
        "",
        |m| {
            target(m)["actions"]
                .as_array_mut()
                .unwrap()
                .retain(|one| one["id"] != "lamp:set-level")
        },
    ),
    ("an emitter is gone", Kind::Emitter, "lamp:level", "", |m| {
        target(m)["emitters"]
            .as_array_mut()
            .unwrap()
            .retain(|one| one["id"] != "lamp:level")
    }),
    (
        "an emitter's id",
        Kind::Emitter,
        "lamp.fan:speed",
        "",
        |m| find(m, "lamp.fan:speed")["id"] = json!("lamp.fan:rpm"),
    ),
    (
        "an emitter of members",
        Kind::Emitter,
        "lamp.heads.*:speed",
        "",
        |m| find(m, "lamp.heads.*:speed")["id"] = json!("lamp.heads.*:rpm"),
    ),
    (
        "an argument is required",
        Kind::Action,
        "lamp:fade",
        "seconds",
        |m| find(m, "lamp:fade")["schema"]["required"] = json!(["to", "seconds"]),
    ),
    (
        "a new argument is required",
        Kind::Action,
        "lamp:fade",
        "by",
        |m| find(m, "lamp:fade")["schema"]["required"] = json!(["to", "by"]),
    ),
    (
        "an argument is gone",
        Kind::Action,
        "lamp:fade",
        "curve",
        |m| {
            drop(
                find(m, "lamp:fade")["schema"]["properties"]
                    .as_object_mut()
                    .unwrap()
                    .remove("curve"),
            )
        },
    ),
    (
        "a bound is narrower",
        Kind::Action,
        "lamp:fade",
        "seconds",
        |m| find(m, "lamp:fade")["schema"]["properties"]["seconds"]["maximum"] = json!(30),
    ),
    (
        "a choice is gone",
        Kind::Action,
        "lamp:fade",
        "curve",
        |m| find(m, "lamp:fade")["schema"]["properties"]["curve"]["enum"] = json!(["Linear"]),
    ),
    ("an argument's type", Kind::Action, "lamp:fade", "to", |m| {
        find(m, "lamp:fade")["schema"]["properties"]["to"]["type"] = json!("string")
    }),
    (
        "a setter's bound",
        Kind::Action,
        "lamp:set-level",
        "",
        |m| find(m, "lamp:set-level")["schema"]["minimum"] = json!(0.1),
    ),
    (
        "a setter that sets no state",
        Kind::Action,
        "lamp:set-level",
        "",
        |m| {
            drop(
                find(m, "lamp:set-level")
                    .as_object_mut()
                    .unwrap()
                    .remove("writesTo"),
            )
        },
    ),
    ("an emitter's type", Kind::Emitter, "lamp:level", "", |m| {
        find(m, "lamp:level")["schema"] = json!({"type": "string"})
    }),
    (
        "an emitter's range",
        Kind::Emitter,
        "lamp:reached",
        "",
        |m| find(m, "lamp:reached")["schema"]["maximum"] = json!(1000),
    ),
    (
        "an emitter's choice is new",
        Kind::Emitter,
        "lamp:curve",
        "",
        |m| find(m, "lamp:curve")["schema"]["enum"] = json!(["Linear", "Smooth", "Sine"]),
    ),
    (
        "an emitter's choice is gone",
        Kind::Emitter,
        "lamp:curve",
        "",
        |m| find(m, "lamp:curve")["schema"]["enum"] = json!(["Linear"]),
    ),
    (
        "an emitter's field is gone",
        Kind::Emitter,
        "lamp:state",
        "warning",
        |m| {
            drop(
                find(m, "lamp:state")["schema"]["properties"]
                    .as_object_mut()
                    .unwrap()
                    .remove("warning"),
            )
        },
    ),
    ("the service", Kind::Service, "lamps", "", |m| {
        m["serviceId"] = json!("lights")
    }),
];

#[test]
fn every_break_is_found_at_its_place_and_says_what_to_do() {
    let old = executor(0).manifest();
    assert_eq!(breaking(&old, &old), []);
    for (what, kind, id, path, change) in BREAKS {
        let mut new = old.clone();
        change(&mut new);
        assert_ne!(new, old, "{what}");
        let found = breaking(&old, &new);
        assert!(
            found
                .iter()
                .any(|one| (one.kind, one.id.as_str(), one.path.as_str()) == (kind, id, path)),
            "{what}: {found:?}"
        );
        assert!(
            found.iter().all(|one| !one.mend.is_empty()),
            "{what}: {found:?}"
        );
    }
}

type Harmless = (&'static str, fn(&mut Value));

#[test]
fn what_breaks_nothing_is_listed_as_such() {
    let old = executor(0).manifest();
    let changes: [Harmless; 6] = [
        ("a name", |m| find(m, "lamp")["name"] = json!("Light")),
        ("a color", |m| {
            find(m, "lamp.fan")["bgColor"] = json!("#ff0000")
        }),
        ("an argument that may be left out", |m| {
            find(m, "lamp:fade")["schema"]["properties"]["by"] = json!({"type": "string"})
        }),
        ("a bound is wider", |m| {
            find(m, "lamp:fade")["schema"]["properties"]["seconds"]["maximum"] = json!(90)
        }),
        ("an emitter's range is narrower", |m| {
            find(m, "lamp:reached")["schema"]["maximum"] = json!(100)
        }),
        ("words", |m| {
            find(m, "lamp:level")["schema"]["description"] = json!("Its brightness.")
        }),
    ];
    for (what, change) in changes {
        let mut new = old.clone();
        change(&mut new);
        let found = compare(&old, &new).expect("manifests");
        assert!(
            found.len() == 1 && !found[0].is_breaking,
            "{what}: {found:?}"
        );
    }
}

#[test]
fn members_are_held_to_what_their_list_was_to_have_and_the_other_way_around() {
    let (none, two) = (executor(0).manifest(), executor(2).manifest());
    assert_eq!(breaking(&none, &two), []);
    assert_eq!(breaking(&two, &none), []);
    let mut broken = two.clone();
    find(&mut broken, "lamp.heads.1:speed")["schema"] = json!({"type": "string"});
    let found = breaking(&executor(2).manifest(), &broken);
    assert_eq!(found.len(), 1, "{found:?}");
    let mut broken = none.clone();
    find(&mut broken, "lamp.heads.*:speed")["schema"] = json!({"type": "string"});
    let ids: Vec<_> = breaking(&two, &broken)
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(ids, ["lamp.heads.0:speed", "lamp.heads.1:speed"]);
}

#[test]
fn the_host_is_not_part_of_the_contract_but_a_chosen_instance_is() {
    let with = |id: Option<&str>| {
        let builder = Executor::builder("lamps");
        let builder = match id {
            Some(id) => builder.instance_id(id),
            None => builder,
        };
        builder.build().expect("an executor").manifest()
    };
    let here = with(None);
    let mut elsewhere = here.clone();
    elsewhere["instances"][0]["instance"]["id"] = json!("lamps-stage");
    elsewhere["instances"][0]["instance"]["machineId"] = json!("stage");
    assert_eq!(breaking(&here, &elsewhere), []);
    assert_eq!(breaking(&elsewhere, &here), []);
    let found = breaking(&with(Some("left")), &with(Some("right")));
    assert_eq!(
        (found[0].kind, found[0].id.as_str(), found.len()),
        (Kind::Instance, "left", 1)
    );
}

#[test]
fn a_device_is_held_to_the_manifest_beside_its_tests() {
    rship_dev::assert_compatible!("tests/it/lamp.manifest.json", executor(0));
}

#[test]
#[should_panic(expected = "action `lamp:fade`: `to`: it is gone")]
fn a_device_that_breaks_its_manifest_fails_its_test() {
    let mut manifest = executor(0).manifest();
    let schema = &mut find(&mut manifest, "lamp:fade")["schema"];
    schema["properties"] = json!({});
    schema["required"] = json!([]);
    rship_dev::assert_compatible!("tests/it/lamp.manifest.json", manifest);
}
