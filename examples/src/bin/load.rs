//! The load executor: an ordinary device that publishes, registers or answers as fast as it can, to
//! measure a server with.
//!
//! ```text
//! cargo run --release -p rship-examples --bin load -- ws://127.0.0.1:5155/myko pulse 10 100000
//! cargo run --release -p rship-examples --bin load -- URL state EMITTERS PULSES
//! cargo run --release -p rship-examples --bin load -- URL register TARGETS ACTIONS EMITTERS
//! cargo run --release -p rship-examples --bin load -- URL dispatch COMMANDS [TARGETS]
//! ```
//!
//! Each mode ends with one line of JSON: what was done, and what it took: `enqueue_s` (until the device
//! had said everything), `wall_s` and `cpu_s` (until everything was on the wire; user and system time of
//! this process), `rss_kib` (resident memory at the end).

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use rship_runtime::model::{ActionSpec, Arg, EmitterSpec, ModelBuilder};
use rship_runtime::prelude::*;
use rship_runtime::{Executor, Metrics, Status};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Impulses that are said before the device waits for the wire: fewer than the queue holds, so that a
/// sink that keeps up misses none.
const BURST: usize = 4_000;

/// How long a session may take to begin.
const SESSION_LIMIT: Duration = Duration::from_secs(30);

#[derive(Parser)]
#[command(about = "Publishes, registers or answers as fast as it can")]
struct Cli {
    /// The server, such as ws://127.0.0.1:5155/myko.
    url: String,
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Subcommand)]
enum Mode {
    /// Pulses impulse emitters in turn.
    Pulse { emitters: usize, pulses: usize },
    /// Sets the state of targets in turn.
    State { emitters: usize, pulses: usize },
    /// Registers targets, and waits until all is on the wire.
    Register {
        targets: usize,
        actions: usize,
        emitters: usize,
    },
    /// Answers commands for the action `load:level`; those of further targets are `load-1:level`,
    /// `load-2:level` and so on.
    Dispatch {
        commands: u64,
        #[arg(default_value_t = 1)]
        targets: usize,
    },
}

// What is published, and what the action takes. Not its documentation: that would be in every schema.
#[derive(Clone, Default, Serialize, JsonSchema)]
struct Level {
    level: f64,
    channel: u32,
    label: &'static str,
}

impl Level {
    fn number(pulse: usize, emitters: usize) -> Self {
        let channel = pulse % emitters.max(1);
        Self {
            level: pulse as f64 / 1000.0,
            channel: u32::try_from(channel).unwrap_or(u32::MAX),
            label: "load",
        }
    }
}

/// One state emitter.
#[derive(Target)]
struct Channel {
    #[emitter]
    value: Level,
}

/// One action.
#[derive(Target)]
struct Fader {
    left: Arc<Left>,
}

/// The commands that all targets together still wait for.
struct Left {
    commands: AtomicU64,
    done: Notify,
}

#[actions]
impl Fader {
    #[action]
    fn level(&mut self, level: f64, channel: u32, label: String) {
        std::hint::black_box((level, channel, label));
        if self.left.commands.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.left.done.notify_one();
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let executor = Executor::builder("load")
        .instance_id("load-1")
        .url(cli.url)
        .build()?;
    let mut running = tokio::spawn({
        let executor = executor.clone();
        async move { executor.run().await }
    });
    tokio::select! {
        report = work(&executor, cli.mode) => println!("{}", report?),
        // Ctrl-C, before the work was done.
        ended = &mut running => return Ok(ended??),
    }
    executor.shutdown();
    running.await??;
    Ok(())
}

async fn work(executor: &Executor, mode: Mode) -> Result<Value, Box<dyn Error>> {
    match mode {
        Mode::Pulse { emitters, pulses } => pulse(executor, emitters, pulses).await,
        Mode::State { emitters, pulses } => state(executor, emitters, pulses).await,
        Mode::Register {
            targets,
            actions,
            emitters,
        } => register(executor, targets, actions, emitters).await,
        Mode::Dispatch { commands, targets } => dispatch(executor, commands, targets).await,
    }
}

/// What the work took so far.
struct Meter {
    begun: Instant,
    cpu: Duration,
    before: Metrics,
}

impl Meter {
    fn start(executor: &Executor) -> Self {
        Self {
            begun: Instant::now(),
            cpu: cpu_time(),
            before: executor.metrics(),
        }
    }

