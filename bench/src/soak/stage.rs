//! What a soak plays on: the device, the server behind its link, the load, and what is written down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rship_runtime::Generation;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::commands::{CommandLoad, Commands};
use super::compare::{self, Values};
use super::fault::Fault;
use super::limits::Limits;
use super::orders::{Done, Look, Order};
use super::progress;
use super::record::{Record, Recovery};
use super::report::Report;
use super::sample::Sample;
use super::seen::Seen;
use super::server::Server;
use crate::child::Child;
use crate::{Failure, own_program};

/// How long store and state may differ, reading back included.
const EQUAL: Duration = Duration::from_secs(30);

/// How long the store is compared with what the device was seen to have, before it is asked once more.
const SEEN: Duration = Duration::from_secs(1);

/// How long an impulse may be on its way before another is sent after it.
const ARRIVED: Duration = Duration::from_secs(5);

/// Until threads and memory that are no longer used are given back.
const SETTLED: Duration = Duration::from_secs(15);

/// Between two looks at the store.
const SOON: Duration = Duration::from_millis(20);

pub(super) struct Stage {
    pub(super) device: Child,
    pub(super) server: Server,
    pub(super) commands: Arc<Commands>,
    pub(super) random: Rng,
    /// The device's own items that should be published, by id.
    pub(super) notes: BTreeMap<String, String>,
    pub(super) record: Arc<Record>,
    load: CommandLoad,
    seen: Arc<Seen>,
    limits: Limits,
    process: u32,
    _watcher: JoinSet<()>,
}

impl Stage {
    /// Starts everything; the load begins with [`Stage::resume`].
    pub(super) async fn new(seed: u64, record: &Arc<Record>) -> Result<Self, Failure> {
        let seen = Arc::default();
        let server = Server::start(Generation::V2026, &seen, record).await?;
        let device = Child::start(own_program()?, ["soak-device", &server.url()])?;
        let process = device.id().ok_or("the device has ended already")?;
        let commands = Commands::new(record);
        let load = CommandLoad::start(&commands, server.cores(), seed);
        let mut watcher = JoinSet::new();
        watcher.spawn(progress::watch(process, record, &commands, &seen));
        Ok(Self {
            device,
            server,
            commands,
            random: Rng::with_seed(seed),
            notes: BTreeMap::new(),
            record: Arc::clone(record),
            load,
            seen,
            limits: Limits::default(),
            process,
            _watcher: watcher,
        })
    }

    /// One fault while everything goes on, until the store equals the state again.
    pub(super) async fn turn(&mut self, fault: Fault) -> Result<(), Failure> {
        self.record.doing(fault);
        let effect = fault.act(self).await?;
        self.server.link.restore();
        let at = self.record.elapsed();
        let took = self.equal(Values::Reached).await?;
        self.record.recovery(Recovery {
            fault,
            at,
            took,
            effect,
        });
        Ok(())
    }

    /// Lets the load go on.
    pub(super) async fn resume(&mut self) -> Result<(), Failure> {
        self.load.resume();
        self.device.order(&Order::Work(true)).await
    }

    /// Ends the load for a moment in which everything must be as it should: the store equals the state, each
    /// command has its outcome, and each impulse is accounted for. Returns what the device has done so far.
    pub(super) async fn pause(&mut self) -> Result<Done, Failure> {
        self.load.pause().await?;
        let _: Value = self.device.order(&Order::Work(false)).await?;
        self.equal(Values::Equal).await?;
        self.arrived().await?;
        let done = self.look().await?.done;
        let arrivals = self.seen.arrivals();
        if let Err(what) = arrivals.account(done.impulses, done.impulses_dropped) {
            self.record.violation(&what);
        }
        Ok(done)
    }

    /// Waits until the process has given back what it no longer uses, and writes down what it has then.
    pub(super) async fn settle(&mut self, when: &'static str) -> Result<(), Failure> {
        let begun = Instant::now();
        let (sample, verdict) = loop {
            let sample = Sample::of(self.process)?;
            let verdict = self.limits.judge(&sample);
            if verdict.is_ok() || begun.elapsed() > SETTLED {
                break (sample, verdict);
            }
            sleep(ARRIVED / 10).await;
        };
        if let Err(what) = verdict {
            self.record.violation(&what);
        }
        self.limits.after(sample);
        self.record.quiet(when, sample);
        Ok(())
    }

    /// Ends everything; what came of it.
    pub(super) async fn end(mut self, seed: u64) -> Result<Report, Failure> {
        let done = self.look().await?.done;
        let metrics = self.device.order(&Order::Metrics).await?;
        self.device.end().await?;
        self.server.stop().await;
        Ok(Report {
            seed,
            took: self.record.elapsed(),
            state: self.record.read(),
            commands: self.commands.tally(),
            arrivals: self.seen.arrivals(),
            done,
            metrics,
        })
    }

    /// What the device has now.
    pub(super) async fn look(&mut self) -> Result<Look, Failure> {
        self.device.order(&Order::Look).await
    }

    /// Waits until the store equals the state; what does not within the limit is a violation.
    async fn equal(&mut self, values: Values) -> Result<Duration, Failure> {
        let begun = Instant::now();
        loop {
            let look = self.look().await?;
            let looked = Instant::now();
            loop {
                let core = self.server.core();
                let differences = compare::differences(&core, &look, &self.notes, values);
                if differences.is_empty() {
                    return Ok(begun.elapsed());
                }
                if begun.elapsed() > EQUAL {
                    let what = compare::summary(&differences);
                    self.record.violation(&format!(
                        "the store does not equal the state after {EQUAL:?}: {what} ({})",
                        look.status
                    ));
                    return Ok(begun.elapsed());
                }
                sleep(SOON).await;
                if !look.online || looked.elapsed() > SEEN {
                    break;
                }
            }
        }
    }

    /// Waits until all impulses that are on their way are there, or will never be.
    async fn arrived(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        while begun.elapsed() < EQUAL {
            // Those before it are there when it is.
            let last: BTreeMap<String, (u64, u64)> = self.device.order(&Order::Probe).await?;
            let sent = Instant::now();
            while sent.elapsed() < ARRIVED {
                if self.seen.awaited(&last) == 0 {
                    return Ok(());
                }
                sleep(SOON).await;
            }
        }
        self.record
            .violation(&format!("an impulse did not arrive within {EQUAL:?}"));
        Ok(())
    }
}
