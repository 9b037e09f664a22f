use std::io::{self, BufRead as _};
use std::thread;

use rship_runtime::prelude::*;

/// Measures a temperature.
#[derive(Default, Target)]
struct Sensor {
    /// The newest reading.
    #[emitter]
    value: Option<f64>,
    /// What it is measured in.
    #[emitter]
    unit: String,
    /// The highest value since the last reset.
    #[emitter]
    peak: Option<f64>,
    /// A value above it is an alarm.
    #[emitter]
    #[action(min = -50, max = 150)]
    limit: f64,
    /// The value that went above the limit.
    #[emitter]
    alarm: Emitter<f64>,
    /// How many lines were not readings.
    #[emitter]
    skipped: u64,
}

#[actions]
impl Sensor {
    fn new() -> Self {
        Self {
            limit: 30.0,
            ..Self::default()
        }
    }

    /// Takes in a line, such as `21.5 °C`.
    fn hear(&mut self, line: &str) {
        let Some((value, unit)) = reading(line) else {
            self.skipped += 1;
            return;
        };
        let was_below = self.value.is_none_or(|value| value <= self.limit);
        if value > self.limit && was_below {
            self.alarm.pulse(value);
        }
        self.value = Some(value);
        self.peak = Some(self.peak.map_or(value, |peak| peak.max(value)));
        self.unit = unit.to_owned();
    }

    /// Looks for the highest value anew, and answers with the one so far.
    #[action]
    fn reset_peak(&mut self) -> Result<f64, String> {
        let Some(peak) = self.peak else {
            return Err("nothing was measured yet".to_owned());
        };
        self.peak = self.value;
        Ok(peak)
    }
}

/// A value and its unit, which may be missing.
fn reading(line: &str) -> Option<(f64, &str)> {
    let (value, unit) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let value: f64 = value.parse().ok()?;
    value.is_finite().then_some((value, unit.trim_start()))
}

/// Reads lines until there are no more, on a thread of its own.
fn follow(sensor: Handle<Sensor>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        sensor.blocking_lock().hear(&line); // what changed is published here
    }
    sensor.set_online(false);
}

#[tokio::main]
async fn main() -> Result<(), rship_runtime::Error> {
    let executor = Executor::from_env("sensors")?;
    let sensor = executor.add("sensor", Sensor::new())?;
    thread::spawn(move || follow(sensor));
    executor.run().await
}

#[cfg(test)]
mod tests {
    use rship_runtime::testing::TestTarget;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn what_goes_above_the_limit_is_one_alarm() {
        let sensor = TestTarget::new("sensor", Sensor::new()).unwrap();
        sensor.call("set-limit", json!(25)).await.unwrap();
        for line in ["24 °C", "26 °C", "27 °C", "warm"] {
            sensor.lock().await.hear(line);
        }
        assert_eq!(sensor.value("value"), Some(27.0));
        assert_eq!(sensor.value("skipped"), Some(1));
        let mut pulses = sensor.pulses();
        pulses.retain(|(emitter, _)| emitter == "sensor:alarm");
        assert_eq!(pulses, [("sensor:alarm".to_owned(), json!(26.0))]);
    }

    #[tokio::test]
    async fn a_peak_is_reset_once_there_is_one() {
        let sensor = TestTarget::new("sensor", Sensor::new()).unwrap();
        let refused = sensor.call("reset-peak", Value::Null).await;
        assert_eq!(refused.unwrap_err(), "nothing was measured yet");
        sensor.lock().await.hear("21.5 °C");
        assert_eq!(sensor.call("reset-peak", Value::Null).await.unwrap(), 21.5);
    }

    #[test]
    fn shows_find_what_they_were_made_for() {
        let executor = Executor::builder("sensors").build().unwrap();
        executor.add("sensor", Sensor::new()).unwrap();
        rship_dev::assert_compatible!("device.manifest.json", executor);
    }
}
