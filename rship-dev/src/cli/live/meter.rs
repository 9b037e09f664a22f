//! How often, and how a value went.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

/// How much time one bar of a trend stands for.
pub(crate) const STEP: Duration = Duration::from_millis(500);
/// How many steps are kept, and so how many bars a trend has.
pub(crate) const STEPS: usize = 20;
/// Over how many of the last steps a rate is taken.
const RATED: usize = 10;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Counts pulses by steps of time, and keeps a number that belongs to each of them.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    steps: VecDeque<(u32, Option<f64>)>,
    current: u32,
    total: u64,
}

impl Meter {
    pub(crate) fn count(&mut self) {
        self.current = self.current.saturating_add(1);
        self.total += 1;
    }

    /// Begins the next step.
    pub(crate) fn step(&mut self, number: Option<f64>) {
        if self.steps.len() == STEPS {
            self.steps.pop_front();
        }
        self.steps
            .push_back((std::mem::take(&mut self.current), number));
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// Pulses a second, over the last steps.
    pub(crate) fn rate(&self) -> f64 {
        let rated = self.steps.len().min(RATED);
        if rated == 0 {
            return 0.0;
        }
        let counted: u64 = (self.steps.iter().rev().take(rated))
            .map(|(count, _)| u64::from(*count))
            .sum();
        // Counts of seconds are far below what an f64 holds exactly.
        #[allow(clippy::cast_precision_loss)]
        let (counted, rated) = (counted as f64, rated as f64);
        counted / (rated * STEP.as_secs_f64())
    }

    /// The numbers of the steps as bars from the smallest to the largest, or, where there are none, the pulses of each.
    pub(crate) fn trend(&self) -> String {
        let numbers = self.steps.iter().filter_map(|(_, number)| *number);
        if let Some((min, max)) = numbers.fold(None, |bounds, number| {
            let (min, max) = bounds.unwrap_or((number, number));
            Some((number.min(min), number.max(max)))
        }) {
            let bar = |(_, number): &(u32, Option<f64>)| match number {
                Some(number) => bar(*number, min, max),
                None => ' ',
            };
            return self.steps.iter().map(bar).collect();
        }
        let most = self.steps.iter().map(|(count, _)| *count).max();
        let most = f64::from(most.unwrap_or(0));
        let bar = |(count, _): &(u32, Option<f64>)| bar(f64::from(*count), 0.0, most);
        self.steps.iter().map(bar).collect()
    }
}

fn bar(number: f64, min: f64, max: f64) -> char {
    // Both halves, as the whole range may be more than an f64 holds.
    let part = (number / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0);
    // From 0 to 1, or not a number where all are the same, which is cast to 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let index = (part * 7.0).round() as usize;
    BARS[index.min(BARS.len() - 1)]
}

/// The number that a value is, for a trend.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(is_on) => Some(if *is_on { 1.0 } else { 0.0 }),
        other => other.as_f64(),
    }
}

/// A rate in six columns or less.
pub(crate) fn per_second(rate: f64) -> String {
    match rate {
        _ if rate < 9.95 => format!("{rate:.1}/s"),
        _ if rate < 999.5 => format!("{rate:.0}/s"),
        _ if rate < 99_950.0 => format!("{:.1}k/s", rate / 1e3),
        _ => format!("{:.0}k/s", rate / 1e3),
    }
}

/// How long ago something was, in four columns or less.
pub(crate) fn ago(age: Duration) -> String {
    match age.as_secs() {
        0 => "now".to_owned(),
        seconds @ 1..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rate_is_of_the_last_seconds() {
        let mut meter = Meter::default();
        assert!(meter.rate().abs() < f64::EPSILON);
        for _ in 0..5 {
            meter.count();
        }
        meter.step(None);
        assert!((meter.rate() - 10.0).abs() < 1e-9);
        for _ in 0..9 {
            meter.step(None);
        }
        assert!((meter.rate() - 1.0).abs() < 1e-9);
        meter.step(None);
        assert!(meter.rate().abs() < 1e-9);
        assert_eq!(meter.total(), 5);
    }

    #[test]
    fn a_trend_is_of_numbers_or_else_of_how_many_came() {
        let mut meter = Meter::default();
        for number in [None, Some(0.0), Some(3.5), Some(7.0)] {
            meter.step(number);
        }
        assert_eq!(meter.trend(), " ▁▅█");
        let mut meter = Meter::default();
        for count in [0, 1, 2] {
            for _ in 0..count {
                meter.count();
            }
            meter.step(None);
        }
        assert_eq!(meter.trend(), "▁▅█");
        for _ in 0..100 {
            meter.step(None);
        }
        assert_eq!(meter.trend(), "▁".repeat(STEPS));
    }

    #[test]
    fn the_widest_numbers_have_a_bar() {
        let mut meter = Meter::default();
        for number in [f64::MIN, 0.0, f64::MAX] {
            meter.step(Some(number));
        }
        assert_eq!(meter.trend(), "▁▅█");
    }

    #[test]
    fn numbers_are_short() {
        let rates = [0.0, 0.25, 9.94, 120.4, 1_234.0, 99_949.0, 230_000.0];
        let written: Vec<_> = rates.into_iter().map(per_second).collect();
        assert_eq!(
            written,
            [
                "0.0/s", "0.2/s", "9.9/s", "120/s", "1.2k/s", "99.9k/s", "230k/s"
            ]
        );
        let ages = [0, 59, 60, 7_200, 200_000].map(|seconds| ago(Duration::from_secs(seconds)));
        assert_eq!(ages, ["now", "59s", "1m", "2h", "2d"]);
        assert_eq!(number(&json!(true)), Some(1.0));
        assert_eq!(number(&json!("1")), None);
    }
}
