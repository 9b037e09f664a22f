//! Why no WebSocket was opened, said to a person.

use std::io;
use std::time::Duration;

use crate::address::Address;
use crate::error::SettingError;

/// Why no WebSocket was opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The token cannot be read.
    #[error(transparent)]
    Token(#[from] SettingError),
    /// There is no stream to the server.
    #[error("no connection to {} port {}: {source}", .address.host(), .address.port())]
    Stream {
        /// Where to.
        address: Address,
        /// Why.
        source: io::Error,
    },
    /// What answers does not speak TLS.
    #[error(
        "{address} did not answer as TLS does: is it a plain port, written ws://, or is the port wrong? ({source})"
    )]
    NoTls {
        /// Who.
        address: Address,
        /// What it did instead.
        source: io::Error,
    },
    /// There is no trust, on either side.
    #[error("TLS with {address} failed: {problem}")]
    Tls {
        /// With whom.
        address: Address,
        /// Why.
        problem: String,
    },
    /// A web server that answers something else.
    #[error("{}", answered(.address, *.status, *.reason, *.wants_certificate, .said.as_deref()))]
    Answered {
        /// Who.
        address: Address,
        /// The status of its answer.
        status: u16,
        /// The words of the standard for it.
        reason: Option<&'static str>,
        /// Whether there is TLS, and no certificate of ours.
        wants_certificate: bool,
        /// What it says itself about why, in words.
        said: Option<String>,
    },
    /// It closed the connection.
    #[error("{address} hung up while the WebSocket was being opened")]
    HungUp {
        /// Who.
        address: Address,
    },
    /// What answers does not speak HTTP.
    #[error(
        "{address} did not open a WebSocket, because what answers there is not a WebSocket server: is the \
         port right? A port that speaks TLS is written wss:// ({problem})"
    )]
    NotWebSocket {
        /// Who.
        address: Address,
        /// How that shows.
        problem: String,
    },
    /// It upgrades, and does it wrong.
    #[error("{address} did not open a WebSocket as the standard says: {problem}")]
    BadUpgrade {
        /// Who.
        address: Address,
        /// What it did instead.
        problem: &'static str,
    },
    /// The connection broke.
    #[error("{address} did not open a WebSocket: {source}")]
    Broken {
        /// Where to.
        address: Address,
        /// Why.
        source: io::Error,
    },
    /// It took too long.
    #[error("no connection within {:.1} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

fn answered(
    address: &Address,
    status: u16,
    reason: Option<&'static str>,
    wants_certificate: bool,
    said: Option<&str>,
) -> String {
    let reason = reason.unwrap_or("which is not a status of HTTP");
    if let Some(said) = said {
        return format!(
            "{address} answered {status} {reason} instead of opening a WebSocket: {said}"
        );
    }
    let hint = match status {
        401 | 403 => {
            ": is the token right (RSHIP_TOKEN or RSHIP_TOKEN_FILE), or the user in the address?"
        }
        404 => ": is the path of the address right?",
        300..=399 => ": it wants another address",
        200..=299 => {
            ": a web server is there, and no Rocketship server: are the port and the path right?"
        }
        400 if !address.is_tls() => ": a port that speaks TLS is written wss://",
        400 if wants_certificate => {
            ": if it wants a client certificate, give it with RSHIP_CERT and RSHIP_KEY"
        }
        502..=504 => ": the proxy is there, the server behind it is not",
        _ => "",
    };
    format!("{address} answered {status} {reason} instead of opening a WebSocket{hint}")
}
