//! Pipes of a few bytes in place of sockets, so that a server which does not read stops the executor at
//! once.

use std::io;

use async_trait::async_trait;
use rship_runtime::{Address, Connect, Transport};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::{Peer, within};

/// What an executor connects with.
pub struct Connector {
    sender: mpsc::UnboundedSender<DuplexStream>,
    bytes: usize,
}

/// The other ends of its connections.
pub struct Pipes(mpsc::UnboundedReceiver<DuplexStream>);

/// Connections that hold this many bytes each way.
#[must_use]
pub fn pipes(bytes: usize) -> (Connector, Pipes) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Connector { sender, bytes }, Pipes(receiver))
}

#[async_trait]
impl Connect for Connector {
    async fn connect(&self, _: &Address) -> io::Result<Box<dyn Transport>> {
        let (ours, theirs) = tokio::io::duplex(self.bytes);
        self.sender.send(theirs).map_err(io::Error::other)?;
        Ok(Box::new(ours))
    }
}

impl Pipes {
    /// The next one, without a word said.
    pub async fn next(&mut self) -> DuplexStream {
        within("pipe", self.0.recv()).await.expect("a pipe")
    }

    /// Opens the next one as a 2026 server.
    pub async fn open(&mut self) -> Peer<DuplexStream> {
        let mut peer = Peer::open(self.next().await).await;
        let ping = peer.event("ws:m:ping").await;
        peer.send(ping).await;
        peer
    }
}
