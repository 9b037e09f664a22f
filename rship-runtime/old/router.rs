//! The router: from a command to the targets that carry it out, and back to its one answer.

use std::collections::HashSet;
use std::sync::Arc;

use rship_core::dispatch::Route;
use rship_core::wire::{Command, Exec, Member, MemberFault, Resend, TargetCall};
use serde_json::{Map, Value};

use crate::answers::{Answer, Outcome, Part};
use crate::hub::Hub;
use crate::registry::Way;
use crate::tree::Job;

/// Has a command carried out, once the runners are started; answers it at once when that is impossible.
pub(crate) fn route(hub: &Arc<Hub>, command: Command) {
    hub.counters.commands.add(1);
    let answer = Answer::new(hub, command.tx, command.id);
    match command.member {
        Member::Exec(exec) => run(hub, exec, answer),
        Member::Resend(resend) => {
            let outcome = resend_value(hub, &resend);
            answer.give(outcome.map(|()| Value::Null));
        }
        Member::Unreadable(reason) => {
            answer.give(Err(format!("the command cannot be read: {reason}")));
        }
        Member::Unknown => answer.give(Err("an executor has no such command".to_owned())),
        // The session has taken it; servers that count unanswered commands count this one too.
        Member::SetClientId { .. } => answer.give(Ok(Value::Null)),
    }
}

/// Publishes the last value of a state emitter once more.
pub(crate) fn resend_value(hub: &Hub, resend: &Resend) -> Result<(), String> {
    let whole = &resend.emitter_id;
    let registry = hub.registry();
    let Some((target, emitter)) = whole.rsplit_once(':') else {
        return Err(format!(
            "`{whole}` is no emitter id: it has the form TARGET:EMITTER"
        ));
    };
    let routes = registry
        .table
        .routes_in(target, resend.instance_id.as_deref())
        .map_err(|error| error.to_string())?;
    for route in routes {
        let slot = route
            .descriptor
            .emitter_position(emitter)
            .and_then(|position| registry.node(route.to.node)?.slots.get(position).copied())
            .ok_or_else(|| format!("target `{target}` has no emitter `{emitter}`"))?;
        if !hub.outbox.resend(slot) {
            return Err(format!(
                "emitter `{whole}` has no last value: it is an impulse, or was never published"
            ));
        }
    }
    Ok(())
}

fn run(hub: &Arc<Hub>, exec: Exec, answer: Answer) {
    let Exec { batch, mut calls } = exec;
    if !batch && let Some(Ok(call)) = calls.pop() {
        return run_call(hub, call, Part::only(answer));
    }
    // Members with the tx of another, or of the command itself, are answered with it.
    let mut answered: HashSet<_> = answer.tx().into_iter().collect();
    for call in &mut calls {
        let tx = match call {
            Ok(call) => &mut call.tx,
            Err(fault) => &mut fault.tx,
        };
        *tx = tx.take().filter(|tx| answered.insert(tx.clone()));
    }
    let labels: Vec<_> = calls.iter().map(label).collect();
    let parts = Part::several(calls.len(), move |outcomes| {
        answer.give(batch_outcome(&labels, outcomes));
    });
    for (call, part) in calls.into_iter().zip(parts) {
        match call {
            Ok(mut call) => {
                let part = part.with_own_answer(hub, call.tx.take());
                run_call(hub, call, part);
            }
            Err(fault) => {
                let part = part.with_own_answer(hub, fault.tx);
                part.done(Err(fault.reason));
            }
        }
    }
}

fn label(call: &Result<TargetCall, MemberFault>) -> String {
    match call {
        Ok(call) => format!("`{}`", call.action_id),
        Err(fault) => fault.what.clone(),
    }
}

/// All responses of a batch in its order, or the names of those that failed.
fn batch_outcome(labels: &[String], outcomes: Vec<Outcome>) -> Outcome {
    let all = outcomes.len();
    let mut responses = Vec::with_capacity(all);
    let mut failures = Vec::new();
    for (index, (label, outcome)) in labels.iter().zip(outcomes).enumerate() {
        match outcome {
            Ok(response) => responses.push(response),
            Err(why) => failures.push(format!("{label} (number {}): {why}", index + 1)),
        }
    }
    if failures.is_empty() {
        Ok(Value::Array(responses))
    } else {
        let failed = failures.len();
        Err(format!(
            "{failed} of {all} actions failed: {}",
            failures.join("; ")
        ))
    }
}

/// One place where a call is carried out.
struct Stop {
    instance: Arc<str>,
    way: Arc<Way>,
    action: usize,
}

impl Stop {
    fn run(self, payload: Value, answer: Part, hub: &Hub) {
        let tree = Arc::clone(&self.way.tree);
        let job = Job {
            way: self.way,
            action: self.action,
            payload,
            answer,
            superseded: None,
        };
        tree.submit(job, &hub.runners);
    }
}

fn run_call(hub: &Arc<Hub>, call: TargetCall, part: Part) {
    let (first, others) = match stops(hub, &call) {
        Ok(stops) => stops,
        Err(why) => return part.done(Err(why)),
    };
    if others.is_empty() {
        return first.run(call.data, part, hub);
    }
    let stops: Vec<_> = [first].into_iter().chain(others).collect();
    let instances: Vec<_> = stops.iter().map(|stop| stop.instance.clone()).collect();
    let parts = Part::several(stops.len(), move |outcomes| {
        part.done(joined(&instances, outcomes));
    });
    for (stop, part) in stops.into_iter().zip(parts) {
        stop.run(call.data.clone(), part, hub);
    }
}

/// Where a call is carried out, in at least one place.
fn stops(hub: &Hub, call: &TargetCall) -> Result<(Stop, Vec<Stop>), String> {
    let registry = hub.registry();
    let (target, instance) = (call.target_id.as_deref(), call.instance_id.as_deref());
    let found = registry
        .table
        .resolve(&call.action_id, target, instance)
        .map_err(|error| error.to_string())?;
    let stop = |(route, action): (&Route<Arc<Way>>, usize)| {
        let way = &route.to;
        let id = &route.descriptor.actions[action].id;
        if !registry.allows_action(way.node, id) {
            return Err(format!("action `{}` is not available now", call.action_id));
        }
        Ok(Stop {
            instance: Arc::clone(&route.instance),
            way: Arc::clone(way),
            action,
        })
    };
    let (first, others) = found.split();
    let others: Result<Vec<_>, _> = others.into_iter().map(stop).collect();
    Ok((stop(first)?, others?))
}

/// The response of each instance; an error when one failed.
fn joined(instances: &[Arc<str>], outcomes: Vec<Outcome>) -> Outcome {
    let mut responses = Map::new();
    let mut failures = Vec::new();
    for (instance, outcome) in instances.iter().zip(outcomes) {
        match outcome {
            Ok(response) => drop(responses.insert(instance.to_string(), response)),
            Err(why) => failures.push(format!("in instance `{instance}`: {why}")),
        }
    }
    if failures.is_empty() {
        Ok(Value::Object(responses))
    } else {
        Err(failures.join("; "))
    }
}
