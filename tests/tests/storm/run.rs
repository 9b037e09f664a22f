//! The system under test: an executor, its devices, the network and the server, driven step by step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rship_dev::{Entities, LocalCore};
use rship_runtime::testing::{Mistake, World};
use rship_runtime::{Error, Executor, Generation, Handle, Published, Status};
use tokio::runtime::{Builder, Handle as Tokio};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::asking::Asked;
use super::device::{Beat, Bumps, Knob, Lid, Rack, Slot};
use super::history::{History, RACK};
use super::network::{Close, Dialer, Face, Network};
use super::oracles;
use super::steps::{Model, Step, Storms};
use proptest_state_machine::ReferenceStateMachine as _;

/// How long everything may take to be quiet and equal, by the test's clock.
const QUIET: Duration = Duration::from_secs(400);

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(300);

/// What an executor may keep waiting.
const IMPULSE_BYTES: usize = 512 << 10;
const MAILBOX_BYTES: usize = 128 << 10;
const REPLY_BYTES: usize = 256 << 10;
const UPDATE_BYTES: usize = 512 << 10;

/// What a sequence came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) trace: Vec<String>,
    pub(crate) acted: BTreeMap<&'static str, u64>,
    pub(crate) commands: u64,
    pub(crate) impulses: u64,
    pub(crate) dropped: u64,
    pub(crate) sessions: u64,
    pub(crate) healed: u64,
}

/// From when the executor was offline, and until when it tried again.
pub(crate) type Offline = (Instant, Option<Instant>);

/// A rack that is part of the executor.
pub(crate) struct Racked {
    pub(crate) handle: Handle<Rack>,
    pub(crate) start: u64,
    pub(crate) bumps: u64,
}

pub(crate) struct System {
    pub(crate) model: Model,
    pub(crate) network: Arc<Network>,
    pub(crate) executor: Executor,
    pub(crate) racks: BTreeMap<u8, Racked>,
    pub(crate) history: History,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    pub(crate) open: Arc<()>,
    /// Impulses that were pulsed, and those of which it was said that they are not sent.
    pub(crate) pulsed: u64,
    pub(crate) refused: u64,
    /// When commands were carried out, and when the executor was offline, from and to.
    pub(crate) bumps: Bumps,
    pub(crate) offline: Arc<Mutex<Vec<Offline>>>,
    watching: JoinHandle<()>,
    /// None after the end.
    pub(crate) core: Option<Arc<LocalCore>>,
    /// Changes when the core is another one.
    pub(crate) cores: watch::Sender<u64>,
    running: JoinHandle<Result<(), Error>>,
    /// Grows with everything that is set.
    tick: u64,
    /// The last impulse of each rack, of all that had its id.
    beats: BTreeMap<u8, u64>,
    began: Instant,
}

/// Runs a sequence in a world of its own.
pub(crate) fn run(
    model: &Model,
    steps: &[Step],
    seed: u64,
    mistake: Option<Mistake>,
    mut seen: impl FnMut(),
) -> Result<Report, String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let mut result = Ok(Report::default());
    let measured = allocation_counter::measure(|| {
        result = runtime.block_on(async {
            let world = World::new(seed);
            let _world = match mistake {
                Some(mistake) => world.make(mistake),
                None => world,
            };
            let mut system = System::new(model.clone(), seed);
            let mut outcome = Ok(());
            for step in steps {
                seen();
                outcome = system.step(step).await;
                if outcome.is_err() {
                    break;
                }
            }
            system.end(outcome).await
        });
    });
    let report = result?;
    oracles::memory(measured.bytes_max)?;
    Ok(report)
}

impl System {
    fn new(model: Model, seed: u64) -> Self {
        let network = Network::new(seed);
        let core = core(model.generation, None);
        network.set_core(Some(Arc::clone(&core)));
        let executor = Executor::builder("storm")
            .url("ws://core/myko")
            .instance_id("storm-0")
            .machine_id("sea")
            .encoding(model.encoding)
            .connect(Dialer(Arc::clone(&network)))
            .impulse_bytes(IMPULSE_BYTES)
            .mailbox_bytes(MAILBOX_BYTES)
            .reply_bytes(REPLY_BYTES)
            .update_bytes(UPDATE_BYTES)
            .read_back(model.reads_back.then(|| Duration::from_secs(20)))
            .build()
            .expect("an executor");
        let offline = Arc::default();
        let watching = tokio::spawn(watch_status(executor.status(), Arc::clone(&offline)));
        let runner = executor.clone();
        let running = tokio::spawn(async move { runner.run_until(std::future::pending()).await });
        Self {
            model,
            network,
            executor,
            racks: BTreeMap::new(),
            history: History::default(),
            asked: Arc::default(),
            open: Arc::default(),
            pulsed: 0,
            refused: 0,
            bumps: Bumps::default(),
            offline,
            watching,
            core: Some(core),
            cores: watch::Sender::new(0),
            running,
            tick: 0,
            beats: BTreeMap::new(),
            began: Instant::now(),
        }
    }

