//! What a pulse costs, beside what a bare loop costs that sends the same.

use rship_runtime::Generation;
use tempfile::TempDir;

use crate::Failure;
use crate::bare::Script;
use crate::load::Load;
use crate::scope::Scope;
use crate::sink::{Keep, Sink};
use crate::stats::{median, shares};
use crate::table::Figure;

/// Throughput per CPU-second in batches, of what a bare loop reaches.
const BATCHED: f64 = 65.0;

/// The same where each pulse is a frame.
const SINGLE: f64 = 50.0;

/// CPU of an impulse in CBOR, of one in JSON.
const CBOR: f64 = 120.0;

/// Emitters that pulse in turn.
const EMITTERS: usize = 10;

/// Measures all of it.
pub(crate) async fn measure(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for generation in Generation::ALL.into_iter().rev() {
        figures.extend(impulses(load, scope, generation).await?);
    }
    figures.push(cbor(load, scope).await?);
    figures.extend(states(load, scope).await?);
    Ok(figures)
}

async fn impulses(
    load: &Load,
    scope: Scope,
    generation: Generation,
) -> Result<Vec<Figure>, Failure> {
    let count = count(scope);
    let sink = Sink::bind(generation).await?;
    let folder = TempDir::new()?;
    let file = folder.path().join("script");
    let mut script = None;
    let (mut own, mut bare) = (Vec::new(), Vec::new());
    let mut missing = 0;
    // Load and yardstick take turns, because the machine is not as fast at all times.
    for _ in 0..scope.pick(9, 1) {
        let keep = Keep {
            pulses: script.is_none(),
            ..Keep::default()
        };
        let mode = ["pulse", &EMITTERS.to_string(), &count.to_string()];
        let (report, ended) = load.run(&sink, &mode, keep).await?;
        own.push(report.cpu_s * 1e6 / count as f64);
        missing += count - ended.counts.pulses.min(count) + report.dropped;
        // What was sent in the first round is what the yardstick sends in each.
        let script = match &mut script {
            Some(script) => script,
            none => {
                let script = none.insert(Script::new(&ended.pulses, EMITTERS)?);
                script.write(&file)?;
                script
            }
        };
        let sent = script.send(&sink, &file).await?;
        bare.push(sent.cpu_s * 1e6 / script.pulses() as f64);
    }
    let script = script.ok_or("no round was measured")?;
    let detail = format!(
        "{:.0} bytes, {:.0} in a frame",
        script.size(),
        script.per_frame()
    );
    let what = format!("CPU of an impulse, {generation} server");
    let least = match generation {
        Generation::V2026 => BATCHED,
        Generation::V2023 | Generation::V2024 => SINGLE,
    };
    Ok(vec![
        Figure::new(what, median(&own), "µs").detail(detail),
        Figure::new(
            "… throughput per CPU-second, of a bare loop's that sends the same",
            median(&shares(&bare, &own)),
            "%",
        )
        .detail(format!("bare: {:.3} µs", median(&bare)))
        .at_least(least),
        Figure::new("… impulses that did not arrive", missing as f64, "").at_most(0.0),
    ])
}

async fn cbor(load: &Load, scope: Scope) -> Result<Figure, Failure> {
    let count = count(scope);
    let sink = Sink::bind(Generation::V2026).await?;
    let (mut json, mut cbor) = (Vec::new(), Vec::new());
    let mode = ["pulse", &EMITTERS.to_string(), &count.to_string()];
    for _ in 0..scope.pick(7, 1) {
        for (costs, flag) in [(&mut json, None), (&mut cbor, Some("--cbor"))] {
            let mode: Vec<_> = mode.into_iter().chain(flag).collect();
            let (report, ended) = load.run(&sink, &mode, Keep::default()).await?;
            let arrived = ended.counts.pulses;
            if arrived != count {
                return Err(format!("of {count} impulses {arrived} arrived").into());
            }
            costs.push(report.cpu_s * 1e6 / count as f64);
        }
    }
    let share = median(&shares(&cbor, &json));
    let detail = format!("{:.3} µs", median(&cbor));
    let figure = Figure::new("CPU of an impulse in CBOR, of one in JSON", share, "%");
    Ok(figure.detail(detail).at_most(CBOR))
}

async fn states(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let count = count(scope) as f64;
    let sink = Sink::bind(Generation::V2026).await?;
    let (mut costs, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..scope.pick(5, 1) {
        let mode = ["state", &EMITTERS.to_string(), &count.to_string()];
        let (report, _) = load.run(&sink, &mode, Keep::default()).await?;
        costs.push(report.cpu_s * 1e6 / count);
        sent.push(report.pulses_sent as f64 * 100.0 / count);
    }
    let what = "CPU of a change of a state, 2026 server";
    let sent = format!("{:.0} % of them sent", median(&sent));
    Ok(vec![Figure::new(what, median(&costs), "µs").detail(sent)])
}

fn count(scope: Scope) -> u64 {
    scope.pick(300_000, 20_000)
}
