//! The pages of reference show what is so: the frames of the wire, the schemas of types, the metrics.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use chrono::{DateTime, Utc};
use rship_core::schema::{TypeSchema, of_argument, of_emitter};
use rship_core::show::{Point3, Rgb, Trigger, UnitInterval};
use rship_core::wire::{Inbound, read};
use rship_runtime::prelude::*;
use rship_runtime::{Generation, Status};
use rship_tests::{LIMIT, Running, builder, core};
use schemars::JsonSchema;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

fn page(name: &str) -> String {
    fs::read_to_string(format!(
        "{}/../docs/reference/{name}.md",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// The blocks of JSON on a page that stand below a remark such as `<!-- sent 2026 -->`, with its words.
fn frames(page: &str) -> Vec<(String, String)> {
    let marked = page.split("<!-- ").skip(1);
    let marked = marked.filter_map(|part| {
        let (words, rest) = part.split_once(" -->\n```json\n")?;
        let (text, _) = rest.split_once("\n```")?;
        Some((words.to_owned(), text.to_owned()))
    });
    marked.collect()
}

/// A lamp on a desk.
#[derive(Target)]
#[target(
    name = "Desk lamp",
    category = "light",
    bg_color = "#202020",
    fg_color = "#ffffff"
)]
struct Lamp {
    /// Brightness, from 0 to 1.
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
}

#[actions]
impl Lamp {
    /// Off if it is on, else on.
    #[action]
    fn toggle(&mut self) -> bool {
        self.level = 1.0 - self.level;
        self.level > 0.5
    }
}

/// Puts `..` in place of what is another in each session.
fn masked(frame: &mut Value) {
    match frame {
        Value::Object(fields) => {
            for (name, value) in fields {
                let varies = [
                    "createdAt",
                    "tx",
                    "hash",
                    "lastUpdated",
                    "timestamp",
                    "clientId",
                ];
                if varies.contains(&&**name) {
                    *value = json!("..");
                } else {
                    masked(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(masked),
        _ => {}
    }
    if frame["event"] == "ws:m:ping" {
        frame["data"]["id"] = json!("..");
    }
}

/// A frame, and each of the events that are in it, as if they had come alone.
fn with_its_events(frame: Value) -> Vec<Value> {
    let mut all = vec![];
    if frame["event"] == "ws:m:event-batch" {
        let events = frame["data"].as_array().cloned().unwrap_or_default();
        all.extend(
            events
                .into_iter()
                .map(|data| json!({"event": "ws:m:event", "data": data})),
        );
    }
    all.push(frame);
    all
}

/// What an executor with a lamp sends to a server of this generation, from its first frame to its last.
async fn session(generation: Generation) -> Vec<Value> {
    let core = core(generation).await;
    let executor = builder(&core.url()).read_back(None).build().unwrap();
    executor.add("desk-lamp", Lamp { level: 0.0 }).unwrap();
    let mut running = Running::start(&executor);
    let online = Status::Online { generation };
    running.wait("online", |status| *status == online).await;
    core.exec(None, "desk-lamp:set-level", json!(0.5))
        .await
        .unwrap();
    core.exec(None, "desk-lamp:set-level", json!(2))
        .await
        .unwrap_err();
    core.wait_until(LIMIT, "the level", |core| {
        core.value("desk-lamp:level") == Some(0.5)
    })
    .await
    .unwrap();
    running.stop().await;
    assert_eq!(core.drops(), []);
    let frames = core.frames().into_iter().flat_map(|frame| {
        let mut frame: Value = serde_json::from_str(&frame).unwrap();
        masked(&mut frame);
        with_its_events(frame)
    });
    frames.collect()
}

#[tokio::test]
async fn the_page_of_the_wire_shows_frames_that_an_executor_sends_and_reads() {
    let mut sessions = HashMap::new();
    for generation in Generation::ALL {
        sessions.insert(generation.to_string(), session(generation).await);
    }
    let mut shown = BTreeMap::<String, usize>::new();
    for (words, text) in frames(&page("wire")) {
        let (direction, generations) = words.split_once(' ').unwrap_or((&words, ""));
        *shown.entry(direction.to_owned()).or_default() += 1;
        let frame: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        match direction {
            "sent" => {
                for generation in generations.split(", ") {
                    let sent = &sessions[generation];
                    let close: Vec<_> = sent
                        .iter()
                        .filter(|one| {
                            one["event"] == frame["event"]
                                && one["data"]["itemType"] == frame["data"]["itemType"]
                        })
                        .map(|one| serde_json::to_string_pretty(one).unwrap())
                        .collect();
                    assert!(
                        sent.contains(&frame),
                        "docs/reference/wire.md shows a frame that is not sent to a {generation} server:\n{text}\n\
                         what is sent of that kind:\n{}",
                        close.join("\n")
                    );
                }
            }
            "read" => {
                let inbound = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_ne!(inbound, Inbound::Ignored, "{text}");
                if let Inbound::Command(command) = &inbound {
                    let unread = format!("{:?}", command.member);
                    assert!(!unread.starts_with("Un"), "{text}: {unread}");
                }
            }
            other => panic!("`<!-- {other} .. -->` is neither `sent` nor `read`"),
        }
    }
    assert!(shown["sent"] >= 8 && shown["read"] >= 6, "{shown:?}");
}

#[test]
fn the_page_of_metrics_names_each_number_and_each_status() {
    let page = page("metrics");
    let executor = rship_runtime::Executor::builder("lamps").build().unwrap();
    let metrics = format!("{:?}", executor.metrics());
    let (_, fields) = metrics.split_once(" { ").unwrap();
    let names: BTreeSet<_> = fields
        .trim_end_matches(" }")
        .split(", ")
        .filter_map(|field| field.split(':').next())
        .collect();
    assert!(names.contains("healed") && names.len() >= 18, "{names:?}");
    let rows: BTreeSet<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    for name in &names {
        assert!(
            rows.contains(name),
            "docs/reference/metrics.md has no row for `{name}`"
        );
    }
    for status in [
        Status::Idle,
        Status::Connecting,
        Status::Online {
            generation: Generation::V2026,
        },
        Status::Offline {
            reason: "..".to_owned(),
            retry_in: std::time::Duration::ZERO,
        },
        Status::Stopped,
    ] {
        let text = status.to_string();
        let words = text.replace("0.0", "..");
        assert!(
            page.contains(&words),
            "docs/reference/metrics.md does not show `{words}`"
        );
    }
}

/// A type by its name as it is written, with its schemas.
macro_rules! types {
    ($($type:ty,)*) => {
        [$((stringify!($type), of_argument::<$type> as Schema, of_emitter::<$type> as Schema),)*]
    };
}

type Schema = fn() -> Result<TypeSchema, rship_core::schema::SchemaError>;

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is of interest")]
struct Point {
    x: f64,
    y: Option<f64>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is of interest")]
enum Mode {
    Off,
    /// With a fade.
    Dim,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is of interest")]
enum Cue {
    Stop,
    Fade { seconds: f64 },
}

#[test]
fn the_page_of_schemas_shows_what_becomes_of_types() {
    let page = page("schema-profile");
    let rows: HashMap<_, _> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split("` | `");
            let (name, schema) = (cells.next()?, cells.next()?);
            Some((name, schema.split("` |").next().unwrap_or_default()))
        })
        .collect();
    let types = types![
        bool, u8, u32, i64, u64, f32, f64, char, String, (), Option<f64>, Vec<u8>, [f64; 3], (f64, f64),
        (f64, String), BTreeMap<String, f64>, HashMap<u32, Point>, Value, Point, Option<Point>, Mode, Cue,
        std::time::Duration, DateTime<Utc>, Url, Uuid, Rgb, Point3, UnitInterval, Trigger,
    ];
    let mut wrong = Vec::new();
    for (name, argument, emitter) in types {
        let (argument, emitter) = (argument().unwrap(), emitter().unwrap());
        assert_eq!(argument.schema, emitter.schema, "{name}");
        let schema = argument.schema;
        let shown = rows
            .get(name)
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        if shown.as_ref() != Some(&schema) {
            wrong.push(format!("| `{name}` | `{schema}` | |"));
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/reference/schema-profile.md has no such rows:\n{}",
        wrong.join("\n")
    );
}
