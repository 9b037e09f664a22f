//! A table that is drawn again as its values change, until somebody leaves.

pub(crate) mod line;
pub(crate) mod meter;
mod screen;
mod scroll;

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt as _;
use rship_core::wire::{Inbound, QueryResponse};
use tokio::time::{MissedTickBehavior, interval};

use self::line::{Line, Tone};
use self::meter::{STEP, STEPS};
use self::screen::Screen;
use self::scroll::{Move, Scroll};
use super::Failure;
use super::client::Client;
use super::signals::{end_signal, hangup_signal};

/// However much comes in, there are no more than twenty draws a second.
const BETWEEN_DRAWS: Duration = Duration::from_millis(50);
/// The title, the heads of the columns, and the keys.
const FRAME: usize = 3;

/// What is shown.
pub(crate) trait Table {
    /// Takes what a query found.
    fn found(&mut self, found: QueryResponse, now: Instant);
    /// Another [`STEP`] of time is over.
    fn step(&mut self);
    /// A key was pressed that means nothing to every table.
    fn key(&mut self, key: char);
    /// How many rows there are.
    fn len(&self) -> usize;
    /// One line on what this is.
    fn title(&self) -> String;
    /// What [`key`](Table::key) takes, in a few words.
    fn keys(&self) -> &'static str;
    /// The heads of the columns, and these of the rows.
    fn lines(&self, rows: Range<usize>, width: usize, now: Instant) -> Vec<Line>;
}

/// Draws a table of what the server says to queries that were sent, until a key or a signal ends it.
pub(crate) async fn run(client: &mut Client, table: &mut impl Table) -> Result<(), Failure> {
    let mut end = std::pin::pin!(end_signal()?);
    let mut hangup = std::pin::pin!(hangup_signal()?);
    let mut screen = Screen::enter().map_err(no_terminal)?;
    let mut events = EventStream::new();
    let mut scroll = Scroll::default();
    let mut size = Screen::size().map_err(no_terminal)?;
    let mut draws = interval(BETWEEN_DRAWS);
    draws.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut steps = Steps::new(Instant::now());
    let mut is_stale = true;
    loop {
        tokio::select! {
            biased;
            () = &mut end => return Ok(()),
            () = &mut hangup => return Ok(()),
            event = events.next() => {
                match event {
                    Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => match meaning(key) {
                        Meaning::Leave => return Ok(()),
                        Meaning::Go(to) => scroll.go(to, table.len(), size.1.saturating_sub(FRAME)),
                        Meaning::Redraw => screen.forget().map_err(no_terminal)?,
                        Meaning::Other(key) => table.key(key),
                        Meaning::Nothing => {}
                    },
                    Some(Ok(Event::Resize(columns, lines))) => {
                        size = (columns.into(), lines.into());
                        screen.forget().map_err(no_terminal)?;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(no_terminal(error)),
                    None => return Ok(()),
                }
                is_stale = true;
            }
            _ = draws.tick() => {
                let now = Instant::now();
                for _ in 0..steps.over(now) {
                    table.step();
                    // What was long ago is told in whole seconds.
                    is_stale = true;
                }
                if std::mem::take(&mut is_stale) {
                    screen.draw(page(table, &mut scroll, size, now)).map_err(no_terminal)?;
                }
            }
            message = client.next() => {
                if let Inbound::Found(found) = message? {
                    table.found(found, Instant::now());
                    is_stale = true;
                }
            }
        }
    }
}

/// Everything on the screen.
fn page(
    table: &impl Table,
    scroll: &mut Scroll,
    (width, height): (usize, usize),
    now: Instant,
) -> Vec<Line> {
    let rows = table.len();
    let room = height.saturating_sub(FRAME);
    let sight = scroll.sight(rows, room);
    let mut footer = format!("q leaves{}", table.keys());
    if room < rows {
        let (first, last) = (sight.start + 1, sight.end);
        footer = format!("{first}-{last} of {rows}  ↑↓ PgUp PgDn scroll  {footer}");
    }
    let mut lines = vec![line::whole(&table.title(), Tone::Plain, width)];
    lines.extend(table.lines(sight, width, now));
    // The keys are at the bottom, wherever the rows end.
    lines.resize(height.saturating_sub(1).max(1), Line::new());
    lines.push(line::whole(&footer, Tone::Dim, width));
    lines.truncate(height);
    lines
}

enum Meaning {
    Leave,
    Redraw,
    Go(Move),
    Other(char),
    Nothing,
}

fn meaning(key: KeyEvent) -> Meaning {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') if is_control => Meaning::Leave,
        KeyCode::Char('l') if is_control => Meaning::Redraw,
        KeyCode::Char(_) if is_control => Meaning::Nothing,
        KeyCode::Esc | KeyCode::Char('q') => Meaning::Leave,
        KeyCode::Up | KeyCode::Char('k') => Meaning::Go(Move::Up),
        KeyCode::Down | KeyCode::Char('j') => Meaning::Go(Move::Down),
        KeyCode::PageUp => Meaning::Go(Move::PageUp),
        KeyCode::PageDown | KeyCode::Char(' ') => Meaning::Go(Move::PageDown),
        KeyCode::Home => Meaning::Go(Move::Home),
        KeyCode::End => Meaning::Go(Move::End),
        KeyCode::Char(other) => Meaning::Other(other),
        _ => Meaning::Nothing,
    }
}

