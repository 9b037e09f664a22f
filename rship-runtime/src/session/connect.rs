//! Connecting: from an executor's settings to an open WebSocket.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::liveness::{Liveness, Metered};
use super::opening::open;
use super::refusal::ConnectError;
use crate::settings::Server;

/// What servers in the field take in one message.
const MESSAGE_LIMIT: usize = 64 << 20;

/// Bytes that the WebSocket gathers before it writes them: a frame's worth, so that an executor costs
/// little memory and a ping does not stand in line behind more.
const WRITE_BUFFER: usize = 16 << 10;

/// Bytes that are read at a time.
const READ_BUFFER: usize = 16 << 10;

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<Metered>>;

/// Opens the WebSocket.
pub(super) async fn connect(
    server: &Server,
    liveness: &Arc<Liveness>,
) -> Result<WebSocket, Box<ConnectError>> {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT))
        .write_buffer_size(WRITE_BUFFER)
        .read_buffer_size(READ_BUFFER);
    let connecting = async {
        let stream = server.connect.connect(&server.access.address).await?;
        Ok(Metered::new(stream, liveness))
    };
    let opened = open(&server.access, connecting, limits).await;
    opened.map_err(Box::new)
}
