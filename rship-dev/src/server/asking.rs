//! Commands that the core sends on its own account: for its library's user, and for pages.

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::error::CommandError;
use super::routing::{self, Caller, Outcome};
use super::shared::Shared;
use crate::near;
use crate::speaking;
use crate::store::ClientNo;

impl Shared {
    /// See [`LocalCore::settled`](super::LocalCore::settled).
    pub(crate) async fn settled(&self) {
        let asked = Instant::now();
        let mut revisions = self.revisions();
        while self.look(|state| state.windows.waiting_since(asked)) {
            if revisions.changed().await.is_err() {
                return;
            }
        }
    }

    /// Runs an action: see [`LocalCore::exec`](super::LocalCore::exec).
    pub(crate) async fn exec(
        &self,
        instance_id: Option<&str>,
        action_id: &str,
        data: Value,
    ) -> Result<Value, CommandError> {
        self.settled().await;
        let found = self.look(|state| {
            let action = state.store.get("Action", action_id)?.item.value();
            let mut instances = state
                .instances_of_target(action["targetId"].as_str().unwrap_or_default())
                .into_keys();
            let only = instances.next().filter(|_| instances.next().is_none());
            Some((action, only))
        });
        let Some((action, only)) = found else {
            return Err(self.look(|state| {
                let known = state.store.of_type("Action").map(|(id, _)| &**id);
                CommandError::UnknownAction {
                    action_id: action_id.to_owned(),
                    near: near::names(action_id, known),
                }
            }));
        };
        let named = instance_id.or(only.as_deref());
        let (command_id, command) = speaking::action_command(self.generation, named, &action, data);
        self.send_command(instance_id, command_id, command).await
    }

    /// Sends a command: see [`LocalCore::command`](super::LocalCore::command).
    pub(crate) async fn send_command(
        &self,
        instance_id: Option<&str>,
        command_id: &str,
        command: Map<String, Value>,
    ) -> Result<Value, CommandError> {
        self.settled().await;
        let (caller, outcome) = oneshot::channel();
        let limit = self.answer_limit;
        let tx = command
            .get("tx")
            .and_then(Value::as_str)
            .map_or_else(speaking::new_tx, ToOwned::to_owned);
        self.transact(|state| {
            let to_one =
                |owner: Result<ClientNo, String>| Ok((vec![(owner?, command.clone())], Vec::new()));
            let routed = match instance_id {
                Some(instance) => to_one(state.owner_of(instance)),
                None => match state.route(command_id, &command) {
                    Err(message) if message == routing::NO_HANDLER => to_one(state.only_executor()),
                    routed => routed,
                },
            };
            state.dispatch(Caller::Library(caller), &tx, command_id, routed, limit);
        });
        match outcome.await {
            Ok(Outcome::Response(response)) => Ok(response),
            Ok(Outcome::Error(refusal)) => Err(CommandError::Refused {
                command_id: refusal.command_id.unwrap_or_else(|| command_id.to_owned()),
                message: refusal.message,
            }),
            Ok(Outcome::NoOwner(message)) => Err(CommandError::Unroutable { message }),
            Ok(Outcome::TimedOut) => Err(CommandError::TimedOut {
                command_id: command_id.to_owned(),
                limit,
            }),
            Ok(Outcome::Closed) | Err(_) => Err(CommandError::Closed {
                command_id: command_id.to_owned(),
            }),
        }
    }
}
