//! Servers that misbehave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rship_dev::{Entities, LocalCore};
use rship_runtime::Generation;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Stage;
use super::commands::Outcome;
use super::device::{INSTANCE, TARGETS, Unit, executor, unit_id};
use super::link::Door;
use super::server::RAW;
use crate::Failure;

/// A bit longer than the silence that the device bears, the server going on to send included.
const SILENCE: Duration = Duration::from_secs(3);

/// How long a server or a second program is there.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Until a device is connected again.
const CONNECTED: Duration = Duration::from_secs(20);

/// Frames at a time: a core gives up who has 10,000 waiting.
const LUMP: usize = 500;

/// A server that keeps connections and reads nothing.
pub(super) async fn stalled(stage: &mut Stage) -> Result<u64, Failure> {
    let connections = stage.server.link.connections();
    let core = stage.server.core();
    core.stall_reading(true);
    let begun = Instant::now();
    while stage.server.link.connections() == connections && begun.elapsed() < SILENCE * 3 {
        sleep(Duration::from_millis(50)).await;
    }
    core.stall_reading(false);
    Ok(stage.server.link.connections() - connections)
}

/// Commands that nobody can carry out, and some that nobody can answer.
pub(super) async fn bad_commands(stage: &mut Stage) -> Result<u64, Failure> {
    let core = stage.server.core();
    let deep = (0..100).fold(Value::Null, |inner, _| json!([inner]));
    let kinds = [
        ("no-such-action", Value::Null),
        ("add", json!({"by": "much"})),
        ("add", deep),
        ("add", json!({"\u{1b}[31m\r\n": "x".repeat(300)})),
    ];
    let nobody = [
        json!({"event": "ws:m:command", "data": {"commandId": 7, "command": {"tx": RAW}}}),
        json!({"event": "ws:m:command", "data": {"command": {"tx": RAW}}}),
    ];
    let mut refused = 0;
    for round in 0..10 {
        let asked = (0..100).map(|number| {
            let (action, data) = &kinds[number % kinds.len()];
            let target = unit_id(number % TARGETS);
            let content = json!({
                "instanceId": INSTANCE,
                "action": {"id": format!("{target}:{action}"), "targetId": target},
                "data": data,
            });
            let id = match number % 10 {
                0 => "NoSuchCommand",
                _ => "ExecTargetAction",
            };
            stage.commands.command(&core, id, content)
        });
        let outcomes = join_all(asked).await;
        let these = outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Refused);
        refused += these.count() as u64;
        core.send_frame(None, &nobody[round % nobody.len()]);
        sleep(Duration::from_millis(50)).await;
    }
    Ok(refused)
}

/// The same client id over and over. 2026 servers send none, so one of 2024 takes its place.
pub(super) async fn set_id(stage: &mut Stage) -> Result<u64, Failure> {
    if stage.server.core().generation() == Generation::V2026 {
        let nothing = Entities::default();
        stage.server.replace(Generation::V2024, nothing).await?;
    }
    let core = stage.server.core();
    let online = |core: &LocalCore| {
        let instance = core.item("Instance", INSTANCE);
        instance.is_some_and(|instance| instance["status"] == "Available")
    };
    core.wait_until(CONNECTED, "the device", online).await?;
    let id = match core.generation() {
        Generation::V2023 => "client:setId",
        Generation::V2024 | Generation::V2026 => "SetClientId",
    };
    let instance = core.item("Instance", INSTANCE).unwrap_or_default();
    let client = instance["clientId"].as_str().unwrap_or("a-client");
    let content = json!({"clientId": client, "tx": RAW});
    let frame = json!({"event": "ws:m:command", "data": {"commandId": id, "command": content}});
    let sent = (0..1_000).map(|_| core.send_frame(None, &frame) as u64);
    let sent = sent.sum();
    sleep(A_MOMENT).await;
    Ok(sent)
}

