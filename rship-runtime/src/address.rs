//! Where the server is, and how a byte stream to it is made.

use std::env::{self, VarError};
use std::fmt;
use std::io;
use std::str::FromStr;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::uri::{Authority, PathAndQuery};

use crate::token::{Secret, basic};

const PATH: &str = "/myko";
const DEVELOPMENT_PORT: u16 = 5155;

/// The WebSocket address of a server: `ws://HOST[:PORT]/myko` or `wss://HOST/myko`. It is shown without
/// what may be secret in it: user and password, and the values of a query.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Without user and password.
    uri: Uri,
    host: String,
    port: u16,
    basic: Option<Secret>,
}

/// A byte stream to a server.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for T {}

/// How the byte stream to a server is made, below TLS and WebSocket: TCP unless set with
/// [`Builder::connect`](crate::Builder::connect), for networks in which a server is reached in another
/// way (a proxy, a tunnel, a pipe in a test).
///
/// A connection that is given up is dropped, an orderly end shuts the stream down first; a stream of
/// yours that is dropped without that should throw away what it has not sent yet.
#[async_trait]
pub trait Connect: Send + Sync + 'static {
    /// Connects to the server; called anew for each try, on the connection's own thread.
    ///
    /// # Errors
    /// When the server cannot be reached; the executor says so in its log, and tries again.
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>>;
}

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{origin} is `{value}`, which {problem}: write it like ws://192.168.1.20:5155/myko or wss://show.example/myko"
)]
#[non_exhaustive]
pub struct AddressError {
    /// Where the value came from, such as `RSHIP_URL`.
    pub origin: String,
    /// The value, without what may be secret in it.
    pub value: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Address {
    /// The address that the environment names: `RSHIP_URL`, or `RSHIP_ADDRESS` with `RSHIP_PORT`
    /// (5155) and the path `/myko`; with neither, a local core on the development port.
    ///
    /// # Errors
    /// When a variable is set to something that is not an address.
    pub fn from_env() -> Result<Self, AddressError> {
        if let Some(url) = variable("RSHIP_URL")? {
            return Self::parse("RSHIP_URL", &url);
        }
        let port = match variable("RSHIP_PORT")? {
            None => DEVELOPMENT_PORT,
            Some(text) => match text.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(error("RSHIP_PORT", &text, "is not a port from 1 to 65535")),
            },
        };
        let host = variable("RSHIP_ADDRESS")?.unwrap_or_else(|| "127.0.0.1".to_owned());
        Self::of_host(&host, port)
    }

    fn of_host(host: &str, port: u16) -> Result<Self, AddressError> {
        let wrong = |problem| Err(error("RSHIP_ADDRESS", host, problem));
        if host.contains(['/', '@']) {
            return wrong("is more than a host name (use RSHIP_URL for a whole address)");
        }
        // An IPv6 address has more than one `:`, and nothing behind its brackets.
        let has_port = match host.rsplit_once(']') {
            Some((_, rest)) => !rest.is_empty(),
            None => host.matches(':').count() == 1,
        };
        if has_port {
            return wrong(
                "is more than a host name (put its port into RSHIP_PORT, or the whole into RSHIP_URL)",
            );
        }
        let bracketed = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        Self::parse("RSHIP_ADDRESS", &format!("ws://{bracketed}:{port}{PATH}"))
    }

    fn parse(origin: &str, text: &str) -> Result<Self, AddressError> {
        let wrong = |problem: &str| error(origin, text, problem);
        let uri: Uri = text
            .trim()
            .parse()
            .map_err(|why| wrong(&format!("is not an address ({why})")))?;
        let default_port = match uri.scheme_str() {
            Some("ws") => 80,
            Some("wss") if cfg!(feature = "tls") => 443,
            Some("wss") => return Err(wrong("needs the feature `tls` of rship-runtime")),
            Some(_) => return Err(wrong("does not begin with ws:// or wss://")),
            None => return Err(wrong("has no ws:// or wss:// before the host")),
        };
        let host = uri.host().map(|host| host.trim_matches(['[', ']']));
        let host = match host {
            Some(host) if !host.is_empty() => host.to_owned(),
            _ => return Err(wrong("names no host")),
        };
        let port = match uri.port() {
            None if uri
                .authority()
                .is_some_and(|all| all.as_str().ends_with(':')) =>
            {
                return Err(wrong("has a `:` without a port"));
            }
            // The parser leaves out a port that is too large instead of refusing it.
            None if !uri
                .authority()
                .is_some_and(|all| uri.host().is_some_and(|host| all.as_str().ends_with(host))) =>
            {
                return Err(wrong(
                    "is not an address (its port is not one from 1 to 65535)",
                ));
            }
            None => default_port,
            Some(port) if port.as_u16() > 0 => port.as_u16(),
            Some(_) => return Err(wrong("has the port 0")),
        };
        let mut parts = uri.into_parts();
        let authority = parts.authority.as_ref().map_or("", Authority::as_str);
        let basic = match authority.rsplit_once('@') {
            None => None,
            Some((userinfo, place)) => {
                let basic = basic(userinfo).map_err(wrong)?;
                let place = place.parse().map_err(|_| wrong("names no host"))?;
                parts.authority = Some(place);
                Some(basic)
            }
        };
        let path = parts.path_and_query.as_ref();
        if path.is_none_or(|all| all.path().trim_matches('/').is_empty() && all.query().is_none()) {
            parts.path_and_query = Some(PATH.parse().map_err(|_| wrong("has no usable path"))?);
        }
        let uri = Uri::from_parts(parts);
        let uri = uri.map_err(|why| wrong(&format!("is not an address ({why})")))?;
        Ok(Self {
            uri,
            host,
            port,
            basic,
        })
    }

