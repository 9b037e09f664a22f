//! The last resort of a program that listens to no log: how the connection is doing, on standard error.

use std::convert::Infallible;

use tokio::sync::watch;

use crate::address::Address;
use crate::session::Status;

/// Says each change once, however often the same try fails; runs until it is dropped.
pub(crate) async fn speak(address: &Address, mut status: watch::Receiver<Status>) -> Infallible {
    let mut said = String::new();
    loop {
        let line = line(address, &status.borrow_and_update());
        if let Some(line) = line.filter(|line| *line != said) {
            eprintln!("rship: {line}");
            said = line;
        }
        if status.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

fn line(address: &Address, status: &Status) -> Option<String> {
    match status {
        Status::Online { generation } => {
            Some(format!("online with {address}, a {generation} server"))
        }
        Status::Offline { reason, .. } => Some(format!("offline, trying again: {reason}")),
        Status::Idle | Status::Connecting | Status::Stopped => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn being_offline_is_said_with_its_reason_and_without_the_time_of_the_next_try() {
        let address: Address = "ws://show.example/myko".parse().unwrap();
        let offline = |millis| Status::Offline {
            reason: "the path is wrong".to_owned(),
            retry_in: Duration::from_millis(millis),
        };
        let said = line(&address, &offline(200));
        assert_eq!(
            said.as_deref(),
            Some("offline, trying again: the path is wrong")
        );
        assert_eq!(
            said,
            line(&address, &offline(400)),
            "so that it is said once"
        );
        assert_eq!(line(&address, &Status::Connecting), None);
    }
}
