//! `rship-dev top`: targets by how often they pulse.

mod table;

use std::time::{Duration, Instant};

use rship_core::wire::{Inbound, Query};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval_at};
use unicode_width::UnicodeWidthStr as _;

use self::table::{Queries, Targets};
use super::Failure;
use super::client::Client;
use super::live::line::Line;
use super::live::{self, Steps, Table as _};
use super::output::Output;
use super::signals::end_signal;
use crate::explained::DROP_TYPE;

/// How long it is between two tables that are printed.
const BETWEEN: Duration = Duration::from_secs(1);
/// As wide as a printed table gets: ids are not cut where there is room.
const PRINTED_WIDTH: usize = 160;

/// Draws the table in a terminal, and prints it every second anywhere else.
pub(crate) async fn run(
    output: Output,
    client: &mut Client,
    count: Option<u64>,
    is_plain: bool,
) -> Result<(), Failure> {
    let queries = Queries {
        emitters: client.query(&Query::all("Emitter")).await?,
        pulses: client.query(&Query::all("Pulse")).await?,
        drops: client.query(&Query::all(DROP_TYPE)).await?,
    };
    let mut targets = Targets::new(queries);
    if is_plain || count.is_some() || !output.may_draw() {
        return print(output, client, &mut targets, count).await;
    }
    live::run(client, &mut targets).await
}

async fn print(
    output: Output,
    client: &mut Client,
    targets: &mut Targets,
    count: Option<u64>,
) -> Result<(), Failure> {
    let end = end_signal()?;
    let mut end = std::pin::pin!(end);
    let mut steps = Steps::new(Instant::now());
    let mut times = interval_at(tokio::time::Instant::now() + BETWEEN, BETWEEN);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        tokio::select! {
            biased;
            () = &mut end => return Ok(()),
            _ = times.tick() => {
                let now = Instant::now();
                for _ in 0..steps.over(now) {
                    targets.step();
                }
                left -= 1;
                let text = || {
                    let lines = targets.lines(0..targets.len(), PRINTED_WIDTH, now);
                    let lines: Vec<_> = lines.iter().map(text).collect();
                    // A line without anything tells the tables apart.
                    format!("{}\n{}\n", targets.title(), lines.join("\n"))
                };
                output.say(text, || json!({"kind": "top", "targets": targets.documents()}))?;
            }
            message = client.next() => {
                if let Inbound::Found(found) = message? {
                    targets.found(found, Instant::now());
                }
            }
        }
    }
    Ok(())
}

/// A line without looks.
fn text(line: &Line) -> String {
    let mut text = String::new();
    for cell in line {
        let gap = cell.column.saturating_sub(text.width());
        text.extend(std::iter::repeat_n(' ', gap));
        text.push_str(&cell.text);
    }
    text.truncate(text.trim_end().len());
    text
}
