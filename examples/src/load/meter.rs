//! What work took, as one line of JSON.

use std::time::{Duration, Instant};

use rship_runtime::{Executor, Metrics};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::usage::{cpu_time, resident_kib, sleeps, threads};

/// What was done, and what it took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The mode and its numbers.
    #[serde(flatten)]
    pub done: Map<String, Value>,
    /// Until the device had said everything.
    pub enqueue_s: f64,
    /// Until everything was on the wire.
    pub wall_s: f64,
    /// User and system time of the process until then.
    pub cpu_s: f64,
    /// Resident memory at the end.
    pub rss_kib: u64,
    /// Of which the process did not have at the start.
    pub grown_kib: u64,
    /// Frames written.
    pub frames: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Pulses in these.
    pub pulses_sent: u64,
    /// States that a newer one replaced before they were written.
    pub coalesced: u64,
    /// Impulses that were not sent.
    pub dropped: u64,
}

/// Says that commands may come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Ready {
    /// Always true.
    pub ready: bool,
}

/// What executors that do nothing cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Idle {
    /// How many there are.
    pub executors: usize,
    /// Threads of the process.
    pub threads: u64,
    /// Resident memory of the process.
    pub rss_kib: u64,
    /// How often in a second one of its threads was woken.
    pub wakeups_per_s: f64,
}

/// What the work took so far.
pub(super) struct Meter {
    begun: Instant,
    cpu: Duration,
    resident: u64,
    before: Metrics,
}

impl Meter {
    /// Starts now; memory is counted from the `resident` of the process's start.
    pub(super) fn start(executors: &[Executor], resident: u64) -> Self {
        Self {
            begun: Instant::now(),
            cpu: cpu_time(),
            resident,
            before: sum(executors),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// How many commands were answered before it started.
    pub(super) fn answered_before(&self) -> u64 {
        self.before.commands_answered
    }

    /// The report, when everything is on the wire.
    pub(super) fn report(&self, executors: &[Executor], enqueued: Duration, done: Value) -> Report {
        let now = sum(executors);
        let rss_kib = resident_kib();
        Report {
            done: match done {
                Value::Object(done) => done,
                _ => Map::new(),
            },
            enqueue_s: enqueued.as_secs_f64(),
            wall_s: self.begun.elapsed().as_secs_f64(),
            cpu_s: (cpu_time() - self.cpu).as_secs_f64(),
            rss_kib,
            grown_kib: rss_kib.saturating_sub(self.resident),
            frames: now.frames_out - self.before.frames_out,
            bytes: now.bytes_out - self.before.bytes_out,
            pulses_sent: now.pulses_out - self.before.pulses_out,
            coalesced: now.states_coalesced - self.before.states_coalesced,
            dropped: now.impulses_dropped - self.before.impulses_dropped,
        }
    }
}

/// Watches this process, whose executors do nothing, with the calling thread asleep.
pub(super) fn watch_idle(executors: usize, time: Duration) -> Idle {
    let before = sleeps();
    // Not a timer of the runtime: that would wake a thread of the kind that is counted.
    std::thread::sleep(time);
    // The last one is this thread's own.
    let woken = sleeps().saturating_sub(before + 1);
    Idle {
        executors,
        threads: threads(),
        rss_kib: resident_kib(),
        wakeups_per_s: woken as f64 / time.as_secs_f64(),
    }
}

/// What the executors did together, of what is reported here.
pub(super) fn sum(executors: &[Executor]) -> Metrics {
    let mut sum = Metrics::default();
    for metrics in executors.iter().map(Executor::metrics) {
        sum.frames_out += metrics.frames_out;
        sum.bytes_out += metrics.bytes_out;
        sum.pulses_out += metrics.pulses_out;
        sum.states_coalesced += metrics.states_coalesced;
        sum.impulses_dropped += metrics.impulses_dropped;
        sum.commands_answered += metrics.commands_answered;
    }
    sum
}
