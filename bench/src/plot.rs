//! The scale curves as one picture.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Failure;
use crate::scale::{Curves, METRICS, Point};
use crate::table::number;

const SIZE: (u32, u32) = (1040, 820);
const FONT: &str = "sans-serif";
const TARGETS: RGBColor = RGBColor(0x1f, 0x6f, 0xd0);
const EXECUTORS: RGBColor = RGBColor(0xd9, 0x5f, 0x0e);
const GRID: RGBColor = RGBColor(0xd8, 0xd8, 0xd8);

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
    let root = root.titled("What the size of a device costs", (FONT, 24))?;
    for (index, panel) in root.split_evenly((2, 2)).iter().enumerate() {
        panel_of(curves, index, panel)?;
    }
    root.present()?;
    Ok(())
}

fn panel_of(
    curves: &Curves,
    metric: usize,
    area: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Box<dyn Error>> {
    let (what, unit) = METRICS[metric];
    let cost = |point: &Point| (point.size as f64, point.costs[metric]);
    let series = [
        ("targets in one executor", TARGETS, &curves.targets),
        (
            "executors of 10 targets each, in one process",
            EXECUTORS,
            &curves.executors,
        ),
    ];
    let all = series.iter().flat_map(|(_, _, points)| points.iter());
    let costs: Vec<f64> = all.map(|point| point.costs[metric]).collect();
    let (low, high) = decades(&costs);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{what}, {unit}"), (FONT, 17))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((0.8..13_000.0).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("number of targets, or of executors")
        .y_desc(unit)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_desc_style((FONT, 13))
        .label_style((FONT, 12))
        .x_label_formatter(&|x| number(*x))
        .y_label_formatter(&|y| number(*y))
        .draw()?;
    for (name, color, points) in series {
        let points = || points.iter().map(cost);
        chart
            .draw_series(LineSeries::new(points(), color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2)));
        chart.draw_series(points().map(|point| Circle::new(point, 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .label_font((FONT, 12))
        .draw()?;
    Ok(())
}

/// Whole decades around all values, with room for the legend above them.
fn decades(values: &[f64]) -> (f64, f64) {
    let positive = || values.iter().copied().filter(|value| *value > 0.0);
    let low = positive().fold(f64::INFINITY, f64::min).log10().floor();
    let high = positive().fold(0.0, f64::max).log10().ceil();
    if low.is_finite() && high.is_finite() {
        (10_f64.powf(low), 10_f64.powf(high.max(low) + 1.0))
    } else {
        (0.1, 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_span_whole_decades_around_the_values() {
        assert_eq!(decades(&[0.3, 20.0]), (0.1, 1000.0));
        assert_eq!(decades(&[]), (0.1, 10.0));
    }
}
