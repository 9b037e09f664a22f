//! Handlers that block, that are sent much, that answer much, that wait for each other.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::Stage;
use super::commands::Outcome;
use super::device::{INSTANCE, TARGETS, unit_id};
use super::link::Flow;
use super::orders::WORKERS;
use crate::Failure;

/// How soon a change is on the server while handlers of other targets block.
const SOON: Duration = Duration::from_secs(2);

/// How long nobody reads.
const UNREAD: Duration = Duration::from_secs(3);

/// Longer than an action may take.
const BLOCKED: u64 = 1_500;

const MEGABYTE: usize = 1_000_000;

/// Handlers that block every worker, and one change of another target.
pub(super) async fn block_workers(stage: &mut Stage) -> Result<u64, Failure> {
    let sessions = stage.look().await?.sessions;
    let commands =
        (0..WORKERS).map(|index| (unit_id(index), "block", json!({"milliseconds": BLOCKED})));
    let commands: Vec<_> = commands.collect();
    let core = stage.server.core();
    let others = async {
        sleep(Duration::from_millis(300)).await;
        let unit = unit_id(TARGETS - 1);
        let action = format!("{unit}:add");
        let count = stage.commands.exec(&core, &action, json!({"by": 1}));
        let Ok(Outcome::Answered(count)) = timeout(SOON, count).await else {
            return false;
        };
        let arrived = core.wait_until(SOON, "the change", |core| {
            // It may have been counted up once more since then.
            let stored = core.value::<u64>(&format!("{unit}:count"));
            stored
                .zip(count.as_u64())
                .is_some_and(|(stored, count)| stored >= count)
        });
        arrived.await.is_ok()
    };
    let (outcomes, others) = tokio::join!(outcomes(stage, &commands), others);
    if !others {
        let text = "another target neither answered nor sent its change";
        stage.record.violation(text);
    }
    stage.expect_outcomes(&outcomes);
    stage.expect_session(sessions).await?;
    Ok(count(&outcomes, |outcome| *outcome == Outcome::Refused))
}

/// A handler that blocks in each target.
pub(super) async fn block_many(stage: &mut Stage) -> Result<u64, Failure> {
    let sessions = stage.look().await?.sessions;
    let commands =
        (0..TARGETS).map(|index| (unit_id(index), "block", json!({"milliseconds": 100})));
    let commands: Vec<_> = commands.collect();
    let outcomes = outcomes(stage, &commands).await;
    stage.expect_outcomes(&outcomes);
    stage.expect_session(sessions).await?;
    Ok(count(&outcomes, is_answer))
}

/// Large payloads for a target whose handler is stuck.
pub(super) async fn stuck_payloads(stage: &mut Stage) -> Result<u64, Failure> {
    let before = stage.look().await?.done.commands_refused;
    let unit = unit_id(3);
    let mut commands = vec![(unit.clone(), "block", json!({"milliseconds": BLOCKED}))];
    let payload = json!({"text": "p".repeat(MEGABYTE)});
    commands.extend((0..60).map(|_| (unit.clone(), "swallow", payload.clone())));
    let outcomes = outcomes(stage, &commands).await;
    stage.expect_outcomes(&outcomes);
    Ok(stage.look().await?.done.commands_refused - before)
}

/// One command with 5,000 members.
pub(super) async fn batch(stage: &mut Stage) -> Result<u64, Failure> {
    let members = 5_000;
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
    let core = stage.server.core();
    let actions = json!({"actions": actions});
    let command = stage.commands.command(&core, "BatchTargetAction", actions);
    let outcome = command.await;
    stage.expect_outcomes(std::slice::from_ref(&outcome));
    Ok(match outcome {
        Outcome::Answered(_) => members as u64,
        _ => 0,
    })
}

/// Pairs of handlers that hold what the other one waits for.
pub(super) async fn lock_each_other(stage: &mut Stage) -> Result<u64, Failure> {
    let pairs = 4;
    let commands: Vec<_> = (0..2 * pairs)
        .map(|index| {
            let other = json!({"other": unit_id(index ^ 1)});
            (unit_id(index), "lock-other", other)
        })
        .collect();
    let outcomes = outcomes(stage, &commands).await;
    stage.expect_outcomes(&outcomes);
    Ok(count(&outcomes, |outcome| *outcome == Outcome::Refused))
}

/// Large answers that nobody reads.
pub(super) async fn unread_replies(stage: &mut Stage) -> Result<u64, Failure> {
    let link = &stage.server.link;
    link.up(Flow::Stopped);
    let commands: Vec<_> = (0..100)
        .map(|index| {
            let bytes = json!({"bytes": MEGABYTE});
            (unit_id(index % TARGETS), "reply", bytes)
        })
        .collect();
    let over = async {
        sleep(UNREAD).await;
        link.restore();
    };
    // Whether the session survives that is the executor's choice.
    let (outcomes, ()) = tokio::join!(outcomes(stage, &commands), over);
    Ok(count(&outcomes, |outcome| *outcome != Outcome::Nobody))
}

/// Runs actions beside each other.
async fn outcomes(stage: &Stage, commands: &[(String, &str, Value)]) -> Vec<Outcome> {
    let core = stage.server.core();
    let all = commands.iter().map(|(unit, action, data)| {
        let (core, action) = (&core, format!("{unit}:{action}"));
        async move { stage.commands.exec(core, &action, data.clone()).await }
    });
    join_all(all).await
}

fn count(outcomes: &[Outcome], which: impl Fn(&Outcome) -> bool) -> u64 {
    let these = outcomes.iter().filter(|outcome| which(outcome));
    these.count() as u64
}

/// A refusal is an answer as well.
fn is_answer(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answered(_) | Outcome::Refused)
}

impl Stage {
    async fn expect_session(&mut self, before: u64) -> Result<(), Failure> {
        let more = self.look().await?.sessions - before;
        if more > 0 {
            self.record
                .violation(&format!("the session ended {more} times"));
        }
        Ok(())
    }

    /// Each command has an answer, because nothing is wrong with the connection.
    fn expect_outcomes(&self, outcomes: &[Outcome]) {
        let without = count(outcomes, |outcome| !is_answer(outcome));
        if without > 0 {
            let of = outcomes.len();
            self.record.violation(&format!(
                "of {of} commands {without} had no answer, although nothing was done to the connection"
            ));
        }
    }
}
