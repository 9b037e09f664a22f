//! A door in front of a server: while it is shut, the executor is offline for certain.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rship_runtime::{Address, Connect, Transport};
use tokio::net::TcpStream;

/// Connects over TCP while it is open; clones are the same door.
#[derive(Clone, Debug)]
pub struct Door(Arc<AtomicBool>);

impl Door {
    /// A door that is open or shut.
    #[must_use]
    pub fn new(open: bool) -> Self {
        Self(Arc::new(AtomicBool::new(open)))
    }

    /// Opens or shuts it; connections that exist stay.
    pub fn set(&self, open: bool) {
        self.0.store(open, Ordering::Release);
    }
}

#[async_trait]
impl Connect for Door {
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>> {
        if !self.0.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}
