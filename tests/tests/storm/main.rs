//! Storms: random sequences of what a device does, a server asks and a network breaks, in one thread and by a clock that
//! is paused; after each, what must hold is checked.
//!
//! `cargo test -p rship-tests --test storm` runs 1,000 of them, the mistakes that are built in, and one seed twice.
//! `-- --minutes 10` runs on for so long, `-- --seed 7` runs one, and prints all that happened in it.

// A test binary without the harness: the lints' leave for tests does not reach it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout
)]

mod asking;
mod device;
mod faults;
mod history;
mod network;
mod oracles;
mod run;
mod steps;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::ReferenceStateMachine as _;
use rship_runtime::testing::Mistake;

use run::Report;
use steps::Storms;

/// The steps of a sequence.
const STEPS: std::ops::Range<usize> = 5..45;

/// What a sequence may take, by the clock on the wall, before the program says which one hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Every fault, by the name under which the network counts it.
const FAULTS: [&str; 21] = [
    "killed, with its store",
    "killed, empty",
    "another generation",
    "end",
    "reset",
    "cut in a frame",
    "stalled up",
    "stalled down",
    "delay",
    "loss",
    "slow link",
    "crossing connections",
    "loses an entity",
    "overwrites an entity",
    "refused",
    "never answers",
    "closes at once",
    "answers late",
    "babbles",
    "garbage",
    "flood",
];

/// Each mistake, with a piece of what must be said of it.
const MISTAKES: [(Mistake, &str); 7] = [
    (
        Mistake::HealsNothing,
        "the server's store is not what the executor is",
    ),
    (Mistake::AnswersTwice, "a command is answered 2 times"),
    (Mistake::CountsNoDrops, "are counted as dropped"),
    (Mistake::ChildrenFirst, "is told before its"),
    (Mistake::GoesBack, "goes back from"),
    (Mistake::KnowsNoBound, "bytes of memory"),
    (Mistake::LeavesATask, "tasks are left after the end"),
];

/// Runs storms over an executor.
#[derive(Parser)]
struct Arguments {
    /// How many sequences to run; 1,000 if nothing else is said.
    #[arg(long)]
    sequences: Option<u64>,
    /// Runs for so many minutes instead.
    #[arg(long)]
    minutes: Option<u64>,
    /// The seed of the first sequence; alone, it runs this one and prints what happened.
    #[arg(long)]
    seed: Option<u64>,
    /// What the test harness may be given; with a name that is not this one's, nothing is run.
    #[arg(hide = true)]
    filter: Option<String>,
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true)]
    nocapture: bool,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    format: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let elsewhere = |filter: &String| !"storm".contains(filter.as_str());
    if arguments.list {
        if !arguments.ignored {
            println!("storm: test");
        }
        return ExitCode::SUCCESS;
    }
    if arguments.ignored || arguments.filter.as_ref().is_some_and(elsewhere) {
        return ExitCode::SUCCESS;
    }
    // Handlers panic on purpose.
    std::panic::set_hook(Box::new(|panic| {
        let of_a_handler = panic.payload().downcast_ref::<&str>() == Some(&"it fell");
        if !of_a_handler {
            eprintln!("{panic}");
        }
    }));
    // The log's texts are made, and thrown away.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::sink)
        .init();
    let held = match arguments {
        Arguments {
            seed: Some(seed),
            minutes: None,
            sequences: None,
            ..
        } => one(seed),
        arguments => all(&arguments),
    };
    match held {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one sequence and prints all of it.
fn one(seed: u64) -> Result<(), String> {
    let report = sequence(seed, None)?;
    for line in &report.trace {
        println!("{line}");
    }
    Ok(())
}

fn all(arguments: &Arguments) -> Result<(), String> {
    let first = arguments.seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(1, |now| now.as_secs() * 1_000_000)
    });
    println!("storms from seed {first} on");
    let threads = threads();
    let sequences = arguments.sequences.unwrap_or(1000);
    let began = Instant::now();
    let until = arguments
        .minutes
        .map(|minutes| began + Duration::from_secs(60 * minutes));
    let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let total = Mutex::new((0_u64, Report::default()));
    let errors = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let over = match until {
                        Some(until) => Instant::now() >= until,
                        None => number >= sequences,
                    };
                    if over || failed.load(Ordering::Relaxed) {
                        return;
                    }
                    match sequence(first + number, None) {
                        Ok(report) => {
                            let mut total = lock(&total);
                            total.0 += 1;
                            add(&mut total.1, &report);
                        }
                        Err(why) => {
                            failed.store(true, Ordering::Relaxed);
                            lock(&errors).push(why);
                        }
                    }
                }
            });
        }
    });
    if let Some(why) = lock(&errors).first() {
        return Err(why.clone());
    }
    let (count, total) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    let took = began.elapsed().as_secs_f64();
    println!("{count} sequences in {took:.1} s, no violation");
    println!(
        "{} commands, {} impulses of which {} were dropped and counted, {} sessions, {} entities healed",
        total.commands, total.impulses, total.dropped, total.sessions, total.healed
    );
    for fault in FAULTS {
        let acted = total.acted.get(fault).copied().unwrap_or(0);
        println!("{acted:>9} × {fault}");
        // A few sequences, asked for by hand, need not have all.
        if acted == 0 && count >= 500 {
            return Err(format!(
                "no fault of the kind `{fault}` took effect in {count} sequences"
            ));
        }
    }
    mistakes(first)?;
    same_twice(first)?;
    let left = self::threads();
    if left > threads {
        return Err(format!(
            "{left} threads are left, where there were {threads}"
        ));
    }
    Ok(())
}

