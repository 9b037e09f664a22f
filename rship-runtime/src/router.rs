//! The router: from a command to the targets that carry it out, and back to its one answer.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::model::AnyModel;
use rship_core::wire::{self, Command, Exec, Member, MemberFault, Resend, TargetCall};
use serde_json::{Map, Value};
use tracing::{debug, warn};

use crate::hub::Hub;
use crate::tree::{Job, Path, Tree};

/// What a command, or a part of one, came to.
type Outcome = Result<Value, String>;

/// Has a command carried out; answers it at once when that is impossible.
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
    // Members with the tx of another, or of the command itself, are answered with it.
    let mut answered: HashSet<_> = answer.tx.clone().into_iter().collect();
    for call in &mut calls {
        let tx = match call {
            Ok(call) => &mut call.tx,
            Err(fault) => &mut fault.tx,
        };
        *tx = tx.take().filter(|tx| answered.insert(tx.clone()));
    }
    let labels: Vec<_> = calls.iter().map(label).collect();
    let parts = Part::all(calls.len(), move |outcomes| {
        answer.give(if batch {
            batch_outcome(&labels, outcomes)
        } else {
            outcomes.into_iter().next().unwrap_or(Ok(Value::Null))
        });
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
    instance: String,
    target: Arc<str>,
    tree: Arc<Tree>,
    path: Path,
    model: Arc<dyn AnyModel>,
    action: usize,
}

fn run_call(hub: &Arc<Hub>, call: TargetCall, part: Part) {
    let stops = match stops(
        hub,
        &call.action_id,
        call.target_id.as_deref(),
        call.instance_id.as_deref(),
    ) {
        Ok(stops) => stops,
        Err(why) => return part.done(Err(why)),
    };
    let instances: Vec<_> = stops.iter().map(|stop| stop.instance.clone()).collect();
    let parts = Part::all(stops.len(), move |outcomes| {
        part.done(joined(&instances, outcomes))
    });
    for (stop, answer) in stops.into_iter().zip(parts) {
        let job = Job {
            target: stop.target,
            path: stop.path,
            model: stop.model,
            action: stop.action,
            payload: call.data.clone(),
            answer,
            superseded: None,
        };
        stop.tree.submit(job);
    }
}

fn stops(
    hub: &Hub,
    action_id: &str,
    target_id: Option<&str>,
    instance_id: Option<&str>,
) -> Result<Vec<Stop>, String> {
    let registry = hub.registry();
    let found = registry
        .table
        .resolve(action_id, target_id, instance_id)
        .map_err(|error| error.to_string())?;
    for (route, action) in &found {
        let action = &route.descriptor.actions[*action].id;
        let node = registry.node(route.to.node);
        if node.is_some_and(|node| !node.details.allows_action(action)) {
            return Err(format!("action `{action_id}` is not available now"));
        }
    }
    let stops = found.into_iter().filter_map(|(route, action)| {
        Some(Stop {
            instance: route.instance.to_string(),
            target: Arc::clone(&registry.node(route.to.node)?.target),
            tree: Arc::clone(&route.to.tree),
            path: Arc::clone(&route.to.path),
            model: Arc::clone(&route.to.model),
            action,
        })
    });
    Ok(stops.collect())
}

/// The response of the only instance, or one for each; an error when one failed.
fn joined(instances: &[String], mut outcomes: Vec<Outcome>) -> Outcome {
    if outcomes.len() == 1 {
        return outcomes.swap_remove(0);
    }
    let mut responses = Map::new();
    let mut failures = Vec::new();
    for (instance, outcome) in instances.iter().zip(outcomes) {
        match outcome {
            Ok(response) => drop(responses.insert(instance.clone(), response)),
            Err(why) => failures.push(format!("in instance `{instance}`: {why}")),
        }
    }
    if failures.is_empty() {
        Ok(Value::Object(responses))
    } else {
        Err(failures.join("; "))
    }
}

/// The answer of a command, to be given once.
struct Answer {
    hub: Arc<Hub>,
    number: u64,
    tx: Option<String>,
    command: String,
}

impl Answer {
    fn new(hub: &Arc<Hub>, tx: Option<String>, command: String) -> Self {
        Self {
            number: hub.unanswered.add(tx.as_deref(), &command),
            hub: Arc::clone(hub),
            tx,
            command,
        }
    }

    fn give(self, outcome: Outcome) {
        let Self {
            hub,
            number,
            tx,
            command,
        } = self;
        if !hub.unanswered.remove(number) {
            return;
        }
        if let Err(why) = &outcome {
            hub.counters.commands_failed.add(1);
            warn!(command, tx, "command failed: {why}");
        }
        match (tx, outcome) {
            (Some(tx), Ok(response)) => hub.outbox.answer(wire::response(&tx, &response)),
            (Some(tx), Err(why)) => hub.outbox.answer(wire::error(&tx, &command, &why)),
            (None, _) => debug!(command, "the command has no tx: nobody can be answered"),
        }
    }
}

/// The commands that have no answer yet, so that an executor that ends can say so.
#[derive(Default)]
pub(crate) struct Unanswered {
    state: Mutex<UnansweredState>,
}

#[derive(Default)]
struct UnansweredState {
    last: u64,
    /// The tx and the name of each.
    commands: HashMap<u64, (Option<String>, String)>,
}

impl Unanswered {
    fn state(&self) -> MutexGuard<'_, UnansweredState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, tx: Option<&str>, command: &str) -> u64 {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        let command = (tx.map(ToOwned::to_owned), command.to_owned());
        state.commands.insert(number, command);
        number
    }

    /// Says that a command is answered now; `false` when it was before.
    fn remove(&self, number: u64) -> bool {
        self.state().commands.remove(&number).is_some()
    }

    /// Answers all with an error.
    pub(crate) fn refuse_all(&self, why: &str) -> Vec<String> {
        let commands = std::mem::take(&mut self.state().commands);
        let refused = commands.into_values();
        refused
            .filter_map(|(tx, command)| Some(wire::error(&tx?, &command, why)))
            .collect()
    }
}

