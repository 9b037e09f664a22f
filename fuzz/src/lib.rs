//! What the targets share: arguments of an action, and what happens to a frame that was read.

pub mod session;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use std::time::Duration;

use rship_core::payload::{self, Checker, PayloadError};
use rship_core::schema::of_argument;
use rship_core::wire::{self, Exec, Inbound, Member};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Numbers of every width.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    _a: i8,
    _b: u64,
    _c: Option<f32>,
    _d: i64,
    #[serde(default)]
    _e: u16,
}

/// Structs in structs, with what may be left out.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nested {
    _at: Point,
    _mode: Option<Mode>,
    _name: String,
    _wait: Option<Duration>,
    _letter: char,
}

/// A place.
#[derive(Deserialize, JsonSchema)]
pub struct Point {
    _x: f64,
    _y: Option<f64>,
}

/// A choice.
#[derive(Deserialize, JsonSchema)]
pub enum Mode {
    /// Nothing.
    Off,
    /// Everything.
    On,
}

/// An enum with data.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Tagged {
    /// To a place.
    Move(Point),
    /// For a while.
    Fade { _to: f64, _seconds: Option<u32> },
    /// At once.
    Stop,
}

/// Another way to write one.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Untagged {
    /// A number.
    Number(f64),
    /// Several.
    Several(Vec<Option<i32>>),
    /// A struct.
    Struct { _text: String },
}

/// What holds many.
#[derive(Deserialize, JsonSchema)]
pub struct Many {
    _list: Vec<Option<Mode>>,
    _map: BTreeMap<String, Vec<u8>>,
    _pair: (u8, String),
    _three: [f32; 3],
    #[serde(flatten)]
    _rest: HashMap<String, Value>,
}

type Decode = fn(&Value) -> Result<(), PayloadError>;

fn arguments() -> &'static [(Checker, Decode)] {
    static ARGUMENTS: OnceLock<Vec<(Checker, Decode)>> = OnceLock::new();
    fn of<T: DeserializeOwned + JsonSchema>() -> (Checker, Decode) {
        let schema = of_argument::<T>().expect("a type without a cycle");
        (Checker::compile(&schema.schema), |value| {
            payload::decode::<T>("argument", value).map(drop)
        })
    }
    ARGUMENTS.get_or_init(|| {
        vec![
            of::<Numbers>(),
            of::<Nested>(),
            of::<Tagged>(),
            of::<Untagged>(),
            of::<Many>(),
            of::<Vec<Point>>(),
            of::<Option<u8>>(),
            of::<Value>(),
        ]
    })
}

/// Checks and decodes a payload as each of the arguments; what was made uniform must stay as it is.
pub fn payload(value: &Value) {
    for (checker, decode) in arguments() {
        let mut payload = value.clone();
        match checker.check(&mut payload) {
            Ok(unknown) => {
                let mut again = payload.clone();
                assert_eq!(checker.check(&mut again).ok(), Some(unknown));
                assert_eq!(again, payload);
            }
            Err(error) => drop(error.to_string()),
        }
        if let Err(error) = decode(&payload) {
            drop(error.to_string());
        }
    }
}

/// Does with a frame what an executor does, as far as it does not depend on the executor.
pub fn frame(inbound: &Inbound) {
    match inbound {
        Inbound::Command(command) => {
            let tx = command.tx.as_deref().unwrap_or_default();
            match &command.member {
                Member::Exec(Exec { calls, .. }) => {
                    for call in calls {
                        match call {
                            Ok(call) => {
                                payload(&call.data);
                                answer(&wire::response(tx, &rship_core::json::text(&call.data)));
                            }
                            Err(fault) => answer(&wire::error(tx, &fault.what, &fault.reason)),
                        }
                    }
                }
                Member::Unreadable(why) => answer(&wire::error(tx, &command.id, why)),
                _ => answer(&wire::error(tx, &command.id, "")),
            }
        }
        Inbound::Ping(ping) => answer(&wire::echo(ping)),
        Inbound::Answer(answered) => {
            if let Ok(response) = &answered.result {
                payload(response);
            }
        }
        Inbound::Found(found) => found.clone().apply(&mut BTreeMap::new()),
        _ => {}
    }
}

/// What an executor writes has to be readable on both wires.
fn answer(json: &str) {
    let document: Value = serde_json::from_str(json).expect("an answer is JSON");
    let bytes = wire::binary::encode(json).expect("an answer has a form in CBOR");
    assert_eq!(
        wire::binary::decode(&bytes).expect("what was written is read"),
        document
    );
}
