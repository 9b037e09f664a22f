//! What a load device can do, each with a report of what it took.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::{Error, Executor, Status};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::device::{Channel, Dimmer, Fader, Left, Ticker, Unit};
use super::meter::{Meter, Ready, sum, watch_idle};
use super::usage::resident_kib;
use super::{Level, Load, Mode, target_id};
use crate::Failure;

/// Impulses that are said before the device waits for the wire: fewer than the queue of one executor
/// holds, so that a sink that keeps up misses none.
const BURST: usize = 4_000;

/// How long anything may take that the server has a part in.
const LIMIT: Duration = Duration::from_secs(100);

/// Until what a registration woke has gone to sleep again.
const SETTLED: Duration = Duration::from_secs(2);

/// Executors that run until the work is done.
struct Fleet<'l> {
    load: &'l Load,
    executors: Vec<Executor>,
    running: JoinSet<Result<(), Error>>,
    ended: Arc<Notify>,
    /// Resident memory before there was any.
    resident: u64,
}

pub(super) async fn run(load: &Load) -> Result<(), Failure> {
    let ended = Arc::new(Notify::new());
    let mut fleet = Fleet {
        load,
        executors: Vec::new(),
        running: JoinSet::new(),
        ended: Arc::clone(&ended),
        resident: resident_kib(),
    };
    tokio::select! {
        done = fleet.work() => done?,
        // Ctrl-C, or a failure, before the work was done.
        () = ended.notified() => {}
    }
    for executor in &fleet.executors {
        executor.shutdown();
    }
    while let Some(ended) = fleet.running.join_next().await {
        ended??;
    }
    Ok(())
}

