//! What it takes to tell a server of many targets, at first and after every reconnect.

use rship_examples::load::Report;
use rship_runtime::Generation;

use crate::Failure;
use crate::load::Load;
use crate::scope::Scope;
use crate::sink::{Keep, Sink};
use crate::stats::{median, shares};
use crate::stretch::{Stretches, Watched};
use crate::table::{Figure, number};

/// Actions of each target, and as many emitters.
const MEMBERS: usize = 5;

/// Entities of a target: itself, its status, its actions and emitters.
const ENTITIES: usize = 2 + 2 * MEMBERS;

/// The size at which frames are cut.
const FRAME: f64 = 64.0 * 1024.0;

/// Measures all of it.
pub(crate) async fn measure(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let (few, many) = scope.pick((1_000, 10_000), (100, 1_000));
    let mut costs = (Vec::new(), Vec::new());
    let mut resident = Vec::new();
    for _ in 0..scope.pick(5, 1) {
        let nothing = register(load, 0).await?;
        costs.0.push(per_entity(&register(load, few).await?, few));
        let all = register(load, many).await?;
        costs.1.push(per_entity(&all, many));
        let grown = all.rss_kib.saturating_sub(nothing.rss_kib) * 1024;
        resident.push(grown as f64 / (many * ENTITIES) as f64);
    }
    let thousand = register(load, 1_000).await?;
    let mut figures = vec![
        Figure::new(
            format!("CPU of an entity, {} targets", number(many as f64)),
            median(&costs.1),
            "µs",
        )
        .detail(format!("{} entities", number((many * ENTITIES) as f64))),
        Figure::new(
            format!("… of that with {} targets", number(few as f64)),
            median(&shares(&costs.1, &costs.0)),
            "%",
        )
        .detail(format!("{:.2} µs", median(&costs.0)))
        .at_most(125.0),
        Figure::new("… resident memory of an entity", median(&resident), "bytes").at_most(1_000.0),
        Figure::new(
            "1,000 targets of 5 actions and 5 emitters: frames",
            thousand.frames as f64,
            "",
        )
        .at_most(200.0),
        Figure::new("… bytes", thousand.bytes as f64, "").at_most(6e6),
    ];
    figures.extend(again(load, many).await?);
    Ok(figures)
}

async fn register(load: &Load, targets: usize) -> Result<Report, Failure> {
    let sink = Sink::bind(Generation::V2026).await?;
    let members = MEMBERS.to_string();
    let mode = ["register", &targets.to_string(), &members, &members];
    let (report, ended) = load.run(&sink, &mode, Keep::default()).await?;
    if ended.counts.targets < targets as u64 {
        let came = ended.counts.targets;
        return Err(format!("of {targets} targets only {came} were registered").into());
    }
    Ok(report)
}

/// Microseconds of CPU for each entity.
fn per_entity(report: &Report, targets: usize) -> f64 {
    report.cpu_s * 1e6 / (targets * ENTITIES) as f64
}

/// The registration after a reconnect, while a state changes all the time.
async fn again(load: &Load, targets: usize) -> Result<Vec<Figure>, Failure> {
    let sink = Sink::bind(Generation::V2026).await?;
    let mode = ["tick", &targets.to_string(), &MEMBERS.to_string()];
    let (mut child, first) = load.start(&sink, &mode, Keep::default()).await?;
    let _: Report = child.line().await?;
    first.close().await?;

    let all = targets as u64 + 1;
    let keep = Keep {
        stretches: Some(Watched {
            emitter: "ticker:value".to_owned(),
            targets: all,
        }),
        ..Keep::default()
    };
    let second = child.during(sink.accept(keep)).await?;
    let registered = second.wait_until("the targets after a reconnect", |counts| {
        counts.targets >= all
    });
    child.during(registered).await?;
    let largest = second.counts().largest;
    child.stop().await?;
    let stretches = second.closed().await?.stretches;
    let stretches = stretches.ok_or("the sink did not watch the state")?;
    Ok(vec![
        Figure::new("after a reconnect: largest frame", largest as f64, "bytes").at_most(FRAME),
        between(&stretches),
    ])
}

fn between(stretches: &Stretches) -> Figure {
    // Not the longest: where the changing thread has to wait for a processor, nothing changes.
    let most = stretches.percentile(0.99) as f64;
    let [middle, longest] = [0.5, 1.0].map(|part| number(stretches.percentile(part) as f64));
    let pulses = number(stretches.pulses() as f64);
    // A frame may be under way when the state changes, and the pulse has a head of its own.
    Figure::new(
        "… bytes between two pulses of a state that always changes, p99",
        most,
        "",
    )
    .detail(format!(
        "median {middle}, longest {longest}, {pulses} pulses"
    ))
    .at_most(FRAME + 1024.0)
}
