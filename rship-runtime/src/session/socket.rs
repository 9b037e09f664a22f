//! The socket as the reader and the writer of one session share it.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::{Sink as _, Stream as _};
use tokio::io::AsyncWrite as _;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

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
