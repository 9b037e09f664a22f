//! A device to run as a process: a router whose outputs are known when it has found its hardware.
//!
//! `hub WAY [noise] [log] [state PATH]`, with WAY one of `run`, `until`, `blocking` and `start`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::thread;

use rship_runtime::prelude::*;
use rship_runtime::{Error, Executor};

/// A router.
#[derive(Target)]
struct Hub {
    #[emitter]
    label: String,
    #[target]
    outputs: Vec<Output>,
    #[target]
    clock: Option<Clock>,
    #[target(name = "Preset")]
    presets: BTreeMap<String, Preset>,
    #[target]
    known: Vec<Output>,
}

/// What an input goes to.
#[derive(Target)]
struct Output {
    #[emitter]
    #[action(min = 1, max = 8)]
    input: u32,
    #[target]
    meter: Meter,
}

#[derive(Target)]
struct Meter {
    #[emitter]
    level: f64,
}

#[derive(Target)]
struct Clock {
    #[emitter]
    seconds: u64,
}

/// A preset, which may hold others.
#[derive(Target)]
struct Preset {
    #[emitter]
    active: bool,
    #[target]
    inner: Vec<Preset>,
}

fn main() -> Result<(), Error> {
    let arguments: Vec<_> = std::env::args().collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("log") {
        tracing_subscriber::fmt::init();
    }
    if has("noise") {
        println!("{{\"level\": \"info\", \"message\": \"starting {{\"}}");
        print!("Hub {{ outputs: 0 }} looking for hardware ... ");
        // Not a word more when the process ends, and it does not end by itself.
        thread::spawn(|| {
            loop {
                thread::park();
            }
        });
    }
    let mut builder = Executor::builder("hub").instance_id("hub-1");
    let mut rest = arguments.iter().skip_while(|argument| *argument != "state");
    if let Some(path) = rest.nth(1) {
        builder = builder.state_file(path);
    }
    let executor = builder.build()?;
    if has("noise") && !executor.wants_manifest() {
        println!("hardware found");
    }
    let output = Output {
        input: 1,
        meter: Meter { level: 0.0 },
    };
    let hub = Hub {
        label: String::new(),
        outputs: Vec::new(),
        clock: None,
        presets: BTreeMap::new(),
        known: vec![output],
    };
    executor.add("hub", hub)?;
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Thread)
    };
    if has("run") {
        runtime()?.block_on(executor.run())?;
    } else if has("until") {
        runtime()?.block_on(executor.run_until(std::future::pending()))?;
    } else if has("blocking") {
        executor.run_blocking()?;
    } else {
        let _running = executor.start()?;
        // What a GUI or a web server does.
        loop {
            thread::park();
        }
    }
    let _ = std::io::stdout().flush();
    Ok(())
}
