//! This machine, measured: processors, memory, disks and network interfaces, with a load test.
//!
//! ```text
//! cargo run -p rship-examples
//! cargo run -p rship-examples -- --manifest
//! RSHIP_URL=ws://127.0.0.1:5155/myko cargo run -p rship-examples
//! ```

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rship_examples::{Failure, Show, live};
use rship_runtime::{Status, prelude::*};
use schemars::JsonSchema;
use serde::Serialize;
use sysinfo::{DiskRefreshKind, Disks, MINIMUM_CPU_UPDATE_INTERVAL, Networks, System};
use tokio::sync::watch;

/// Milliseconds between two looks at the machine, unless told otherwise.
const INTERVAL: u32 = 1000;
/// Time between two lines in the terminal, at least.
const LINES: Duration = Duration::from_millis(900);
const MEGA: f64 = 1e6;
const GIGA: f64 = 1e9;

/// The machine that this program runs on.
#[derive(Target)]
#[target(
    name = "System monitor",
    category = "machine",
    bg_color = "#10323d",
    fg_color = "#8fe3cf"
)]
struct Sysmon {
    /// Processor time in use, over all processors, in percent.
    #[emitter]
    cpu: f64,
    /// Memory in use.
    #[emitter]
    memory: Usage,
    /// Memory moved out to disk.
    #[emitter]
    swap: Usage,
    /// Time between two looks at the machine, in milliseconds.
    #[emitter]
    interval: u32,
    #[target(key = "name")]
    cpus: Vec<Cpu>,
    #[target(key = "mount_point")]
    disks: Vec<Disk>,
    #[target(key = "name")]
    networks: Vec<Network>,
    pace: mpsc::Sender<Duration>,
    load: Option<Load>,
}

/// How much of something is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
struct Usage {
    /// Bytes in use.
    used: u64,
    /// Bytes there are.
    total: u64,
    /// What is in use, in percent.
    percent: f64,
}

impl Usage {
    fn of(used: u64, total: u64) -> Self {
        Self {
            used,
            total,
            percent: percent(used as f64 / total as f64 * 100.0),
        }
    }
}

/// One processor, as the system counts them.
#[derive(Target)]
#[target(name = "Processor", category = "machine")]
struct Cpu {
    name: String,
    /// Time in use, in percent.
    #[emitter]
    usage: f64,
}

/// One mounted disk.
#[derive(Target)]
#[target(category = "machine")]
struct Disk {
    mount_point: String,
    /// Space in use.
    #[emitter]
    space: Usage,
}

/// One network interface.
#[derive(Target)]
#[target(category = "machine")]
struct Network {
    name: String,
    /// What comes in, in bytes a second.
    #[emitter]
    receiving: f64,
    /// What goes out, in bytes a second.
    #[emitter]
    sending: f64,
    /// All that came in since the machine was started, in bytes.
    #[emitter]
    received: u64,
    /// All that went out since the machine was started, in bytes.
    #[emitter]
    sent: u64,
}

#[actions]
impl Sysmon {
    fn new(pace: mpsc::Sender<Duration>) -> Self {
        Self {
            cpu: 0.0,
            memory: Usage::default(),
            swap: Usage::default(),
            interval: INTERVAL,
            cpus: Vec::new(),
            disks: Vec::new(),
            networks: Vec::new(),
            pace,
            load: None,
        }
    }

    /// Changes how often the machine is looked at, from now on.
    #[action(writes = "interval")]
    fn set_interval(&mut self, #[arg(min = 200, max = 60_000, unit = "ms")] milliseconds: u32) {
        self.interval = milliseconds;
        // The sampler is gone only when the program ends.
        let _ = self.pace.send(Duration::from_millis(milliseconds.into()));
    }

    /// Keeps one processor busy, or lets it rest again. Answers whether that changed anything.
    #[action(writes = "load_test")]
    fn set_load_test(&mut self, on: bool) -> io::Result<bool> {
        let changed = on != self.load_test();
        if changed {
            self.load = on.then(Load::start).transpose()?;
        }
        Ok(changed)
    }

