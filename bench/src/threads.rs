//! What publishing from several threads brings, and what several executors in a process share.

use rship_dev::LocalCore;
use rship_examples::load::Idle;
use rship_runtime::Generation;

use crate::Failure;
use crate::child::Child;
use crate::load::Load;
use crate::scope::Scope;
use crate::sink::{Keep, Sink};
use crate::stats::{median, shares};
use crate::table::Figure;

/// Executors that do nothing.
const EXECUTORS: usize = 64;

/// Resident memory of a further executor, in kB.
const MEMORY: f64 = 100.0;

/// Measures publishing.
pub(crate) async fn publishing(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let [mut one, mut eight, mut many, mut shared] = [const { Vec::new() }; 4];
    for _ in 0..scope.pick(9, 1) {
        for (threads, targets, rates) in [
            (1, 8, &mut one),
            (8, 8, &mut eight),
            (32, 32, &mut many),
            (32, 8, &mut shared),
        ] {
            rates.push(rate(load, scope, threads, targets).await?);
        }
    }
    let against = |what: &str, rates: &[f64], of: &[f64]| {
        let share = median(&shares(rates, of)) / 100.0;
        Figure::new(what, share, "x").detail(format!("{:.2} million/s", median(rates)))
    };
    Ok(vec![
        Figure::new(
            "changes of states of 8 targets, from one thread",
            median(&one),
            "million/s",
        ),
        against("… from 8 threads, of that", &eight, &one).at_least(1.0),
        against(
            "… of 32 targets from 32 threads, of 8 from 8",
            &many,
            &eight,
        )
        .at_least(0.95),
        against(
            "… of 8 targets from 32 threads, of 8 from 8",
            &shared,
            &eight,
        ),
    ])
}

/// Millions of changes in a second.
async fn rate(load: &Load, scope: Scope, threads: usize, targets: usize) -> Result<f64, Failure> {
    let sink = Sink::bind(Generation::V2026).await?;
    let pulses: u32 = scope.pick(1_000_000, 20_000);
    let numbers = [
        &threads.to_string(),
        &targets.to_string(),
        &pulses.to_string(),
    ];
    let mode: Vec<&str> = ["publish"]
        .into_iter()
        .chain(numbers.map(String::as_str))
        .collect();
    let (report, _) = load.run(&sink, &mode, Keep::default()).await?;
    Ok(f64::from(pulses) / report.enqueue_s / 1e6)
}

/// Measures executors that do nothing, against a core that answers all they ask.
pub(crate) async fn idle(load: &Load, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let [mut threads, mut memory, mut wakeups, mut together] = [const { Vec::new() }; 4];
    for _ in 0..scope.pick(3, 1) {
        let core = LocalCore::builder().start().await?;
        let seconds = scope.pick("20", "2");
        let executors = EXECUTORS.to_string();
        let arguments = [core.url(), "idle".to_owned(), executors, seconds.to_owned()];
        let mut child = Child::start(load.program(), arguments)?;
        let one: Idle = child.line().await?;
        let all: Idle = child.line().await?;
        child.end().await?;
        core.shutdown().await;
        let further = (EXECUTORS - 1) as f64;
        threads.push((all.threads as f64 - one.threads as f64) / further);
        let grown = all.rss_kib.saturating_sub(one.rss_kib) * 1024;
        memory.push(grown as f64 / further / 1000.0);
        wakeups.push(one.wakeups_per_s);
        together.push(all.wakeups_per_s);
    }
    let together = format!("{EXECUTORS} together: {:.1}", median(&together));
    Ok(vec![
        Figure::new("a further executor: threads", median(&threads), "").at_most(0.0),
        Figure::new("… resident memory", median(&memory), "kB").at_most(MEMORY),
        Figure::new(
            "an idle executor: wake-ups in a second",
            median(&wakeups),
            "",
        )
        .detail(together)
        .at_most(1.0),
    ])
}
