//! A device of any size in a process of its own: executors, targets, pulses, commands, one after the
//! other, with what each took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use rship_runtime::Status;
use rship_runtime::model::{ActionSpec, Arg, EmitterSpec, Model, ModelBuilder};
use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Failure;
use crate::usage::{cpu_time, resident_kib};

/// How long anything may take that the sink has a part in.
const LIMIT: Duration = Duration::from_secs(100);

/// Impulses before the device waits for the wire: fewer than the queue of one executor holds.
const BURST: usize = 4_000;

/// The action that is sent commands.
pub(crate) const ACTION: &str = "a0";

/// The target whose state always changes.
pub(crate) const TICKER: &str = "ticker";

/// The shape of the device, and what it does.
#[derive(Args, Clone)]
pub(crate) struct Device {
    pub(crate) url: String,
    #[arg(long)]
    pub(crate) executors: usize,
    /// Of each executor.
    #[arg(long)]
    pub(crate) targets: usize,
    /// Actions of each target, and as many emitters.
    #[arg(long)]
    pub(crate) members: usize,
    #[arg(long, default_value_t = 0)]
    pub(crate) pulses: usize,
    #[arg(long, default_value_t = 0)]
    pub(crate) commands: u64,
    /// Changes a state of a further target without pause, and never ends.
    #[arg(long)]
    pub(crate) ticker: bool,
}

/// What a step took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) cpu_s: f64,
    /// Resident memory since the start of the process.
    pub(crate) grown_kib: u64,
    pub(crate) dropped: u64,
}

/// What a pulse carries, and an action takes.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Level {
    level: f64,
    channel: u32,
    label: String,
}

struct Unit {
    emitters: Vec<Emitter<Level>>,
    left: Arc<Left>,
}

/// The commands that all targets together still wait for.
struct Left {
    commands: AtomicU64,
    done: Notify,
}

/// Always has something new.
#[derive(Target)]
struct Ticker {
    #[emitter]
    value: u64,
}

/// The id of a target.
pub(crate) fn target_id(executor: usize, target: usize) -> String {
    format!("t{executor}-{target}")
}

/// The id of an executor's instance.
fn instance_id(executor: usize) -> String {
    format!("bench-{executor}")
}

/// Which executor it is whose instance has this id.
pub(crate) fn executor_of(instance: &str) -> Option<usize> {
    instance.strip_prefix("bench-")?.parse().ok()
}

