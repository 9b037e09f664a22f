//! Commands on their way to executors, and answers on their way back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::limits::size;
use super::state::{Outgoing, State};
use crate::explained::excerpt;
use crate::item::Item;
use crate::reading::frames::Refusal;
use crate::reading::{Problem, found_words};
use crate::store::ClientNo;
use crate::{speaking, weight};

/// What servers say to a command that they do not know.
pub(crate) const NO_HANDLER: &str = "Command handler not found";

/// How much of an id is said again.
const SHOWN: usize = 256;
/// How many members of a batch that are for nobody are said.
const UNROUTED: usize = 100;

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Response(Value),
    /// The executor's own command-error.
    Error(Refusal),
    /// It reached nobody; the text says who was looked for.
    NoOwner(String),
    Closed,
    TimedOut,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(crate) enum Caller {
    Client(ClientNo),
    Library(oneshot::Sender<Outcome>),
}

/// A command that is not answered yet.
#[derive(Debug)]
pub(crate) struct Pending {
    caller: Caller,
    command_id: String,
    /// The action, where it is a single one's.
    action: Option<String>,
    waits_for: BTreeSet<ClientNo>,
    outcomes: Vec<Outcome>,
    /// What the answers that are there take in memory.
    weight: usize,
    pub(crate) until: Instant,
    limit: Duration,
}

/// A command and the executor that it goes to.
type Leg = (ClientNo, Map<String, Value>);

/// The executors of each target that is online.
type Online<'a> = BTreeMap<Cow<'a, str>, BTreeSet<ClientNo>>;

/// Of which target a status is, what it is, and in which instance.
fn status_of(status: &Item) -> [Option<Cow<'_, str>>; 3] {
    status.strings(["targetId", "status", "instanceId"])
}

impl State {
    /// Sends the command to everyone in `legs`; the caller gets one answer for all of them.
    pub(crate) fn dispatch(
        &mut self,
        caller: Caller,
        tx: &str,
        command_id: &str,
        routed: Result<(Vec<Leg>, Vec<String>), String>,
        limit: Duration,
    ) {
        let (mut legs, mut unrouted) = match routed {
            Ok(routed) => routed,
            Err(nobody) => (Vec::new(), vec![nobody]),
        };
        legs.retain(|(no, _)| match self.takes_commands(*no) {
            Ok(()) => true,
            Err(full) => {
                unrouted.push(full);
                false
            }
        });
        let pending = Pending {
            caller,
            command_id: command_id.to_owned(),
            action: legs.first().and_then(|(_, command)| action_of(command)),
            waits_for: legs.iter().map(|(no, _)| *no).collect(),
            weight: 0,
            outcomes: unrouted.into_iter().map(Outcome::NoOwner).collect(),
            until: Instant::now() + limit,
            limit,
        };
        if self.pending.contains_key(tx) {
            let message = format!("the tx `{tx}` belongs to a command that is not answered yet");
            self.finish(
                tx,
                Pending {
                    outcomes: vec![Outcome::NoOwner(message)],
                    ..pending
                },
            );
            return;
        }
        if legs.is_empty() {
            self.finish(tx, pending);
            return;
        }
        if let Caller::Client(no) = pending.caller
            && let Some(client) = self.clients.get_mut(&no)
        {
            client.asked += 1;
        }
        self.pending.insert(tx.to_owned(), pending);
        for (no, mut command) in legs {
            command.insert("tx".to_owned(), tx.into());
            self.send(
                no,
                Outgoing::Document(speaking::command(command_id, Value::Object(command))),
            );
        }
    }

    /// Whether an executor reads fast enough to be sent another command.
    fn takes_commands(&self, no: ClientNo) -> Result<(), String> {
        let waiting = self
            .clients
            .get(&no)
            .map_or(0, |client| client.waiting.bytes());
        // The other half is for what it watches: nobody's commands may get it disconnected.
        if waiting > self.limits.waiting / 2 {
            return Err(format!(
                "the executor reads too slowly: {} wait for it",
                size(waiting)
            ));
        }
        Ok(())
    }