    pub(crate) fn note(&mut self, what: String) {
        let time = self.began.elapsed().as_millis();
        self.history.trace.push(format!("{time:>8} {what}"));
    }

    /// Reads what the server was sent.
    pub(crate) fn look(&mut self) {
        let time = self.began.elapsed().as_millis();
        let number = *self.cores.borrow();
        let Some(core) = &self.core else { return };
        for frame in core.take_frames() {
            self.history.frame(time, number, &frame);
        }
        self.history.drops(&core.drops());
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        self.note(format!("{step:?}"));
        let before = self.model.clone();
        let work = self.apply(step, &before);
        if timeout(QUIET, work).await.is_err() {
            return Err(format!("{step:?} has not ended after {QUIET:?}"));
        }
        self.model = Storms::apply(before, step);
        // What waits for nothing is done before the next step.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        self.look();
        Ok(())
    }

    fn next(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }

    fn handle(&self, rack: u8) -> Option<Handle<Rack>> {
        Some(self.racks.get(&rack)?.handle.clone())
    }

    async fn apply(&mut self, step: &Step, model: &Model) {
        match step {
            Step::Pass(time) => sleep(millis(*time)).await,
            Step::Add(rack) => self.add(*rack),
            Step::Command(rack, ask) => {
                // Two that wait for the server to settle would be woken in an order that nobody has a say in.
                if let Some(core) = self.core.clone() {
                    core.settled().await;
                }
                self.ask(*rack, ask.clone(), model.generation);
            }
            Step::Fault(storm) => self.storm(storm).await,
            Step::Remove(rack) => {
                if let Some(racked) = self.racks.remove(rack) {
                    racked.handle.remove().expect("a root");
                }
            }
            Step::Rename(rack, name) => {
                if let Some(handle) = self.handle(*rack) {
                    handle.rename(format!("name {name}"));
                }
            }
            Step::Online(rack, online) => {
                if let Some(handle) = self.handle(*rack) {
                    handle.set_online(*online);
                }
            }
            Step::Bump(rack) => {
                let Some(racked) = self.racks.get_mut(rack) else {
                    return;
                };
                racked.bumps += 1;
                racked.handle.clone().lock().await.count += 1;
            }
            Step::Turn(rack, slot) => {
                let (level, turn) = (self.next(), self.next());
                let Some(handle) = self.handle(*rack) else {
                    return;
                };
                let mut rack = handle.lock().await;
                let id = slot_id(*slot);
                if let Some(slot) = rack.slots.iter_mut().find(|slot| slot.id == id) {
                    slot.level = level;
                    slot.knob.turn = turn;
                }
            }
            Step::Slots(rack, slots) => {
                let Some(handle) = self.handle(*rack) else {
                    return;
                };
                let mut rack = handle.lock().await;
                rack.slots
                    .retain(|slot| slots.iter().any(|kept| slot_id(*kept) == slot.id));
                for slot in slots {
                    let id = slot_id(*slot);
                    if rack.slots.iter().all(|slot| slot.id != id) {
                        let level = self.next();
                        let knob = Knob { turn: level };
                        rack.slots.push(Slot { id, level, knob });
                    }
                }
            }
            Step::Lid(rack, there) => {
                let angle = self.next();
                let Some(handle) = self.handle(*rack) else {
                    return;
                };
                handle.lock().await.lid = there.then_some(Lid { angle });
            }
            Step::Hold(rack, time) => {
                let Some(racked) = self.racks.get_mut(rack) else {
                    return;
                };
                racked.bumps += 1;
                let (handle, time) = (racked.handle.clone(), millis(*time));
                let open = Arc::clone(&self.open);
                tokio::spawn(async move {
                    let _open = open;
                    let mut rack = handle.lock().await;
                    sleep(time).await;
                    rack.count += 1;
                });
            }
            Step::Beat(number, count, size) => {
                let Some(handle) = self.handle(*number) else {
                    return;
                };
                let rack = handle.lock().await;
                let pad = "x".repeat(usize::from(*size));
                let number = self.beats.entry(*number).or_default();
                for _ in 0..*count {
                    *number += 1;
                    let (number, pad) = (*number, pad.clone());
                    let published = rack.beat.pulse(Beat { number, pad });
                    self.pulsed += 1;
                    let counted = matches!(published, Published::Dropped);
                    self.refused += u64::from(counted);
                }
            }
        }
    }

