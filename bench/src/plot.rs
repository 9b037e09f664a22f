//! The scale curves as one picture.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Failure;
use crate::panel::{FONT, mesh, short};
use crate::scale::{Curves, METRICS, Point};
use crate::table::number;

const SIZE: (u32, u32) = (1040, 820);
const TARGETS: RGBColor = RGBColor(0x1f, 0x6f, 0xd0);
const EXECUTORS: RGBColor = RGBColor(0xd9, 0x5f, 0x0e);

/// Writes the picture.
pub(crate) fn write(curves: &Curves, file: &Path) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    draw(curves, file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn draw(curves: &Curves, file: &Path) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled("What the size of a device costs", (FONT, 26))?;
    let (legend, panels) = root.split_vertically(26);
    let style = (FONT, 15).into_font();
    for (index, (name, color, _)) in series(curves).iter().enumerate() {
        let left = 250 + 290 * index as i32;
        let line = [(left, 8), (left + 28, 8)];
        legend.draw(&PathElement::new(line, color.stroke_width(3)))?;
        legend.draw(&Text::new(*name, (left + 36, 1), style.clone()))?;
    }
    for (index, panel) in panels.split_evenly((2, 2)).iter().enumerate() {
        panel_of(curves, index, panel)?;
    }
    root.present()?;
    Ok(())
}

/// The curves with their names and colors.
fn series(curves: &Curves) -> [(&'static str, RGBColor, &[Point]); 2] {
    [
        ("targets in one executor", TARGETS, &curves.targets),
        (
            "executors of 10 targets each in one process",
            EXECUTORS,
            &curves.executors,
        ),
    ]
}

fn panel_of(
    curves: &Curves,
    metric: usize,
    area: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Box<dyn Error>> {
    let (what, _, axis) = METRICS[metric];
    let cost = |point: &Point| (point.size as f64, point.costs[metric]);
    let series = series(curves);
    let all = series.iter().flat_map(|(_, _, points)| points.iter());
    let costs: Vec<f64> = all.map(|point| point.costs[metric]).collect();
    let (low, high) = decades(&costs);
    let mut chart = ChartBuilder::on(area)
        .caption(what, (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((0.8..13_000.0).log_scale(), (low..high).log_scale())?;
    mesh(
        &mut chart,
        ("number of targets, or of executors", number),
        (axis, short),
    )?;
    for (_, color, points) in series {
        let points = || points.iter().map(cost);
        chart.draw_series(LineSeries::new(points(), color.stroke_width(2)))?;
        chart.draw_series(points().map(|point| Circle::new(point, 4, color.filled())))?;
    }
    Ok(())
}

/// Whole decades around all values.
fn decades(values: &[f64]) -> (f64, f64) {
    let positive = || values.iter().copied().filter(|value| *value > 0.0);
    let low = positive().fold(f64::INFINITY, f64::min).log10().floor();
    let high = positive().fold(0.0, f64::max).log10().ceil();
    if low.is_finite() && high.is_finite() {
        // A bit lower, or the lowest decade would be without its label.
        (10_f64.powf(low) * 0.99, 10_f64.powf(high.max(low + 1.0)))
    } else {
        (0.1, 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_span_whole_decades_around_the_values() {
        assert_eq!(decades(&[0.3, 20.0]), (0.1 * 0.99, 100.0));
        assert_eq!(decades(&[]), (0.1, 10.0));
    }
}