    /// Finds who a command is for: its legs, and what is said about the members that are for nobody.
    pub(crate) fn route(
        &self,
        command_id: &str,
        command: &Map<String, Value>,
    ) -> Result<(Vec<Leg>, Vec<String>), String> {
        match command_id {
            "target:action:exec" | "ExecTargetAction" => {
                let owners = self.owners(command, command.get("action"), |target| {
                    self.owners_of_target(target)
                })?;
                Ok((
                    owners.into_iter().map(|no| (no, command.clone())).collect(),
                    Vec::new(),
                ))
            }
            "ResendEmitterValue" => {
                let emitter = command
                    .get("emitterId")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let emitter = self.store.get("Emitter", emitter);
                let emitter = emitter.map(|entry| entry.item.value());
                let owners = self.owners(command, emitter.as_ref(), |target| {
                    self.owners_of_target(target)
                })?;
                Ok((
                    owners.into_iter().map(|no| (no, command.clone())).collect(),
                    Vec::new(),
                ))
            }
            "BatchTargetAction" => {
                let members = array(command, "actions")?;
                let rest = without(command, "actions");
                let (by_owner, unrouted) =
                    self.split(&self.online(), members, |member| member.get("action"));
                let legs = by_owner.into_iter().map(|(no, members)| {
                    let mut leg = rest.clone();
                    leg.insert("actions".to_owned(), members.into());
                    (no, leg)
                });
                Ok((legs.collect(), unrouted))
            }
            "CompactBatchTargetAction" => self.route_compact(command),
            _ => Err(NO_HANDLER.to_owned()),
        }
    }

    fn route_compact(
        &self,
        command: &Map<String, Value>,
    ) -> Result<(Vec<Leg>, Vec<String>), String> {
        let online = self.online();
        let mut groups_of: BTreeMap<ClientNo, Vec<Value>> = BTreeMap::new();
        let mut unrouted = Vec::new();
        for group in array(command, "groups")? {
            let Value::Object(group) = group else {
                return Err("a member of `groups` is not an object".to_owned());
            };
            let (by_owner, nobody) =
                self.split(&online, array(group, "assignments")?, |member| Some(member));
            unrouted.extend(nobody);
            unrouted.truncate(UNROUTED);
            let rest = without(group, "assignments");
            for (no, assignments) in by_owner {
                let mut group = rest.clone();
                group.insert("assignments".to_owned(), assignments.into());
                groups_of.entry(no).or_default().push(Value::Object(group));
            }
        }
        let rest = without(command, "groups");
        let legs = groups_of.into_iter().map(|(no, groups)| {
            let mut leg = rest.clone();
            leg.insert("groups".to_owned(), groups.into());
            (no, leg)
        });
        Ok((legs.collect(), unrouted))
    }

    /// Sorts the members of a batch by owner, and says which are for nobody.
    fn split(
        &self,
        online: &Online<'_>,
        members: &[Value],
        target_of: impl Fn(&Value) -> Option<&Value>,
    ) -> (BTreeMap<ClientNo, Vec<Value>>, Vec<String>) {
        let mut by_owner: BTreeMap<ClientNo, Vec<Value>> = BTreeMap::new();
        let mut unrouted = Vec::new();
        for member in members {
            let owners = match member {
                Value::Object(fields) => self.owners(fields, target_of(member), |target| {
                    online.get(target).cloned().unwrap_or_default()
                }),
                other => Err(format!(
                    "a member of the batch is not an object: it is {}",
                    found_words(other)
                )),
            };
            match owners {
                Ok(owners) => {
                    for no in owners {
                        by_owner.entry(no).or_default().push(member.clone());
                    }
                }
                Err(nobody) if unrouted.len() < UNROUTED => unrouted.push(nobody),
                Err(_) => {}
            }
        }
        (by_owner, unrouted)
    }

    /// The executors that a command is for: the owner of the instance it names, else everyone who has the target online.
    fn owners(
        &self,
        command: &Map<String, Value>,
        target: Option<&Value>,
        owners_of_target: impl Fn(&str) -> BTreeSet<ClientNo>,
    ) -> Result<BTreeSet<ClientNo>, String> {
        if let Some(instance) = command.get("instanceId").and_then(Value::as_str) {
            return self.owner_of(instance).map(|no| BTreeSet::from([no]));
        }
        let target = target.and_then(|target| target.get("targetId")?.as_str());
        let Some(target) = target else {
            return Err("the command names neither an instance nor a target".to_owned());
        };
        let owners = owners_of_target(target);
        if owners.is_empty() {
            let target = excerpt(target, SHOWN);
            return Err(format!(
                "no connected executor has the target `{target}` online"
            ));
        }
        Ok(owners)
    }