/// Counts the steps of time that are over.
#[derive(Debug)]
pub(crate) struct Steps {
    next: Instant,
}

impl Steps {
    pub(crate) fn new(now: Instant) -> Self {
        Self { next: now + STEP }
    }

    /// How many are over since this was asked last; of a long sleep no more than are kept anywhere.
    pub(crate) fn over(&mut self, now: Instant) -> usize {
        let mut over = 0;
        while self.next <= now {
            if over == STEPS {
                self.next = now + STEP;
                break;
            }
            self.next += STEP;
            over += 1;
        }
        over
    }
}

fn no_terminal(error: io::Error) -> Failure {
    Failure::Told(format!(
        "cannot draw in this terminal ({error}): --plain prints lines in place of a table"
    ))
}

#[cfg(test)]
mod tests {
    use super::line::{Column, Width, table};
    use super::*;

    struct Numbers(usize);

    impl Table for Numbers {
        fn found(&mut self, _: QueryResponse, _: Instant) {}
        fn step(&mut self) {}
        fn key(&mut self, _: char) {}
        fn len(&self) -> usize {
            self.0
        }
        fn title(&self) -> String {
            "numbers".to_owned()
        }
        fn keys(&self) -> &'static str {
            ""
        }
        fn lines(&self, rows: Range<usize>, width: usize, _: Instant) -> Vec<Line> {
            let rows: Vec<_> = rows
                .map(|row| vec![(row.to_string(), Tone::Plain)])
                .collect();
            table(&[Column::new("N", Width::Rest(1))], &rows, width)
        }
    }

    fn texts(rows: usize, scroll: &mut Scroll, size: (usize, usize)) -> Vec<String> {
        let lines = page(&Numbers(rows), scroll, size, Instant::now());
        assert_eq!(lines.len(), size.1);
        let text = |line: &Line| line.iter().map(|cell| cell.text.trim_end()).collect();
        lines.iter().map(text).collect()
    }

    #[test]
    fn the_keys_are_at_the_bottom_and_say_which_rows_are_in_sight() {
        let mut scroll = Scroll::default();
        assert_eq!(
            texts(2, &mut scroll, (60, 6)),
            ["numbers", "N", "0", "1", "", "q leaves"]
        );
        scroll.go(Move::Down, 9, 2);
        assert_eq!(
            texts(9, &mut scroll, (60, 5)),
            [
                "numbers",
                "N",
                "1",
                "2",
                "2-3 of 9  ↑↓ PgUp PgDn scroll  q leaves"
            ]
        );
    }

    #[test]
    fn a_terminal_of_any_size_is_filled() {
        for height in 0..6 {
            for width in [0, 1, 5] {
                texts(9, &mut Scroll::default(), (width, height));
            }
        }
    }

    #[test]
    fn steps_are_caught_up_with_but_not_those_of_a_night() {
        let start = Instant::now();
        let mut steps = Steps::new(start);
        assert_eq!(steps.over(start), 0);
        assert_eq!(steps.over(start + STEP * 2), 2);
        assert_eq!(steps.over(start + STEP * 2), 0);
        let morning = start + Duration::from_secs(30_000);
        assert_eq!(steps.over(morning), STEPS);
        assert_eq!(steps.over(morning), 0);
        assert_eq!(steps.over(morning + STEP), 1);
    }
}