impl Fleet<'_> {
    async fn work(&mut self) -> Result<(), Failure> {
        match self.load.mode {
            Mode::Idle { executors, seconds } => {
                return self.idle(executors, Duration::from_secs(seconds)).await;
            }
            Mode::Fleet { executors, .. } => self.grow(executors)?,
            _ => self.grow(1)?,
        }
        match self.load.mode {
            Mode::Pulse { emitters, pulses } => self.pulse(emitters, pulses).await,
            Mode::State {
                emitters,
                pulses,
                flush,
            } => self.state(emitters, pulses, flush).await,
            Mode::Publish {
                threads,
                targets,
                pulses,
            } => self.publish(threads, targets, pulses).await,
            Mode::Register {
                targets,
                actions,
                emitters,
            } => self.register(targets, actions, emitters).await,
            Mode::Dispatch {
                commands,
                targets,
                state,
            } => self.dispatch(commands, targets, state).await,
            Mode::Fleet {
                targets,
                members,
                pulses,
                commands,
                ..
            } => self.all(targets, members, pulses, commands).await,
            Mode::Tick { targets, members } => self.tick(targets, members).await,
            Mode::Idle { .. } => Ok(()),
        }
    }

    /// Starts executors until there are so many.
    fn grow(&mut self, count: usize) -> Result<(), Failure> {
        for index in self.executors.len()..count {
            let executor = self.load.executor(index)?;
            self.running.spawn({
                let executor = executor.clone();
                let ended = Arc::clone(&self.ended);
                async move {
                    let result = executor.run().await;
                    ended.notify_one();
                    result
                }
            });
            self.executors.push(executor);
        }
        Ok(())
    }

    fn first(&self) -> Result<&Executor, Failure> {
        let first = self.executors.first();
        first.ok_or_else(|| Failure("there is no executor".to_owned()))
    }

    async fn pulse(&self, emitters: usize, pulses: usize) -> Result<(), Failure> {
        let unit = Unit::new(emitters, &Left::new(0));
        let sources = unit.emitters.clone();
        self.first()?
            .add_described("load", unit, Unit::model(0, emitters)?)?;
        self.online().await?;
        let done = json!({ "mode": "pulse", "emitters": emitters, "pulses": pulses });
        self.pulse_all(&sources, pulses, done).await
    }

    async fn pulse_all(
        &self,
        emitters: &[Emitter<Level>],
        pulses: usize,
        done: Value,
    ) -> Result<(), Failure> {
        let meter = self.meter();
        for pulse in 0..pulses {
            emitters[pulse % emitters.len()].pulse(Level::number(pulse, emitters.len()));
            if pulse % BURST == BURST - 1 {
                self.flush().await?;
            }
        }
        self.report(&meter, done).await
    }

    fn channels(&self, count: usize) -> Result<Vec<Handle<Channel>>, Failure> {
        let executor = self.first()?;
        let mut channels = Vec::with_capacity(count);
        for index in 0..count {
            let value = Level::default();
            channels.push(executor.add(&format!("load-{index}"), Channel { value })?);
        }
        Ok(channels)
    }

    async fn state(&self, emitters: usize, pulses: usize, flush: bool) -> Result<(), Failure> {
        let channels = self.channels(emitters)?;
        self.online().await?;
        let meter = self.meter();
        for pulse in 0..pulses {
            channels[pulse % emitters].lock().await.value = Level::number(pulse + 1, emitters);
            if flush {
                self.flush().await?;
            }
        }
        let done = json!({ "mode": "state", "emitters": emitters, "pulses": pulses });
        self.report(&meter, done).await
    }

    async fn publish(&self, threads: usize, targets: usize, pulses: usize) -> Result<(), Failure> {
        let channels = self.channels(targets)?;
        self.online().await?;
        let meter = self.meter();
        let each = pulses / threads;
        thread::scope(|scope| {
            for thread in 0..threads {
                // With more threads than targets, several share one.
                let first = thread % targets;
                let own: Vec<_> = channels.iter().skip(first).step_by(threads).collect();
                scope.spawn(move || {
                    for pulse in 0..each {
                        own[pulse % own.len()].blocking_lock().value =
                            Level::number(pulse + 1, own.len());
                    }
                });
            }
        });
        let done = json!({
            "mode": "publish", "threads": threads, "targets": targets, "pulses": each * threads,
        });
        self.report(&meter, done).await
    }

    async fn register(
        &self,
        targets: usize,
        actions: usize,
        emitters: usize,
    ) -> Result<(), Failure> {
        self.online().await?;
        let meter = self.meter();
        self.add_units(targets, actions, emitters, &Left::new(0))?;
        let done = json!({
            "mode": "register", "targets": targets, "actions": actions, "emitters": emitters,
            "entities": targets * (2 + actions + emitters),
        });
        self.report(&meter, done).await
    }

    /// Adds targets to each executor, and returns their first emitters: neighbors belong to different
    /// executors.
    fn add_units(
        &self,
        targets: usize,
        actions: usize,
        emitters: usize,
        left: &Arc<Left>,
    ) -> Result<Vec<Emitter<Level>>, Failure> {
        let model = Unit::model(actions, emitters)?;
        let mut first = Vec::new();
        for target in 0..targets {
            for (index, executor) in self.executors.iter().enumerate() {
                let unit = Unit::new(emitters, left);
                first.extend(unit.emitters.first().cloned());
                executor.add_described(&target_id(index, target), unit, Arc::clone(&model))?;
            }
        }
        Ok(first)
    }

    async fn dispatch(&self, commands: u64, targets: usize, state: bool) -> Result<(), Failure> {
        let left = Left::new(commands);
        let executor = self.first()?;
        for index in 0..targets {
            let id = match index {
                0 => "load".to_owned(),
                _ => format!("load-{index}"),
            };
            let left = Arc::clone(&left);
            if state {
                executor.add(&id, Dimmer { level: 0.0, left })?;
            } else {
                executor.add(&id, Fader { left })?;
            }
        }
        self.online().await?;
        let done = json!({ "mode": "dispatch", "commands": commands, "targets": targets });
        self.answer_all(&left, commands, done).await
    }

    async fn answer_all(&self, left: &Left, commands: u64, done: Value) -> Result<(), Failure> {
        let meter = self.meter();
        print(&Ready { ready: true })?;
        let last = async {
            left.none().await;
            // The last handler says that it is done before its answer is on the way.
            let answered = meter.answered_before() + commands;
            while sum(&self.executors).commands_answered < answered {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(LIMIT, last)
            .await
            .map_err(|_| Failure(format!("not all commands were answered within {LIMIT:?}")))?;
        self.report(&meter, done).await
    }

    async fn all(
        &self,
        targets: usize,
        members: usize,
        pulses: usize,
        commands: u64,
    ) -> Result<(), Failure> {
        self.online().await?;
        let left = Left::new(commands);
        let meter = self.meter();
        let emitters = self.add_units(targets, members, members, &left)?;
        let entities = self.executors.len() * targets * (2 + 2 * members);
        let done = json!({ "mode": "register", "entities": entities });
        self.report(&meter, done).await?;
        let done = json!({ "mode": "pulse", "pulses": pulses });
        self.pulse_all(&emitters, pulses, done).await?;
        let done = json!({ "mode": "dispatch", "commands": commands });
        self.answer_all(&left, commands, done).await
    }

    async fn tick(&self, targets: usize, members: usize) -> Result<(), Failure> {
        self.online().await?;
        let ticker = self.first()?.add("ticker", Ticker { value: 0 })?;
        let meter = self.meter();
        self.add_units(targets, members, members, &Left::new(0))?;
        let done = json!({ "mode": "tick", "targets": targets });
        self.report(&meter, done).await?;
        thread::spawn(move || {
            loop {
                ticker.blocking_lock().value += 1;
                thread::yield_now();
            }
        });
        std::future::pending().await
    }

    async fn idle(&mut self, count: usize, time: Duration) -> Result<(), Failure> {
        for count in [1, count] {
            let before = self.executors.len();
            self.grow(count)?;
            for executor in &self.executors[before..] {
                let value = Level::default();
                executor.add(
                    &format!("{}-target", executor.first_instance().id()),
                    Channel { value },
                )?;
            }
            self.online().await?;
            sleep(SETTLED).await;
            print(&watch_idle(count, time))?;
        }
        Ok(())
    }

    fn meter(&self) -> Meter {
        Meter::start(&self.executors, self.resident)
    }

    /// Prints the report, when everything is on the wire.
    async fn report(&self, meter: &Meter, done: Value) -> Result<(), Failure> {
        let enqueued = meter.elapsed();
        self.flush().await?;
        print(&meter.report(&self.executors, enqueued, done))
    }

    /// Waits until the server was told everything.
    async fn online(&self) -> Result<(), Failure> {
        for executor in &self.executors {
            let mut status = executor.status();
            let online = status.wait_for(|status| matches!(status, Status::Online { .. }));
            if timeout(LIMIT, online).await.is_err() {
                let status = executor.status().borrow().to_string();
                return Err(Failure(format!("no session: {status}")));
            }
        }
        self.flush().await
    }

    /// Waits until everything is on the wire.
    async fn flush(&self) -> Result<(), Failure> {
        for executor in &self.executors {
            timeout(LIMIT, executor.flush()).await.map_err(|_| {
                Failure(format!(
                    "the server did not take everything within {LIMIT:?}"
                ))
            })?;
        }
        Ok(())
    }
}

fn print(line: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(line)?);
    Ok(())
}
