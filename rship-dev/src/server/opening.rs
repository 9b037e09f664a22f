//! Who may come in: what is looked at when a WebSocket is opened.
//!
//! A page of any site can open a WebSocket to this machine, and nothing but `Origin` tells that it did. A name that its
//! owner points at this machine later (DNS rebinding) makes the page's own origin of it, and nothing but `Host` tells.
//! Programs send no `Origin`, and have to have the token, if there is one.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rship_runtime::__client::Secret;
use subtle::ConstantTimeEq as _;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request};
use tokio_tungstenite::tungstenite::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, WWW_AUTHENTICATE,
};
use tokio_tungstenite::tungstenite::http::uri::Authority;
use tokio_tungstenite::tungstenite::http::{StatusCode, Uri};

use crate::explained::excerpt;

/// The one path that servers serve.
pub(crate) const PATH: &str = "/myko";

/// Who may come in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doors {
    token: Option<Secret>,
    insecure: bool,
    pages_alone: bool,
    origins: Vec<String>,
    hosts: Vec<String>,
}

/// Why somebody is not let in.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: String) -> Self {
        Self { status, reason }
    }

    /// There is room for so many and no more.
    pub(crate) fn full(clients: usize) -> Self {
        let reason = format!("{clients} clients are connected, and this core takes no more");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason)
    }

    /// The same for pages.
    pub(crate) fn full_of_pages(pages: usize) -> Self {
        let reason = format!("{pages} pages look at this core, and it takes no more");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason)
    }

    /// The answer to the one who is not let in.
    pub(crate) fn response(&self) -> ErrorResponse {
        let mut response = ErrorResponse::new(Some(format!("{}\n", self.reason)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl Doors {
    pub(crate) fn token(&mut self, token: String) {
        self.token = Some(Secret::new(token));
    }

    /// The token, for what has to leave it out.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }

    pub(crate) fn insecure(&mut self) {
        self.insecure = true;
    }

    pub(crate) fn for_pages_alone(&mut self) {
        self.pages_alone = true;
    }

    pub(crate) fn allow_origin(&mut self, origin: String) {
        self.origins.push(origin);
    }

    pub(crate) fn allow_host(&mut self, host: &str) {
        self.hosts.push(plain(host));
    }

    /// Whether a core may listen there like this; says what is missing.
    pub(crate) fn may_listen(&mut self, bind: SocketAddr) -> io::Result<()> {
        let wrong = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        for origin in &mut self.origins {
            match normal_origin(origin) {
                Some(normal) => *origin = normal,
                None => {
                    return wrong(format!(
                        "the allowed origin `{origin}` is not an origin: write `https://HOST` or `https://HOST:PORT`, \
                         without a path, or `null`"
                    ));
                }
            }
        }
        for host in &self.hosts {
            let name = host.strip_prefix('.').unwrap_or(host);
            if name.parse::<Authority>().ok().as_ref().map(Authority::host) != Some(name) {
                return wrong(format!(
                    "the allowed host `{host}` is not a name: write `core.example`, without a port, or `.example` for \
                     all names below it"
                ));
            }
        }
        if let Some(token) = &self.token
            && !is_bearer(token.reveal())
        {
            return wrong(
                "the token is empty or has characters that a header cannot carry: take letters, digits and `-._~+/=`"
                    .to_owned(),
            );
        }
        if self.token.is_none() && !self.insecure && !bind.ip().to_canonical().is_loopback() {
            return wrong(format!(
                "{bind} can be reached from other machines, and nothing protects the core there: give it a token with \
                 --token or RSHIP_TOKEN (in a program, `Builder::token`), or let everybody in with --insecure \
                 (`Builder::insecure`)"
            ));
        }
        Ok(())
    }

    /// Looks at the request that opens a WebSocket; `local` is the address at which it came in. On one that was handed
    /// in, the host is whatever its maker calls it.
    pub(crate) fn check(&self, request: &Request, local: Option<IpAddr>) -> Result<(), Refusal> {
        if local.is_some() {
            self.check_host(request)?;
        }
        self.check_origin(request, local)?;
        if self.pages_alone {
            let reason = "this only shows what another server has: connect to that one".to_owned();
            return Err(Refusal::new(StatusCode::FORBIDDEN, reason));
        }
        self.check_token(request)
    }

    /// The same for the page, whose files are no secret and whose socket says the token by itself.
    pub(crate) fn check_page(
        &self,
        request: &Request,
        local: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        if local.is_some() {
            self.check_host(request)?;
        }
        self.check_origin(request, local)
    }

    /// Whether that is the token, where there is one.
    pub(crate) fn opens(&self, offered: Option<&str>) -> bool {
        self.token.as_ref().is_none_or(|token| {
            let offered = offered.unwrap_or_default().as_bytes();
            bool::from(offered.ct_eq(token.reveal().as_bytes()))
        })
    }

    fn check_host(&self, request: &Request) -> Result<(), Refusal> {
        // HTTP/1.0 has none.
        let Some(found) = only(request, &HOST)? else {
            return Ok(());
        };
        let host = found.parse::<Authority>().ok();
        if host.is_some_and(|host| self.is_host(&plain(host.host()))) {
            return Ok(());
        }
        let found = excerpt(found, SHOWN);
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "the `Host` is `{found}`, which is not a name of this machine that the core knows: it is allowed with \
                 --allow-host NAME (in a program, `Builder::allow_host`)"
            ),
        ))
    }

    /// An address cannot be pointed elsewhere, a name can.
    fn is_host(&self, host: &str) -> bool {
        let listed = |listed: &String| match listed.strip_prefix('.') {
            Some(parent) => host == parent || host.ends_with(listed.as_str()),
            None => host == listed,
        };
        address(host).is_some()
            || is_loopback(host)
            || host == this_machine()
            || self.hosts.iter().any(listed)
    }

    fn check_origin(&self, request: &Request, local: Option<IpAddr>) -> Result<(), Refusal> {
        let Some(found) = only(request, &ORIGIN)? else {
            return Ok(());
        };
        let origin = normal_origin(found);
        // The core's own page, under a name by which the core may be reached.
        let own = |origin: &String| {
            let host = only(request, &HOST).ok().flatten();
            local.is_some()
                && host
                    .and_then(|host| normal_origin(&format!("http://{host}")))
                    .as_ref()
                    == Some(origin)
        };
        if origin.is_some_and(|origin| self.is_origin(&origin, local) || own(&origin)) {
            return Ok(());
        }
        let found = excerpt(found, SHOWN);
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "a page of the origin `{found}` may not use this core: it is allowed with --allow-origin ORIGIN (in a \
                 program, `Builder::allow_origin`)"
            ),
        ))
    }

    /// Pages that this machine serves may come in.
    fn is_origin(&self, origin: &str, local: Option<IpAddr>) -> bool {
        let uri = origin.parse::<Uri>().ok();
        let ours = uri.as_ref().and_then(Uri::host).is_some_and(|host| {
            let host = plain(host);
            is_loopback(&host)
                || host == this_machine()
                || (local.is_some() && address(&host) == local.map(|ip| ip.to_canonical()))
        });
        ours || self.origins.iter().any(|allowed| allowed == origin)
    }

    fn check_token(&self, request: &Request) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let refused = |what: &str| {
            let reason = format!(
                "{what}: send `Authorization: Bearer TOKEN` with the token that the core was started with, which \
                 executors and rship-dev do with RSHIP_TOKEN"
            );
            Err(Refusal::new(StatusCode::UNAUTHORIZED, reason))
        };
        let mut offered = request.headers().get_all(AUTHORIZATION).iter();
        let (Some(offered), None) = (offered.next(), offered.next()) else {
            return refused("this core wants a token");
        };
        let offered = offered.as_bytes();
        let scheme = b"Bearer ";
        let bearer = offered
            .split_at_checked(scheme.len())
            .filter(|(found, _)| found.eq_ignore_ascii_case(scheme))
            .map(|(_, bearer)| bearer.trim_ascii());
        match bearer {
            Some(bearer) if bool::from(bearer.ct_eq(token.reveal().as_bytes())) => Ok(()),
            Some(_) => refused("the token is not this core's"),
            None => refused("this core wants a bearer token"),
        }
    }
}

