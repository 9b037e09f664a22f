//! What TLS has against a certificate, the server's or our own, said to a person.

use std::io::{self, ErrorKind};
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

use crate::tls::Trust;

/// What TLS itself says in an error of a stream.
pub(super) fn of_tls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether it looks as if the other side has no TLS, rather than a certificate that we do not take.
pub(super) fn speaks_no_tls(error: &io::Error) -> bool {
    use Error::{InappropriateHandshakeMessage, InappropriateMessage, InvalidMessage};
    match of_tls(error) {
        Some(error) => matches!(
            error,
            InvalidMessage(_) | InappropriateMessage { .. } | InappropriateHandshakeMessage { .. }
        ),
        None => matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
        ),
    }
}

pub(super) fn explain(error: &Error, trust: &Trust) -> String {
    match error {
        Error::InvalidCertificate(why) => of_server(why, trust),
        Error::AlertReceived(alert) => of_us(*alert, trust),
        error => error.to_string(),
    }
}

/// What is wrong with the server's certificate.
fn of_server(why: &CertificateError, trust: &Trust) -> String {
    match why {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "its certificate was valid until {}, and the clock of this machine says {}: it needs a new one, \
             unless the clock is wrong",
            date(*not_after),
            date(*time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "its certificate is valid from {} on, and the clock of this machine says {}: is the clock right?",
            date(*not_before),
            date(*time)
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => format!(
            "its certificate is for {}, and not for `{}`: is the host of the address right?",
            names(presented),
            expected.to_str()
        ),
        CertificateError::UnknownIssuer if trust.has_roots() => {
            "its certificate comes from nobody that this machine or RSHIP_CA trusts: is RSHIP_CA the root of \
             this server?"
                .to_owned()
        }
        CertificateError::UnknownIssuer => {
            "its certificate comes from nobody that this machine trusts: if its root is one of your own, name \
             the file with it in RSHIP_CA"
                .to_owned()
        }
        CertificateError::BadSignature => {
            "its certificate is not signed by whom it names: is RSHIP_CA the newest root of this server?"
                .to_owned()
        }
        CertificateError::Other(other) if is_authority(&other.to_string()) => {
            "its certificate is one of an authority, which must not be a server's own: make one for the server \
             that the authority signs"
                .to_owned()
        }
        other => format!("its certificate cannot be used: {other}"),
    }
}

/// There is no name for it in the types of rustls.
fn is_authority(error: &str) -> bool {
    error.contains("CaUsedAsEndEntity")
}

/// What the server has against us.
fn of_us(alert: AlertDescription, trust: &Trust) -> String {
    use AlertDescription as Alert;
    let why = match alert {
        Alert::CertificateRequired => "there is none",
        Alert::UnknownCA => "it does not know who signed it",
        Alert::CertificateExpired => "it has expired, or is not valid yet",
        Alert::CertificateRevoked => "it was revoked",
        Alert::UnsupportedCertificate => {
            "it is not one for clients, or of a kind that it does not take"
        }
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::DecryptError => {
            "it cannot be used"
        }
        Alert::AccessDenied => "it is not let in",
        Alert::HandshakeFailure => "or has nothing in common with us",
        _ => return format!("the server refused: {alert:?}"),
    };
    match (trust.has_identity(), alert) {
        (false, Alert::CertificateRequired | Alert::BadCertificate) => {
            "the server wants a client certificate: name the files with it and with its key in RSHIP_CERT and \
             RSHIP_KEY"
                .to_owned()
        }
        (false, Alert::HandshakeFailure) => {
            "the server refused: if it wants a client certificate, name the files with it and with its key in \
             RSHIP_CERT and RSHIP_KEY"
                .to_owned()
        }
        (false, _) => format!("the server refused: {alert:?}"),
        (true, _) => format!("the server refused our client certificate: {why} ({alert:?})"),
    }
}

/// The names of a certificate, as a server shows them: `DnsName("a.example")`.
fn names(presented: &[String]) -> String {
    let plain = presented.iter().map(|name| {
        let inside = name
            .split_once('(')
            .and_then(|(_, rest)| rest.strip_suffix(')'));
        let inside = inside.unwrap_or(name).trim_matches('"');
        format!("`{}`", inside.escape_debug())
    });
    match plain.collect::<Vec<_>>().as_slice() {
        [] => "no name at all".to_owned(),
        all => all.join(", "),
    }
}

/// A time as people read it, to the minute and in UTC.
fn date(time: UnixTime) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
    let mut text = String::new();
    let written = time.map(|time| {
        use std::fmt::Write as _;
        write!(text, "{}", humantime::format_rfc3339_seconds(time))
    });
    match (written, text.get(..16)) {
        (Some(Ok(())), Some(minutes)) => format!("{} UTC", minutes.replace('T', " ")),
        _ => "a time beyond the calendar".to_owned(),
    }
}
