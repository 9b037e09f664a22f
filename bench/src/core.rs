//! What the local core takes in, of a load device: pulses in a second, and entities in memory.

use std::time::Duration;

use clap::Args;
use rship_dev::LocalCore;
use rship_examples::load::{Report, cpu_time, resident_kib};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::{Instant, sleep};

use crate::child::Child;
use crate::load::Load;
use crate::scope::Scope;
use crate::stats::median;
use crate::table::{Figure, number};
use crate::{Failure, own_program};

/// Millions of pulses in a second.
const PULSES: f64 = 0.6;

/// CPU of a pulse in the core, of what it costs the executor.
const SHARE: f64 = 4.0;

/// Bytes of an entity.
const ENTITY: f64 = 4_000.0;

/// Emitters that pulse in turn.
const EMITTERS: usize = 10;

/// Actions of each target, and as many emitters.
const MEMBERS: usize = 5;

/// How long a device may take to come or to go.
const LIMIT: Duration = Duration::from_secs(100);

/// The types of which the device has entities, and as many of each as a target has.
const TYPES: [(&str, usize); 4] = [
    ("Target", 1),
    ("TargetStatus", 1),
    ("Action", MEMBERS),
    ("Emitter", MEMBERS),
];

/// A core on a free port, in a process of its own. For each line that it is told it waits until a device has come
/// and gone.
#[derive(Args)]
pub(crate) struct Core {}

/// Where it listens.
#[derive(Serialize, Deserialize)]
struct Listening {
    url: String,
}

/// What a device left, and what it took.
#[derive(Debug, Serialize, Deserialize)]
struct Served {
    cpu_s: f64,
    grown_kib: u64,
    entities: usize,
    drops: Vec<String>,
}

impl Core {
    /// The child's part.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let core = LocalCore::builder().start().await?;
        print(&Listening { url: core.url() })?;
        let mut orders = BufReader::new(tokio::io::stdin()).lines();
        while orders.next_line().await?.is_some() {
            let (cpu, resident) = (cpu_time(), resident_kib());
            until(|| core.clients() > 0).await?;
            until(|| core.clients() == 0).await?;
            core.settled().await;
            print(&Served {
                cpu_s: (cpu_time() - cpu).as_secs_f64(),
                grown_kib: resident_kib().saturating_sub(resident),
                entities: TYPES.iter().map(|(name, _)| core.count(name)).sum(),
                drops: core.drops().iter().map(ToString::to_string).collect(),
            })?;
        }
        Ok(())
    }
}

fn print(document: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(document)?);
    Ok(())
}

/// Not by what the core tells of each change: that is a part of what is measured.
async fn until(so: impl Fn() -> bool) -> Result<(), Failure> {
    let end = Instant::now() + LIMIT;
    while !so() {
        if Instant::now() > end {
            return Err(format!("no device came and went within {LIMIT:?}").into());
        }
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// Measures all of it.
pub(crate) async fn measure(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let pulses = scope.pick(1_000_000, 20_000);
    let mut figures = Vec::new();
    for (name, flag) in [("JSON", None), ("CBOR", Some("--cbor"))] {
        let [mut rates, mut costs, mut shares] = [const { Vec::new() }; 3];
        for _ in 0..scope.pick(7, 1) {
            let mode = ["pulse", &EMITTERS.to_string(), &pulses.to_string()];
            let mode: Vec<_> = mode.into_iter().chain(flag).collect();
            let (served, report) = serve(load, &mode).await?;
            if report.dropped > 0 {
                return Err(format!("the device dropped {} impulses", report.dropped).into());
            }
            rates.push(pulses as f64 / report.wall_s / 1e6);
            costs.push(served.cpu_s * 1e6 / pulses as f64);
            shares.push(served.cpu_s / report.cpu_s);
        }
        let rate = Figure::new(
            format!("pulses that a core takes in a second, {name}"),
            median(&rates),
            "million",
        );
        let cost = format!("{:.2} µs", median(&costs));
        let share = Figure::new(
            "… CPU of a pulse, of what it costs the executor",
            median(&shares),
            "x",
        );
        figures.extend([rate.at_least(PULSES), share.detail(cost).at_most(SHARE)]);
    }
    figures.push(memory(load, scope).await?);
    Ok(figures)
}

async fn memory(load: &Load, scope: Scope) -> Result<Figure, Failure> {
    let targets = scope.pick(10_000, 1_000);
    let members = MEMBERS.to_string();
    let mut each = Vec::new();
    let entities = targets * TYPES.iter().map(|(_, count)| count).sum::<usize>();
    for _ in 0..scope.pick(3, 1) {
        let mode = ["register", &targets.to_string(), &members, &members];
        let (served, _) = serve(load, &mode).await?;
        if served.entities != entities {
            let kept = served.entities;
            return Err(format!("of {entities} entities the core has {kept}").into());
        }
        each.push(served.grown_kib as f64 * 1024.0 / entities as f64);
    }
    let all = format!("{} entities", number(entities as f64));
    let figure = Figure::new("memory of an entity in a core", median(&each), "bytes");
    Ok(figure.detail(all).at_most(ENTITY))
}

/// Has a new core serve a device until it goes.
async fn serve(load: &Load, mode: &[&str]) -> Result<(Served, Report), Failure> {
    let mut core = Child::start(own_program()?, ["core"])?;
    let Listening { url } = core.line().await?;
    let mut device = Child::start(load.program(), [url.as_str()].iter().chain(mode))?;
    let (served, report) = tokio::join!(core.order::<Served>(&"serve"), async {
        let report: Report = device.line().await?;
        device.end().await?;
        Ok::<_, Failure>(report)
    });
    let (served, report) = (served?, report?);
    core.end().await?;
    if let Some(drop) = served.drops.first() {
        return Err(format!("{} drops, the first: {drop}", served.drops.len()).into());
    }
    Ok((served, report))
}
