//! A soak as one picture: what the device had over time, and how long it took after each fault.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::fault::Origin;
use super::record::State;
use super::sample::Sample;
use crate::Failure;
use crate::panel::{FONT, mesh, short};

const SIZE: (u32, u32) = (1040, 900);
const MEMORY: RGBColor = RGBColor(0x1f, 0x6f, 0xd0);
const THREADS: RGBColor = RGBColor(0xd9, 0x5f, 0x0e);
const DESCRIPTORS: RGBColor = RGBColor(0x5b, 0x3f, 0x9e);

/// More points than this are not told from each other.
const POINTS: usize = 1_000;

/// The shortest recovery that is drawn where it is, in seconds.
const SHORTEST: f64 = 0.01;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A line of the picture: its name, its color, and what it shows of a sample.
type Line = (&'static str, RGBColor, fn(&Sample) -> f64);

/// Writes the picture.
pub(super) fn write(state: &State, file: &Path) -> Result<(), Failure> {
    draw(state, file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn draw(state: &State, file: &Path) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled("A device under faults", (FONT, 26))?;
    let (memory, rest) = root.split_vertically(260);
    let (counts, recoveries) = rest.split_vertically(220);
    let samples = thinned(&state.samples, POINTS);
    lines(
        &memory,
        "Resident memory",
        "MiB",
        &samples,
        &[("memory", MEMORY, Sample::mib)],
    )?;
    lines(
        &counts,
        "Threads and descriptors",
        "number",
        &samples,
        &[
            ("threads", THREADS, |sample| sample.threads as f64),
            ("descriptors", DESCRIPTORS, |sample| {
                sample.descriptors as f64
            }),
        ],
    )?;
    dots(&recoveries, state)?;
    root.present()?;
    Ok(())
}

fn lines(
    area: &Area<'_>,
    what: &str,
    axis: &str,
    samples: &[(Duration, Sample)],
    lines: &[Line],
) -> Result<(), Box<dyn Error>> {
    let values = lines
        .iter()
        .flat_map(|(_, _, value)| samples.iter().map(|(_, at)| value(at)));
    let high = values.fold(1.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .caption(what, (FONT, 18))
        .margin(12)
        .x_label_area_size(24)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..last(samples.iter().map(|(at, _)| *at)), 0.0..high)?;
    mesh(&mut chart, ("", short), (axis, short))?;
    for (_, color, value) in lines {
        let points = samples
            .iter()
            .map(|(at, sample)| (in_minutes(*at), value(sample)));
        chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
    }
    let names = lines.iter().map(|(name, color, _)| (*name, *color));
    legend(area, names.filter(|_| lines.len() > 1))
}

fn dots(area: &Area<'_>, state: &State) -> Result<(), Box<dyn Error>> {
    let end = state.samples.iter().map(|(at, _)| *at);
    let end = last(end.chain(state.recoveries.iter().map(|recovery| recovery.at)));
    let mut chart = ChartBuilder::on(area)
        .caption("From the end of each fault to an equal store", (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, (SHORTEST * 0.99..40.0).log_scale())?;
    mesh(&mut chart, ("minutes", short), ("seconds", short))?;
    for origin in Origin::ALL {
        let these = state.recoveries.iter();
        let these = these.filter(|recovery| recovery.fault.origin() == origin);
        chart.draw_series(these.map(|recovery| {
            let seconds = recovery.took.as_secs_f64().max(SHORTEST);
            let at = (in_minutes(recovery.at), seconds);
            Circle::new(at, 3, color_of(origin).filled())
        }))?;
    }
    let names = Origin::ALL.map(|origin| (origin.words(), color_of(origin)));
    legend(area, names.into_iter())
}

/// What the colors mean, beside the caption.
fn legend(
    area: &Area<'_>,
    names: impl Iterator<Item = (&'static str, RGBColor)>,
) -> Result<(), Box<dyn Error>> {
    for (index, (name, color)) in names.enumerate() {
        let left = 730 + 78 * index as i32;
        area.draw(&Circle::new((left, 24), 4, color.filled()))?;
        area.draw(&Text::new(name, (left + 10, 17), (FONT, 14).into_font()))?;
    }
    Ok(())
}

const fn color_of(origin: Origin) -> RGBColor {
    match origin {
        Origin::Handlers => RGBColor(0xd9, 0x5f, 0x0e),
        Origin::Link => RGBColor(0x1f, 0x6f, 0xd0),
        Origin::Server => RGBColor(0xb0, 0x1f, 0x5f),
        Origin::Device => RGBColor(0x2a, 0x8f, 0x3c),
    }
}

/// At most about so many samples, each with the most of those that it stands for.
fn thinned(samples: &[(Duration, Sample)], points: usize) -> Vec<(Duration, Sample)> {
    let each = samples.len().div_ceil(points).max(1);
    let most = samples.chunks(each).filter_map(|these| {
        let all = these.iter().copied();
        all.reduce(|(at, most), (_, next)| {
            let most = Sample {
                rss_kib: most.rss_kib.max(next.rss_kib),
                threads: most.threads.max(next.threads),
                descriptors: most.descriptors.max(next.descriptors),
            };
            (at, most)
        })
    });
    most.collect()
}

/// The end of an axis of time, in minutes.
fn last(times: impl Iterator<Item = Duration>) -> f64 {
    in_minutes(times.max().unwrap_or_default()).max(0.1)
}

fn in_minutes(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::fault::Fault;
    use crate::soak::record::Recovery;

    fn sample(rss_kib: u64) -> Sample {
        Sample {
            rss_kib,
            threads: 5,
            descriptors: 16,
        }
    }

    #[test]
    fn thinned_samples_keep_the_most_of_those_that_they_stand_for() {
        let samples: Vec<_> = [1, 9, 2, 3, 4]
            .into_iter()
            .enumerate()
            .map(|(at, rss)| (Duration::from_secs(at as u64), sample(rss)))
            .collect();
        let thin = thinned(&samples, 3);
        let kept: Vec<_> = thin
            .iter()
            .map(|(at, sample)| (at.as_secs(), sample.rss_kib))
            .collect();
        assert_eq!(kept, [(0, 9), (2, 3), (4, 4)]);
        assert!(thinned(&[], 3).is_empty());
    }

    #[test]
    fn the_picture_has_a_dot_for_each_fault() -> Result<(), Failure> {
        let recovery = |fault, seconds| Recovery {
            fault,
            at: Duration::from_secs(seconds),
            took: Duration::from_millis(seconds),
            effect: 1,
        };
        let state = State {
            recoveries: vec![recovery(Fault::Reset, 5), recovery(Fault::Loses, 300)],
            samples: (0..600)
                .map(|at| (Duration::from_secs(at), sample(at * 100)))
                .collect(),
            ..State::default()
        };
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("soak.svg");
        write(&state, &file)?;
        let picture = std::fs::read_to_string(file)?;
        let legends = 2 + Origin::ALL.len();
        assert_eq!(picture.matches("<circle").count(), 2 + legends);
        assert!(picture.contains("Resident memory"));
        Ok(())
    }
}
