//! The router: from a command to the targets that carry it out.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use rship_core::dispatch::Destination as _;
use rship_core::json;
use rship_core::wire::{Command, Exec, Member, MemberFault, Resend, TargetCall};
use serde_json::Value;

use super::reply::{Desk, Part, Reply, Written};
use crate::outbox::Epoch;
use crate::target::{Job, Reference, Registry};

/// What an error that names the failed members of a batch may come to, in bytes.
const FAILURES: usize = 64 << 10;

pub(crate) struct Router {
    pub(crate) desk: Arc<Desk>,
    pub(crate) registry: Arc<Registry>,
}

/// Which connection a command came from, and when.
#[derive(Debug, Clone, Copy)]
struct Origin {
    epoch: Epoch,
    arrived: Instant,
}

impl Router {
    /// Has a command carried out, once the handlers are started; answers it at once when that is
    /// impossible.
    pub(crate) fn route(&self, command: Command, epoch: Epoch, arrived: Instant) {
        self.desk.counters.commands.add(1);
        let reply = Reply::new(&self.desk, epoch, command.tx, command.id);
        match command.member {
            Member::Exec(exec) => self.run(exec, reply, Origin { epoch, arrived }),
            Member::Resend(resend) => {
                let outcome = self.resend(&resend);
                reply.give(outcome.map(|()| "null".to_owned()), &[]);
            }
            Member::Unreadable(reason) => {
                let why = format!("the command cannot be read: {reason}");
                reply.give(Err(why), &[]);
            }
            Member::Unknown => {
                let why = "an executor has no such command".to_owned();
                reply.give(Err(why), &[]);
            }
            // The session has taken it; servers that count unanswered commands count this one too.
            Member::SetClientId { .. } => reply.give(Ok("null".to_owned()), &[]),
        }
    }

    /// Publishes the last value of a state emitter once more.
    pub(crate) fn resend(&self, resend: &Resend) -> Result<(), String> {
        let whole = &resend.emitter_id;
        let Some((target, emitter)) = whole.rsplit_once(':') else {
            return Err(format!(
                "`{whole}` is not an emitter id: it has the form TARGET:EMITTER"
            ));
        };
        let targets = self.registry.targets();
        let found = targets
            .table
            .destinations_in(target, resend.instance_id.as_deref())
            .map_err(|error| error.to_string())?;
        for target in found {
            let position = target.descriptor().emitter_position(emitter);
            let slot = position
                .and_then(|position| target.slots.get(position))
                .ok_or_else(|| format!("target `{}` has no emitter `{emitter}`", target.id))?;
            if !self.desk.outbox.resend(*slot) {
                return Err(format!(
                    "emitter `{whole}` has no last value: it is an impulse, or was never published"
                ));
            }
        }
        Ok(())
    }

    fn run(&self, exec: Exec, reply: Reply, origin: Origin) {
        let Exec { batch, mut calls } = exec;
        if !batch && let Some(Ok(call)) = calls.pop() {
            return self.call(call, Part::only(reply), origin);
        }
        // Members with the tx of another, or of the command itself, are answered with it.
        let mut answered: HashSet<_> = reply.tx().map(ToOwned::to_owned).into_iter().collect();
        for call in &mut calls {
            let tx = match call {
                Ok(call) => &mut call.tx,
                Err(fault) => &mut fault.tx,
            };
            *tx = tx.take().filter(|tx| answered.insert(tx.clone()));
        }
        let labels: Vec<_> = calls.iter().map(label).collect();
        let room = self.desk.outbox.message_limit();
        let parts = Part::several(calls.len(), room, move |outcomes, touched| {
            reply.give(batch_outcome(&labels, outcomes), touched);
        });
        let own = |tx: Option<String>| {
            let command = "ExecTargetAction".to_owned();
            tx.map(|tx| Reply::new(&self.desk, origin.epoch, Some(tx), command))
        };
        for (call, part) in calls.into_iter().zip(parts) {
            match call {
                Ok(mut call) => {
                    let part = part.with_own_reply(own(call.tx.take()));
                    self.call(call, part, origin);
                }
                Err(fault) => part.with_own_reply(own(fault.tx)).refuse(fault.reason),
            }
        }
    }