/// Each mistake that the engine can be made to make is noticed, and as what it is.
fn mistakes(first: u64) -> Result<(), String> {
    for (mistake, says) in MISTAKES {
        let noticed = (first..first + 400).find_map(|seed| {
            let (model, steps) = made(seed);
            let outcome = run::run(&model, &steps, seed, Some(mistake), || ());
            outcome.err().map(|why| (seed, why))
        });
        match noticed {
            Some((_, why)) if why.contains(says) => {
                println!("{mistake:?} is noticed");
            }
            Some((seed, why)) => {
                return Err(format!(
                    "{mistake:?} is taken for something else with seed {seed}: {why}"
                ));
            }
            None => return Err(format!("{mistake:?} is not noticed in 400 sequences")),
        }
    }
    Ok(())
}

/// One seed twice is the same twice.
fn same_twice(first: u64) -> Result<(), String> {
    for seed in first..first + 10 {
        let (one, other) = (sequence(seed, None)?.trace, sequence(seed, None)?.trace);
        if one != other {
            let at = one.iter().zip(&other).position(|(one, other)| one != other);
            let at = at.unwrap_or_else(|| one.len().min(other.len()));
            let from = at.saturating_sub(5);
            let shown = |trace: &[String]| {
                let end = trace.len().min(at + 3);
                trace[from.min(end)..end].join("\n")
            };
            return Err(format!(
                "seed {seed} is not the same twice, from line {at} on:\n{}\nand\n{}",
                shown(&one),
                shown(&other)
            ));
        }
    }
    println!("10 seeds are the same twice");
    Ok(())
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

type Tree = Box<
    dyn proptest::strategy::ValueTree<
            Value = (
                steps::Model,
                Vec<steps::Step>,
                Option<std::sync::Arc<std::sync::atomic::AtomicUsize>>,
            ),
        >,
>;

fn tree(seed: u64) -> Tree {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng(seed));
    let made = Storms::sequential_strategy(STEPS)
        .boxed()
        .new_tree(&mut runner);
    made.expect("steps can always be found")
}

fn made(seed: u64) -> (steps::Model, Vec<steps::Step>) {
    let (model, steps, _) = tree(seed).current();
    (model, steps)
}

/// Runs the sequence of a seed; one that fails is made as short as it fails still.
fn sequence(seed: u64, mistake: Option<Mistake>) -> Result<Report, String> {
    let mut tree = tree(seed);
    let attempt = |tree: &Tree| {
        let _watched = Watched::new(seed);
        let (model, steps, seen) = tree.current();
        let count = || {
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        };
        let run = || run::run(&model, &steps, seed, mistake, count);
        let outcome = catch_unwind(AssertUnwindSafe(run));
        let outcome = outcome.unwrap_or_else(|_| Err("it panicked".to_owned()));
        outcome.map_err(|why| (why, steps))
    };
    let (mut why, mut steps) = match attempt(&tree) {
        Ok(report) => return Ok(report),
        Err(failed) => failed,
    };
    eprintln!(
        "seed {seed} fails, and is made shorter: {}",
        why.lines().next().unwrap_or_default()
    );
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until && tree.simplify() {
        match attempt(&tree) {
            Err(failed) => (why, steps) = failed,
            Ok(_) => {
                if !tree.complicate() {
                    break;
                }
            }
        }
    }
    Err(format!(
        "seed {seed}: {why}\nThe shortest that fails is {steps:#?}\nRun the whole again with \
         `cargo test -p rship-tests --test storm -- --seed {seed}`"
    ))
}

/// Ends the process when a sequence hangs, and says which.
struct Watched {
    _ended: std::sync::mpsc::Sender<()>,
}

impl Watched {
    fn new(seed: u64) -> Self {
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            if ended.recv_timeout(HANGS) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                eprintln!("seed {seed} hangs: it has not ended after {HANGS:?}");
                std::process::exit(2);
            }
        });
        Self { _ended: sender }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(total: &mut Report, one: &Report) {
    total.commands += one.commands;
    total.impulses += one.impulses;
    total.dropped += one.dropped;
    total.sessions += one.sessions;
    total.healed += one.healed;
    for (fault, count) in &one.acted {
        *total.acted.entry(fault).or_default() += count;
    }
}

/// The threads of this process, where that can be asked.
fn threads() -> usize {
    // What watched the last sequence has a moment to end.
    std::thread::sleep(Duration::from_millis(50));
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
