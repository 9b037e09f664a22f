//! A device under everything that it may meet, one thing after the other, for as long as one wants: what it costs
//! in the end, and whether the server's store equals the device's state in each pause.

mod abuse;
mod compare;
mod device;
mod engine;
mod handlers;
mod link;
mod offline;
mod report;
mod sample;
mod server;
mod wire;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use rship_runtime::Generation;
use tokio::runtime::Builder;
use tokio::time::sleep;

use self::abuse::Abuse;
use self::device::Device;
use self::report::Report;
use self::sample::Sample;
use self::server::Server;
use crate::{Failure, machine, own_program};

/// Workers of the runtime that the device's handlers have: blocking as many is one of the things it must bear.
const WORKERS: usize = 2;

/// How long store and state may differ in a pause, reading back included.
const EQUAL: Duration = Duration::from_secs(30);

/// Until threads and memory that are no longer used are given back.
const SETTLED: Duration = Duration::from_secs(15);

/// Runs the soak.
#[derive(Args)]
pub(crate) struct Soak {
    /// How long it lasts; every abuse comes once in any case.
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// These abuses only.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,..")]
    only: Vec<Abuse>,
    /// Writes what came of it to a file as well, such as docs/soak.md.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// From which size on glibc maps memory of its own, which goes back to the system when it is freed. Left to itself it
/// raises that to the largest that was freed, and resident memory would say what the allocator keeps, not the program.
const MAPPED: &str = "MALLOC_MMAP_THRESHOLD_";

/// What it starts with, in bytes.
const SIZE: &str = "131072";

/// What an abuse works with.
struct Stage {
    device: Device,
    server: Server,
    report: Report,
}

impl Soak {
    /// Runs it; fails when the device did not hold.
    pub(crate) fn run(self) -> Result<(), Failure> {
        if std::env::var_os(MAPPED).is_none() {
            return again();
        }
        let machine = machine::line()?;
        // The device's handlers block its workers; the server and its link must not notice.
        let device = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()?;
        let harness = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let report = harness.block_on(self.stage(device.handle()));
        device.shutdown_background();
        let report = report?;
        let text = report.markdown(&machine);
        println!("{text}");
        if let Some(file) = &self.write {
            write(file, &text)?;
        }
        report.verdict()
    }

    async fn stage(&self, runtime: &tokio::runtime::Handle) -> Result<Report, Failure> {
        let server = Server::start(Generation::V2026).await?;
        let device = Device::start(&server.url(), runtime)?;
        let mut stage = Stage {
            device,
            server,
            report: Report::default(),
        };
        stage.quiet("the start").await?;
        stage.sample("start").await;
        let begun = Instant::now();
        let whole = Duration::from_secs(self.minutes * 60);
        let mut in_the_middle = false;
        loop {
            for abuse in Abuse::all(&self.only) {
                stage.turn(abuse).await?;
                if !in_the_middle && begun.elapsed() > whole / 2 {
                    in_the_middle = true;
                    stage.sample("middle").await;
                }
            }
            if begun.elapsed() >= whole {
                break;
            }
        }
        stage.sample("end").await;
        stage.report.metrics = Some(stage.device.executor.metrics());
        stage.report.took = begun.elapsed();
        stage.device.stop().await;
        stage.server.stop().await;
        Ok(stage.report)
    }
}

impl Stage {
    /// One abuse while the device goes about its work, and a pause.
    async fn turn(&mut self, abuse: Abuse) -> Result<(), Failure> {
        let begun = Instant::now();
        self.device.work(true);
        let done = abuse.commit(self).await?;
        self.device.work(false);
        self.server.link.restore();
        let took = begun.elapsed();
        self.report.count(abuse, done);
        let equal = self.quiet(&abuse.to_string()).await?;
        let rss = Sample::take("").rss_kib / 1024;
        eprintln!(
            "{abuse}: {done} in {:.1} s, equal after {:.1} s, {rss} MiB",
            took.as_secs_f64(),
            equal.as_secs_f64()
        );
        Ok(())
    }

    /// Waits until the store equals the state; what does not within the limit is a violation.
    async fn quiet(&mut self, after: &str) -> Result<Duration, Failure> {
        let begun = Instant::now();
        loop {
            let differences = compare::differences(&self.server.core, &self.device).await;
            if differences.is_empty() {
                break;
            }
            if begun.elapsed() > EQUAL {
                let what = compare::summary(&differences);
                let status = self.device.executor.status().borrow().to_string();
                self.report.violation(after, &format!("{what} ({status})"));
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        for dropped in self.server.new_drops() {
            self.report
                .violation(after, &format!("the core dropped {dropped}"));
        }
        Ok(begun.elapsed())
    }

    async fn sample(&mut self, when: &'static str) {
        sleep(SETTLED).await;
        self.report.samples.push(Sample::take(when));
    }

    /// Says what did not hold during an abuse.
    fn violation(&mut self, abuse: Abuse, what: &str) {
        self.report.violation(&abuse.to_string(), what);
    }
}

/// Runs this program once more, with memory that is given back when it is freed.
fn again() -> Result<(), Failure> {
    let mut command = Command::new(own_program()?);
    command.args(std::env::args_os().skip(1)).env(MAPPED, SIZE);
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(format!("the soak ended with {status}").into()),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| format!("{} cannot be written: {error}", file.display()).into())
}
