//! A connection that can be cut from here.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use rship_runtime::{Address, Connect, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// TCP, until it is cut.
#[derive(Debug, Clone)]
pub(super) struct Cable(watch::Sender<()>);

impl Cable {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Cuts the connection that there is, if there is one; the next one is whole.
    pub(super) fn cut(&self) {
        self.0.send_replace(());
    }
}

#[async_trait]
impl Connect for Cable {
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        let mut cuts = self.0.subscribe();
        Ok(Box::new(Wire {
            stream,
            is_orderly: false,
            cut: Box::pin(async move {
                if cuts.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }),
        }))
    }
}

struct Wire {
    stream: TcpStream,
    is_orderly: bool,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_orderly {
            // What was not sent must not come behind what the next connection says.
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An executor always reads, so this is where it is told.
        if self.cut.as_mut().poll(context).is_ready() {
            self.cut = Box::pin(std::future::ready(()));
            let why = "the stand-in was told to drop its connection";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, why)));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_orderly = true;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
