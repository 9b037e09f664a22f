//! The way between device and server, which can be slow, stuck, cut and full of garbage.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::Failure;

/// The most that is taken at a time.
const CHUNK: usize = 64 * 1024;

/// How often a slow link takes something, in a second.
const TICKS: usize = 20;

/// What no WebSocket frame starts with.
const GARBAGE: [u8; 64] = [0xff; 64];

/// How much goes through in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Free,
    /// Bytes in a second.
    Slow(usize),
    Stopped,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    server: SocketAddr,
    open: bool,
    /// From the device to the server.
    up: Flow,
    down: Flow,
    /// Connections end when it grows.
    cuts: u64,
    /// Garbage goes to the device when it grows.
    garbage: u64,
}

pub(super) struct Link {
    pub(super) addr: SocketAddr,
    settings: watch::Sender<Settings>,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Link {
    pub(super) async fn start(server: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let settings = watch::Sender::new(Settings {
            server,
            open: true,
            up: Flow::Free,
            down: Flow::Free,
            cuts: 0,
            garbage: 0,
        });
        let connections = Arc::default();
        let task = tokio::spawn(listen(
            listener,
            settings.subscribe(),
            Arc::clone(&connections),
        ));
        Ok(Self {
            addr,
            settings,
            connections,
            task,
        })
    }

    pub(super) fn up(&self, flow: Flow) {
        self.settings.send_modify(|settings| settings.up = flow);
    }

    pub(super) fn down(&self, flow: Flow) {
        self.settings.send_modify(|settings| settings.down = flow);
    }

    /// How often the device has connected.
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Resets all connections.
    pub(super) fn cut(&self) {
        self.settings.send_modify(|settings| settings.cuts += 1);
    }

    /// Resets all connections, and lets nobody in.
    pub(super) fn close(&self) {
        self.settings.send_modify(|settings| {
            settings.open = false;
            settings.cuts += 1;
        });
    }

    /// Writes what no frame is to the device.
    pub(super) fn garbage(&self) {
        self.settings.send_modify(|settings| settings.garbage += 1);
    }

    /// Leads to another server from now on.
    pub(super) fn lead_to(&self, server: SocketAddr) {
        self.settings.send_modify(|settings| {
            settings.server = server;
            settings.cuts += 1;
        });
    }

    /// As it was at first.
    pub(super) fn restore(&self) {
        self.settings.send_modify(|settings| {
            settings.open = true;
            settings.up = Flow::Free;
            settings.down = Flow::Free;
        });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, settings: watch::Receiver<Settings>, count: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    count.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(connection(stream, settings.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection; however it ends, it ends with a reset.
async fn connection(mut device: TcpStream, mut settings: watch::Receiver<Settings>) {
    let now = *settings.borrow_and_update();
    let _ = device.set_zero_linger();
    if !now.open {
        return;
    }
    let Ok(mut server) = TcpStream::connect(now.server).await else {
        return;
    };
    let _ = server.set_zero_linger();
    let _ = (device.set_nodelay(true), server.set_nodelay(true));
    let (from_device, to_device) = device.split();
    let (from_server, to_server) = server.split();
    let up = copy(
        from_device,
        to_server,
        settings.clone(),
        |now| now.up,
        false,
    );
    let down = copy(
        from_server,
        to_device,
        settings.clone(),
        |now| now.down,
        true,
    );
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = settings.wait_for(|later| later.cuts > now.cuts) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut settings: watch::Receiver<Settings>,
    flow: fn(&Settings) -> Flow,
    takes_garbage: bool,
) {
    let mut buffer = vec![0; CHUNK];
    let mut garbage = settings.borrow_and_update().garbage;
    loop {
        let now = *settings.borrow_and_update();
        if takes_garbage && now.garbage > garbage {
            garbage = now.garbage;
            if to.write_all(&GARBAGE).await.is_err() {
                return;
            }
        }
        let flow = flow(&now);
        let most = match flow {
            Flow::Free => CHUNK,
            Flow::Slow(rate) => (rate / TICKS).clamp(1, CHUNK),
            Flow::Stopped => {
                if settings.changed().await.is_err() {
                    return;
                }
                continue;
            }
        };
        let read = tokio::select! {
            read = from.read(&mut buffer[..most]) => read,
            changed = settings.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Some(part) = read.ok().and_then(|read| buffer.get(..read)) else {
            return;
        };
        if part.is_empty() || to.write_all(part).await.is_err() {
            return;
        }
        if flow != Flow::Free {
            sleep(Duration::from_secs(1) / TICKS as u32).await;
        }
    }
}
