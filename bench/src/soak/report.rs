//! What came of a soak.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::abuse::Abuse;
use super::sample::Sample;
use crate::Failure;
use crate::table::number;

/// How much more memory the process may have in the end, in KiB: what may wait, and what the allocator
/// keeps in its arenas, one for each thread that ever built a large answer.
const GROWTH: u64 = (64 + 48) * 1024;

/// How much more than in the middle: what grows with time is a leak.
const LATE_GROWTH: u64 = 24 * 1024;

/// Violations that are told; the others are only counted.
const TOLD: usize = 100;

#[derive(Default)]
pub(super) struct Report {
    /// With the moment of each.
    pub(super) samples: Vec<(&'static str, Sample)>,
    pub(super) metrics: String,
    pub(super) took: Duration,
    done: BTreeMap<Abuse, (u64, u64)>,
    violations: u64,
    told: Vec<String>,
}

impl Report {
    pub(super) fn count(&mut self, abuse: Abuse, done: u64) {
        let (turns, all) = self.done.entry(abuse).or_default();
        *turns += 1;
        *all += done;
    }

    pub(super) fn violation(&mut self, after: &str, what: &str) {
        let text = format!("{after}: {what}");
        eprintln!("violation: {text}");
        self.violations += 1;
        if self.told.len() < TOLD {
            self.told.push(text);
        }
    }

    /// The report, as a page of the documentation.
    pub(super) fn markdown(&self, machine: &str) -> String {
        let minutes = self.took.as_secs_f64() / 60.0;
        let mut text = format!(
            "# Soak\n\n`cargo run --release -p rship-bench -- soak`: {machine}; {minutes:.1} minutes.\n\n\
             The figures are those of the device's process; the server and the link are in another one. In each pause the server's store must equal the \
             device's state: entities, names, statuses, values.\n\n\
             | | memory (VmRSS) | threads | descriptors |\n|---|---|---|---|\n"
        );
        // Writing to a string cannot fail.
        for (when, sample) in &self.samples {
            let mib = sample.rss_kib as f64 / 1024.0;
            let _ = writeln!(
                text,
                "| {when} | {mib:.1} MiB | {} | {} |",
                sample.threads, sample.descriptors
            );
        }
        text.push_str("\n| abuse | turns | done |\n|---|---|---|\n");
        for (abuse, (turns, done)) in &self.done {
            let _ = writeln!(
                text,
                "| {} | {turns} | {} |",
                abuse.words(),
                number(*done as f64)
            );
        }
        let _ = writeln!(text, "\nViolations: {}.", self.violations);
        for violation in &self.told {
            let _ = writeln!(text, "- {violation}");
        }
        let _ = writeln!(text, "\n```text\n{}\n```", self.metrics);
        text
    }

    /// An error if it did not hold.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let mut failed = Vec::new();
        if self.violations > 0 {
            failed.push(format!("{} violations", self.violations));
        }
        if let (Some((_, start)), Some((_, end))) = (self.samples.first(), self.samples.last()) {
            if end.rss_kib > start.rss_kib + GROWTH {
                let grown = (end.rss_kib - start.rss_kib) / 1024;
                failed.push(format!("memory grew by {grown} MiB"));
            }
            let middle = &self.samples[self.samples.len() / 2].1;
            if end.rss_kib > middle.rss_kib + LATE_GROWTH {
                let grown = (end.rss_kib - middle.rss_kib) / 1024;
                failed.push(format!("memory grew by {grown} MiB since the middle"));
            }
            if end.threads > start.threads {
                failed.push(format!(
                    "threads grew from {} to {}",
                    start.threads, end.threads
                ));
            }
            if end.descriptors > start.descriptors {
                let (start, end) = (start.descriptors, end.descriptors);
                failed.push(format!("descriptors grew from {start} to {end}"));
            }
        }
        if failed.is_empty() {
            Ok(())
        } else {
            Err(failed.join(", ").into())
        }
    }
}
