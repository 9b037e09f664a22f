//! Each field of the tables, missing, null and wrong.

use rship_core::wire::Generation::{self, V2023, V2024, V2026};
use serde_json::{Value, json};

use super::*;

fn whole(item_type: &str) -> Map<String, Value> {
    let item = match item_type {
        "Instance" => json!({
            "id": "i", "name": "I", "serviceId": "s", "serviceTypeCode": "s", "color": "#112233", "machineId": "m",
            "status": "Available", "clientId": "c", "hash": "h",
        }),
        "Target" => json!({
            "id": "t", "name": "T", "serviceId": "s", "category": "c", "actionIds": [], "emitterIds": [],
            "subTargets": [], "parentTargets": [], "rootLevel": true, "bgColor": "#000000", "fgColor": null,
        }),
        "TargetStatus" => {
            json!({"id": "i:t", "targetId": "t", "instanceId": "i", "status": "online"})
        }
        "Action" => {
            json!({"id": "t:a", "name": "A", "targetId": "t", "serviceId": "s", "schema": null})
        }
        "Emitter" => json!({"id": "t:e", "name": "E", "targetId": "t", "serviceId": "s"}),
        "Pulse" => json!({"id": "t:e", "emitterId": "t:e", "data": null, "clientId": "c"}),
        "ActionStatus" => {
            json!({"id": "1:i:t:a", "actionId": "t:a", "instanceId": "i", "status": "online"})
        }
        "EmitterStatus" => {
            json!({"id": "1:i:t:e", "emitterId": "t:e", "instanceId": "i", "status": "online"})
        }
        "TargetLayout" => {
            json!({"id": "i:t", "targetId": "t", "instanceId": "i", "position": {"x": 1, "y": 2, "z": 3}})
        }
        "TargetTopology" => {
            json!({"id": "i:t", "targetId": "t", "instanceId": "i", "ephemeralParentTargetIds": []})
        }
        "Machine" => json!({"id": "m", "name": "M", "addresses": []}),
        other => panic!("no such entity: {other}"),
    };
    item.as_object().unwrap().clone()
}

fn problems(generation: Generation, item_type: &str, item: &Map<String, Value>) -> Vec<Problem> {
    check(generation, "c", item_type, Change::Set, item)
}

fn fatal(
    generation: Generation,
    item_type: &str,
    field: &str,
    value: Option<Value>,
) -> Option<Problem> {
    let mut item = whole(item_type);
    match value {
        Some(value) => item.insert(field.to_owned(), value),
        None => item.remove(field),
    };
    problems(generation, item_type, &item)
        .into_iter()
        .find(Problem::is_fatal)
}

const BOLD: [(&str, &[&str]); 7] = [
    (
        "Instance",
        &[
            "id",
            "name",
            "serviceId",
            "serviceTypeCode",
            "color",
            "machineId",
            "status",
        ],
    ),
    ("Target", &["id", "name", "serviceId", "category"]),
    ("TargetStatus", &["id", "targetId", "instanceId", "status"]),
    ("Action", &["id", "name", "targetId", "serviceId"]),
    ("Emitter", &["id", "name", "targetId", "serviceId"]),
    ("Pulse", &["id", "emitterId", "data"]),
    ("Machine", &["id"]),
];

#[test]
fn whole_entities_are_read_by_every_generation() {
    for generation in Generation::ALL {
        for (item_type, _) in BOLD {
            assert_eq!(
                problems(generation, item_type, &whole(item_type)),
                [],
                "{generation} {item_type}"
            );
        }
    }
    for item_type in [
        "ActionStatus",
        "EmitterStatus",
        "TargetLayout",
        "TargetTopology",
    ] {
        assert_eq!(
            problems(V2026, item_type, &whole(item_type)),
            [],
            "{item_type}"
        );
    }
}

#[test]
fn each_bold_field_is_missed_by_name() {
    for (item_type, fields) in BOLD {
        for field in fields {
            let problem = fatal(V2026, item_type, field, None)
                .unwrap_or_else(|| panic!("{item_type}.{field}"));
            assert_eq!(&problem.field, field);
            assert!(
                problem
                    .reason
                    .contains(&format!("`{field}` is missing, a 2026 server wants")),
                "{problem:?}"
            );
        }
    }
}

#[test]
fn each_bold_field_but_data_refuses_null() {
    for (item_type, fields) in BOLD {
        for field in fields.iter().filter(|field| **field != "data") {
            assert!(
                fatal(V2026, item_type, field, Some(Value::Null)).is_some(),
                "{item_type}.{field}"
            );
        }
    }
}

#[test]
fn each_italic_field_refuses_null_and_may_be_missing() {
    for (item_type, field) in [
        ("Instance", "coordinateSpace"),
        ("Instance", "colorScaling"),
        ("Target", "parentTargets"),
        ("TargetTopology", "ephemeralParentTargetIds"),
        ("Machine", "addresses"),
    ] {
        let problem = fatal(V2026, item_type, field, Some(Value::Null))
            .unwrap_or_else(|| panic!("{item_type}.{field}"));
        assert!(
            problem.reason.contains("is null") && problem.reason.contains("no such field"),
            "{problem:?}"
        );
        assert_eq!(fatal(V2026, item_type, field, None), None);
    }
}