/// More frames than anybody reads at once: pings, events and answers of nobody's concern.
pub(super) async fn flood(stage: &mut Stage) -> Result<u64, Failure> {
    let core = stage.server.core();
    let item = json!({"id": "x", "name": "n".repeat(1_000)});
    // What only one generation sends would say that the server is of it.
    let ping = match core.generation() {
        Generation::V2024 => json!({"ts": 1}),
        Generation::V2023 | Generation::V2026 => json!({"id": "nobody's", "timestamp": 1}),
    };
    let kinds = [
        json!({"event": "ws:m:ping", "data": ping}),
        json!({"event": "ws:m:event", "data": {"itemType": "Other", "changeType": "SET", "item": item}}),
        json!({"event": "ws:m:query-response", "data": {"tx": "nobody", "upserts": [], "deletes": []}}),
    ];
    let mut sent = 0;
    for number in 0..5_000 {
        sent += core.send_frame(None, &kinds[number % kinds.len()]) as u64;
        if number % LUMP == LUMP - 1 {
            sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(sent)
}

/// A server that forgets some of what it was told.
pub(super) async fn loses(stage: &mut Stage) -> Result<u64, Failure> {
    let core = stage.server.core();
    let mut lost = 0;
    for item_type in ["Target", "TargetStatus", "Action", "Emitter", "Pulse"] {
        let ids: Vec<_> = core.items(item_type).into_keys().collect();
        let ids = ids.iter().filter(|id| !id.contains(":hit"));
        for id in stage.random.choose_multiple(ids, 4) {
            lost += u64::from(core.lose(item_type, id));
        }
    }
    Ok(lost)
}

/// A server of which somebody changes what it was told.
pub(super) async fn overwrites(stage: &mut Stage) -> Result<u64, Failure> {
    let core = stage.server.core();
    let mut written = 0;
    for (item_type, fields) in [
        ("Target", json!({"name": "somebody else's"})),
        ("TargetStatus", json!({"status": "offline"})),
        ("Action", json!({"name": "somebody else's"})),
        ("Emitter", json!({"name": "somebody else's"})),
        ("Instance", json!({"status": "Unavailable"})),
        ("Pulse", json!({"data": 0})),
    ] {
        let ids: Vec<_> = core.items(item_type).into_keys().collect();
        // Values that the device does not change all the time anyway.
        let ids = ids
            .iter()
            .filter(|id| item_type != "Pulse" || id.contains(":count"));
        for id in stage.random.choose_multiple(ids, 4) {
            written += u64::from(core.overwrite(item_type, id, fields.clone()));
        }
    }
    Ok(written)
}

/// A server that goes away and comes back with what it had.
pub(super) async fn restart_kept(stage: &mut Stage) -> Result<u64, Failure> {
    let refused = stage.behind(Door::Shut, A_MOMENT).await?;
    let core = stage.server.core();
    let (generation, kept) = (core.generation(), core.entities());
    drop(core);
    stage.server.replace(generation, kept).await?;
    Ok(u64::from(refused > 0))
}

/// A server that comes back with nothing, and speaks another generation.
pub(super) async fn restart_empty(stage: &mut Stage) -> Result<u64, Failure> {
    let next = stage.server.next_generation();
    stage.server.replace(next, Entities::default()).await?;
    Ok(1)
}

/// Another program that takes this one's place for a while.
pub(super) async fn rival(stage: &mut Stage) -> Result<u64, Failure> {
    let core = stage.server.core();
    let client = || {
        core.item("Instance", INSTANCE)
            .map(|instance| instance["clientId"].clone())
    };
    let before = client();
    let rival = executor(&core.url())?;
    let (units, tally) = (Arc::default(), Arc::default());
    for index in 0..4 {
        rival.add(&unit_id(index), Unit::new(&units, &tally))?;
    }
    let mut took_place = false;
    let watch = async {
        let begun = Instant::now();
        while begun.elapsed() < A_MOMENT * 2 {
            took_place |= client() != before;
            sleep(Duration::from_millis(20)).await;
        }
    };
    rival.run_until(watch).await?;
    Ok(u64::from(took_place))
}
