//! The tables of entities: which field each generation needs.

use rship_core::wire::Generation;
use serde_json::{Map, Value};

use super::fields::{self, Field, Kind, Need, all, only_2026, until_2024};
use super::{Problem, found_words};
use crate::store::{Change, is_own};

const AXIS: Kind = Kind::OneOf(&[
    "PositiveX",
    "NegativeX",
    "PositiveY",
    "NegativeY",
    "PositiveZ",
    "NegativeZ",
]);

const INSTANCE: &[Field] = &[
    all("id", Kind::String, Need::Required),
    all("name", Kind::String, Need::Required),
    all("serviceId", Kind::String, Need::Required),
    all("serviceTypeCode", Kind::String, Need::Required),
    all("color", Kind::Color, Need::Required),
    all("machineId", Kind::String, Need::Required),
    all(
        "status",
        Kind::OneOf(&["Starting", "Available", "Stopping", "Unavailable", "Error"]),
        Need::Required,
    ),
    all("clientId", Kind::String, Need::Optional),
    only_2026("clusterId", Kind::String, Need::Optional),
    only_2026("message", Kind::String, Need::Optional),
    only_2026(
        "coordinateSpace",
        Kind::Record(&[
            all("right", AXIS, Need::Required),
            all("up", AXIS, Need::Required),
            all("forward", AXIS, Need::Required),
            all("unitsPerMeter", Kind::Number, Need::Required),
        ]),
        Need::NotNull,
    ),
    only_2026(
        "colorScaling",
        Kind::OneOf(&["Normalized", "EightBit"]),
        Need::NotNull,
    ),
];

const TARGET: &[Field] = &[
    all("id", Kind::String, Need::Required),
    all("name", Kind::String, Need::Required),
    all("serviceId", Kind::String, Need::Required),
    all("category", Kind::String, Need::Required),
    until_2024("actionIds", Kind::Strings, Need::Expected),
    until_2024("emitterIds", Kind::Strings, Need::Expected),
    until_2024("subTargets", Kind::Strings, Need::Expected),
    until_2024("rootLevel", Kind::Flag, Need::Expected),
    only_2026("actionIds", Kind::Strings, Need::Optional),
    only_2026("emitterIds", Kind::Strings, Need::Optional),
    Field {
        name: "parentTargets",
        kind: Kind::Strings,
        need: [Need::Unread, Need::Optional, Need::NotNull],
    },
    all("bgColor", Kind::Color, Need::Optional),
    all("fgColor", Kind::Color, Need::Optional),
];

const TARGET_STATUS: &[Field] = &[
    Field {
        name: "id",
        kind: Kind::String,
        need: [Need::Optional, Need::Required, Need::Required],
    },
    all("targetId", Kind::String, Need::Required),
    all("instanceId", Kind::String, Need::Required),
    all(
        "status",
        Kind::OneOf(&["online", "offline"]),
        Need::Required,
    ),
];

const ACTION: &[Field] = &[
    all("id", Kind::String, Need::Required),
    all("name", Kind::String, Need::Required),
    all("targetId", Kind::String, Need::Required),
    all("serviceId", Kind::String, Need::Required),
    Field {
        name: "schema",
        kind: Kind::SchemaString,
        need: [Need::Optional, Need::Unread, Need::Unread],
    },
    Field {
        name: "schema",
        kind: Kind::Schema,
        need: [Need::Unread, Need::Optional, Need::Optional],
    },
    only_2026("category", Kind::String, Need::Optional),
    only_2026(
        "writesTo",
        Kind::Record(&[
            all("emitterId", Kind::String, Need::Required),
            all("role", Kind::OneOf(&["canonical", "aux"]), Need::Required),
        ]),
        Need::Optional,
    ),
    only_2026(
        "schemaLayout",
        Kind::Records(&[
            all("path", Kind::String, Need::Required),
            all("label", Kind::String, Need::Optional),
            all("section", Kind::String, Need::Optional),
        ]),
        Need::Optional,
    ),
];

const EMITTER: &[Field] = &[
    all("id", Kind::String, Need::Required),
    all("name", Kind::String, Need::Required),
    all("targetId", Kind::String, Need::Required),
    all("serviceId", Kind::String, Need::Required),
    Field {
        name: "schema",
        kind: Kind::Schema,
        need: [Need::Unread, Need::Optional, Need::Optional],
    },
    Field {
        name: "category",
        kind: Kind::String,
        need: [Need::Unread, Need::Optional, Need::Optional],
    },
];

const PULSE: &[Field] = &[
    all("id", Kind::String, Need::Required),
    all("emitterId", Kind::String, Need::Required),
    all("data", Kind::Anything, Need::Present),
    all("clientId", Kind::String, Need::Optional),
];

const ACTION_STATUS: &[Field] = &[
    all("id", Kind::String, Need::Required),
    only_2026("actionId", Kind::String, Need::Required),
    only_2026("instanceId", Kind::String, Need::Required),
    only_2026("status", Kind::String, Need::Required),
];

const EMITTER_STATUS: &[Field] = &[
    all("id", Kind::String, Need::Required),
    only_2026("emitterId", Kind::String, Need::Required),
    only_2026("instanceId", Kind::String, Need::Required),
    only_2026("status", Kind::String, Need::Required),
];

const TARGET_LAYOUT: &[Field] = &[
    all("id", Kind::String, Need::Required),
    only_2026("targetId", Kind::String, Need::Required),
    only_2026("instanceId", Kind::String, Need::Required),
    only_2026(
        "position",
        Kind::Record(&[
            all("x", Kind::Number, Need::Required),
            all("y", Kind::Number, Need::Required),
            all("z", Kind::Number, Need::Required),
        ]),
        Need::Optional,
    ),
];