#[test]
fn wrong_kinds_are_told_with_what_was_found() {
    for (generation, item_type, field, value, says) in [
        (
            V2026,
            "Action",
            "schema",
            json!("{}"),
            "`schema` is a string, a 2026 server wants an object or null",
        ),
        (
            V2024,
            "Action",
            "schema",
            json!("{\"type\":\"object\"}"),
            "a 2024 server wants an object or null",
        ),
        (
            V2023,
            "Action",
            "schema",
            json!({}),
            "`schema` is an object, a 2023 server wants a JSON Schema as a string or null",
        ),
        (
            V2023,
            "Action",
            "schema",
            json!("{"),
            "`schema` is not JSON",
        ),
        (
            V2026,
            "Instance",
            "status",
            json!("available"),
            "is the string `available`, a 2026 server wants one of `Starting`",
        ),
        (
            V2026,
            "TargetStatus",
            "status",
            json!("Online"),
            "`online`, `offline`",
        ),
        (
            V2026,
            "Target",
            "parentTargets",
            json!(["a", 1]),
            "an array of strings",
        ),
        (
            V2026,
            "Instance",
            "coordinateSpace",
            json!({"right": "PositiveX", "up": "Up"}),
            "`coordinateSpace.up`",
        ),
        (
            V2026,
            "Action",
            "writesTo",
            json!({"emitterId": "e", "role": "main"}),
            "`canonical`, `aux`",
        ),
        (
            V2026,
            "Action",
            "schemaLayout",
            json!([{"label": "x"}]),
            "`schemaLayout.0.path` is missing",
        ),
        (
            V2026,
            "TargetLayout",
            "position",
            json!({"x": 1, "y": 2}),
            "`position.z` is missing",
        ),
        (V2026, "Pulse", "id", json!(""), "empty"),
    ] {
        let all = {
            let mut item = whole(item_type);
            item.insert(field.to_owned(), value.clone());
            problems(generation, item_type, &item)
        };
        let told = all
            .iter()
            .any(|problem| problem.is_fatal() && problem.reason.contains(says));
        assert!(told, "{item_type}.{field} = {value}: {all:?}");
    }
}

#[test]
fn a_string_is_the_schema_of_2023_alone() {
    assert_eq!(fatal(V2023, "Action", "schema", Some(json!("{}"))), None);
    assert_eq!(
        fatal(V2026, "Action", "schema", Some(json!({"type": "object"}))),
        None
    );
    assert_eq!(
        fatal(V2023, "Emitter", "schema", Some(json!({"type": "object"}))),
        None,
        "2023 does not look at it"
    );
    assert!(fatal(V2026, "Emitter", "schema", Some(json!("{}"))).is_some());
}

#[test]
fn only_2023_insists_on_the_client_id_that_it_gave() {
    for item_type in ["Instance", "Pulse"] {
        for value in [None, Some(json!("other")), Some(Value::Null)] {
            let problem = fatal(V2023, item_type, "clientId", value.clone()).expect("a problem");
            assert!(
                problem.reason.contains("`client:setId`, `c`"),
                "{problem:?}"
            );
            assert_eq!(fatal(V2024, item_type, "clientId", value.clone()), None);
            assert_eq!(fatal(V2026, item_type, "clientId", value), None);
        }
    }
}

#[test]
fn a_2023_status_needs_no_id() {
    assert_eq!(fatal(V2023, "TargetStatus", "id", None), None);
    let mut item = whole("TargetStatus");
    item.remove("id");
    assert_eq!(id_of("TargetStatus", &item).as_deref(), Some("i:t"));
}

#[test]
fn a_deletion_needs_the_whole_item_in_2026_alone() {
    let id_alone = json!({"id": "t"}).as_object().unwrap().clone();
    let problems = |generation| check(generation, "c", "Target", Change::Del, &id_alone);
    assert!(
        problems(V2026)
            .iter()
            .any(|problem| problem.reason.ends_with("(a `DEL` needs the whole item)"))
    );
    assert_eq!((problems(V2023), problems(V2024)), (vec![], vec![]));
    assert_eq!(
        check(V2023, "c", "TargetStatus", Change::Del, &id_alone),
        []
    );
    let parts = json!({"targetId": "t"}).as_object().unwrap().clone();
    assert_eq!(
        check(V2023, "c", "TargetStatus", Change::Del, &parts)[0].field,
        "instanceId"
    );
}

#[test]
fn what_is_stored_but_will_not_be_found_is_a_warning() {
    let warned = |generation, item_type: &str, field: &str, value: Value| {
        let mut item = whole(item_type);
        item.insert(field.to_owned(), value);
        let problems = problems(generation, item_type, &item);
        assert!(
            problems.iter().all(|problem| !problem.is_fatal()),
            "{problems:?}"
        );
        problems
            .into_iter()
            .map(|problem| problem.field)
            .collect::<Vec<_>>()
    };
    assert_eq!(warned(V2026, "TargetStatus", "id", json!("t:i")), ["id"]);
    assert_eq!(warned(V2026, "ActionStatus", "id", json!("i:t:a")), ["id"]);
    assert_eq!(warned(V2026, "Instance", "color", json!("red")), ["color"]);
    assert_eq!(
        warned(V2023, "Target", "subTargets", Value::Null),
        ["subTargets"]
    );
    let unknown = check(V2026, "c", "Targett", Change::Set, &whole("Target"));
    assert!(
        unknown
            .iter()
            .any(|problem| !problem.is_fatal() && problem.field == "itemType")
    );
}

#[test]
fn nobody_writes_the_core_s_own_types() {
    assert!(
        check(V2026, "c", "rship-dev:Drop", Change::Set, &whole("Target"))
            .iter()
            .any(Problem::is_fatal)
    );
}
