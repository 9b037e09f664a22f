//! The curve over the size of a device: targets in one executor, and executors in one process.

use futures_util::future::try_join_all;
use rship_examples::load::{Ready, Report, executor_of, target_id};
use rship_runtime::Generation;

use crate::Failure;
use crate::child::Child;
use crate::counts::Counts;
use crate::exchange::Commands;
use crate::load::Load;
use crate::scope::Scope;
use crate::sink::{Connection, Keep, Sink};
use crate::stats::median;
use crate::table::{Figure, number};

/// Actions of each target, and as many emitters.
const MEMBERS: usize = 5;

/// Targets of each executor, where there are several executors.
const TARGETS: usize = 10;

/// Commands that wait for their answer at a time, of each executor.
const WINDOW: usize = 64;

/// One size of device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// How many targets, or executors.
    pub(crate) size: usize,
    /// In the order of [`METRICS`].
    pub(crate) costs: [f64; 4],
}

/// What is measured at each point, its unit, and the name of its axis.
pub(crate) const METRICS: [(&str, &str, &str); 4] = [
    ("CPU of an impulse", "µs", "µs of CPU for each impulse"),
    (
        "CPU of a command and its answer",
        "µs",
        "µs of CPU for each command",
    ),
    (
        "CPU of registering an entity",
        "µs",
        "µs of CPU for each entity",
    ),
    (
        "Resident memory of an entity",
        "bytes",
        "bytes for each entity",
    ),
];

/// Both curves.
pub(crate) struct Curves {
    pub(crate) targets: Vec<Point>,
    pub(crate) executors: Vec<Point>,
}

/// Measures both curves.
pub(crate) async fn measure(load: &Load, scope: Scope) -> Result<Curves, Failure> {
    let mut curves = Curves {
        targets: Vec::new(),
        executors: Vec::new(),
    };
    let largest = scope.pick(4, 2);
    for size in (0..=largest).map(|power| 10_usize.pow(power)) {
        curves
            .targets
            .push(point(load, scope, size, [1, size]).await?);
    }
    let largest = scope.pick(6, 2);
    for size in (0..=largest).map(|power| 2_usize.pow(power)) {
        let point = point(load, scope, size, [size, TARGETS]).await?;
        curves.executors.push(point);
    }
    Ok(curves)
}

/// What the curves come to, in the table.
pub(crate) fn figures(curves: &Curves) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (index, (what, unit, _)) in METRICS.into_iter().enumerate() {
        for (points, of) in [
            (&curves.targets, "targets"),
            (&curves.executors, "executors"),
        ] {
            let [first, .., last] = points.as_slice() else {
                continue;
            };
            let text = format!("{what}: {} {of}", number(last.size as f64));
            let one = number(first.costs[index]);
            figures.push(
                Figure::new(text, last.costs[index], unit).detail(format!("with one: {one}")),
            );
        }
    }
    figures
}

async fn point(
    load: &Load,
    scope: Scope,
    size: usize,
    shape: [usize; 2],
) -> Result<Point, Failure> {
    let mut rounds: [Vec<f64>; 4] = Default::default();
    for _ in 0..scope.pick(3, 1) {
        let costs = round(load, scope, shape).await?;
        for (all, cost) in rounds.iter_mut().zip(costs) {
            all.push(cost);
        }
    }
    Ok(Point {
        size,
        costs: rounds.map(|all| median(&all)),
    })
}

/// One device of so many executors with so many targets each.
async fn round(
    load: &Load,
    scope: Scope,
    [executors, targets]: [usize; 2],
) -> Result<[f64; 4], Failure> {
    let sink = Sink::bind(Generation::V2026).await?;
    let pulses = scope.pick(100_000, 5_000);
    let commands = scope.pick(50_000, 2_000) / executors * executors;
    let numbers = [executors, targets, MEMBERS, pulses, commands].map(|number| number.to_string());
    let mode = [sink.url()?, "fleet".to_owned()].into_iter().chain(numbers);
    let mut child = Child::start(load.program(), mode)?;
    let mut connections = Vec::new();
    for _ in 0..executors {
        let connection = child.during(sink.accept(Keep::default())).await?;
        connections.push(connection);
    }
    let registered: Report = child.line().await?;
    let pulsed: Report = child.line().await?;
    let Ready { ready } = child.line().await?;
    if !ready || pulsed.dropped > 0 {
        return Err(format!("the device dropped {} impulses", pulsed.dropped).into());
    }
    for connection in &connections {
        let all = |counts: &Counts| counts.targets >= targets as u64;
        connection.wait_until("the registration", all).await?;
    }
    let orders = connections.iter_mut().map(|connection| async {
        let commands = commands_for(connection, targets, commands / executors)?;
        connection.carry_out(commands).await
    });
    child.during(try_join_all(orders)).await?;
    let answered: Report = child.line().await?;
    child.end().await?;
    let mut arrived = 0;
    for connection in connections {
        arrived += connection.closed().await?.counts.pulses;
    }
    if arrived != pulses as u64 {
        return Err(format!("of {pulses} impulses {arrived} arrived").into());
    }
    let entities = (executors * targets * (2 + 2 * MEMBERS)) as f64;
    Ok([
        pulsed.cpu_s * 1e6 / pulses as f64,
        answered.cpu_s * 1e6 / commands as f64,
        registered.cpu_s * 1e6 / entities,
        registered.grown_kib as f64 * 1024.0 / entities,
    ])
}

fn commands_for(
    connection: &Connection,
    targets: usize,
    count: usize,
) -> Result<Commands, Failure> {
    let counts = connection.counts();
    let executor = counts.instance.as_deref().and_then(executor_of);
    let executor = executor.ok_or("a device registered no instance of ours")?;
    Ok(Commands {
        targets: (0..targets)
            .map(|target| target_id(executor, target))
            .collect(),
        action: "a0",
        count,
        window: WINDOW,
    })
}
