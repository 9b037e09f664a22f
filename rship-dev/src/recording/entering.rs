//! Letting somebody in: the request is read and looked at before it is answered.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse as _;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::codec;
use crate::server::opening::{Doors, Refusal};

/// The longest request, in bytes.
const LONGEST: usize = 64 << 10;

/// Somebody who asks for a WebSocket.
pub(crate) struct Entering<S> {
    stream: S,
    pub(crate) request: Request,
    /// What came behind the request.
    rest: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Entering<S> {
    /// Reads the request, and turns away who may not come in; then it is an error that says why.
    pub(crate) async fn at(mut stream: S, doors: &Doors, local: IpAddr) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match Request::try_parse(&bytes).map_err(io::Error::other)? {
                Some((length, request)) => {
                    let entering = Self {
                        stream,
                        request,
                        rest: bytes.split_off(length),
                    };
                    return match doors.check(&entering.request, Some(local)) {
                        Ok(()) => Ok(entering),
                        Err(refusal) => Err(entering.refuse(&refusal).await),
                    };
                }
                None if bytes.len() > LONGEST => {
                    return Err(io::Error::other("its request has no end"));
                }
                None => {}
            }
        }
    }

    /// Answers that there is no WebSocket, and why; returns the same as an error.
    pub(crate) async fn refuse(mut self, refusal: &Refusal) -> io::Error {
        let response = refusal.response();
        let mut bytes = Vec::new();
        let body = response.body().clone().unwrap_or_default();
        let written = write_response(&mut bytes, &with_length(response, body.len()));
        bytes.extend(body.as_bytes());
        if written.is_ok() {
            // Who is gone does not need to know.
            drop(self.stream.write_all(&bytes).await);
            drop(self.stream.shutdown().await);
        }
        io::Error::other(refusal.reason.clone())
    }

    /// Opens the WebSocket.
    pub(crate) async fn accept(mut self) -> Result<WebSocketStream<S>, Error> {
        let response = create_response(&self.request)?;
        let mut bytes = Vec::new();
        write_response(&mut bytes, &response)?;
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await?;
        let config = Some(codec::config());
        let (stream, rest) = (self.stream, self.rest);
        Ok(WebSocketStream::from_partially_read(stream, rest, Role::Server, config).await)
    }
}

fn with_length(
    mut response: tokio_tungstenite::tungstenite::handshake::server::ErrorResponse,
    length: usize,
) -> tokio_tungstenite::tungstenite::handshake::server::ErrorResponse {
    use tokio_tungstenite::tungstenite::http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};

    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
