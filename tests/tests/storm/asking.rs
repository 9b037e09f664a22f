//! What a server asks, and what comes of it.

use std::sync::{Arc, PoisonError};

use rship_dev::{CommandError, LocalCore};
use rship_runtime::Generation;
use serde_json::{Value, json};

use super::run::{System, instance_id, rack_id};
use super::steps::Ask;

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) rack: u8,
    pub(crate) ask: Ask,
    pub(crate) outcome: Result<Value, CommandError>,
}

impl System {
    /// Asks, without waiting for the answer.
    pub(crate) fn ask(&mut self, rack: u8, ask: Ask, generation: Generation) {
        let Some(core) = self.core.clone() else {
            return;
        };
        let (asked, open) = (Arc::clone(&self.asked), Arc::clone(&self.open));
        let mut cores = self.cores.subscribe();
        tokio::spawn(async move {
            let _open = open;
            let answer = asking(&core, rack, &ask, generation);
            let outcome = tokio::select! {
                biased;
                outcome = answer => outcome,
                _ = cores.changed() => Err(CommandError::Closed {
                    command_id: "a command to a server that has ended".to_owned(),
                }),
            };
            let outcome = Asked { rack, ask, outcome };
            asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(outcome);
        });
    }
}

async fn asking(
    core: &LocalCore,
    rack: u8,
    ask: &Ask,
    generation: Generation,
) -> Result<Value, CommandError> {
    let rack_id = rack_id(rack);
    let exec = async |action: &str, data: Value| {
        core.exec(None, &format!("{rack_id}:{action}"), data).await
    };
    match ask {
        Ask::Bump => exec("bump", Value::Null).await,
        Ask::Refuse => exec("refuse", json!({})).await,
        Ask::Fall => exec("fall", Value::Null).await,
        Ask::BadPayload => exec("wait", json!({"milliseconds": "soon"})).await,
        Ask::Wait(time) => exec("wait", json!({"milliseconds": time})).await,
        Ask::Long(time) => exec("long", json!({"milliseconds": time})).await,
        Ask::Cancel => exec("long-cancel", Value::Null).await,
        Ask::Tell(bytes) => exec("tell", json!({"bytes": bytes})).await,
        Ask::Unknown => {
            let action = json!({"id": format!("{rack_id}:dance"), "targetId": rack_id});
            let instance = instance_id(rack);
            let (id, command) = match generation {
                Generation::V2023 => (
                    "target:action:exec",
                    json!({"action": action, "data": null}),
                ),
                _ => (
                    "ExecTargetAction",
                    json!({"instanceId": instance, "action": action, "data": null}),
                ),
            };
            core.command(Some(&instance), id, command).await
        }
        Ask::Batch(count) => {
            let instance = instance_id(rack);
            let member = json!({
                "instanceId": instance,
                "action": {"id": format!("{rack_id}:bump"), "targetId": rack_id},
                "data": {},
            });
            let actions: Vec<_> = (0..*count).map(|_| member.clone()).collect();
            let command = json!({"actions": actions});
            core.command(Some(&instance), "BatchTargetAction", command)
                .await
        }
    }
}
