//! A line for each pulse.

use std::collections::BTreeSet;

use rship_core::wire::Inbound;
use serde_json::Value;

use super::{Filter, news};
use crate::cli::Failure;
use crate::cli::client::{Client, Items};
use crate::cli::output::{Output, one_line};

/// Prints the pulses that the query finds, until Ctrl-C or the count is reached.
pub(super) async fn run(
    output: Output,
    client: &mut Client,
    query: &str,
    filter: &Filter<'_>,
    count: Option<u64>,
) -> Result<(), Failure> {
    let mut known = Items::new();
    let mut names = BTreeSet::new();
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let message = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => return Ok(()),
            message = client.next() => message?,
        };
        let Inbound::Found(found) = message else {
            continue;
        };
        if found.tx != query {
            continue;
        }
        for pulse in news(&mut known, found) {
            if left == 0 || !filter.takes(&pulse) {
                continue;
            }
            left -= 1;
            names.insert(pulse["id"].to_string());
            output.say(
                || line(&pulse, filter.emitters.len() + names.len() > 2),
                || pulse.clone(),
            )?;
        }
    }
    Ok(())
}

/// The data alone; with the id where there may be several.
fn line(pulse: &Value, several: bool) -> String {
    if several {
        format!(
            "{}  {}",
            one_line(pulse["id"].as_str().unwrap_or_default()),
            pulse["data"]
        )
    } else {
        pulse["data"].to_string()
    }
}
