//! A link between an executor and its server that is as slow, as late or as stalled as a test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// What the link does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions {
    /// What passes each way in a second; as much as there is, if not set.
    bytes_per_second: Option<u32>,
    /// How late everything arrives, each way.
    delay: Duration,
    /// Of this many first connections the link keeps what the executor sends.
    held: usize,
}

impl Conditions {
    /// A link that passes this much a second, each way.
    #[must_use]
    pub fn slow(bytes_per_second: u32) -> Self {
        Self {
            bytes_per_second: Some(bytes_per_second),
            ..Self::default()
        }
    }

    /// A link on which everything arrives this much later.
    #[must_use]
    pub fn late(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }
}

/// A TCP proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    conditions: watch::Sender<Conditions>,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Link {
    /// A link to the server at this address.
    pub async fn to(server: SocketAddr, conditions: Conditions) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // Little waits unseen in the link's own buffer.
        socket.set_recv_buffer_size(8 << 10).expect("a size");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(any).expect("a free port");
        let listener = socket.listen(64).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (conditions, seen) = watch::channel(conditions);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((executor, _)) = listener.accept().await else {
                    return;
                };
                let number = accepted.fetch_add(1, Ordering::SeqCst) + 1;
                let Ok(server) = TcpStream::connect(server).await else {
                    continue;
                };
                let (from_executor, to_executor) = executor.into_split();
                let (from_server, to_server) = server.into_split();
                let (up, down) = (seen.clone(), seen.clone());
                connections.spawn(pass(from_executor, to_server, up, Some(number)));
                connections.spawn(pass(from_server, to_executor, down, None));
            }
        });
        Self {
            address,
            conditions,
            connections,
            _tasks: tasks,
        }
    }

    /// Where the executor finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/myko", self.address)
    }

    /// Keeps what the executor sends on all connections so far, until [`release`](Link::release).
    pub fn hold(&self) {
        let held = self.connections.load(Ordering::SeqCst);
        self.conditions.send_modify(|now| now.held = held);
    }

    /// Passes on what was kept.
    pub fn release(&self) {
        self.conditions.send_modify(|now| now.held = 0);
    }
}

/// Passes one direction of a connection on; `up` is the connection's number on the way to the server.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut conditions: watch::Receiver<Conditions>,
    up: Option<usize>,
) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reading = conditions.clone();
    let read = async move {
        let mut chunk = vec![0; 4 << 10];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            let now = *reading.borrow();
            let _ = sender.send((Instant::now() + now.delay, chunk[..count].to_vec()));
            if let Some(rate) = now.bytes_per_second {
                sleep(Duration::from_secs(1) * u32::try_from(count).expect("few") / rate).await;
            }
        }
        drop(sender);
    };
    let write = async move {
        while let Some((due, chunk)) = receiver.recv().await {
            sleep_until(due).await;
            let passes = |now: &Conditions| up.is_none_or(|number| number > now.held);
            if conditions.wait_for(passes).await.is_err() || to.write_all(&chunk).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
