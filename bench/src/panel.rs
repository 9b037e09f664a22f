//! What the pictures have in common: their letters, and the mesh behind a chart.

use std::error::Error;

use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;

use crate::table::number;

pub(crate) const FONT: &str = "sans-serif";
const GRID: RGBColor = RGBColor(0xc4, 0xc4, 0xc4);
const FINE_GRID: RGBColor = RGBColor(0xee, 0xee, 0xee);

/// A chart of numbers.
pub(crate) type Chart<'c, 'b, X, Y> = ChartContext<'c, SVGBackend<'b>, Cartesian2d<X, Y>>;

/// What numbers of an axis are written as.
pub(crate) type Numbers = fn(f64) -> String;

/// Draws the mesh; an axis without a name is that of the chart below it.
pub(crate) fn mesh<X, Y>(
    chart: &mut Chart<'_, '_, X, Y>,
    (x, x_numbers): (&str, Numbers),
    (y, y_numbers): (&str, Numbers),
) -> Result<(), Box<dyn Error>>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut mesh = chart.configure_mesh();
    if !x.is_empty() {
        mesh.x_desc(x);
    }
    mesh.y_desc(y)
        .bold_line_style(GRID)
        .light_line_style(FINE_GRID)
        .axis_desc_style((FONT, 13))
        .label_style((FONT, 12))
        .x_label_formatter(&|at| x_numbers(*at))
        .y_label_formatter(&|at| y_numbers(*at))
        .draw()?;
    Ok(())
}

/// A number on an axis, which is a round one.
pub(crate) fn short(value: f64) -> String {
    let text = number(value);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