impl Device {
    /// The child's arguments.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["device".to_owned(), self.url.clone()];
        let numbers = [
            ("--executors", self.executors),
            ("--targets", self.targets),
            ("--members", self.members),
            ("--pulses", self.pulses),
        ];
        for (name, number) in numbers {
            arguments.extend([name.to_owned(), number.to_string()]);
        }
        arguments.extend(["--commands".to_owned(), self.commands.to_string()]);
        arguments.extend(self.ticker.then(|| "--ticker".to_owned()));
        arguments
    }

    /// The child's part: a line for each step.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let resident = resident_kib();
        let mut executors = Vec::new();
        let mut running = JoinSet::new();
        for index in 0..self.executors {
            let builder = Executor::builder("bench").url(&self.url);
            let executor = builder.instance_id(instance_id(index)).build()?;
            running.spawn({
                let executor = executor.clone();
                async move { executor.run_until(std::future::pending()).await }
            });
            executors.push(executor);
        }
        for executor in &executors {
            online(executor).await?;
        }
        let left = Arc::new(Left {
            commands: AtomicU64::new(self.commands),
            done: Notify::new(),
        });

        let meter = Meter::start(resident);
        let ticker = match executors.first().filter(|_| self.ticker) {
            Some(executor) => Some(executor.add(TICKER, Ticker { value: 0 })?),
            None => None,
        };
        let emitters = self.add_targets(&executors, &left)?;
        flush(&executors).await?;
        meter.report(&executors)?;

        if let Some(ticker) = ticker {
            thread::spawn(move || {
                loop {
                    ticker.blocking_lock().value += 1;
                    thread::yield_now();
                }
            });
            return std::future::pending().await;
        }
        if self.pulses > 0 {
            let meter = Meter::start(resident);
            for number in 0..self.pulses {
                emitters[number % emitters.len()].pulse(Level::number(number));
                if number % BURST == BURST - 1 {
                    flush(&executors).await?;
                }
            }
            flush(&executors).await?;
            meter.report(&executors)?;
        }
        if self.commands > 0 {
            // Each answer is a frame, and the last handler is done before its answer is on the way.
            let answered = frames(&executors) + self.commands;
            let meter = Meter::start(resident);
            println!("{{\"ready\":true}}");
            let last = async {
                left.done.notified().await;
                while frames(&executors) < answered {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(LIMIT, last)
                .await
                .map_err(|_| format!("not all commands were answered within {LIMIT:?}"))?;
            flush(&executors).await?;
            meter.report(&executors)?;
        }
        for executor in &executors {
            executor.shutdown();
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Adds the targets, and returns their emitters: neighbours belong to different executors.
    fn add_targets(
        &self,
        executors: &[Executor],
        left: &Arc<Left>,
    ) -> Result<Vec<Emitter<Level>>, Failure> {
        let model = self.model()?;
        let mut emitters = Vec::new();
        for target in 0..self.targets {
            for (index, executor) in executors.iter().enumerate() {
                let own: Vec<_> = (0..self.members).map(|_| Emitter::default()).collect();
                emitters.extend(own.first().cloned());
                let unit = Unit {
                    emitters: own,
                    left: Arc::clone(left),
                };
                executor.add_described(&target_id(index, target), unit, Arc::clone(&model))?;
            }
        }
        Ok(emitters)
    }

    fn model(&self) -> Result<Arc<Model<Unit>>, Failure> {
        let mut model = ModelBuilder::<Unit>::new("Unit");
        for index in 0..self.members {
            let level = Arg::<f64>::new("level");
            let channel = Arg::<u32>::new("channel");
            let label = Arg::<String>::new("label");
            let spec = ActionSpec::new(format!("a{index}"));
            let spec = spec.arg(&level).arg(&channel).arg(&label);
            let (level, channel, label) = (level.reader(), channel.reader(), label.reader());
            model.action(spec.sync(move |unit: &mut Unit, arguments| {
                let level = arguments.read(&level)?;
                let channel = arguments.read(&channel)?;
                let label = arguments.read(&label)?;
                std::hint::black_box(Level {
                    level,
                    channel,
                    label,
                });
                unit.left.count_one();
                Ok(Value::Null)
            }));
            model.impulse(EmitterSpec::new(format!("e{index}")), move |unit: &Unit| {
                &unit.emitters[index]
            });
        }
        Ok(model.build()?)
    }
}

impl Left {
    fn count_one(&self) {
        if self.commands.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.done.notify_one();
        }
    }
}

impl Level {
    fn number(number: usize) -> Self {
        Self {
            level: number as f64 / 1000.0,
            channel: (number % 512) as u32,
            label: "load".to_owned(),
        }
    }
}

/// What a step took so far.
struct Meter {
    cpu: Duration,
    resident: u64,
}

impl Meter {
    fn start(resident: u64) -> Self {
        let cpu = cpu_time();
        Self { cpu, resident }
    }

    fn report(self, executors: &[Executor]) -> Result<(), Failure> {
        let dropped = executors.iter().map(|one| one.metrics().impulses_dropped);
        let step = Step {
            cpu_s: (cpu_time() - self.cpu).as_secs_f64(),
            grown_kib: resident_kib().saturating_sub(self.resident),
            dropped: dropped.sum(),
        };
        println!("{}", serde_json::to_string(&step)?);
        Ok(())
    }
}

async fn online(executor: &Executor) -> Result<(), Failure> {
    let mut status = executor.status();
    let online = status.wait_for(|status| matches!(status, Status::Online { .. }));
    timeout(LIMIT, online)
        .await
        .map_err(|_| format!("no session within {LIMIT:?}"))??;
    flush(std::slice::from_ref(executor)).await
}

fn frames(executors: &[Executor]) -> u64 {
    executors.iter().map(|one| one.metrics().frames_out).sum()
}

/// Waits until everything is on the wire.
async fn flush(executors: &[Executor]) -> Result<(), Failure> {
    for executor in executors {
        timeout(LIMIT, executor.flush())
            .await
            .map_err(|_| format!("the sink did not take everything within {LIMIT:?}"))?;
    }
    Ok(())
}
