//! What a command costs, and how long its answer takes while many are under way.

use rship_runtime::Generation;

use crate::Failure;
use crate::answering;
use crate::exchange::Commands;
use crate::load::{Load, finish};
use crate::scope::Scope;
use crate::sink::Sink;
use crate::stats::{median, shares};
use crate::table::Figure;

/// Commands that wait for their answer at a time.
const WINDOW: usize = 64;

/// CPU of a command, of what a bare loop takes that answers the same.
const BARE: f64 = 300.0;

/// What one number of targets came to; one entry per round.
struct Costs {
    /// Microseconds of CPU for each command.
    cpu: Vec<f64>,
    /// Microseconds from the command to its answer.
    middle: Vec<f64>,
    slow: Vec<f64>,
}

/// Measures all of it.
pub(crate) async fn measure(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let [mut one, mut some, mut many] = [const { Costs::new() }; 3];
    let mut bare = Vec::new();
    for _ in 0..scope.pick(7, 1) {
        one.add(load, scope, 1).await?;
        let sink = Sink::bind(Generation::V2026).await?;
        bare.push(answering::measure(&sink, commands(scope, 1)).await?);
        some.add(load, scope, 10).await?;
        many.add(load, scope, 1_000).await?;
    }
    let spread = shares(&one.slow, &one.middle);
    let spread: Vec<_> = spread.iter().map(|percent| percent / 100.0).collect();
    let of_one = |targets: &str, costs: &Costs, most: f64| {
        let what = format!("… over {targets} targets, of that for one");
        Figure::new(what, median(&shares(&costs.cpu, &one.cpu)), "%")
            .detail(format!("{:.2} µs", median(&costs.cpu)))
            .at_most(most)
    };
    let latency = format!(
        "median {:.0} µs, p99 {:.0} µs, {WINDOW} in flight",
        median(&one.middle),
        median(&one.slow)
    );
    Ok(vec![
        Figure::new("CPU of a command and its answer", median(&one.cpu), "µs"),
        Figure::new(
            "… of a bare loop's that hands it to a thread and back",
            median(&shares(&one.cpu, &bare)),
            "%",
        )
        .detail(format!("bare: {:.2} µs", median(&bare)))
        .at_most(BARE),
        Figure::new("… p99 of the latency, of its median", median(&spread), "x")
            .detail(latency)
            .at_most(3.0),
        of_one("10", &some, 115.0),
        of_one("1,000", &many, 125.0),
    ])
}

impl Costs {
    const fn new() -> Self {
        Self {
            cpu: Vec::new(),
            middle: Vec::new(),
            slow: Vec::new(),
        }
    }

    async fn add(&mut self, load: &Load, scope: Scope, targets: usize) -> Result<(), Failure> {
        let sink = Sink::bind(Generation::V2026).await?;
        let count = count(scope);
        let mode = ["dispatch", &count.to_string(), &targets.to_string()];
        let (mut child, mut connection) = load.ready(&sink, &mode).await?;
        let commands = commands(scope, targets);
        let latencies = child.during(connection.carry_out(commands)).await?;
        let (report, _) = finish(child, connection).await?;
        self.cpu.push(report.cpu_s * 1e6 / count as f64);
        self.middle.push(latencies.percentile(0.5));
        self.slow.push(latencies.percentile(0.99));
        Ok(())
    }
}

fn count(scope: Scope) -> usize {
    scope.pick(100_000, 5_000)
}

/// What is carried out on so many targets.
fn commands(scope: Scope, targets: usize) -> Commands {
    let further = (1..targets).map(|index| format!("load-{index}"));
    Commands {
        targets: std::iter::once("load".to_owned()).chain(further).collect(),
        action: "level",
        count: count(scope),
        window: WINDOW,
    }
}