type Finish = Box<dyn FnOnce(Vec<Outcome>) + Send>;

struct Whole {
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
    finish: Option<Finish>,
}

/// One of the parts whose outcomes make up an answer. A part that is dropped has failed, so that an
/// answer is given whatever becomes of a handler.
pub(crate) struct Part {
    whole: Arc<Mutex<Whole>>,
    index: usize,
    given: bool,
}

impl Part {
    fn all(count: usize, finish: impl FnOnce(Vec<Outcome>) + Send + 'static) -> Vec<Self> {
        if count == 0 {
            finish(Vec::new());
            return Vec::new();
        }
        let whole = Arc::new(Mutex::new(Whole {
            outcomes: (0..count).map(|_| None).collect(),
            missing: count,
            finish: Some(Box::new(finish)),
        }));
        (0..count)
            .map(|index| Self {
                whole: Arc::clone(&whole),
                index,
                given: false,
            })
            .collect()
    }

    /// The same part, whose outcome also answers this tx: a member of a batch may want an answer of its
    /// own besides.
    fn with_own_answer(self, hub: &Arc<Hub>, tx: Option<String>) -> Self {
        if tx.is_none() {
            return self;
        }
        let answer = Answer::new(hub, tx, "ExecTargetAction".to_owned());
        let finish = move |mut outcomes: Vec<Outcome>| {
            let outcome = outcomes.pop().unwrap_or(Ok(Value::Null));
            answer.give(outcome.clone());
            self.done(outcome);
        };
        let whole = Whole {
            outcomes: vec![None],
            missing: 1,
            finish: Some(Box::new(finish)),
        };
        Self {
            whole: Arc::new(Mutex::new(whole)),
            index: 0,
            given: false,
        }
    }

    /// Says what this part came to.
    pub(crate) fn done(mut self, outcome: Outcome) {
        self.set(outcome);
    }

    fn set(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.given, true) {
            return;
        }
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.outcomes[self.index] = Some(outcome);
        whole.missing -= 1;
        if whole.missing > 0 {
            return;
        }
        let outcomes = whole.outcomes.iter_mut().map_while(Option::take).collect();
        let finish = whole.finish.take();
        drop(whole);
        if let Some(finish) = finish {
            finish(outcomes);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.set(Err("the action ended without an answer".to_owned()));
    }
}