    /// The executor that an instance lives on.
    pub(crate) fn owner_of(&self, instance: &str) -> Result<ClientNo, String> {
        match self.store.get("Instance", instance) {
            Some(entry) => entry.owner.ok_or_else(|| {
                let instance = excerpt(instance, SHOWN);
                format!("the executor of the instance `{instance}` is not connected")
            }),
            None => {
                let instance = excerpt(instance, SHOWN);
                Err(format!("no executor has the instance `{instance}`"))
            }
        }
    }

    /// The instances in which a target is online, with their executors.
    pub(crate) fn instances_of_target(&self, target: &str) -> BTreeMap<String, ClientNo> {
        self.store
            .of_type("TargetStatus")
            .filter(|(_, entry)| entry.item.mentions(target))
            .filter_map(|(_, entry)| {
                let [of, status, instance] = status_of(&entry.item);
                if of.as_deref() != Some(target) || status.as_deref() != Some("online") {
                    return None;
                }
                let instance = instance?.into_owned();
                let owner = self.store.get("Instance", &instance)?.owner?;
                Some((instance, owner))
            })
            .collect()
    }

    fn owners_of_target(&self, target: &str) -> BTreeSet<ClientNo> {
        self.instances_of_target(target).into_values().collect()
    }

    /// The executors of all targets that are online, for commands that name many.
    fn online(&self) -> Online<'_> {
        let mut online = Online::new();
        for (_, entry) in self.store.of_type("TargetStatus") {
            let [target, status, instance] = status_of(&entry.item);
            if status.as_deref() == Some("online")
                && let Some(target) = target
                && let Some(instance) = instance
                && let Ok(owner) = self.owner_of(&instance)
            {
                online.entry(target).or_default().insert(owner);
            }
        }
        online
    }

    /// The one executor there is, for commands that name nobody.
    pub(crate) fn only_executor(&self) -> Result<ClientNo, String> {
        let owners: BTreeSet<_> = self
            .store
            .of_type("Instance")
            .filter_map(|(_, entry)| entry.owner)
            .collect();
        match (owners.first(), owners.len()) {
            (Some(no), 1) => Ok(*no),
            (_, 0) => Err("no executor is connected".to_owned()),
            (_, count) => Err(format!(
                "{count} executors are connected and the command names none: name an instance"
            )),
        }
    }

    /// Takes an executor's answer.
    pub(crate) fn answered(&mut self, from: ClientNo, tx: &str, answer: Result<Value, Refusal>) {
        if self
            .clients
            .get(&from)
            .is_some_and(|client| client.set_id_tx.as_deref() == Some(tx))
        {
            return;
        }
        let event = if answer.is_ok() {
            "ws:m:command-response"
        } else {
            "ws:m:command-error"
        };
        let Some(pending) = self
            .pending
            .get_mut(tx)
            .filter(|pending| pending.waits_for.contains(&from))
        else {
            let reason = match self.late.take(tx) {
                Some(given_up) => given_up,
                None => "no command waits for it: it is the second answer, or came too late, or its tx is not of any command"
                    .to_owned(),
            };
            self.explain(Some(from), event, tx, Problem::fatal("tx", reason));
            return;
        };
        pending.waits_for.remove(&from);
        pending.weight += match &answer {
            Ok(response) => weight::of(response),
            Err(refusal) => refusal.message.len(),
        };
        pending.outcomes.push(match answer {
            _ if pending.weight > self.limits.document => {
                let most = size(self.limits.document);
                Outcome::NoOwner(format!("the answers take more than {most} of memory"))
            }
            Ok(response) => Outcome::Response(response),
            Err(refusal) => Outcome::Error(refusal),
        });
        self.finish_if_complete(tx);
    }

    /// Fails what a closed connection was asked, and forgets what it asked itself.
    pub(crate) fn fail_commands_of(&mut self, no: ClientNo) {
        let waiting: Vec<_> = self
            .pending
            .iter_mut()
            .filter_map(|(tx, pending)| {
                pending.waits_for.remove(&no).then(|| {
                    pending.outcomes.push(Outcome::Closed);
                    tx.clone()
                })
            })
            .collect();
        for tx in waiting {
            self.finish_if_complete(&tx);
        }
    }

    /// Ends the commands whose time is over, and says when to look again.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let late: Vec<_> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.until <= now)
            .map(|(tx, _)| tx.clone())
            .collect();
        for tx in late {
            if let Some(mut pending) = self.unlist(&tx) {
                pending.outcomes.push(Outcome::TimedOut);
                self.late.keep(&tx, pending.given_up());
                self.finish(&tx, pending);
            }
        }
        self.pending.values().map(|pending| pending.until).min()
    }

    fn finish_if_complete(&mut self, tx: &str) {
        if self
            .pending
            .get(tx)
            .is_some_and(|pending| pending.waits_for.is_empty())
            && let Some(pending) = self.unlist(tx)
        {
            self.finish(tx, pending);
        }
    }

    /// Whether a client may ask for one more.
    pub(crate) fn may_ask(&self, no: ClientNo) -> Result<(), String> {
        let asked = self.clients.get(&no).map_or(0, |client| client.asked);
        if asked >= self.limits.commands {
            return Err(format!(
                "{} commands of this client wait for their answers, and it may have no more",
                self.limits.commands
            ));
        }
        Ok(())
    }

    /// Takes a command off the list of those that wait.
    fn unlist(&mut self, tx: &str) -> Option<Pending> {
        let pending = self.pending.remove(tx)?;
        if let Caller::Client(no) = pending.caller
            && let Some(client) = self.clients.get_mut(&no)
        {
            client.asked -= 1;
        }
        Some(pending)
    }

    /// Gives the caller the one answer.
    fn finish(&mut self, tx: &str, pending: Pending) {
        let Pending {
            caller,
            command_id,
            outcomes,
            limit,
            ..
        } = pending;
        let outcome = summed_up(outcomes);
        match caller {
            // A caller that went away misses its answer.
            Caller::Library(caller) => drop(caller.send(outcome)),
            Caller::Client(no) => {
                let frame = match outcome {
                    Outcome::Response(response) => {
                        speaking::response(self.generation, tx, response)
                    }
                    Outcome::Error(Refusal {
                        command_id: theirs,
                        message,
                    }) => speaking::error(
                        self.generation,
                        tx,
                        theirs.as_deref().unwrap_or(&command_id),
                        &message,
                    ),
                    other => {
                        speaking::error(self.generation, tx, &command_id, &other.message(limit))
                    }
                };
                self.send(no, Outgoing::Document(frame));
            }
        }
    }
}

