//! Connecting: the byte stream, TLS, and the WebSocket's opening.

use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Error as WsError};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::address::Address;
use crate::config::Config;

/// What servers in the field take in one message.
const MESSAGE_LIMIT: usize = 64 << 20;

/// A byte stream to a server.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for T {}

/// How the byte stream to a server is made, below TLS and WebSocket: TCP unless set with
/// [`Builder::connect`](crate::Builder::connect), for networks in which a server is reached in another
/// way (a proxy, a tunnel, a pipe in a test).
#[async_trait]
pub trait Connect: Send + Sync + 'static {
    /// Connects to the server; called anew for each try.
    ///
    /// # Errors
    /// When the server cannot be reached; the executor says so in its log, and tries again.
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>>;
}

/// TCP, with small messages sent at once.
pub(crate) struct Tcp;

#[async_trait]
impl Connect for Tcp {
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<Box<dyn Transport>>>;

/// Opens the WebSocket; on failure says why, to a person.
pub(super) async fn open(config: &Config) -> Result<WebSocket, String> {
    let address = &config.address;
    let stream = config.connect.connect(address).await.map_err(|error| {
        let (host, port) = (address.host(), address.port());
        format!("no connection to {host} port {port}: {error}")
    })?;
    let mut request = address
        .uri()
        .clone()
        .into_client_request()
        .map_err(|error| format!("{address} cannot be asked for: {error}"))?;
    if let Some(authorization) = &config.authorization {
        request
            .headers_mut()
            .insert(AUTHORIZATION, authorization.clone());
    }
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT));
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
        Err(error) => Err(explain(address, &error)),
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
                502..=504 => ": the proxy is there, the server behind it is not",
                _ => "",
            };
            format!("{address} answered {status} instead of opening a WebSocket{hint}")
        }
        WsError::Protocol(tungstenite::error::ProtocolError::HandshakeIncomplete) => {
            format!("{address} hung up while the WebSocket was being opened")
        }
        WsError::Tls(error) => format!("TLS with {address} failed: {error}"),
        error => format!("{address} opened no WebSocket: {error}"),
    }
}

#[cfg(feature = "tls")]
fn connector(address: &Address) -> Result<Option<tokio_tungstenite::Connector>, String> {
    use std::sync::{Arc, OnceLock};

    use tokio_tungstenite::Connector;

    // Reading the system's certificates takes tens of milliseconds: once is enough.
    static CLIENT: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();

    if address.uri().scheme_str() != Some("wss") {
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
        return Err(format!(
            "the system has no root certificates for {address}{why}"
        ));
    }
    // The provider is named, because a program may have several compiled in and then none is the default.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(Connector::Rustls(Arc::clone(
        CLIENT.get_or_init(|| Arc::new(client)),
    ))))
}
