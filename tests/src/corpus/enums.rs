//! Enums without data: choices.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Case, case};

#[derive(Serialize, Deserialize, JsonSchema)]
enum Plain {
    Off,
    On,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum AllDocumented {
    /// Stays dark.
    Off,
    /// Shines.
    On,
}

/// How the lamp behaves.
#[derive(Serialize, Deserialize, JsonSchema)]
enum PartlyDocumented {
    Off,
    /// Shines.
    On,
    Blink,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Single {
    Only,
}

macro_rules! renamed {
    ($($name:ident $rule:literal $first:literal $second:literal)+) => {
        $(
            #[derive(Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = $rule)]
            enum $name { WarmWhite, ColdWhite }
        )+

        fn renamed() -> Vec<Case> {
            vec![$(
                case::<$name>(stringify!($name))
                    .good([json!($first), json!($second)])
                    .bad([json!("warm white"), json!(0), json!(null)])
            ),+]
        }
    };
}

renamed! {
    KebabCase "kebab-case" "warm-white" "cold-white"
    SnakeCase "snake_case" "warm_white" "cold_white"
    CamelCase "camelCase" "warmWhite" "coldWhite"
    PascalCase "PascalCase" "WarmWhite" "ColdWhite"
    LowerCase "lowercase" "warmwhite" "coldwhite"
    UpperCase "UPPERCASE" "WARMWHITE" "COLDWHITE"
    ScreamingSnakeCase "SCREAMING_SNAKE_CASE" "WARM_WHITE" "COLD_WHITE"
    ScreamingKebabCase "SCREAMING-KEBAB-CASE" "WARM-WHITE" "COLD-WHITE"
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum RenamedSingly {
    #[serde(rename = "1080p50")]
    Fast,
    #[serde(rename = "ü")]
    #[schemars(title = "With dots")]
    Umlaut,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum SameTitles {
    #[serde(rename = "a")]
    Lower,
    #[serde(rename = "A")]
    Upper,
}

/// Written as its number.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "Slots")]
struct Slot(u8);

struct Slots;

impl JsonSchema for Slots {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Slots".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"oneOf": [
            {"type": "integer", "const": 1, "title": "First"},
            {"type": "integer", "const": 2, "title": "Second", "description": "the spare one"},
        ]})
    }
}

impl From<Slot> for u8 {
    fn from(slot: Slot) -> Self {
        slot.0
    }
}

impl TryFrom<u8> for Slot {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 | 2 => Ok(Self(number)),
            _ => Err(format!("there is no slot {number}")),
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Lamp {
    /// What it does.
    mode: PartlyDocumented,
    #[serde(default = "cold")]
    white: KebabCase,
    slot: Slot,
}

fn cold() -> KebabCase {
    KebabCase::ColdWhite
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case::<Plain>("Plain")
            .good([json!("Off"), json!("On")])
            .bad([
                json!("off"),
                json!(""),
                json!(1),
                json!(null),
                json!(["On"]),
            ])
            .decoder_alone([json!({"On": null})]),
        case::<AllDocumented>("AllDocumented")
            .good([json!("Off"), json!("On")])
            .bad([json!("Stays dark.")]),
        case::<PartlyDocumented>("PartlyDocumented")
            .good([json!("Off"), json!("On"), json!("Blink")])
            .bad([json!("blink")]),
        case::<Single>("Single")
            .good([json!("Only")])
            .bad([json!("Other")]),
        case::<RenamedSingly>("RenamedSingly")
            .good([json!("1080p50"), json!("ü")])
            .bad([json!("Fast"), json!("With dots")]),
        case::<SameTitles>("SameTitles")
            .good([json!("a"), json!("A")])
            .bad([json!("b")]),
        case::<Slot>("Slot")
            .good([json!(1), json!(2)])
            .served([json!(2.0)])
            .bad([json!(3), json!("First")]),
        case::<Lamp>("Lamp")
            .good([
                json!({"mode": "On", "slot": 1}),
                json!({"mode": "On", "white": "warm-white", "slot": 1}),
            ])
            .served([json!({"mode": "On", "white": null, "slot": 1.0})])
            .bad([json!({"mode": "on", "slot": 1}), json!({"slot": 1})]),
        case::<Vec<Plain>>("Vec<Plain>")
            .good([json!(["On", "Off"])])
            .bad([json!(["on"]), json!("On")]),
    ];
    cases.extend(renamed());
    cases
}