    /// The report, when everything is on the wire.
    fn report(&self, executor: &Executor, enqueued: Duration, mut done: Value) -> Value {
        let now = executor.metrics();
        let took = json!({
            "enqueue_s": enqueued.as_secs_f64(),
            "wall_s": self.begun.elapsed().as_secs_f64(),
            "cpu_s": (cpu_time() - self.cpu).as_secs_f64(),
            "rss_kib": resident_kib(),
            "frames": now.frames_out - self.before.frames_out,
            "bytes": now.bytes_out - self.before.bytes_out,
            "pulses_sent": now.pulses_out - self.before.pulses_out,
            "coalesced": now.states_coalesced - self.before.states_coalesced,
            "dropped": now.impulses_dropped - self.before.impulses_dropped,
        });
        if let (Some(done), Value::Object(took)) = (done.as_object_mut(), took) {
            done.extend(took);
        }
        done
    }
}

async fn pulse(
    executor: &Executor,
    emitters: usize,
    pulses: usize,
) -> Result<Value, Box<dyn Error>> {
    let sources: Vec<Emitter<Level>> = (0..emitters).map(|_| Emitter::default()).collect();
    let mut model = ModelBuilder::<Vec<Emitter<Level>>>::new("Load");
    for index in 0..emitters {
        model.impulse(
            EmitterSpec::new(format!("e{index}")),
            move |all: &Vec<_>| &all[index],
        );
    }
    let _load = executor.add_described("load", sources.clone(), model.build()?)?;
    online(executor).await?;
    let meter = Meter::start(executor);
    for pulse in 0..pulses {
        sources[pulse % emitters].pulse(Level::number(pulse, emitters));
        if pulse % BURST == BURST - 1 {
            executor.flush().await;
        }
    }
    let enqueued = meter.begun.elapsed();
    executor.flush().await;
    let done = json!({ "mode": "pulse", "emitters": emitters, "pulses": pulses });
    Ok(meter.report(executor, enqueued, done))
}

async fn state(
    executor: &Executor,
    emitters: usize,
    pulses: usize,
) -> Result<Value, Box<dyn Error>> {
    let mut channels = Vec::with_capacity(emitters);
    for index in 0..emitters {
        let value = Level::default();
        channels.push(executor.add(&format!("load-{index}"), Channel { value })?);
    }
    online(executor).await?;
    let meter = Meter::start(executor);
    for pulse in 0..pulses {
        channels[pulse % emitters].lock().await.value = Level::number(pulse + 1, emitters);
    }
    let enqueued = meter.begun.elapsed();
    executor.flush().await;
    let done = json!({ "mode": "state", "emitters": emitters, "pulses": pulses });
    Ok(meter.report(executor, enqueued, done))
}

async fn register(
    executor: &Executor,
    targets: usize,
    actions: usize,
    emitters: usize,
) -> Result<Value, Box<dyn Error>> {
    online(executor).await?;
    let mut model = ModelBuilder::<Vec<Emitter<Level>>>::new("Load");
    for index in 0..actions {
        let level = Arg::<f64>::new("level");
        let channel = Arg::<u32>::new("channel");
        let label = Arg::<String>::new("label");
        let spec = ActionSpec::new(format!("a{index}"));
        let spec = spec.arg(&level).arg(&channel).arg(&label);
        model.action(spec.sync(|_: &mut Vec<_>, _| Ok(Value::Null)));
    }
    for index in 0..emitters {
        model.impulse(
            EmitterSpec::new(format!("e{index}")),
            move |all: &Vec<_>| &all[index],
        );
    }
    let model = model.build()?;
    let meter = Meter::start(executor);
    for target in 0..targets {
        let sources = (0..emitters).map(|_| Emitter::default()).collect();
        executor.add_described(&format!("load-{target}"), sources, model.clone())?;
    }
    let enqueued = meter.begun.elapsed();
    executor.flush().await;
    let done = json!({
        "mode": "register", "targets": targets, "actions": actions, "emitters": emitters,
        "entities": targets * (2 + actions + emitters),
    });
    Ok(meter.report(executor, enqueued, done))
}

async fn dispatch(
    executor: &Executor,
    commands: u64,
    targets: usize,
) -> Result<Value, Box<dyn Error>> {
    let left = Arc::new(Left {
        commands: AtomicU64::new(commands),
        done: Notify::new(),
    });
    for index in 0..targets {
        let id = match index {
            0 => "load".to_owned(),
            _ => format!("load-{index}"),
        };
        let left = Arc::clone(&left);
        executor.add(&id, Fader { left })?;
    }
    online(executor).await?;
    let meter = Meter::start(executor);
    println!("{}", json!({ "ready": true }));
    left.done.notified().await;
    let enqueued = meter.begun.elapsed();
    // The last handler says that it is done before its answer is on the way.
    while executor.metrics().commands_answered < meter.before.commands_answered + commands {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    executor.flush().await;
    let done = json!({ "mode": "dispatch", "commands": commands, "targets": targets });
    Ok(meter.report(executor, enqueued, done))
}

/// Waits until the server was told everything.
async fn online(executor: &Executor) -> Result<(), Box<dyn Error>> {
    let mut status = executor.status();
    let online = status.wait_for(|status| matches!(status, Status::Online { .. }));
    if tokio::time::timeout(SESSION_LIMIT, online).await.is_err() {
        return Err(format!("no session: {}", *executor.status().borrow()).into());
    }
    executor.flush().await;
    Ok(())
}

/// User and system time of this process.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Not measured on this system.
#[cfg(not(unix))]
fn cpu_time() -> Duration {
    Duration::ZERO
}

fn resident_kib() -> u64 {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};
    let (Ok(own), Ok(mut system)) = (get_current_pid(), System::new()) else {
        return 0;
    };
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, memory);
    system.process(own).map_or(0, |own| own.memory() / 1024)
}
