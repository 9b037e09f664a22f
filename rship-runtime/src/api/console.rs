//! What a device's author must know of the connection, on standard error: whatever the program logs, and
//! only what its log does not show.

use std::convert::Infallible;

use tokio::sync::watch;
use tracing::{Level, enabled};

use crate::address::Address;
use crate::session::Status;

/// What the program's log shows of the connection.
#[derive(Debug, Clone, Copy)]
struct Log {
    /// Whether there is one.
    is_kept: bool,
    /// Whether it shows why the executor is offline.
    warns: bool,
    /// Whether it shows that it is online.
    informs: bool,
}

impl Log {
    fn of_this_program() -> Self {
        // As the session asks when it writes to the log.
        Self {
            is_kept: tracing::dispatcher::has_been_set(),
            warns: enabled!(target: "rship_runtime::session", Level::WARN),
            informs: enabled!(target: "rship_runtime::session", Level::INFO),
        }
    }
}

/// Says each change once, however often the same try fails; runs until it is dropped.
pub(crate) async fn speak(address: &Address, mut status: watch::Receiver<Status>) -> Infallible {
    let mut said = String::new();
    loop {
        let log = Log::of_this_program();
        let line = line(address, &status.borrow_and_update(), log, !said.is_empty());
        if let Some(line) = line.filter(|line| *line != said) {
            eprintln!("rship: {line}");
            said = line;
        }
        if status.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

fn line(address: &Address, status: &Status, log: Log, has_spoken: bool) -> Option<String> {
    match status {
        Status::Offline { reason, .. } if !log.warns => {
            Some(format!("offline, trying again: {reason}"))
        }
        // Good news are for those who have no log, or were told bad ones here.
        Status::Online { generation } if !log.informs && (!log.is_kept || has_spoken) => {
            Some(format!("online with {address}, a {generation} server"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rship_core::wire::Generation;

    use super::*;

    const NONE: Log = Log {
        is_kept: false,
        warns: false,
        informs: false,
    };

    fn offline(millis: u64) -> Status {
        Status::Offline {
            reason: "the path is wrong".to_owned(),
            retry_in: Duration::from_millis(millis),
        }
    }

    #[test]
    fn being_offline_is_said_with_its_reason_and_without_the_time_of_the_next_try() {
        let address: Address = "ws://show.example/myko".parse().unwrap();
        let line = |status: &Status| line(&address, status, NONE, false);
        let said = line(&offline(200));
        assert_eq!(
            said.as_deref(),
            Some("offline, trying again: the path is wrong")
        );
        assert_eq!(said, line(&offline(400)), "so that it is said once");
        assert_eq!(line(&Status::Connecting), None);
    }

    #[test]
    fn what_the_log_shows_is_not_said_again() {
        let address: Address = "ws://show.example/myko".parse().unwrap();
        let online = Status::Online {
            generation: Generation::V2026,
        };
        let says = |status: &Status, log: Log, has_spoken| {
            line(&address, status, log, has_spoken).is_some()
        };
        let errors_only = Log {
            is_kept: true,
            ..NONE
        };
        assert!(says(&offline(1), errors_only, false));
        assert!(!says(&online, errors_only, false) && says(&online, errors_only, true));
        let warnings = Log {
            warns: true,
            ..errors_only
        };
        assert!(!says(&offline(1), warnings, false) && !says(&online, warnings, false));
        let all = Log {
            informs: true,
            ..warnings
        };
        assert!(!says(&online, all, true));
        assert!(says(&online, NONE, false));
    }
}