/// How much of what is refused is said again.
const SHOWN: usize = 200;

/// A header that may be there once; none is `None`.
fn only<'r>(request: &'r Request, name: &HeaderName) -> Result<Option<&'r str>, Refusal> {
    let mut all = request.headers().get_all(name).iter();
    let (first, second) = (all.next(), all.next());
    match (first.map(HeaderValue::to_str), second) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text)),
        _ => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("`{name}` has to be one header of plain text"),
        )),
    }
}

/// A host name as it is compared: in small letters, without the dot at the end and the brackets of an address.
fn plain(host: &str) -> String {
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn address(host: &str) -> Option<IpAddr> {
    host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || address(host).is_some_and(|ip| ip.is_loopback())
}

fn this_machine() -> String {
    plain(&gethostname::gethostname().to_string_lossy())
}

/// An origin as browsers write it: in small letters, without the port that its scheme has anyway.
fn normal_origin(text: &str) -> Option<String> {
    if text == "null" {
        return Some(text.to_owned());
    }
    let uri = text.parse::<Uri>().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    if uri.path() != "/" || uri.query().is_some() || authority.as_str().contains('@') {
        return None;
    }
    let usual = match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let port = match authority.port_u16() {
        Some(port) if Some(port) != usual => format!(":{port}"),
        _ => String::new(),
    };
    Some(format!(
        "{}://{}{port}",
        scheme.to_ascii_lowercase(),
        authority.host().to_ascii_lowercase()
    ))
}

/// The characters that RFC 6750 lets a bearer token have, and others that programs send all the same.
fn is_bearer(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().uri(PATH);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn status(doors: &Doors, headers: &[(&str, &str)]) -> u16 {
        let local = "192.168.1.5".parse().ok();
        match doors.check(&request(headers), local) {
            Ok(()) => 101,
            Err(refusal) => refusal.status.as_u16(),
        }
    }

    #[test]
    fn addresses_and_names_of_this_machine_are_hosts_and_others_are_not() {
        let mut doors = Doors::default();
        doors.allow_host("Core.Example");
        doors.allow_host(".lan");
        let own = this_machine();
        for good in [
            "127.0.0.1:5155",
            "localhost",
            "LOCALHOST.:80",
            "core.localhost:5155",
            "[::1]:5155",
            "[fe80::1]",
            "192.168.1.5:5155",
            "8.8.8.8",
            "core.example:1",
            "stage.lan",
            "lan",
            &own,
        ] {
            assert_eq!(status(&doors, &[("host", good)]), 101, "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:5155",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "a.core.example",
            "evillan",
            "",
            "a b",
        ] {
            assert_eq!(status(&doors, &[("host", bad)]), 403, "{bad}");
        }
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(status(&doors, &twice), 400);
        assert_eq!(status(&doors, &[]), 101);
    }

    #[test]
    fn pages_of_this_machine_come_in_and_others_when_allowed() {
        let mut doors = Doors::default();
        doors.allow_origin("https://show.example:443/".to_owned());
        doors.may_listen(([127, 0, 0, 1], 0).into()).unwrap();
        for good in [
            "http://localhost:5173",
            "http://app.localhost",
            "https://127.0.0.1",
            "http://127.9.9.9:80",
            "http://[::1]:3000",
            "http://192.168.1.5:8080",
            "https://show.example",
        ] {
            assert_eq!(status(&doors, &[("origin", good)]), 101, "{good}");
        }
        for bad in [
            "https://evil.example",
            "http://show.example",
            "https://show.example:8443",
            "https://show.example.evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "http://192.168.1.6",
            "null",
            "",
            "file://",
            "localhost",
        ] {
            assert_eq!(status(&doors, &[("origin", bad)]), 403, "{bad}");
        }
        doors.allow_origin("null".to_owned());
        assert_eq!(status(&doors, &[("origin", "null")]), 101);
    }

    #[test]
    fn the_token_is_wanted_whole_and_is_printed_by_nothing() {
        let mut doors = Doors::default();
        doors.token("hunter2".to_owned());
        for good in ["Bearer hunter2", "bearer hunter2"] {
            assert_eq!(status(&doors, &[("authorization", good)]), 101, "{good}");
        }
        for bad in [
            "",
            "hunter2",
            "Bearer",
            "Bearer ",
            "Bearer hunter",
            "Bearer hunter22",
            "Basic hunter2",
        ] {
            assert_eq!(status(&doors, &[("authorization", bad)]), 401, "{bad}");
        }
        assert_eq!(status(&doors, &[]), 401);
        let twice = [
            ("authorization", "Bearer hunter2"),
            ("authorization", "Bearer hunter2"),
        ];
        assert_eq!(status(&doors, &twice), 401);
        assert!(!format!("{doors:?}").contains("hunter2"));
        let refusal = doors.check(&request(&[]), None).unwrap_err();
        let response = refusal.response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert!(!format!("{response:?}").contains("hunter2"));
    }

    #[test]
    fn what_other_machines_can_reach_needs_a_token_or_a_word() {
        let open: SocketAddr = "0.0.0.0:5155".parse().unwrap();
        let error = Doors::default().may_listen(open).unwrap_err();
        assert!(error.to_string().contains("--insecure"), "{error}");
        for loopback in ["127.0.0.1:0", "127.1.2.3:0", "[::1]:0"] {
            let bind = loopback.parse().unwrap();
            Doors::default().may_listen(bind).unwrap();
        }
        let mut insecure = Doors::default();
        insecure.insecure();
        insecure.may_listen(open).unwrap();
        let mut secure = Doors::default();
        secure.token("hunter2".to_owned());
        secure.may_listen(open).unwrap();
        secure.token(String::new());
        secure.may_listen(open).unwrap_err();
        for bad in ["show.example", "https://show.example/page", "https://"] {
            let mut doors = Doors::default();
            doors.allow_origin(bad.to_owned());
            let error = doors.may_listen(open).unwrap_err().to_string();
            assert!(error.contains("is not an origin"), "{bad}: {error}");
        }
        for bad in ["core.example:80", "http://core.example", ""] {
            let mut doors = Doors::default();
            doors.allow_host(bad);
            let error = doors.may_listen(open).unwrap_err().to_string();
            assert!(error.contains("is not a name"), "{bad}: {error}");
        }
    }
}