    /// Whether a processor is kept busy on purpose.
    #[emitter]
    fn load_test(&self) -> bool {
        self.load.is_some()
    }

    /// Time since the machine was started, in seconds.
    #[emitter(every = "1s")]
    fn uptime(&self) -> u64 {
        System::uptime().unwrap_or_default()
    }

    /// Takes a reading over; what came or went appears or disappears with it.
    fn take(&mut self, reading: Reading) {
        self.cpu = reading.cpu;
        self.memory = reading.memory;
        self.swap = reading.swap;
        self.cpus = reading.cpus;
        self.disks = reading.disks;
        self.networks = reading.networks;
    }

    /// The line for the terminal, short enough for a narrow one.
    fn line(&self) -> String {
        let disks = self.disks.iter().map(|disk| disk.space.percent);
        let fullest = disks.reduce(f64::max);
        let disk = fullest.map_or_else(|| "none".to_owned(), |percent| format!("{percent:.0} %"));
        let receiving: f64 = self.networks.iter().map(|network| network.receiving).sum();
        let sending: f64 = self.networks.iter().map(|network| network.sending).sum();
        format!(
            "cpu {:5.1} %  mem {:.1}/{:.1} GB  disk {disk}  net {:.2}/{:.2} MB/s",
            self.cpu,
            self.memory.used as f64 / GIGA,
            self.memory.total as f64 / GIGA,
            receiving / MEGA,
            sending / MEGA,
        )
    }
}

/// A thread that works for nothing, until this is dropped.
struct Load(Arc<AtomicBool>);

impl Load {
    fn start() -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::Builder::new()
            .name("load-test".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })?;
        Ok(Self(stop))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the machine was like at one moment.
struct Reading {
    cpu: f64,
    memory: Usage,
    swap: Usage,
    cpus: Vec<Cpu>,
    disks: Vec<Disk>,
    networks: Vec<Network>,
}

/// What measures. Processors and networks are measured from one look to the next.
struct Sampler {
    system: System,
    disks: Disks,
    networks: Networks,
    last: Instant,
}

impl Sampler {
    fn new() -> Result<Self, sysinfo::Error> {
        let mut system = System::new()?;
        system.refresh_cpu_usage();
        Ok(Self {
            system,
            disks: Disks::new()?,
            networks: Networks::new_with_refreshed_list()?,
            last: Instant::now(),
        })
    }

    fn read(&mut self) -> Reading {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        self.disks
            .refresh_specifics(true, DiskRefreshKind::nothing().with_storage());
        self.networks.refresh(true);
        let seconds = self.last.elapsed().as_secs_f64();
        self.last = Instant::now();
        let system = &self.system;
        let cpus = system.cpus().iter().map(|cpu| Cpu {
            name: cpu.name().to_owned(),
            usage: percent(cpu.usage().into()),
        });
        let disks = self.disks.iter().map(|disk| {
            let total = disk.total_space();
            Disk {
                mount_point: disk.mount_point().to_string_lossy().into_owned(),
                space: Usage::of(total.saturating_sub(disk.available_space()), total),
            }
        });
        let networks = self.networks.iter().map(|(name, data)| Network {
            name: name.to_string_lossy().into_owned(),
            receiving: rate(data.received(), seconds),
            sending: rate(data.transmitted(), seconds),
            received: data.total_received(),
            sent: data.total_transmitted(),
        });
        Reading {
            cpu: percent(system.global_cpu_usage().into()),
            memory: Usage::of(system.used_memory(), system.total_memory()),
            swap: Usage::of(system.used_swap(), system.total_swap()),
            cpus: by_key(cpus, |cpu| &cpu.name),
            disks: by_key(disks, |disk| &disk.mount_point),
            networks: by_key(networks, |network| &network.name),
        }
    }
}

/// In a steady order, and each key once: one disk may be mounted over another, at the same point.
fn by_key<T>(all: impl Iterator<Item = T>, key: impl Fn(&T) -> &String) -> Vec<T> {
    let keyed: BTreeMap<String, T> = all.map(|one| (key(&one).clone(), one)).collect();
    keyed.into_values().collect()
}

