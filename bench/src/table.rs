//! The figures with their limits, as a table in Markdown.

use std::fmt::Write as _;

/// One thing that was measured.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    detail: Option<String>,
    limit: Option<Limit>,
}

#[derive(Debug, Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            value,
            unit,
            detail: None,
            limit: None,
        }
    }

    /// What belongs to it, in brackets.
    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self { detail, ..self }
    }

    pub(crate) fn at_most(self, limit: f64) -> Self {
        let limit = Some(Limit::AtMost(limit));
        Self { limit, ..self }
    }

    pub(crate) fn at_least(self, limit: f64) -> Self {
        let limit = Some(Limit::AtLeast(limit));
        Self { limit, ..self }
    }

    fn cells(&self) -> [String; 4] {
        let mut measured = with_unit(self.value, self.unit);
        if let Some(detail) = &self.detail {
            let _ = write!(measured, " ({detail})");
        }
        let (limit, met) = match self.limit {
            None => (String::new(), None),
            Some(Limit::AtMost(limit)) => (
                format!("≤ {}", with_unit(limit, self.unit)),
                Some(self.value <= limit),
            ),
            Some(Limit::AtLeast(limit)) => (
                format!("≥ {}", with_unit(limit, self.unit)),
                Some(self.value >= limit),
            ),
        };
        let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
        [self.what.clone(), measured, limit, met.to_owned()]
    }
}

/// The table; figures stand under the title of their part.
pub(crate) fn markdown(parts: &[(&str, Vec<Figure>)]) -> String {
    let mut rows = vec![["figure", "measured", "limit", "met"].map(ToOwned::to_owned)];
    for (title, figures) in parts {
        let title = format!("**{title}**");
        rows.push([title, String::new(), String::new(), String::new()]);
        rows.extend(figures.iter().map(Figure::cells));
    }
    let mut widths = [3; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut table = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (width, cell) in widths.iter().zip(row) {
            let _ = write!(table, "| {cell:<width$} ");
        }
        table.push_str("|\n");
        if index == 0 {
            for width in widths {
                let _ = write!(table, "|{}", "-".repeat(width + 2));
            }
            table.push_str("|\n");
        }
    }
    table
}

fn with_unit(value: f64, unit: &str) -> String {
    let number = number(value);
    if unit.is_empty() {
        number
    } else {
        format!("{number} {unit}")
    }
}

/// Three digits that count, or a whole number with its thousands apart.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size == 0.0 || (size >= 1.0 && value.fract() == 0.0) => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut apart = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left % 3 == 0 && !apart.ends_with('-') {
            apart.push(',');
        }
        apart.push(digit);
    }
    if !rest.is_empty() {
        apart.push('.');
        apart.push_str(rest);
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, 0.2134, 2.0, 2.468, 31.41, 123.4, 6_000_000.4].map(number);
        assert_eq!(
            texts,
            ["0", "0.213", "2", "2.47", "31.4", "123", "6,000,000"]
        );
    }

    #[test]
    fn a_limit_that_is_not_met_is_shown() {
        let figures = vec![
            Figure::new("size", 3.0, "bytes").at_most(2.0),
            Figure::new("share", 60.0, "%")
                .at_least(50.0)
                .detail("of all"),
        ];
        let table = markdown(&[("Part", figures)]);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(
            lines[3],
            "| size     | 3 bytes       | ≤ 2 bytes | **no** |"
        );
        assert_eq!(
            lines[4],
            "| share    | 60 % (of all) | ≥ 50 %    | yes    |"
        );
    }
}
