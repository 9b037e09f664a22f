//! Servers and links that misbehave.

use std::sync::Arc;
use std::time::Duration;

use rship_runtime::Generation;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Stage;
use super::abuse::Abuse;
use super::device::{INSTANCE, Unit, executor, unit_id};
use super::link::Flow;
use super::orders::Order;
use super::server::RAW;
use crate::Failure;

/// A bit longer than the silence that the device bears.
const SILENCE: Duration = Duration::from_secs(6);

/// How long the link is slow.
const SLOW: Duration = Duration::from_secs(10);

/// When the registration must be over, with the pulses that go out beside it.
const LATEST: Duration = Duration::from_secs(30);

/// Bytes in a second.
const RATE: usize = 100_000;

/// Frames at a time: a core gives up who has 10,000 waiting.
const LUMP: usize = 500;

/// A peer that sends but does not read.
pub(super) async fn unread(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.up(Flow::Stopped);
    let until = Instant::now() + SILENCE;
    let mut sent = 0;
    while Instant::now() < until {
        let command = exec(sent, "add", &json!({"by": 1}));
        sent += stage.server.core.send_frame(None, &command);
        sleep(Duration::from_millis(10)).await;
    }
    Ok(sent as u64)
}

/// A link that takes less than the device has to say, registration included: it is never cut.
pub(super) async fn slow_link(stage: &mut Stage, abuse: Abuse) -> Result<u64, Failure> {
    stage.server.link.up(Flow::Slow(RATE));
    stage.server.link.cut();
    let connections = stage.server.link.connections();
    let begun = Instant::now();
    sleep(SLOW).await;
    let mut look = stage.look().await?;
    while !look.online && begun.elapsed() < LATEST {
        sleep(Duration::from_millis(500)).await;
        look = stage.look().await?;
    }
    if !look.online {
        let text = format!("the device is not online after {LATEST:?}: {}", look.status);
        stage.violation(abuse, &text);
    }
    let more = stage.server.link.connections() - connections;
    if more > 1 {
        let text = format!("the device connected {more} times, although the link made progress");
        stage.violation(abuse, &text);
    }
    Ok(begun.elapsed().as_secs())
}

/// A peer of which nothing is heard, while targets come and go.
pub(super) async fn silent(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.down(Flow::Stopped);
    let until = Instant::now() + SILENCE;
    let mut changed = 0;
    while Instant::now() < until {
        let _: Value = stage.device.order(&Order::Guests(100)).await?;
        changed += 100;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(changed)
}

/// Commands that nobody can carry out.
pub(super) async fn bad_commands(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let count = 50_000;
    let deep = (0..130).fold(Value::Null, |inner, _| json!([inner]));
    let kinds = [
        exec(0, "no-such-action", &Value::Null),
        exec(0, "add", &json!({"by": "much"})),
        exec(0, "add", &deep),
        exec(0, "add", &json!({"\u{1b}[31m\r\n": "x".repeat(300)})),
        command("NoSuchCommand", &json!({"tx": RAW})),
        json!({"event": "ws:m:command", "data": {"commandId": 7, "command": {"tx": RAW}}}),
        json!({"event": "ws:m:command", "data": {"command": {"tx": RAW}}}),
    ];
    for number in 0..count {
        stage
            .server
            .core
            .send_frame(None, &kinds[number % kinds.len()]);
        if number % LUMP == LUMP - 1 {
            sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(count as u64)
}

/// The same client id over and over; 2026 servers send none.
pub(super) async fn set_id(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let id = match stage.server.core.generation() {
        Generation::V2023 => "client:setId",
        Generation::V2024 => "SetClientId",
        Generation::V2026 => return Ok(0),
    };
    let instance = stage
        .server
        .core
        .item("Instance", INSTANCE)
        .unwrap_or_default();
    let client = instance["clientId"].as_str().unwrap_or("a-client");
    let frame = command(id, &json!({"clientId": client, "tx": RAW}));
    let count = 1_000;
    for _ in 0..count {
        stage.server.core.send_frame(None, &frame);
    }
    sleep(Duration::from_secs(1)).await;
    Ok(count)
}

/// Frames that mean nothing, then bytes that are no frames.
pub(super) async fn garbage(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let kinds = [
        json!(null),
        json!([[[]]]),
        json!({"event": 7, "data": "x"}),
        json!({"event": "ws:m:ping"}),
        json!({"event": "ws:m:ping", "data": {"id": 3, "timestamp": "now"}}),
        json!({"event": "ws:m:query-response", "data": {"tx": "nobody", "upserts": 3}}),
        json!({"event": "ws:m:command-response", "data": {"tx": "nobody", "response": null}}),
        json!({"event": "\u{0}\u{7}".repeat(1000)}),
    ];
    let mut count = 0;
    for _ in 0..4 {
        for frame in kinds.iter().cycle().take(200) {
            stage.server.core.send_frame(None, frame);
            count += 1;
        }
        sleep(Duration::from_millis(300)).await;
        stage.server.link.garbage();
        count += 1;
        sleep(Duration::from_millis(700)).await;
    }
    Ok(count)
}

/// Connections that end without a word, at all stages of a registration.
pub(super) async fn reset(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let count = 20;
    for number in 0..count {
        stage.server.link.cut();
        sleep(Duration::from_millis(number * 17 % 300)).await;
    }
    Ok(count)
}

/// Targets that go and come back before a server knows: some at once, some a moment later, some after it was told.
pub(super) async fn readded(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let indices: Vec<_> = (8..16).collect();
    let rounds = 60;
    for round in 0..rounds {
        let pause = round % 6 * 25;
        let order = Order::Readd(indices.clone(), pause);
        let _: Value = stage.device.order(&order).await?;
        sleep(Duration::from_millis(round * 7 % 100)).await;
    }
    Ok(rounds * indices.len() as u64)
}

/// A server that goes away and comes back as it was.
pub(super) async fn restart_kept(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let count = 3;
    for _ in 0..count {
        stage.server.link.close();
        sleep(Duration::from_secs(1)).await;
        stage.server.link.restore();
        sleep(Duration::from_secs(1)).await;
    }
    Ok(count)
}

/// A server that comes back with nothing, and speaks another generation.
pub(super) async fn restart_empty(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let all = Generation::ALL;
    let now = stage.server.core.generation();
    let at = all.iter().position(|generation| *generation == now);
    let next = all[(at.unwrap_or_default() + 1) % all.len()];
    stage.server.replace(next).await?;
    Ok(1)
}

/// Another program that takes this one's place for a while.
pub(super) async fn rival(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let rival = executor(&stage.server.core.url())?;
    let units = Arc::default();
    for index in 0..4 {
        rival.add(&unit_id(index), Unit::new(&units))?;
    }
    rival.run_until(sleep(Duration::from_secs(3))).await?;
    Ok(1)
}

fn exec(number: usize, action: &str, data: &Value) -> Value {
    let target = unit_id(number % super::device::TARGETS);
    let content = json!({
        "tx": format!("{RAW}{number}"),
        "instanceId": INSTANCE,
        "action": {"id": format!("{target}:{action}"), "targetId": target},
        "data": data,
    });
    command("ExecTargetAction", &content)
}

fn command(id: &str, content: &Value) -> Value {
    json!({"event": "ws:m:command", "data": {"commandId": id, "command": content}})
}