    fn add(&mut self, rack: u8) {
        let start = self.next() * RACK;
        let instance = self.executor.instance(&instance_id(rack)).expect("an id");
        let added = instance.add(
            &rack_id(rack),
            Rack {
                count: start,
                beat: rship_runtime::Emitter::default(),
                slots: Vec::new(),
                lid: None,
                bumps: Arc::clone(&self.bumps),
            },
        );
        let handle = added.expect("a free id");
        let bumps = 0;
        self.racks.insert(
            rack,
            Racked {
                handle,
                start,
                bumps,
            },
        );
    }

    /// Waits until it is quiet, looks at everything, and ends.
    async fn end(mut self, outcome: Result<(), String>) -> Result<Report, String> {
        let outcome = match outcome {
            Ok(()) => self.quiet().await,
            failed => failed,
        };
        let metrics = self.executor.metrics();
        let judged = outcome.and_then(|()| oracles::judge(&self));
        let ended = self.shut_down().await;
        let alive = Tokio::current().metrics().num_alive_tasks();
        let trace = std::mem::take(&mut self.history.trace);
        let verdict = judged.and(ended).and_then(|()| {
            if alive == 0 {
                Ok(())
            } else {
                Err(format!("{alive} tasks are left after the end"))
            }
        });
        if let Err(why) = verdict {
            let from = trace.len().saturating_sub(shown());
            return Err(format!("{why}\n{}", trace[from..].join("\n")));
        }
        Ok(Report {
            trace,
            acted: self.network.all_that_acted(),
            commands: self
                .asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .len() as u64,
            impulses: self.pulsed,
            dropped: metrics.impulses_dropped,
            sessions: metrics.sessions,
            healed: metrics.healed,
        })
    }

    async fn quiet(&mut self) -> Result<(), String> {
        self.note("quiet".to_owned());
        let until = Instant::now() + QUIET;
        // Faults that last, guards and commands.
        while Arc::strong_count(&self.open) > 1 {
            self.calm();
            if Instant::now() > until {
                return Err(format!(
                    "a command or a guard has not ended after {QUIET:?}"
                ));
            }
            sleep(Duration::from_millis(500)).await;
            self.look();
        }
        self.calm();
        let until = Instant::now() + QUIET;
        let mut equal = 0;
        // Equal, and a while later still.
        while equal < 3 {
            sleep(Duration::from_millis(400)).await;
            self.look();
            let differences = oracles::differences(self).await;
            equal = if differences.is_empty() { equal + 1 } else { 0 };
            if Instant::now() > until {
                return Err(format!(
                    "the server's store is not what the executor is: {differences:#?}"
                ));
            }
        }
        if timeout(QUIET, self.executor.flush()).await.is_err() {
            return Err("what waits is not sent though it is online".to_owned());
        }
        sleep(Duration::from_millis(200)).await;
        self.look();
        Ok(())
    }

    async fn shut_down(&mut self) -> Result<(), String> {
        self.executor.shutdown();
        let ended = timeout(QUIET, &mut self.running).await;
        if ended.is_err() {
            return Err("the executor has not ended".to_owned());
        }
        self.watching.abort();
        self.look();
        self.network.set_core(None);
        self.network.break_all(Close::Reset);
        self.network.set_face(Face::Core);
        self.racks.clear();
        self.core = None;
        self.cores.send_modify(|number| *number += 1);
        // What ends by itself has the time.
        sleep(Duration::from_secs(60)).await;
        Ok(())
    }
}

async fn watch_status(mut status: watch::Receiver<Status>, offline: Arc<Mutex<Vec<Offline>>>) {
    loop {
        let now = Instant::now();
        let is_offline = matches!(*status.borrow_and_update(), Status::Offline { .. });
        {
            let mut times = offline.lock().unwrap_or_else(PoisonError::into_inner);
            let open = times.last().is_some_and(|(_, end)| end.is_none());
            if is_offline && !open {
                times.push((now, None));
            } else if !is_offline
                && open
                && let Some((_, end)) = times.last_mut()
            {
                // A server may ask before it is known that it has read everything.
                *end = Some(now);
            }
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

pub(crate) fn millis(time: u16) -> Duration {
    Duration::from_millis(u64::from(time))
}

/// How many lines of the trace an error shows.
fn shown() -> usize {
    let lines = std::env::var("STORM_LINES").ok();
    lines.and_then(|lines| lines.parse().ok()).unwrap_or(40)
}

pub(crate) fn rack_id(rack: u8) -> String {
    format!("r{rack}")
}

pub(crate) fn slot_id(slot: u8) -> String {
    format!("s{slot}")
}

pub(crate) fn instance_id(rack: u8) -> String {
    format!("storm-{}", rack % 2)
}

pub(crate) fn core(generation: Generation, kept: Option<Entities>) -> Arc<LocalCore> {
    let builder = LocalCore::builder()
        .generation(generation)
        .answer_limit(ANSWER)
        .record(true)
        .entities(kept.unwrap_or_default());
    Arc::new(builder.start_unbound())
}
