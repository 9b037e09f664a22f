//! A device under everything that it may meet, one thing after the other, for as long as one wants: what it costs
//! in the end, and whether the server's store equals the device's state in each pause.

mod abuse;
mod compare;
mod device;
mod engine;
mod handlers;
mod link;
mod offline;
mod orders;
mod report;
mod sample;
mod server;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use rship_runtime::Generation;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::sleep;

use self::abuse::Abuse;
use self::orders::{Look, Order};
use self::report::Report;
use self::sample::Sample;
use self::server::Server;
use crate::child::Child;
use crate::{Failure, machine, own_program};

pub(crate) use self::orders::SoakDevice;

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

/// What an abuse works with.
struct Stage {
    device: Child,
    server: Server,
    /// The device's own items that should be published, by id.
    notes: BTreeMap<String, String>,
    report: Report,
}

impl Soak {
    /// Runs it; fails when the device did not hold.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let machine = machine::line()?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let report = runtime.block_on(self.stage())?;
        let text = report.markdown(&machine);
        println!("{text}");
        if let Some(file) = &self.write {
            write(file, &text)?;
        }
        report.verdict()
    }

    async fn stage(&self) -> Result<Report, Failure> {
        let server = Server::start(Generation::V2026).await?;
        let device = Child::start(own_program()?, ["soak-device", &server.url()])?;
        let mut stage = Stage {
            device,
            server,
            notes: BTreeMap::new(),
            report: Report::default(),
        };
        stage.quiet("the start").await?;
        stage.sample("start").await?;
        let begun = Instant::now();
        let whole = Duration::from_secs(self.minutes * 60);
        let mut in_the_middle = false;
        loop {
            for abuse in Abuse::all(&self.only) {
                stage.turn(*abuse).await?;
                if !in_the_middle && begun.elapsed() > whole / 2 {
                    in_the_middle = true;
                    stage.sample("middle").await?;
                }
            }
            if begun.elapsed() >= whole {
                break;
            }
        }
        stage.sample("end").await?;
        stage.report.metrics = stage.device.order(&Order::Metrics).await?;
        stage.report.took = begun.elapsed();
        stage.device.end().await?;
        stage.server.stop().await;
        Ok(stage.report)
    }
}

impl Stage {
    /// One abuse while the device goes about its work, and a pause.
    async fn turn(&mut self, abuse: Abuse) -> Result<(), Failure> {
        let begun = Instant::now();
        let _: Value = self.device.order(&Order::Work(true)).await?;
        let done = abuse.commit(self).await?;
        let _: Value = self.device.order(&Order::Work(false)).await?;
        self.server.link.restore();
        let took = begun.elapsed();
        self.report.count(abuse, done);
        let equal = self.quiet(&abuse.to_string()).await?;
        let sample: Sample = self.device.order(&Order::Sample).await?;
        let rss = sample.rss_kib / 1024;
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
            let look = self.look().await?;
            let differences = compare::differences(&self.server.core, &look, &self.notes);
            if differences.is_empty() {
                break;
            }
            if begun.elapsed() > EQUAL {
                let what = compare::summary(&differences);
                let status = look.status;
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

    async fn sample(&mut self, when: &'static str) -> Result<(), Failure> {
        sleep(SETTLED).await;
        let sample = self.device.order(&Order::Sample).await?;
        self.report.samples.push((when, sample));
        Ok(())
    }

    /// What the device has now.
    async fn look(&mut self) -> Result<Look, Failure> {
        self.device.order(&Order::Look).await
    }

    /// Says what did not hold during an abuse.
    fn violation(&mut self, abuse: Abuse, what: &str) {
        self.report.violation(&abuse.to_string(), what);
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| format!("{} cannot be written: {error}", file.display()).into())
}