    fn call(&self, call: TargetCall, part: Part, origin: Origin) {
        let (first, others) = match self.destinations(&call) {
            Ok(found) => found,
            Err(why) => return part.refuse(why),
        };
        if others.is_empty() {
            return first.run(call.data, part, origin);
        }
        let all: Vec<_> = [first].into_iter().chain(others).collect();
        let instances: Vec<_> = all
            .iter()
            .map(|found| Arc::clone(&found.target.instance_id))
            .collect();
        let room = self.desk.outbox.message_limit();
        let parts = Part::several(all.len(), room, move |outcomes, touched| {
            part.written(joined(&instances, outcomes), touched);
        });
        for (found, part) in all.into_iter().zip(parts) {
            found.run(call.data.clone(), part, origin);
        }
    }

    /// Where a call is carried out, in at least one place.
    fn destinations(&self, call: &TargetCall) -> Result<(Found, Vec<Found>), String> {
        let targets = self.registry.targets();
        let (target, instance) = (call.target_id.as_deref(), call.instance_id.as_deref());
        let found = targets
            .table
            .resolve(&call.action_id, target, instance)
            .map_err(|error| error.to_string())?;
        let found_in = |(target, action): (&Arc<Reference>, usize)| {
            if target.allows(action) {
                let target = Arc::clone(target);
                Ok(Found { target, action })
            } else {
                Err(format!("action `{}` is not available now", call.action_id))
            }
        };
        let (first, others) = found.split();
        let others: Result<Vec<_>, _> = others.into_iter().map(found_in).collect();
        Ok((found_in(first)?, others?))
    }
}

/// One place where a call is carried out.
struct Found {
    target: Arc<Reference>,
    action: usize,
}

impl Found {
    fn run(self, payload: Value, part: Part, origin: Origin) {
        let Self { target, action } = self;
        let Some(tree) = target.tree.upgrade() else {
            return part.refuse(format!("target `{}` is no longer there", target.id));
        };
        let origin = (origin.epoch, origin.arrived);
        tree.submit(Job::new(target, action, payload, origin, Box::new(part)));
    }
}

fn label(call: &Result<TargetCall, MemberFault>) -> String {
    match call {
        Ok(call) => format!("`{}`", call.action_id),
        Err(fault) => fault.what.clone(),
    }
}

/// All responses of a batch in its order, or the names of those that failed.
fn batch_outcome(labels: &[String], outcomes: Vec<Written>) -> Written {
    let all = outcomes.len();
    let mut responses = String::from("[");
    let (mut failed, mut failures) = (0, String::new());
    for (index, (label, outcome)) in labels.iter().zip(outcomes).enumerate() {
        match outcome {
            Ok(response) => {
                if responses.len() > 1 {
                    responses.push(',');
                }
                responses.push_str(&response);
            }
            Err(why) => {
                failed += 1;
                if failures.len() < FAILURES {
                    let separator = if failures.is_empty() { "" } else { "; " };
                    failures.push_str(separator);
                    failures.push_str(&format!("{label} (number {}): {why}", index + 1));
                } else if !failures.ends_with('…') {
                    failures.push_str("; …");
                }
            }
        }
    }
    if failed == 0 {
        responses.push(']');
        Ok(responses)
    } else {
        Err(format!("{failed} of {all} actions failed: {failures}"))
    }
}

/// The response of each instance; an error when one failed.
fn joined(instances: &[Arc<str>], outcomes: Vec<Written>) -> Written {
    let mut responses = String::from("{");
    let mut failures = Vec::new();
    for (instance, outcome) in instances.iter().zip(outcomes) {
        match outcome {
            Ok(response) => {
                if responses.len() > 1 {
                    responses.push(',');
                }
                responses.push_str(&json::text(&Value::from(&**instance)));
                responses.push(':');
                responses.push_str(&response);
            }
            Err(why) => failures.push(format!("in instance `{instance}`: {why}")),
        }
    }
    if failures.is_empty() {
        responses.push('}');
        Ok(responses)
    } else {
        Err(failures.join("; "))
    }
}
