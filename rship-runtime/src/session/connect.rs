//! Connecting: the byte stream, TLS, and the WebSocket's opening.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::liveness::{Liveness, Metered};
use crate::address::Address;
use crate::settings::Server;

/// What servers in the field take in one message.
const MESSAGE_LIMIT: usize = 64 << 20;

/// Bytes that the WebSocket gathers before it writes them: a frame's worth, so that an executor costs
/// little memory and a ping does not stand in line behind more.
const WRITE_BUFFER: usize = 16 << 10;

/// Bytes that are read at a time.
const READ_BUFFER: usize = 16 << 10;

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<Metered>>;

/// Why no WebSocket was opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no connection to {host} port {port}: {source}")]
    Stream {
        host: String,
        port: u16,
        source: std::io::Error,
    },
    #[error("{address} cannot be asked for: {source}")]
    Request { address: Address, source: WsError },
    #[error("{}", explain(.address, .source))]
    Opening { address: Address, source: WsError },
    #[cfg(feature = "tls")]
    #[error("the system has no root certificates for {0}{1}")]
    NoRoots(Address, String),
    #[cfg(feature = "tls")]
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
    #[error("no connection within {:.1} s", .0.as_secs_f64())]
    TimedOut(std::time::Duration),
}

/// Opens the WebSocket.
pub(super) async fn open(
    server: &Server,
    liveness: &Arc<Liveness>,
) -> Result<WebSocket, Box<ConnectError>> {
    let address = &server.address;
    let stream = server.connect.connect(address).await;
    let stream = stream.map_err(|source| {
        Box::new(ConnectError::Stream {
            host: address.host().to_owned(),
            port: address.port(),
            source,
        })
    })?;
    let stream = Metered::new(stream, liveness);
    let request = address.uri().clone().into_client_request();
    let mut request = request.map_err(|source| {
        let address = address.clone();
        Box::new(ConnectError::Request { address, source })
    })?;
    if let Some(authorization) = &server.authorization {
        request
            .headers_mut()
            .insert(AUTHORIZATION, authorization.clone());
    }
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT))
        .write_buffer_size(WRITE_BUFFER)
        .read_buffer_size(READ_BUFFER);
    #[cfg(feature = "tls")]
    let opening = tokio_tungstenite::client_async_tls_with_config(
        request,
        stream,
        Some(limits),
        connector(address)?,
    );
    #[cfg(not(feature = "tls"))]
    let opening = tokio_tungstenite::client_async_with_config(
        request,
        MaybeTlsStream::Plain(stream),
        Some(limits),
    );
    match opening.await {
        Ok((socket, _)) => Ok(socket),
        Err(source) => {
            let address = address.clone();
            Err(Box::new(ConnectError::Opening { address, source }))
        }
    }
}

fn explain(address: &Address, error: &WsError) -> String {
    match error {
        WsError::Http(response) => {
            let status = response.status();
            let hint = match status.as_u16() {
                401 | 403 => ": is RSHIP_TOKEN right?",
                404 => ": is the path of the address right?",
                300..=399 => ": it wants another address",
                200..=299 => {
                    ": a web server is there, and no Rocketship server: are the port and the path right?"
                }
                400 if !is_tls(address) => ": a port that speaks TLS is written wss://",
                502..=504 => ": the proxy is there, the server behind it is not",
                _ => "",
            };
            format!("{address} answered {status} instead of opening a WebSocket{hint}")
        }
        WsError::Protocol(ProtocolError::HandshakeIncomplete) => {
            format!("{address} hung up while the WebSocket was being opened")
        }
        WsError::Protocol(ProtocolError::HttparseError(_)) | WsError::HttpFormat(_) => format!(
            "{address} did not open a WebSocket, because what answers there is not a WebSocket server: is the \
             port right? A port that speaks TLS is written wss:// ({error})"
        ),
        WsError::Io(io) if is_tls(address) && speaks_no_tls(io) => format!(
            "{address} did not answer as TLS does: is it a plain port, written ws://, or is the port wrong? \
             ({error})"
        ),
        WsError::Tls(error) => format!("TLS with {address} failed: {error}"),
        error => format!("{address} did not open a WebSocket: {error}"),
    }
}

fn is_tls(address: &Address) -> bool {
    address.uri().scheme_str() == Some("wss")
}

/// Whether it looks as if the other side has no TLS, rather than a certificate that we do not take.
fn speaks_no_tls(error: &std::io::Error) -> bool {
    #[cfg(feature = "tls")]
    if let Some(error) = error.get_ref().and_then(|error| error.downcast_ref()) {
        use rustls::Error::{InappropriateHandshakeMessage, InappropriateMessage, InvalidMessage};
        return matches!(
            error,
            InvalidMessage(_) | InappropriateMessage { .. } | InappropriateHandshakeMessage { .. }
        );
    }
    matches!(
        error.kind(),
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset
    )
}

#[cfg(feature = "tls")]
fn connector(address: &Address) -> Result<Option<tokio_tungstenite::Connector>, Box<ConnectError>> {
    use std::sync::OnceLock;

    use tokio_tungstenite::Connector;

    // Reading the system's certificates takes tens of milliseconds: once is enough.
    static CLIENT: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();

    if !is_tls(address) {
        return Ok(Some(Connector::Plain));
    }
    if let Some(client) = CLIENT.get() {
        return Ok(Some(Connector::Rustls(Arc::clone(client))));
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why = found
            .errors
            .first()
            .map_or_else(String::new, |error| format!(" ({error})"));
        return Err(Box::new(ConnectError::NoRoots(address.clone(), why)));
    }
    // The provider is named, because a program may have several compiled in and then none is the default.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Box::new(ConnectError::Tls(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(Connector::Rustls(Arc::clone(
        CLIENT.get_or_init(|| Arc::new(client)),
    ))))
}
