//! A device under load and under everything that it may meet, one fault after the other, for as long as one wants:
//! whether the server's store equals the device's state again after each, what it costs, and how long it takes.

mod chart;
mod commands;
mod compare;
mod device;
mod engine;
mod fault;
mod handlers;
mod limits;
mod link;
mod link_faults;
mod offline;
mod orders;
mod progress;
mod record;
mod report;
mod sample;
mod seen;
mod server;
mod server_faults;
mod stage;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;
use tokio::time::sleep;

use self::fault::Fault;
use self::record::Record;
use self::report::Report;
use self::stage::Stage;
use crate::table::Figure;
use crate::{Failure, machine};

pub(crate) use self::orders::SoakDevice;

/// Faults between two pauses, in which everything is looked at.
const PAUSE: usize = 12;

/// Runs the soak.
#[derive(Args)]
pub(crate) struct Soak {
    /// How long it lasts; every fault comes once in any case.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Seconds from one fault to the next; more where the device takes longer than that.
    #[arg(long, default_value_t = 5)]
    every: u64,
    /// Decides the order of the faults and what they hit; another one each time unless set.
    #[arg(long)]
    seed: Option<u64>,
    /// These faults only.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,..")]
    only: Vec<Fault>,
    /// Writes what came of it to a page as well, such as docs/explanation/soak.md, with a picture beside it.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Soak {
    /// Runs it; fails at once when the device does not hold.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let machine = machine::line()?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let report = runtime.block_on(self.survive())?;
        let picture = self.write.as_ref().map(|page| page.with_extension("svg"));
        let text = report.markdown(&machine, picture.as_deref());
        println!("{text}");
        report.verdict()?;
        if let (Some(page), Some(picture)) = (&self.write, &picture) {
            write(page, &text)?;
            chart::write(&report.state, picture)?;
        }
        Ok(())
    }

    /// A few seconds with a few faults, in the table of a short run.
    pub(crate) async fn short() -> Result<Vec<Figure>, Failure> {
        let soak = Self {
            minutes: 0,
            every: 1,
            seed: None,
            only: vec![
                Fault::Reset,
                Fault::Loses,
                Fault::Readded,
                Fault::BadCommands,
            ],
            write: None,
        };
        let report = soak.survive().await?;
        report.verdict()?;
        Ok(report.figures())
    }

    /// Everything up to the first violation, which is the error.
    async fn survive(&self) -> Result<Report, Failure> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        eprintln!("soak: --seed {seed}");
        let record = Arc::new(Record::new());
        let violation = tokio::select! {
            biased;
            violation = record.violated() => violation,
            report = self.act(seed, &record) => return report,
        };
        Err(format!("the device did not hold {violation} (--seed {seed})").into())
    }

    async fn act(&self, seed: u64, record: &Arc<Record>) -> Result<Report, Failure> {
        let mut stage = Stage::new(seed, record).await?;
        record.doing("the start");
        stage.pause().await?;
        stage.settle("start").await?;
        stage.resume().await?;
        let (begun, whole) = (record.elapsed(), Duration::from_secs(self.minutes * 60));
        let passed = || record.elapsed() - begun;
        let (mut turns, mut in_the_middle) = (0, false);
        let mut next = passed();
        let mut round = Fault::all(&self.only).to_vec();
        while passed() < whole || turns < round.len() {
            if turns.is_multiple_of(round.len()) {
                stage.random.shuffle(&mut round);
            }
            sleep(next.saturating_sub(passed())).await;
            next = passed() + Duration::from_secs(self.every);
            stage.turn(round[turns % round.len()]).await?;
            turns += 1;
            // What a fault leaves in the allocator for good is there by then.
            let each_came = turns >= round.len() && !whole.is_zero();
            let is_middle = !in_the_middle && each_came && passed() >= whole / 2;
            if is_middle || turns.is_multiple_of(PAUSE) {
                stage.pause().await?;
                if is_middle {
                    in_the_middle = true;
                    stage.settle("middle").await?;
                }
                stage.resume().await?;
            }
        }
        record.doing("the end");
        stage.pause().await?;
        stage.settle("end").await?;
        stage.end(seed).await
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| format!("{} cannot be written: {error}", file.display()).into())
}