impl Pending {
    /// That its time is over, and what to do about it.
    fn given_up(&self) -> String {
        format!(
            "it came too late: command `{}` was given up after {}; an action that takes longer answers when it begins, as with `answer = \"accepted\"`",
            self.action.as_deref().unwrap_or(&self.command_id),
            humantime::format_duration(self.limit)
        )
    }
}

impl Outcome {
    /// The text of a command-error for an outcome that does not have one.
    pub(crate) fn message(&self, limit: Duration) -> String {
        match self {
            Self::Response(response) => response.to_string(),
            Self::Error(refusal) => refusal.message.clone(),
            Self::NoOwner(message) => message.clone(),
            Self::Closed => "the executor's connection closed before it answered".to_owned(),
            Self::TimedOut => format!(
                "the executor did not answer within {}, and the action may go on: the executor's log names what it waits for",
                humantime::format_duration(limit)
            ),
        }
    }
}

/// One outcome for all legs of a command: any failure is the whole's, several responses are an array.
fn summed_up(mut outcomes: Vec<Outcome>) -> Outcome {
    if outcomes.len() == 1 {
        return outcomes.swap_remove(0);
    }
    let (responses, failures): (Vec<_>, Vec<_>) = outcomes
        .into_iter()
        .partition(|outcome| matches!(outcome, Outcome::Response(_)));
    if failures.is_empty() {
        return Outcome::Response(
            responses
                .into_iter()
                .filter_map(|outcome| match outcome {
                    Outcome::Response(response) => Some(response),
                    _ => None,
                })
                .collect(),
        );
    }
    if failures.contains(&Outcome::TimedOut) {
        return Outcome::TimedOut;
    }
    let messages: Vec<_> = failures
        .iter()
        .map(|failure| failure.message(Duration::ZERO))
        .collect();
    Outcome::Error(Refusal {
        command_id: None,
        message: messages.join("; "),
    })
}

/// The id of the action that a command runs.
fn action_of(command: &Map<String, Value>) -> Option<String> {
    Some(command.get("action")?.get("id")?.as_str()?.to_owned())
}

/// A copy of an object without one of its fields, which may be large.
fn without(object: &Map<String, Value>, field: &str) -> Map<String, Value> {
    let fields = object.iter().filter(|(name, _)| *name != field);
    fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn array<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a Vec<Value>, String> {
    match object.get(name) {
        Some(Value::Array(members)) => Ok(members),
        _ => Err(format!("the command has no array `{name}`")),
    }
}
