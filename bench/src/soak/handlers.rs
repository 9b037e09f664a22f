//! Handlers that block, that are sent much, that answer much, that wait for each other.

use std::time::Duration;

use futures_util::future::join_all;
use rship_dev::CommandError;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::Stage;
use super::abuse::Abuse;
use super::device::{INSTANCE, TARGETS, unit_id};
use super::link::Flow;
use super::orders::WORKERS;
use crate::Failure;

/// How soon a change is on the server while handlers of other targets block.
const SOON: Duration = Duration::from_secs(2);

const MEGABYTE: usize = 1_000_000;

/// Handlers that block every worker, and one change of another target.
pub(super) async fn block_workers(stage: &mut Stage, abuse: Abuse) -> Result<u64, Failure> {
    let sessions = stage.look().await?.sessions;
    let commands =
        (0..WORKERS).map(|index| (unit_id(index), "block", json!({"milliseconds": 3000})));
    let commands: Vec<_> = commands.collect();
    let core = &stage.server.core;
    let others = async {
        sleep(Duration::from_millis(300)).await;
        let unit = unit_id(TARGETS - 1);
        let action = format!("{unit}:add");
        let count = core.exec(Some(INSTANCE), &action, json!({"by": 1}));
        let count = timeout(SOON, count).await.ok()?.ok()?;
        let arrived = core.wait_until(SOON, "the change", |core| {
            core.items("Pulse").values().any(|pulse| {
                pulse["emitterId"] == format!("{unit}:count") && pulse["data"] == count
            })
        });
        arrived.await.ok()
    };
    let (answers, others) = tokio::join!(answers(stage, &commands), others);
    if others.is_none() {
        stage.violation(abuse, "another target neither answered nor sent its change");
    }
    stage.expect_answers(abuse, &answers);
    stage.expect_session(abuse, sessions).await?;
    Ok(commands.len() as u64)
}

/// A handler that blocks in each target.
pub(super) async fn block_many(stage: &mut Stage, abuse: Abuse) -> Result<u64, Failure> {
    let sessions = stage.look().await?.sessions;
    let commands =
        (0..TARGETS).map(|index| (unit_id(index), "block", json!({"milliseconds": 100})));
    let commands: Vec<_> = commands.collect();
    let answers = answers(stage, &commands).await;
    stage.expect_answers(abuse, &answers);
    stage.expect_session(abuse, sessions).await?;
    Ok(commands.len() as u64)
}

/// Large payloads for a target whose handler is stuck.
pub(super) async fn stuck_payloads(stage: &mut Stage, abuse: Abuse) -> Result<u64, Failure> {
    let unit = unit_id(3);
    let mut commands = vec![(unit.clone(), "block", json!({"milliseconds": 2000}))];
    let payload = json!({"text": "p".repeat(MEGABYTE)});
    commands.extend((0..60).map(|_| (unit.clone(), "swallow", payload.clone())));
    let answers = answers(stage, &commands).await;
    // A refusal is an answer as well.
    stage.expect_answers(abuse, &answers);
    Ok(commands.len() as u64 - 1)
}

/// One command with 20,000 members.
pub(super) async fn batch(stage: &mut Stage, abuse: Abuse) -> Result<u64, Failure> {
    let members = 20_000;
    let actions: Vec<_> = (0..members)
        .map(|member| {
            let target = unit_id(member % TARGETS);
            json!({
                "instanceId": INSTANCE,
                "action": {"id": format!("{target}:add"), "targetId": target},
                "data": {"by": 1},
            })
        })
        .collect();
    let core = &stage.server.core;
    let command = core.command(
        Some(INSTANCE),
        "BatchTargetAction",
        json!({"actions": actions}),
    );
    let answer = command.await;
    if let Err(error) = answer {
        stage.violation(abuse, &cut(&error.to_string()));
    }
    Ok(members as u64)
}

/// Pairs of handlers that hold what the other one waits for.
pub(super) async fn lock_each_other(stage: &mut Stage, abuse: Abuse) -> Result<u64, Failure> {
    let pairs = 4;
    let commands: Vec<_> = (0..2 * pairs)
        .map(|index| {
            (
                unit_id(index),
                "lock-other",
                json!({"other": unit_id(index ^ 1)}),
            )
        })
        .collect();
    let answers = answers(stage, &commands).await;
    stage.expect_answers(abuse, &answers);
    Ok(commands.len() as u64)
}

/// Large answers that nobody reads.
pub(super) async fn unread_replies(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.up(Flow::Stopped);
    let commands: Vec<_> = (0..100)
        .map(|index| {
            (
                unit_id(index % TARGETS),
                "reply",
                json!({"bytes": MEGABYTE}),
            )
        })
        .collect();
    // Whether the session survives that is the executor's choice.
    let _ = timeout(Duration::from_secs(6), answers(stage, &commands)).await;
    Ok(commands.len() as u64)
}

/// Runs actions beside each other.
async fn answers(
    stage: &Stage,
    commands: &[(String, &str, Value)],
) -> Vec<Result<Value, CommandError>> {
    let core = &stage.server.core;
    let all = commands.iter().map(|(unit, action, data)| async move {
        core.exec(Some(INSTANCE), &format!("{unit}:{action}"), data.clone())
            .await
    });
    join_all(all).await
}

impl Stage {
    async fn expect_session(&mut self, abuse: Abuse, before: u64) -> Result<(), Failure> {
        let more = self.look().await?.sessions - before;
        if more > 0 {
            self.violation(abuse, &format!("the session ended {more} times"));
        }
        Ok(())
    }

    /// Each command has an answer, be it an error.
    fn expect_answers(&mut self, abuse: Abuse, answers: &[Result<Value, CommandError>]) {
        let missing = answers.iter().filter_map(|answer| match answer {
            Ok(_) | Err(CommandError::Refused { .. }) => None,
            Err(error) => Some(error.to_string()),
        });
        let missing: Vec<_> = missing.collect();
        if let Some(first) = missing.first() {
            let text = format!(
                "{} commands without an answer: {}",
                missing.len(),
                cut(first)
            );
            self.violation(abuse, &text);
        }
    }
}

/// As much as a line takes.
fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
