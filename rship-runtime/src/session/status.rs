//! How the connection is doing, for a display or a log.

use std::fmt;
use std::time::Duration;

use rship_core::wire::Generation;

/// How the connection to the server is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// `run` was not called yet.
    Idle,
    /// On the way to the server.
    Connecting,
    /// Connected, and everything was told.
    Online {
        /// What the server turned out to be.
        generation: Generation,
    },
    /// Not connected; the next try follows.
    Offline {
        /// Why.
        reason: String,
        /// Time until the next try.
        retry_in: Duration,
    },
    /// The executor has ended.
    Stopped,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("not started"),
            Self::Connecting => f.write_str("connecting"),
            Self::Online { generation } => write!(f, "online with a {generation} server"),
            Self::Offline { reason, retry_in } => {
                write!(
                    f,
                    "offline ({reason}), next try in {:.1} s",
                    retry_in.as_secs_f64()
                )
            }
            Self::Stopped => f.write_str("stopped"),
        }
    }
}
