//! What can go wrong with a command or a wait.

use std::fmt::Write as _;
use std::time::Duration;

use super::LocalCore;

/// Why a command brought no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No such action was registered.
    #[error("there is no action `{action_id}`{}", crate::near::did_you_mean(near))]
    UnknownAction {
        /// The id that was asked for.
        action_id: String,
        /// Ids that look like it, the nearest first.
        near: Vec<String>,
    },
    /// There is nobody to send it to.
    #[error("{message}")]
    Unroutable {
        /// Who was looked for.
        message: String,
    },
    /// The executor answered with a command-error; `Display` is its text alone.
    #[error("{message}")]
    Refused {
        /// The command that the executor names in its answer.
        command_id: String,
        /// The executor's text.
        message: String,
    },
    /// No answer came in time.
    #[error("the executor did not answer `{command_id}` within {}", humantime::format_duration(*limit))]
    TimedOut {
        /// The command.
        command_id: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The connection ended before an answer came.
    #[error("the executor's connection closed before it answered `{command_id}`")]
    Closed {
        /// The command.
        command_id: String,
    },
}

/// Something awaited did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("waited {} in vain for: {what}\n{summary}", humantime::format_duration(*timeout))]
#[non_exhaustive]
pub struct WaitError {
    /// What was awaited.
    pub what: String,
    /// How long.
    pub timeout: Duration,
    /// What the store had at the end, and what was dropped.
    pub summary: String,
}

impl WaitError {
    pub(crate) fn new(what: &str, timeout: Duration, core: &LocalCore) -> Self {
        /// How many ids and drops are spelled out.
        const SHOWN: usize = 8;
        let mut summary = format!(
            "the {} server has {} clients and",
            core.generation(),
            core.clients()
        );
        let snapshot = core.snapshot();
        if snapshot.is_empty() {
            summary.push_str(" an empty store");
        }
        for (item_type, items) in &snapshot {
            let ids: Vec<_> = items.keys().take(SHOWN).map(String::as_str).collect();
            let more = if items.len() > SHOWN { ", .." } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(
                summary,
                "\n  {} {item_type}: {}{more}",
                items.len(),
                ids.join(", ")
            );
        }
        let drops = core.drops();
        for dropped in drops.iter().rev().take(SHOWN).rev() {
            let _ = write!(summary, "\n  {dropped}");
        }
        if drops.len() > SHOWN {
            let _ = write!(summary, "\n  and {} earlier drops", drops.len() - SHOWN);
        }
        Self {
            what: what.to_owned(),
            timeout,
            summary,
        }
    }
}