    /// The host's name or IP address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the address is one of TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.uri.scheme_str() == Some("wss")
    }

    /// Host and port as they were written, as the header `Host` has them.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", Authority::as_str)
    }

    /// What is asked for, with all that is secret in it.
    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or(PATH, PathAndQuery::as_str)
    }

    /// The header `Authorization` for the user and the password, if they were written.
    pub(crate) fn basic(&self) -> Option<&Secret> {
        self.basic.as_ref()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse("the server's address", text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        write!(f, "{scheme}://{}{}", self.authority(), self.uri.path())?;
        match self.uri.query() {
            Some(query) => write!(f, "?{}", hidden_query(query)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// The names of a query, without its values.
fn hidden_query(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{name}=***"),
        None => "***".to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// What was to be an address, as it can be shown: it may be broken in any place, so rather too much of it
/// is hidden than too little.
fn hidden(text: &str) -> String {
    let is_scheme = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}://"), rest),
        _ => (String::new(), text),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        // A password with these in it, or a query with an `@`.
        Some((before, _)) if before.contains(['?', '#']) => return format!("{scheme}***"),
        Some((_, rest)) => ("***@", rest),
        None => ("", rest),
    };
    let (rest, fragment) = match rest.split_once('#') {
        Some((rest, _)) => (rest, "#***"),
        None => (rest, ""),
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, format!("?{}", hidden_query(query))),
        None => (rest, String::new()),
    };
    format!("{scheme}{user}{place}{query}{fragment}")
}

fn variable(name: &str) -> Result<Option<String>, AddressError> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Err(error(name, &value, "is empty")),
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(raw)) => Err(error(name, &raw.to_string_lossy(), "is not UTF-8")),
    }
}

fn error(origin: &str, value: &str, problem: &str) -> AddressError {
    AddressError {
        origin: origin.to_owned(),
        value: hidden(value),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn the_path_is_myko_unless_another_is_written() {
        assert_eq!(parsed("ws://h:1").to_string(), "ws://h:1/myko");
        assert_eq!(parsed("ws://h:1/").to_string(), "ws://h:1/myko");
        assert_eq!(parsed("ws://h:1/show").to_string(), "ws://h:1/show");
    }

    #[test]
    fn ports_are_those_of_the_scheme_unless_one_is_written() {
        assert_eq!(parsed("ws://h/myko").port(), 80);
        assert_eq!(parsed("ws://[::1]:5155/myko").port(), 5155);
        assert_eq!(parsed("ws://[::1]:5155/myko").host(), "::1");
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let address = parsed("ws://user:banana@h:1/myko?token=banana&banana");
        assert_eq!(address.to_string(), "ws://h:1/myko?token=***&***");
        assert_eq!(
            format!("{address:?}"),
            "Address(ws://h:1/myko?token=***&***)"
        );
        assert_eq!(address.path_and_query(), "/myko?token=banana&banana");
        assert_eq!((address.host(), address.authority()), ("h", "h:1"));
        assert_eq!(address.basic().unwrap().reveal(), "Basic dXNlcjpiYW5hbmE=");
        for text in [
            "user:banana@h",
            "ws://user:banana@h:0/myko",
            "ws://user:ban#banana@h:0/myko",
            "ws://user:ban/banana@h:0/myko",
            "ws://:banana@h/myko",
            "ws://user:banana%@h/myko",
            "ws://h:0/myko?token=banana",
            "ws://h:0/myko?banana",
            "ws://h:0/myko#banana",
            "x:banana://@h:0",
            "ws://us er:banana@h",
            "banana@h?a=banana@banana=banana#banana",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("banana"), "{text}: {shown}");
        }
    }

    #[test]
    fn a_port_in_the_variable_for_the_host_is_an_error_and_an_ipv6_address_is_none() {
        for host in ["127.0.0.1:5155", "show.example:5155", "h:", "[::1]:5155"] {
            let error = Address::of_host(host, 5155).unwrap_err();
            assert!(error.problem.contains("RSHIP_PORT"), "{host}: {error}");
        }
        for host in ["::1", "[::1]", "fe80::1:2", "127.0.0.1", "show.example"] {
            let address = Address::of_host(host, 5155).unwrap();
            assert_eq!(address.host(), host.trim_matches(['[', ']']));
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (text, problem) in [
            ("localhost:5155", "has no ws://"),
            ("http://h/myko", "does not begin with ws://"),
            ("ws://h:0/myko", "has the port 0"),
            ("ws://h:99999/myko", "is not an address"),
            ("ws://[]/myko", "names no host"),
            ("ws://h:/myko", "has a `:` without a port"),
            ("ws:///myko", "is not an address"),
            ("", "is not an address"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.problem.contains(problem), "{text}: {error}");
        }
    }
}
