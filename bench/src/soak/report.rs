//! What came of a soak.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum as _;

use super::commands::Tally;
use super::fault::Fault;
use super::orders::Done;
use super::record::{State, minutes};
use super::seen::Arrivals;
use crate::Failure;
use crate::table::{Figure, number};

pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) took: Duration,
    pub(super) state: State,
    pub(super) commands: Tally,
    pub(super) arrivals: Arrivals,
    /// What the device says that it did.
    pub(super) done: Done,
    /// The metrics of its executor, as text.
    pub(super) metrics: String,
}

impl Report {
    /// The report, as a page of the documentation.
    pub(super) fn markdown(&self, machine: &str, picture: Option<&Path>) -> String {
        let mut page = format!(
            "# Soak\n\n`cargo run --release -p rship-bench -- soak`: {machine}; {} minutes; `--seed {}`.\n\n\
             {} faults, one after the other, while 64 targets change and a server asks them: the device survived all of \
             them. What was done, and what is a violation, is said with the [figures](figures.md#soak). Memory, threads \
             and descriptors are those of the device's process; the server and the link are in another one.\n",
            minutes(self.took),
            self.seed,
            number(self.state.recoveries.len() as f64),
        );
        if let Some(name) = picture.and_then(Path::file_name) {
            let _ = write!(page, "\n![soak]({})\n", name.to_string_lossy());
        }
        // Writing to a string cannot fail.
        for part in [
            self.resources(),
            self.load(),
            self.recoveries(),
            self.faults(),
        ] {
            let _ = write!(page, "\n{part}");
        }
        let _ = write!(page, "\nViolations: 0.\n\n```text\n{}\n```\n", self.metrics);
        page
    }

    /// The same in the table of a short run.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let [median, _, longest] = self.state.recovered(None);
        let longest = format!("longest: {} s", number(longest));
        let faults = self.state.recoveries.len() as f64;
        vec![
            Figure::new("faults survived", faults, ""),
            Figure::new("from a fault to an equal store", median, "s").detail(longest),
        ]
    }

    /// An error if something that should have been tried was not.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let without: Vec<_> = self
            .state
            .effects()
            .into_iter()
            .filter(|(_, (_, effect))| *effect == 0)
            .map(|(fault, _)| format!("`{fault}`"))
            .collect();
        if without.is_empty() {
            return Ok(());
        }
        let without = without.join(", ");
        Err(format!("what never took effect says nothing of the device: {without}").into())
    }

    fn resources(&self) -> String {
        let mut text =
            "| | memory (VmRSS) | threads | descriptors |\n|---|---|---|---|\n".to_owned();
        for (when, sample) in &self.state.quiet {
            let (threads, descriptors) = (sample.threads, sample.descriptors);
            let _ = writeln!(
                text,
                "| {when}, all quiet | {:.1} MiB | {threads} | {descriptors} |",
                sample.mib()
            );
        }
        let samples = || self.state.samples.iter().map(|(_, sample)| sample);
        let most = [
            samples().map(|sample| sample.rss_kib).max(),
            samples().map(|sample| sample.threads).max(),
            samples().map(|sample| sample.descriptors).max(),
        ];
        let [memory, threads, descriptors] = most.map(Option::unwrap_or_default);
        let memory = memory as f64 / 1024.0;
        let _ = writeln!(
            text,
            "| most at any second | {memory:.1} MiB | {threads} | {descriptors} |"
        );
        text
    }

    fn load(&self) -> String {
        let (done, commands) = (&self.done, self.commands);
        let arrived = self.arrivals.arrived;
        let lost = done
            .impulses
            .saturating_sub(arrived + done.impulses_dropped);
        let rows = [
            ("changes made through a guard", done.changes),
            (
                "… left out: this machine, or every target, had something else to do",
                done.left_out,
            ),
            ("impulses sent", done.impulses),
            ("… arrived", arrived),
            ("… dropped and counted", done.impulses_dropped),
            ("… lost with a broken connection", lost),
            ("commands that the device was asked", commands.asked()),
            ("… answered", commands.answered),
            ("… refused", commands.refused),
            ("… ended with their connection", commands.ended),
            ("… without an answer while their connection stayed", 0),
            (
                "commands for which nobody was connected, beside these",
                commands.nobody,
            ),
        ];
        let mut text = "| load | count |\n|---|---|\n".to_owned();
        for (what, count) in rows {
            let _ = writeln!(text, "| {what} | {} |", number(count as f64));
        }
        text
    }

    fn recoveries(&self) -> String {
        let [median, high, longest] = self.state.recovered(None);
        let drop = self.done.slowest_drop.as_secs_f64() * 1e3;
        format!(
            "| time | |\n|---|---|\n\
             | from the end of a fault to an equal store, median | {median:.2} s |\n\
             | … p99 | {high:.2} s |\n\
             | … longest | {longest:.2} s |\n\
             | longest time that dropping a guard took | {drop:.1} ms |\n"
        )
    }

    fn faults(&self) -> String {
        let mut text =
            "| fault | turns | what took effect | how often | equal after, median | longest |\n\
             |---|---|---|---|---|---|\n"
                .to_owned();
        let effects = self.state.effects();
        // In the order in which they are declared.
        for fault in Fault::value_variants() {
            let Some((turns, effect)) = effects.get(fault) else {
                continue;
            };
            let [median, _, longest] = self.state.recovered(Some(*fault));
            let _ = writeln!(
                text,
                "| `{fault}` | {turns} | {} | {} | {median:.2} s | {longest:.2} s |",
                fault.words(),
                number(*effect as f64),
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::record::Recovery;
    use crate::soak::sample::Sample;

    fn report(effect: u64) -> Report {
        let sample = Sample {
            rss_kib: 2_048,
            threads: 5,
            descriptors: 16,
        };
        Report {
            seed: 7,
            took: Duration::from_secs(90),
            state: State {
                recoveries: vec![Recovery {
                    fault: Fault::Reset,
                    at: Duration::from_secs(3),
                    took: Duration::from_millis(1_500),
                    effect,
                }],
                samples: vec![(Duration::ZERO, sample)],
                quiet: vec![("start", sample)],
                ..State::default()
            },
            commands: Tally {
                answered: 10,
                refused: 2,
                ended: 1,
                nobody: 4,
            },
            arrivals: Arrivals {
                arrived: 60,
                gaps: 0,
            },
            done: Done {
                impulses: 100,
                impulses_dropped: 30,
                ..Done::default()
            },
            metrics: "Metrics".to_owned(),
        }
    }

    #[test]
    fn the_page_says_what_became_of_everything() {
        let page = report(9).markdown("a machine", Some(Path::new("docs/explanation/soak.svg")));
        for line in [
            "`cargo run --release -p rship-bench -- soak`: a machine; 1.5 minutes; `--seed 7`.",
            "![soak](soak.svg)",
            "| start, all quiet | 2.0 MiB | 5 | 16 |",
            "| commands that the device was asked | 13 |",
            "| … lost with a broken connection | 10 |",
            "| … p99 | 1.50 s |",
            "| `reset` | 1 | connections reset | 9 | 1.50 s | 1.50 s |",
            "Violations: 0.",
        ] {
            assert!(page.lines().any(|is| is == line), "`{line}` in {page}");
        }
    }

    #[test]
    fn a_fault_that_never_took_effect_fails_the_run() {
        assert!(report(1).verdict().is_ok());
        let error = report(0).verdict().map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err("what never took effect says nothing of the device: `reset`".to_owned())
        );
    }
}
