//! What a pulse costs, beside what tokio-tungstenite alone costs for the same bytes.

use rship_runtime::Generation;
use tempfile::TempDir;

use crate::Failure;
use crate::bare;
use crate::load::Load;
use crate::scope::Scope;
use crate::sink::{Keep, Sink};
use crate::stats::{median, shares};
use crate::table::Figure;

/// Throughput per CPU-second, of what tokio-tungstenite alone reaches.
const SHARE: f64 = 50.0;

/// What one way of saying it cost, in microseconds of CPU for each pulse; one entry per round.
#[derive(Default)]
struct Costs {
    load: Vec<f64>,
    same_frames: Vec<f64>,
    one_by_one: Vec<f64>,
}

/// What was sent in the first round, which the yardstick sends again.
#[derive(Default)]
struct Recorded {
    pulses: f64,
    /// Bytes of a pulse in a frame of its own.
    size: f64,
    per_frame: f64,
}

/// Measures all of it.
pub(crate) async fn measure(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for generation in Generation::ALL.into_iter().rev() {
        figures.extend(impulses(load, scope, generation).await?);
    }
    figures.extend(states(load, scope).await?);
    Ok(figures)
}

async fn impulses(
    load: &Load,
    scope: Scope,
    generation: Generation,
) -> Result<Vec<Figure>, Failure> {
    let count = scope.pick(300_000, 20_000);
    let sink = Sink::bind(generation).await?;
    let folder = TempDir::new()?;
    let (same, single) = (folder.path().join("same"), folder.path().join("single"));
    let mut costs = Costs::default();
    let mut recorded = Recorded::default();
    let mut missing = 0;
    // Load and yardstick take turns, because the machine is not as fast at all times.
    for round in 0..scope.pick(9, 1) {
        let keep = Keep {
            pulses: round == 0,
            ..Keep::default()
        };
        let pulses = count.to_string();
        let (report, ended) = load.run(&sink, &["pulse", "10", &pulses], keep).await?;
        costs.load.push(report.cpu_s * 1e6 / count as f64);
        missing += count - ended.counts.pulses.min(count) + report.dropped;
        if round == 0 {
            let frames = bare::one_by_one(&ended.pulses)?;
            bare::write(&same, &ended.pulses)?;
            bare::write(&single, &frames)?;
            recorded = Recorded::new(&ended.pulses, &frames);
        }
        let sent = bare::send(&sink, &same).await?;
        costs.same_frames.push(sent.cpu_s * 1e6 / recorded.pulses);
        if recorded.per_frame > 1.0 {
            let sent = bare::send(&sink, &single).await?;
            costs.one_by_one.push(sent.cpu_s * 1e6 / recorded.pulses);
        }
    }
    let mut figures = vec![
        Figure::new(
            format!("CPU of an impulse, {generation} server"),
            median(&costs.load),
            "µs",
        )
        .detail(recorded.words()),
        against_bare("the same frames", &costs.load, &costs.same_frames).at_least(SHARE),
    ];
    if !costs.one_by_one.is_empty() {
        let what = "each pulse in a frame of its own";
        figures.push(against_bare(what, &costs.load, &costs.one_by_one).at_least(SHARE));
    }
    figures.push(Figure::new("… impulses that did not arrive", missing as f64, "").at_most(0.0));
    Ok(figures)
}

async fn states(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let count = scope.pick(300_000, 20_000);
    let sink = Sink::bind(Generation::V2026).await?;
    let (mut costs, mut shares) = (Vec::new(), Vec::new());
    for _ in 0..scope.pick(5, 1) {
        let changes = count.to_string();
        let mode = ["state", "10", &changes];
        let (report, _) = load.run(&sink, &mode, Keep::default()).await?;
        costs.push(report.cpu_s * 1e6 / f64::from(count));
        shares.push(report.pulses_sent as f64 * 100.0 / f64::from(count));
    }
    let what = "CPU of a change of a state, 2026 server";
    let sent = format!("{:.0} % of them sent", median(&shares));
    Ok(vec![Figure::new(what, median(&costs), "µs").detail(sent)])
}

fn against_bare(what: &str, load: &[f64], bare: &[f64]) -> Figure {
    let share = median(&shares(bare, load));
    let what = format!("… throughput per CPU-second, of bare tokio-tungstenite's: {what}");
    Figure::new(what, share, "%").detail(format!("bare: {:.3} µs", median(bare)))
}

impl Recorded {
    fn new(frames: &[Vec<u8>], single: &[Vec<u8>]) -> Self {
        let bytes: usize = single.iter().map(Vec::len).sum();
        let pulses = single.len() as f64;
        Self {
            pulses,
            size: bytes as f64 / pulses,
            per_frame: pulses / frames.len() as f64,
        }
    }

    fn words(&self) -> String {
        let Self {
            size, per_frame, ..
        } = self;
        format!("{size:.0} bytes, {per_frame:.0} in a frame")
    }
}
