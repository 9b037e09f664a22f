//! The socket as the reader and the writer of one session share it, and how frames go into it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::{Sink as _, Stream as _};
use rship_core::wire::{self, Encoding, FRAME_LIMIT};
use tokio::io::AsyncWrite as _;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tracing::warn;

use super::connect::WebSocket;

/// Both are polled by the session's one task, so the lock is always free.
pub(super) struct Socket(Mutex<WebSocket>);

impl Socket {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self(Mutex::new(socket))
    }

    fn socket(&self) -> MutexGuard<'_, WebSocket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next message; `None` when the connection has ended. Calls `idle` when it is not there yet.
    pub(super) async fn next(&self, mut idle: impl FnMut()) -> Option<Result<Message, WsError>> {
        std::future::poll_fn(|context| {
            let next = Pin::new(&mut *self.socket()).poll_next(context);
            if next.is_pending() {
                idle();
            }
            next
        })
        .await
    }

    /// Writes all messages that there are, and waits until they have left this program. When this is
    /// given up, no message is lost that was taken.
    pub(super) async fn send_all(
        &self,
        mut next: impl FnMut() -> Option<Message>,
    ) -> Result<(), WsError> {
        let mut send = |context: &mut Context<'_>| {
            let mut socket = self.socket();
            let mut socket = Pin::new(&mut *socket);
            loop {
                ready!(socket.as_mut().poll_ready(context))?;
                match next() {
                    Some(message) => socket.as_mut().start_send(message)?,
                    None => return socket.poll_flush(context),
                }
            }
        };
        std::future::poll_fn(|context| -> Poll<Result<(), WsError>> { send(context) }).await
    }

    /// Writes one message.
    pub(super) async fn send(&self, message: Message) -> Result<(), WsError> {
        let mut message = Some(message);
        self.send_all(|| message.take()).await
    }

    /// Ends the stream in order: what was written reaches the server, whenever this is dropped.
    pub(super) async fn shut_down(&self) -> std::io::Result<()> {
        std::future::poll_fn(|context| Pin::new(self.socket().get_mut()).poll_shutdown(context))
            .await
    }
}

/// Frames larger than this, in bytes, are sent in pieces of this size: a slow server answers the pings
/// between them.
const PIECE: usize = 2 * FRAME_LIMIT;

/// The messages that carry a frame: one, or several with pings in between.
pub(super) fn pieces(asked: Encoding, frame: wire::Frame) -> VecDeque<Message> {
    let (kind, mut left) = match frame {
        wire::Frame::Binary(bytes) => (Data::Binary, bytes),
        wire::Frame::Text(text) => {
            if asked == Encoding::Cbor {
                // Such as a value that nests too deep to be read back; servers take text at any time.
                warn!("a frame goes out as text, because CBOR cannot carry it");
            }
            // As it is: what the serializer wrote is UTF-8, and need not be looked at again.
            (Data::Text, text)
        }
    };
    let mut pieces = VecDeque::with_capacity(1);
    let mut kind = OpCode::Data(kind);
    while left.len() > PIECE {
        let piece = left.split_to(PIECE);
        pieces.push_back(Message::Frame(Frame::message(piece, kind, false)));
        pieces.push_back(Message::Ping(Bytes::new()));
        kind = OpCode::Data(Data::Continue);
    }
    pieces.push_back(Message::Frame(Frame::message(left, kind, true)));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

    #[test]
    fn a_large_frame_goes_out_in_pieces_with_pings_between_them() {
        let text = Bytes::from(vec![b'x'; 2 * PIECE + 1]);
        let pieces = pieces(Encoding::Json, wire::Frame::Text(text));
        let described = pieces.iter().map(|piece| match piece {
            Message::Frame(frame) => {
                let header = frame.header();
                (frame.payload().len(), header.opcode, header.is_final)
            }
            _ => (0, OpCode::Control(Control::Ping), true),
        });
        let (text, more) = (OpCode::Data(Data::Text), OpCode::Data(Data::Continue));
        let ping = (0, OpCode::Control(Control::Ping), true);
        let expected = [
            (PIECE, text, false),
            ping,
            (PIECE, more, false),
            ping,
            (1, more, true),
        ];
        assert_eq!(described.collect::<Vec<_>>(), expected);
    }
}