/// To a tenth, so that noise is no news. What cannot be known, as of a disk without any space, is 0.
fn percent(value: f64) -> f64 {
    if value.is_finite() {
        (value.clamp(0.0, 100.0) * 10.0).round() / 10.0
    } else {
        0.0
    }
}

fn rate(bytes: u64, seconds: f64) -> f64 {
    if seconds > 0.0 {
        (bytes as f64 / seconds).round()
    } else {
        0.0
    }
}

/// The device's own loop, on a thread of its own because measuring blocks.
fn measure(
    mut sampler: Sampler,
    sysmon: &Handle<Sysmon>,
    pace: &mpsc::Receiver<Duration>,
    status: &watch::Receiver<Status>,
) {
    let mut interval = Duration::from_millis(INTERVAL.into());
    let mut shown: Option<Instant> = None;
    loop {
        match pace.recv_timeout(interval) {
            Ok(changed) => {
                interval = changed;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let reading = sampler.read();
        let mut sysmon = sysmon.blocking_lock();
        sysmon.take(reading);
        let line = sysmon.line();
        let load = if sysmon.load_test() {
            ", load test"
        } else {
            ""
        };
        drop(sysmon);
        let connected = match *status.borrow() {
            // Nothing runs yet, or the manifest is asked for, which stands alone.
            Status::Idle => continue,
            Status::Online { .. } => "online",
            _ => "offline",
        };
        if shown.is_none_or(|last| last.elapsed() >= LINES) {
            shown = Some(Instant::now());
            live(&format!("{line}  {connected}{load}"));
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let show = Show::open("sysmon").await?;
    let mut sampler = Sampler::new()?;
    tokio::time::sleep(MINIMUM_CPU_UPDATE_INTERVAL).await;
    let (sender, pace) = mpsc::channel();
    let mut sysmon = Sysmon::new(sender);
    sysmon.take(sampler.read());
    let sysmon = show.executor.add("sysmon", sysmon)?;
    let status = show.executor.status();
    thread::Builder::new()
        .name("sampler".to_owned())
        .spawn(move || measure(sampler, &sysmon, &pace, &status))?;
    show.run(&[
        "ls",
        "watch sysmon:cpu",
        "call sysmon:set-load-test '{\"on\": true}'",
        "call sysmon:set-interval '{\"milliseconds\": 250}'",
        "call sysmon:set-interval '{\"milliseconds\": 1}'",
    ])
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_test_that_is_on_stays_the_same_one_and_ends_when_off() {
        let mut sysmon = Sysmon::new(mpsc::channel().0);
        assert!(sysmon.set_load_test(true).unwrap());
        let running = Arc::clone(&sysmon.load.as_ref().unwrap().0);
        assert!(!sysmon.set_load_test(true).unwrap());
        assert!(sysmon.load_test() && !running.load(Ordering::Relaxed));
        assert!(sysmon.set_load_test(false).unwrap());
        assert!(!sysmon.load_test() && running.load(Ordering::Relaxed));
        assert!(!sysmon.set_load_test(false).unwrap());
    }

    #[test]
    fn a_changed_interval_reaches_the_sampler() {
        let (sender, pace) = mpsc::channel();
        let mut sysmon = Sysmon::new(sender);
        sysmon.set_interval(250);
        assert_eq!(sysmon.interval, 250);
        assert_eq!(pace.try_recv(), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_cannot_be_measured_is_zero_and_no_nan() {
        assert_eq!(Usage::of(0, 0).percent, 0.0);
        assert_eq!(percent(f64::NAN), 0.0);
        assert_eq!(percent(f64::INFINITY), 0.0);
        assert_eq!(rate(1, 0.0), 0.0);
        let sysmon = Sysmon::new(mpsc::channel().0);
        assert!(sysmon.line().contains("disk none"));
    }

    #[test]
    fn this_machine_can_be_measured() {
        let mut sysmon = Sysmon::new(mpsc::channel().0);
        sysmon.take(Sampler::new().unwrap().read());
        assert!(!sysmon.cpus.is_empty());
        assert!(sysmon.memory.total > 0 && sysmon.memory.used <= sysmon.memory.total);
    }
}
