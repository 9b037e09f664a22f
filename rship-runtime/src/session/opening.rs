//! The WebSocket's opening, above a byte stream: TLS, and one HTTP request.
//!
//! The request is written here and not by tungstenite, because that logs it as it is at `trace`: with the
//! token, and with the query of the address.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::{Response, generate_key};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse as _;
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

#[cfg(feature = "tls")]
use super::certificates;
use super::refusal::ConnectError;
use crate::access::Access;
use crate::journal::shown;

/// The longest answer to the request, in bytes: no server says more of itself.
const ANSWER_LIMIT: usize = 16 << 10;

/// What is read of why a server opens no WebSocket, in bytes.
const SENTENCE_LIMIT: usize = 1 << 10;

/// How long that may take to come.
const SENTENCE_TIME: Duration = Duration::from_secs(1);

/// Opens a WebSocket on the stream to the server that comes of `connecting`.
///
/// # Errors
/// When there is no stream, no TLS, or no WebSocket server behind it that lets us in.
pub async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    access: &Access,
    connecting: impl Future<Output = io::Result<S>>,
    limits: WebSocketConfig,
) -> Result<WebSocketStream<MaybeTlsStream<S>>, ConnectError> {
    let address = &access.address;
    let authorization = access.credentials.header().await?;
    let stream = connecting.await.map_err(|source| ConnectError::Stream {
        address: address.clone(),
        source,
    })?;
    let mut stream = secured(access, stream).await?;
    let key = generate_key();
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
        path = address.path_and_query(),
        host = address.authority(),
    );
    if let Some(value) = &authorization {
        request.push_str("Authorization: ");
        request.push_str(value.reveal());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let broken = |source| broken(access, source);
    if let Err(error) = write(&mut stream, request.as_bytes()).await {
        // Why it takes nothing is what it said last: TLS 1.3 refuses our certificate only now.
        let mut rest = [0; 1];
        let said = stream.read(&mut rest).await.err();
        return Err(broken(said.filter(is_said_by_tls).unwrap_or(error)));
    }
    let mut answer = Vec::new();
    let (length, response) = loop {
        if stream.read_buf(&mut answer).await.map_err(broken)? == 0 {
            return Err(ConnectError::HungUp {
                address: address.clone(),
            });
        }
        let not_a_server = |problem: String| ConnectError::NotWebSocket {
            address: address.clone(),
            problem,
        };
        match Response::try_parse(&answer) {
            Ok(Some(parsed)) => break parsed,
            Ok(None) if answer.len() > ANSWER_LIMIT => {
                return Err(not_a_server("its answer has no end".to_owned()));
            }
            Ok(None) => {}
            Err(error) => return Err(not_a_server(error.to_string())),
        }
    };
    if response.status().as_u16() != 101 {
        let body = answer.split_off(length);
        return Err(ConnectError::Answered {
            address: address.clone(),
            status: response.status().as_u16(),
            reason: response.status().canonical_reason(),
            wants_certificate: wants_certificate(access),
            said: sentence(response.headers(), body, &mut stream).await,
        });
    }
    if let Some(problem) = flaw(response.headers(), &key) {
        return Err(ConnectError::BadUpgrade {
            address: address.clone(),
            problem,
        });
    }
    let rest = answer.split_off(length);
    Ok(WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(limits)).await)
}

/// The first line of what a server says about why it opens nothing, if it says that in words.
async fn sentence(
    headers: &HeaderMap,
    mut body: Vec<u8>,
    stream: &mut (impl AsyncRead + Unpin),
) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_text = text("Content-Type")?.starts_with("text/plain");
    if !is_text || headers.contains_key("Transfer-Encoding") {
        return None;
    }
    let length = text("Content-Length").and_then(|length| length.parse().ok());
    let wanted = length.map_or(SENTENCE_LIMIT, |length: usize| length.min(SENTENCE_LIMIT));
    // A server that keeps the connection open must not hide its status; what has come counts.
    let _ = timeout(SENTENCE_TIME, async {
        while body.len() < wanted
            && stream
                .read_buf(&mut body)
                .await
                .is_ok_and(|count| count > 0)
        {}
    })
    .await;
    let body = String::from_utf8_lossy(&body);
    let said = body.lines().next()?.trim();
    (!said.is_empty()).then(|| shown(said).to_string())
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// What is wrong with an upgrade, by RFC 6455.
fn flaw(headers: &HeaderMap, key: &str) -> Option<&'static str> {
    let has = |name: &str, wanted: &str| {
        let values = headers.get_all(name).into_iter();
        let mut words = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','));
        words.any(|word| word.trim().eq_ignore_ascii_case(wanted))
    };
    if !has("Upgrade", "websocket") || !has("Connection", "Upgrade") {
        return Some("it upgrades to something else");
    }
    let accepted = headers.get("Sec-WebSocket-Accept");
    if accepted.is_none_or(|value| value != derive_accept_key(key.as_bytes()).as_str()) {
        return Some("its answer is to another request");
    }
    let unasked = ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"];
    if unasked.iter().any(|name| headers.contains_key(*name)) {
        return Some("it chose a protocol or an extension that was not offered");
    }
    None
}

/// Whether a server may be missing a certificate of ours.
fn wants_certificate(access: &Access) -> bool {
    #[cfg(feature = "tls")]
    if access.address.is_tls() {
        return !access.trust.has_identity();
    }
    let _ = access;
    false
}

#[cfg(feature = "tls")]
fn is_said_by_tls(error: &io::Error) -> bool {
    certificates::of_tls(error).is_some()
}

#[cfg(not(feature = "tls"))]
fn is_said_by_tls(_: &io::Error) -> bool {
    false
}

/// Why a connection ended in the middle of its opening.
fn broken(access: &Access, source: io::Error) -> ConnectError {
    let address = access.address.clone();
    #[cfg(feature = "tls")]
    if let Some(error) = certificates::of_tls(&source) {
        let problem = certificates::explain(error, &access.trust);
        return ConnectError::Tls { address, problem };
    }
    ConnectError::Broken { address, source }
}

#[cfg(feature = "tls")]
async fn secured<S: AsyncRead + AsyncWrite + Unpin>(
    access: &Access,
    stream: S,
) -> Result<MaybeTlsStream<S>, ConnectError> {
    use rustls::pki_types::ServerName;

    if !access.address.is_tls() {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let failed = |problem: String| ConnectError::Tls {
        address: access.address.clone(),
        problem,
    };
    let client = access.trust.client().await;
    let client = client.map_err(|why| failed(why.to_string()))?;
    let name = ServerName::try_from(access.address.host().to_owned());
    let name =
        name.map_err(|_| failed("its host is not a name that a certificate can have".to_owned()))?;
    let secured = tokio_rustls::TlsConnector::from(client).connect(name, stream);
    match secured.await {
        Ok(stream) => Ok(MaybeTlsStream::Rustls(stream)),
        Err(source) if certificates::speaks_no_tls(&source) => Err(ConnectError::NoTls {
            address: access.address.clone(),
            source,
        }),
        Err(source) => Err(broken(access, source)),
    }
}

#[cfg(not(feature = "tls"))]
async fn secured<S>(_: &Access, stream: S) -> Result<MaybeTlsStream<S>, ConnectError> {
    Ok(MaybeTlsStream::Plain(stream))
}
