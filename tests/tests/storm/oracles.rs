//! What must hold after every sequence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use rship_dev::CommandError;
use rship_runtime::{Generation, Status};
use serde_json::{Value, json};

use super::history::RACK;
use super::run::{Offline, System, instance_id, rack_id, slot_id};
use super::steps::{Ask, RackModel};

/// What a sequence may allocate at its worst: what the executor may keep waiting (1.5 MiB), as much again while that is
/// written, and the server, the network and the trace of the test itself.
const MEMORY: u64 = 16 << 20;

const ACTIONS: [&str; 7] = [
    "bump",
    "refuse",
    "fall",
    "wait",
    "long",
    "long-cancel",
    "tell",
];

/// Memory at its worst.
pub(crate) fn memory(bytes: u64) -> Result<(), String> {
    if bytes > MEMORY {
        return Err(format!(
            "it took {bytes} bytes of memory, where {MEMORY} are allowed"
        ));
    }
    Ok(())
}

/// The entities that must be there, and those that may.
#[derive(Default)]
struct Expected {
    must: BTreeSet<(&'static str, String)>,
    may: BTreeSet<(&'static str, String)>,
    names: BTreeMap<String, String>,
    online: BTreeMap<String, bool>,
}

impl Expected {
    fn target(&mut self, id: &str, actions: &[&str], emitters: &[&str], must: bool) {
        let set = if must { &mut self.must } else { &mut self.may };
        set.insert(("Target", id.to_owned()));
        set.extend(
            actions
                .iter()
                .map(|action| ("Action", format!("{id}:{action}"))),
        );
        set.extend(
            emitters
                .iter()
                .map(|emitter| ("Emitter", format!("{id}:{emitter}"))),
        );
    }

    fn rack(&mut self, number: u8, rack: &RackModel) {
        let (id, instance) = (rack_id(number), instance_id(number));
        self.must.insert(("Instance", instance.clone()));
        self.target(&id, &ACTIONS, &["count", "double", "beat"], true);
        if let Some(name) = rack.name {
            self.names.insert(id.clone(), format!("name {name}"));
        }
        self.online
            .insert(format!("{instance}:{id}"), !rack.offline);
        for slot in &rack.slots {
            let slot = format!("{id}.slots.{}", slot_id(*slot));
            let knob = format!("{slot}.knob");
            self.target(&slot, &[], &["level"], true);
            self.target(&knob, &[], &["turn"], true);
            self.online
                .insert(format!("{instance}:{slot}"), !rack.offline);
            self.online
                .insert(format!("{instance}:{knob}"), !rack.offline);
        }
        let lid = format!("{id}.lid");
        if rack.lid {
            self.target(&lid, &[], &["angle"], true);
        }
        let online = rack.lid && !rack.offline;
        self.online.insert(format!("{instance}:{lid}"), online);
    }
}

/// How the server's store differs from what the executor is by the model, and by its devices.
pub(crate) async fn differences(system: &System) -> Vec<String> {
    let Some(core) = &system.core else {
        return Vec::new();
    };
    let mut differences = Vec::new();
    if !matches!(*system.executor.status().borrow(), Status::Online { .. }) {
        differences.push("it is not online".to_owned());
    }
    let mut expected = Expected::default();
    expected.must.insert(("Instance", instance_id(0)));
    for (number, rack) in &system.model.racks {
        expected.rack(*number, rack);
    }
    for rack in &system.model.lids {
        let lid = format!("{}.lid", rack_id(*rack));
        expected.target(&lid, &[], &["angle"], false);
    }
    for of in ["Target", "Action", "Emitter"] {
        let there: BTreeSet<_> = core.items(of).into_keys().map(|id| (of, id)).collect();
        let must = expected
            .must
            .iter()
            .filter(|(item_type, _)| *item_type == of);
        let missing = must.filter(|key| !there.contains(*key));
        differences.extend(missing.map(|(of, id)| format!("{of} {id} is missing")));
        let extra = there
            .iter()
            .filter(|key| !expected.must.contains(*key) && !expected.may.contains(*key));
        differences.extend(extra.map(|(of, id)| format!("{of} {id} is still there")));
    }
    let targets = core.items("Target");
    for (id, name) in &expected.names {
        let there = targets.get(id).map(|target| &target["name"]);
        if there != Some(&json!(name)) {
            differences.push(format!("Target {id} is called {there:?}, not {name}"));
        }
    }
    let statuses = core.items("TargetStatus");
    for (id, online) in &expected.online {
        let there = statuses.get(id).map(|status| status["status"] == "online");
        if there.unwrap_or(false) != *online {
            differences.push(format!(
                "TargetStatus {id}: online is {there:?}, not {online}"
            ));
        }
    }
    for (id, status) in &statuses {
        let target = status["targetId"].as_str().unwrap_or_default().to_owned();
        if status["status"] == "online" && !expected.must.contains(&("Target", target)) {
            differences.push(format!(
                "TargetStatus {id} is online, of a target that is gone"
            ));
        }
    }
    for (of, id) in &expected.must {
        if *of == "Instance"
            && core
                .item(of, id)
                .is_none_or(|instance| instance["status"] != "Available")
        {
            differences.push(format!("Instance {id} is not available"));
        }
    }
    values(system, core, &expected, &mut differences).await;
    differences
}

async fn values(
    system: &System,
    core: &rship_dev::LocalCore,
    expected: &Expected,
    differences: &mut Vec<String>,
) {
    let mut states = BTreeMap::new();
    for (number, racked) in &system.racks {
        let (id, instance) = (rack_id(*number), instance_id(*number));
        let mut state = |emitter: String, value: u64| {
            let pulse = match core.generation() {
                Generation::V2026 => format!("{emitter}:{instance}"),
                Generation::V2023 | Generation::V2024 => emitter,
            };
            states.insert(pulse, value);
        };
        let rack = racked.handle.lock().await;
        state(format!("{id}:count"), rack.count);
        state(format!("{id}:double"), rack.count * 2);
        for slot in &rack.slots {
            state(format!("{id}.slots.{}:level", slot.id), slot.level);
            state(format!("{id}.slots.{}.knob:turn", slot.id), slot.knob.turn);
        }
        if let Some(lid) = &rack.lid {
            state(format!("{id}.lid:angle"), lid.angle);
        }
    }
    let pulses = core.items("Pulse");
    for (pulse, value) in &states {
        let there = pulses.get(pulse).map(|pulse| &pulse["data"]);
        if there != Some(&json!(value)) {
            differences.push(format!("Pulse {pulse} is {there:?}, not {value}"));
        }
    }
    for (id, pulse) in &pulses {
        let emitter = pulse["emitterId"].as_str().unwrap_or_default().to_owned();
        let is_beat = emitter.ends_with(":beat");
        let key = ("Emitter", emitter);
        let known = expected.must.contains(&key) || expected.may.contains(&key);
        if !known || !is_beat && !states.contains_key(id) && !expected.may.contains(&key) {
            differences.push(format!("Pulse {id} is still there"));
        }
    }
}

/// What must hold of everything that came over the wire, and of all commands.
pub(crate) fn judge(system: &System) -> Result<(), String> {
    if let Some(first) = system.history.wrong.first() {
        let more = system.history.wrong.len() - 1;
        return Err(format!("{first} (and {more} more)"));
    }
    for made in &system.history.overtaking {
        // One that was removed is not told of any more.
        let mut racks = system.racks.values();
        if racks.any(|rack| rack.start / RACK == made / RACK) {
            return Err(format!(
                "the answer {made} came before the state that its command made"
            ));
        }
    }
    late(system)?;
    commands(system)?;
    impulses(system)
}

/// What was asked on a connection that has ended is not begun any more.
fn late(system: &System) -> Result<(), String> {
    let bumps = system.bumps.lock().unwrap_or_else(PoisonError::into_inner);
    let offline = system
        .offline
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for bump in bumps.iter() {
        let is_in = |(from, to): &&Offline| bump > from && to.is_some_and(|to| *bump < to);
        if let Some((from, _)) = offline.iter().find(is_in) {
            return Err(format!(
                "a command was carried out {:?} after its connection had ended",
                *bump - *from
            ));
        }
    }
    Ok(())
}

fn commands(system: &System) -> Result<(), String> {
    let asked = system.asked.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bumped = BTreeSet::new();
    for asked in asked.iter() {
        match &asked.outcome {
            Err(CommandError::TimedOut { .. }) => {
                return Err(format!("a command was not answered: {asked:?}"));
            }
            Ok(Value::Number(count)) if !bumped.insert((asked.rack, count.as_u64())) => {
                return Err(format!("two commands made one change: {asked:?}"));
            }
            _ => {}
        }
    }
    for (rack, racked) in &system.racks {
        let Ok(state) = racked.handle.try_lock() else {
            return Err(format!("rack {rack} is locked though all has ended"));
        };
        let mine = asked.iter().filter(|asked| asked.rack == *rack);
        let (mut least, mut most) = (racked.start + racked.bumps, racked.start + racked.bumps);
        for asked in mine {
            let (sure, possible) = changes(&asked.ask, &asked.outcome, racked.start);
            least += sure;
            most += possible;
        }
        if !(least..=most).contains(&state.count) {
            return Err(format!(
                "rack {rack} counts {}, which must be from {least} to {most}: a command was carried out twice, \
                 or not at all",
                state.count
            ));
        }
    }
    Ok(())
}

/// How often a command has changed the count of this rack: at least, and at most.
fn changes(ask: &Ask, outcome: &Result<Value, CommandError>, start: u64) -> (u64, u64) {
    let here = |value: &Value| {
        let count = value.as_u64();
        count.is_some_and(|count| (start..start + RACK).contains(&count))
    };
    match (ask, outcome) {
        (Ask::Bump | Ask::Long(_), Ok(value)) => {
            let here = u64::from(here(value));
            (here, here)
        }
        (Ask::Batch(_), Ok(Value::Array(values))) => {
            let here = values.iter().filter(|value| here(value)).count() as u64;
            (here, here)
        }
        // Its answer does not say which rack of this id it was.
        (Ask::Wait(_), Ok(_)) => (0, 1),
        // It may have been carried out all the same: answered for its time, or its connection has ended.
        (Ask::Bump | Ask::Long(_) | Ask::Wait(_), Err(_)) => (0, 1),
        (Ask::Batch(count), Err(_)) => (0, u64::from(*count)),
        _ => (0, 0),
    }
}

fn impulses(system: &System) -> Result<(), String> {
    let arrived = system.history.beats.len() as u64;
    let dropped = system.executor.metrics().impulses_dropped;
    let pulsed = system.pulsed;
    if dropped < system.refused {
        let refused = system.refused;
        return Err(format!(
            "of {pulsed} impulses {refused} were refused, and {dropped} are counted as dropped"
        ));
    }
    // What was on its way when a connection ended is lost with it.
    let lost = system.network.ended() > 0;
    if arrived + dropped > pulsed || !lost && arrived + dropped < pulsed {
        return Err(format!(
            "of {pulsed} impulses {arrived} have arrived and {dropped} are counted as dropped"
        ));
    }
    let missing = system.history.missing;
    if missing > dropped {
        return Err(format!(
            "{missing} impulses are missing between others of their sessions, and {dropped} are counted as dropped"
        ));
    }
    Ok(())
}
