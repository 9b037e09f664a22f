//! Allocations: none for each pulse once things run, on the executor's side.

use std::sync::mpsc;
use std::thread;

use rship_runtime::{Emitter, Executor, Generation, Handle, Target};
use rship_tests::{Running, core, executor, within};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

/// What a load executor publishes.
#[derive(Clone, Copy, Serialize, JsonSchema)]
struct Level {
    level: f64,
    channel: u32,
    label: &'static str,
}

impl Level {
    fn number(number: u32) -> Self {
        Self {
            level: f64::from(number) / 1000.0,
            channel: number % 10,
            label: "load",
        }
    }
}

#[derive(Target)]
struct Load {
    #[emitter]
    impulse: Emitter<Level>,
    #[emitter]
    state: Level,
}

/// Pulses of each kind in one run, and how many runs come before what is counted.
const PULSES: u32 = 2_000;
const WARM: u32 = 5;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server in a thread of its own: only the calling thread is counted. It ends when the sender is
/// dropped.
fn server(generation: Generation) -> (String, mpsc::Sender<()>) {
    let (url, started) = mpsc::channel();
    let (stop, stopped) = mpsc::channel::<()>();
    thread::spawn(move || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let core = runtime.block_on(core(generation));
        url.send(core.url().to_owned()).unwrap();
        let _ = stopped.recv();
    });
    (started.recv().unwrap(), stop)
}

/// All of one run: a burst of impulses, impulses one by one, and states one by one, on the wire.
async fn run(executor: &Executor, load: &Handle<Load>, impulse: &Emitter<Level>, run: u32) {
    let first = run * PULSES;
    for number in first..first + PULSES {
        impulse.pulse(Level::number(number));
    }
    executor.flush().await;
    for number in first..first + PULSES / 10 {
        impulse.pulse(Level::number(number));
        executor.flush().await;
        load.lock().await.state = Level::number(number + 1);
        executor.flush().await;
    }
}

#[test]
fn a_pulse_allocates_nothing_in_steady_state() {
    for generation in Generation::ALL {
        let (url, _server) = server(generation);
        let runtime = runtime();
        let executor = executor(&url);
        let impulse = Emitter::default();
        let load = Load {
            impulse: impulse.clone(),
            state: Level::number(0),
        };
        let load = executor.add("load", load).unwrap();
        let running = runtime.block_on(Running::online(&executor));
        for warm in 0..WARM {
            runtime.block_on(within("run", run(&executor, &load, &impulse, warm)));
        }
        let before = executor.metrics();
        let counted = allocation_counter::measure(|| {
            runtime.block_on(within("run", run(&executor, &load, &impulse, WARM)));
        });
        let after = executor.metrics();
        let pulses = after.pulses_out - before.pulses_out;
        assert_eq!(pulses, u64::from(PULSES + 2 * (PULSES / 10)));
        assert_eq!(after.impulses_dropped, 0);
        // A timer, or a buffer that a slow moment has grow: nothing that comes with each pulse.
        assert!(
            counted.count_total < pulses / 50,
            "{generation}: {} allocations for {pulses} pulses",
            counted.count_total
        );
        runtime.block_on(running.stop());
    }
}