const TARGET_TOPOLOGY: &[Field] = &[
    all("id", Kind::String, Need::Required),
    only_2026("targetId", Kind::String, Need::Required),
    only_2026("instanceId", Kind::String, Need::Required),
    only_2026("ephemeralParentTargetIds", Kind::Strings, Need::NotNull),
    only_2026("role", Kind::String, Need::Optional),
];

const MACHINE: &[Field] = &[
    all("id", Kind::String, Need::Required),
    all("name", Kind::String, Need::Optional),
    all("dnsName", Kind::String, Need::Optional),
    all("execName", Kind::String, Need::Optional),
    only_2026("addresses", Kind::Strings, Need::NotNull),
];

/// An entity of a type that no table lists, or all that a 2023 or 2024 `DEL` has to carry.
const ID_ALONE: &[Field] = &[all("id", Kind::String, Need::Required)];

/// The table of an entity's type.
fn table(item_type: &str) -> Option<&'static [Field]> {
    Some(match item_type {
        "Instance" => INSTANCE,
        "Target" => TARGET,
        "TargetStatus" => TARGET_STATUS,
        "Action" => ACTION,
        "Emitter" => EMITTER,
        "Pulse" => PULSE,
        "ActionStatus" => ACTION_STATUS,
        "EmitterStatus" => EMITTER_STATUS,
        "TargetLayout" => TARGET_LAYOUT,
        "TargetTopology" => TARGET_TOPOLOGY,
        "Machine" => MACHINE,
        _ => return None,
    })
}

/// What a field of an entity holds in this generation, where its table lists it.
pub(crate) fn kind_of(generation: Generation, item_type: &str, name: &str) -> Option<Kind> {
    table(item_type)?
        .iter()
        .find(|field| field.name == name && field.need(generation) != Need::Unread)
        .map(|field| field.kind)
}

/// Whether an entity of this type carries the id of the client that sent it.
pub(crate) fn has_client_id(item_type: &str) -> bool {
    matches!(item_type, "Instance" | "Pulse")
}

/// Everything that a server of this generation finds wrong with an entity of the client `client_id`.
pub(crate) fn check(
    generation: Generation,
    client_id: &str,
    item_type: &str,
    change: Change,
    item: &Map<String, Value>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if is_own(item_type) {
        problems.push(Problem::fatal(
            "itemType",
            "the `rship-dev:` types are written by the local core only",
        ));
        return problems;
    }
    let whole = change == Change::Set || generation == Generation::V2026;
    let known = table(item_type);
    let rows = match known {
        // One that has no id is found by what its id would be made of.
        Some(rows) if whole || (item_type == "TargetStatus" && !item.contains_key("id")) => rows,
        _ => ID_ALONE,
    };
    fields::check(generation, rows, "", item, &mut problems);
    if item.get("id").and_then(Value::as_str) == Some("") {
        problems.push(Problem::fatal(
            "id",
            "`id` is an empty string, a server wants one that is unique in the network",
        ));
    }
    if change == Change::Del && whole && !problems.is_empty() {
        for problem in problems.iter_mut().filter(|problem| problem.is_fatal()) {
            problem.reason.push_str(" (a `DEL` needs the whole item)");
        }
    }
    if change == Change::Set {
        if known.is_none() {
            problems.push(Problem::warning(
                "itemType",
                format!("`{item_type}` is not a type that an executor is known to send: see that it is spelled right"),
            ));
        }
        if generation == Generation::V2023 && has_client_id(item_type) {
            problems.extend(check_client_id(client_id, item));
        }
        problems.extend(check_id_scheme(generation, item_type, item));
    }
    problems
}

/// 2023 finds an executor's socket through the client id that the executor itself writes.
fn check_client_id(client_id: &str, item: &Map<String, Value>) -> Option<Problem> {
    let wants =
        format!("the id that it gave with `client:setId`, `{client_id}` on this connection");
    match item.get("clientId") {
        None => Some(Problem::missing(Generation::V2023, "clientId", &wants)),
        Some(Value::String(text)) if text == client_id => None,
        Some(other) => Some(Problem::wrong(Generation::V2023, "clientId", other, &wants)),
    }
}

/// Ids that servers compose themselves: one spelled otherwise is stored, and found by nobody.
fn check_id_scheme(
    generation: Generation,
    item_type: &str,
    item: &Map<String, Value>,
) -> Option<Problem> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let instance = text("instanceId")?;
    let expected = match (item_type, generation) {
        ("TargetStatus", _) => format!("{instance}:{}", text("targetId")?),
        ("TargetLayout" | "TargetTopology", Generation::V2026) => {
            format!("{instance}:{}", text("targetId")?)
        }
        ("ActionStatus", Generation::V2026) => {
            format!("{}:{instance}:{}", instance.len(), text("actionId")?)
        }
        ("EmitterStatus", Generation::V2026) => {
            format!("{}:{instance}:{}", instance.len(), text("emitterId")?)
        }
        _ => return None,
    };
    let id = item.get("id").filter(|id| !id.is_null())?;
    (id.as_str() != Some(&expected)).then(|| {
        Problem::warning(
            "id",
            format!("`id` is {}: servers look for `{expected}`", found_words(id)),
        )
    })
}

/// The id under which an entity is kept: its `id`, or for a 2023 status the one that later generations write.
pub(crate) fn id_of(item_type: &str, item: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    match text("id") {
        Some(id) => Some(id.to_owned()),
        None if item_type == "TargetStatus" => {
            Some(format!("{}:{}", text("instanceId")?, text("targetId")?))
        }
        None => None,
    }
}

#[cfg(test)]
#[path = "entities_tests.rs"]
mod tests;
