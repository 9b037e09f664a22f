//! Rows of texts as lines of a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: usize = 2;
/// What stands for the rest of a text that was cut.
const REST: char = '…';

/// What a text is, which a terminal shows by its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// The heads of columns.
    Head,
    /// What matters less.
    Dim,
    /// What just changed.
    Fresh,
    /// What is wrong.
    Bad,
}

/// A text that fills its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Where it begins. Terminals do not agree on how wide every character is, so each cell is put in its own place.
    pub(crate) column: usize,
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

/// The cells of a line, from left to right.
pub(crate) type Line = Vec<Cell>;

/// How wide a column is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Width {
    Fixed(usize),
    /// As wide as what is in it, but at most half of the line.
    Content,
    /// What the others leave, and at least this much.
    Rest(usize),
}

/// A column of a table; where there is no room for all of them, the last ones are left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) width: Width,
    pub(crate) is_right: bool,
}

impl Column {
    pub(crate) const fn new(title: &'static str, width: Width) -> Self {
        Self {
            title,
            width,
            is_right: false,
        }
    }

    /// With its texts at the right, as numbers are.
    pub(crate) const fn right(title: &'static str, width: usize) -> Self {
        Self {
            title,
            width: Width::Fixed(width),
            is_right: true,
        }
    }
}

/// The heads of the columns and then the rows, none of them wider than `width`.
pub(crate) fn table(columns: &[Column], rows: &[Vec<(String, Tone)>], width: usize) -> Vec<Line> {
    let widths = widths(columns, rows, width);
    let line = |texts: &mut dyn Iterator<Item = (&str, Tone)>| {
        let mut column = 0;
        let mut line = Line::new();
        for ((text, tone), (shape, width)) in texts.zip(columns.iter().zip(&widths)) {
            let text = filled(text, *width, shape.is_right);
            line.push(Cell { column, text, tone });
            column += width + GAP;
        }
        line
    };
    let mut heads = line(&mut columns.iter().map(|column| (column.title, Tone::Head)));
    // One bar from the first to the last.
    for cell in heads.iter_mut().rev().skip(1) {
        cell.text.push_str("  ");
    }
    let mut lines = vec![heads];
    for row in rows {
        lines.push(line(
            &mut row.iter().map(|(text, tone)| (text.as_str(), *tone)),
        ));
    }
    lines
}

/// One text over the whole width.
pub(crate) fn whole(text: &str, tone: Tone, width: usize) -> Line {
    vec![Cell {
        column: 0,
        text: filled(text, width, false),
        tone,
    }]
}

/// The widths of the columns that there is room for.
fn widths(columns: &[Column], rows: &[Vec<(String, Tone)>], width: usize) -> Vec<usize> {
    let content = |index: usize, title: &str| {
        let texts = rows.iter().filter_map(|row| row.get(index));
        let widest = texts.map(|(text, _)| text.width()).max();
        widest.unwrap_or(0).max(title.width()).min(width / 2)
    };
    let mut widths: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| match column.width {
            Width::Fixed(fixed) => fixed,
            Width::Content => content(index, column.title),
            Width::Rest(least) => least,
        })
        .collect();
    let taken = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
    while widths.len() > 1 && taken(&widths) > width {
        widths.pop();
    }
    let left = width.saturating_sub(taken(&widths));
    let rest = |column: &Column| matches!(column.width, Width::Rest(_));
    if let Some(rest) = columns[..widths.len()].iter().position(rest) {
        widths[rest] += left;
    }
    if let [only] = &mut widths[..] {
        *only = width;
    }
    widths
}

/// A text of exactly this width: cut, or with spaces.
fn filled(text: &str, width: usize, is_right: bool) -> String {
    let text = cut(text, width);
    let spaces = " ".repeat(width.saturating_sub(text.width()));
    if is_right {
        spaces + &text
    } else {
        text + &spaces
    }
}

/// A text, or as much of it as has room with a mark that there is more.
fn cut(text: &str, width: usize) -> String {
    // Whatever is longer than this is too wide, and need not be looked at further.
    if text.len() <= 8 * width && text.width() <= width {
        return text.to_owned();
    }
    let Some(mut room) = width.checked_sub(1) else {
        return String::new();
    };
    let mut kept = String::new();
    for c in text.chars().take(8 * width) {
        let wide = c.width().unwrap_or(0);
        if wide > room {
            break;
        }
        room -= wide;
        kept.push(c);
    }
    kept.push(REST);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::new("ID", Width::Content),
        Column::new("VALUE", Width::Rest(5)),
        Column::right("RATE", 6),
        Column::new("TREND", Width::Fixed(5)),
    ];

    fn row(texts: &[&str]) -> Vec<(String, Tone)> {
        let text = |text: &&str| ((*text).to_owned(), Tone::Plain);
        texts.iter().map(text).collect()
    }

    fn texts(rows: &[Vec<(String, Tone)>], width: usize) -> Vec<String> {
        let lines = table(&COLUMNS, rows, width);
        for line in &lines {
            let mut end = 0;
            for cell in line {
                assert!(cell.column >= end, "cells overlap: {line:?}");
                end = cell.column + cell.text.width();
            }
            assert!(end <= width, "{end} columns at {width}: {line:?}");
        }
        let joined = |line: &Line| {
            let texts: Vec<_> = line.iter().map(|cell| cell.text.as_str()).collect();
            texts.join("|")
        };
        lines.iter().map(joined).collect()
    }

    #[test]
    fn columns_take_what_they_need_and_one_takes_the_rest() {
        let rows = [row(&["stand:cash", "250000", "1.0/s", "▁▂▃▄▅"])];
        let expected = [
            "ID          |VALUE        |  RATE  |TREND",
            "stand:cash|250000     | 1.0/s|▁▂▃▄▅",
        ];
        assert_eq!(texts(&rows, 38), expected);
    }

    #[test]
    fn what_has_no_room_is_left_out_from_the_right() {
        let rows = [row(&["stand:cash", "250000", "1.0/s", "▁▂▃▄▅"])];
        assert_eq!(texts(&rows, 26)[1], "stand:cash|250000| 1.0/s");
        assert_eq!(texts(&rows, 20)[1], "stand:cash|250000  ");
        assert_eq!(texts(&rows, 9)[1], "stand:ca…");
        for width in 0..60 {
            texts(&rows, width);
        }
    }

    #[test]
    fn long_values_are_cut_by_the_columns_that_characters_take() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("日本語日本", 6), "日本…");
        assert_eq!(filled("日本語日本", 6, false), "日本… ");
        assert_eq!(cut("e\u{301}e\u{301}", 2), "e\u{301}e\u{301}");
        assert_eq!(cut("ab", 1), "…");
        assert_eq!(cut("ab", 0), "");
        let endless = "\u{301}".repeat(1 << 20);
        assert!(cut(&endless, 10).len() < 200, "marks without a width end");
    }
}
