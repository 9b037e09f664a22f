//! What somebody who watches a soak sees: a line every ten seconds.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::commands::{Commands, Tally};
use super::record::{Record, State};
use super::sample::Sample;
use super::seen::{Arrivals, Seen};
use crate::table::number;

/// Between two samples of the process.
const SAMPLE: Duration = Duration::from_secs(1);

/// Samples between two lines.
const LINE: u64 = 10;

/// Samples a process and tells how it goes, until the process has ended.
pub(super) fn watch(
    process: u32,
    record: &Arc<Record>,
    commands: &Arc<Commands>,
    seen: &Arc<Seen>,
) -> impl Future<Output = ()> + use<> {
    let (record, commands, seen) = (Arc::clone(record), Arc::clone(commands), Arc::clone(seen));
    async move {
        let mut clock = interval(SAMPLE);
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for count in 1_u64.. {
            clock.tick().await;
            let Ok(sample) = Sample::of(process) else {
                return;
            };
            record.sample(sample);
            if count % LINE == 0 {
                let at = record.elapsed();
                let text = line(at, &record.read(), commands.tally(), seen.arrivals());
                eprintln!("{text}");
            }
        }
    }
}

fn line(at: Duration, state: &State, commands: Tally, arrivals: Arrivals) -> String {
    let seconds = at.as_secs();
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    let [median, _, longest] = state.recovered(None);
    let recovered = match state.recoveries.len() {
        0 => "no fault so far".to_owned(),
        faults => {
            format!("{faults} faults, equal after {median:.2} s (median), {longest:.2} s (longest)")
        }
    };
    let Tally {
        answered,
        refused,
        ended,
        ..
    } = commands;
    let [answered, refused, ended, arrived] =
        [answered, refused, ended, arrivals.arrived].map(|count| number(count as f64));
    let now = state.samples.last().map(|(_, sample)| {
        let (threads, descriptors) = (sample.threads, sample.descriptors);
        format!(
            "; {:.1} MiB, {threads} threads, {descriptors} descriptors",
            sample.mib()
        )
    });
    format!(
        "{clock} {doing}: {recovered}; commands: {answered} answered, {refused} refused, {ended} ended with their \
         connection; {arrived} impulses arrived{now}",
        doing = state.doing,
        now = now.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::fault::Fault;
    use crate::soak::record::Recovery;

    #[test]
    fn a_line_says_when_what_and_how_it_went_so_far() {
        let sample = Sample {
            rss_kib: 20 * 1024,
            threads: 7,
            descriptors: 17,
        };
        let state = State {
            doing: "reset".to_owned(),
            recoveries: vec![Recovery {
                fault: Fault::Fin,
                at: Duration::ZERO,
                took: Duration::from_millis(250),
                effect: 1,
            }],
            samples: vec![(Duration::ZERO, sample)],
            quiet: Vec::new(),
        };
        let commands = Tally {
            answered: 6_000,
            refused: 5,
            ended: 2,
            nobody: 1,
        };
        let arrivals = Arrivals {
            arrived: 70_000,
            gaps: 0,
        };
        assert_eq!(
            line(Duration::from_secs(3_671), &state, commands, arrivals),
            "01:01:11 reset: 1 faults, equal after 0.25 s (median), 0.25 s (longest); commands: 6,000 answered, \
             5 refused, 2 ended with their connection; 70,000 impulses arrived; 20.0 MiB, 7 threads, 17 descriptors"
        );
    }
}
