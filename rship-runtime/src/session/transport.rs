//! The byte stream below TLS and WebSocket, unless the user makes it otherwise: TCP.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::address::{Address, Connect, Transport};

/// Bytes that the kernel takes beyond those that are on their way: what it takes has nearly left, and
/// pings do not stand in line behind more than this.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 64 << 10;

/// TCP, with small messages sent at once.
pub(crate) struct Tcp;

#[async_trait]
impl Connect for Tcp {
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
        Ok(Box::new(Connection {
            stream,
            orderly: false,
        }))
    }
}

/// A TCP connection that is reset when it is given up: what it has not sent must not reach the server
/// after the words of its successor.
struct Connection {
    stream: TcpStream,
    orderly: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.orderly {
            // A connection that cannot be reset is closed.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.orderly = true;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
