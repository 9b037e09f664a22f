//! A TCP proxy between an executor and its server, with what can be wrong with a network: each [`Toxic`] in one
//! direction, added and removed while connections are open, and counted where it takes effect.

mod pipe;
mod toxic;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use toxic::{Direction, Toxic, ToxicId};

use pipe::Pipe;
use toxic::{Active, Cut};

/// How often each toxic took effect, by name and direction.
pub type Acted = BTreeMap<(&'static str, Direction), u64>;

/// A TCP proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    active: watch::Sender<Vec<Active>>,
    acted: Mutex<Acted>,
    /// Connections so far; the first has number 1.
    connections: AtomicUsize,
    /// Those of them that have not ended.
    open: AtomicUsize,
    toxics: AtomicUsize,
}

impl Proxy {
    /// A proxy to the server at this address, with nothing wrong.
    pub async fn to(server: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // Little waits unseen in the proxy's own buffer.
        socket.set_recv_buffer_size(8 << 10).expect("a size");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(any).expect("a free port");
        let listener = socket.listen(64).expect("a listener");
        let addr = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            active: watch::Sender::new(Vec::new()),
            acted: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            toxics: AtomicUsize::new(0),
        });
        let mut task = JoinSet::new();
        let serving = Arc::clone(&shared);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((executor, _)) = listener.accept().await {
                let number = serving.connections.fetch_add(1, Ordering::SeqCst) + 1;
                connections.spawn(connection(Arc::clone(&serving), executor, server, number));
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            addr,
            shared,
            _task: task,
        }
    }

    /// Where the executor finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/myko", self.addr)
    }

    /// Its address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Adds a toxic for all connections, those to come included; half-open are only those that are open now.
    pub fn add(&self, direction: Direction, toxic: Toxic) -> ToxicId {
        match toxic {
            Toxic::HalfOpen => self.add_to_open(direction, toxic),
            _ => self.shared.add(direction, toxic, usize::MAX),
        }
    }

    /// Adds a toxic for the connections so far.
    pub fn add_to_open(&self, direction: Direction, toxic: Toxic) -> ToxicId {
        let last = self.shared.connections.load(Ordering::SeqCst);
        self.shared.add(direction, toxic, last)
    }

    /// Removes a toxic; what was half-open is reset then.
    pub fn remove(&self, id: ToxicId) {
        let all = &self.shared.active;
        all.send_modify(|active| active.retain(|one| one.id != id));
    }

    /// Removes all toxics.
    pub fn clear(&self) {
        self.shared.active.send_modify(Vec::clear);
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// How often each toxic took effect so far.
    #[must_use]
    pub fn acted(&self) -> Acted {
        self.shared.acted.lock().expect("no panic").clone()
    }
}

impl Shared {
    fn add(&self, direction: Direction, toxic: Toxic, last: usize) -> ToxicId {
        let id = ToxicId(self.toxics.fetch_add(1, Ordering::SeqCst));
        let one = Active {
            id,
            direction,
            toxic,
            since: Instant::now(),
            last,
        };
        self.active.send_modify(|active| active.push(one));
        id
    }

    fn count(&self, name: &'static str, direction: Direction) {
        let mut acted = self.acted.lock().expect("no panic");
        *acted.entry((name, direction)).or_default() += 1;
    }
}

/// Counts a connection as open until this is dropped.
struct Open<'s>(&'s AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn connection(
    shared: Arc<Shared>,
    mut executor: TcpStream,
    server: SocketAddr,
    number: usize,
) {
    shared.open.fetch_add(1, Ordering::SeqCst);
    let _open = Open(&shared.open);
    let opened = Instant::now();
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let _ = (executor.set_nodelay(true), server.set_nodelay(true));
    let (from_executor, to_executor) = executor.split();
    let (from_server, to_server) = server.split();
    let pipe = |direction, from, to| Pipe {
        shared: &shared,
        direction,
        number,
        opened,
        from,
        to,
    };
    let up = pipe(Direction::Up, from_executor, to_server).run();
    let down = pipe(Direction::Down, from_server, to_executor).run();
    match tokio::try_join!(up, down) {
        Ok(_) | Err(Cut::Close) => {}
        Err(Cut::Reset) => {
            let _ = (executor.set_zero_linger(), server.set_zero_linger());
        }
        Err(Cut::Vanish(direction, id)) => {
            let (gone, stays) = match direction {
                Direction::Up => (server, executor),
                Direction::Down => (executor, server),
            };
            let _ = (gone.set_zero_linger(), stays.set_zero_linger());
            drop(gone);
            let mut active = shared.active.subscribe();
            let over = |active: &Vec<Active>| active.iter().all(|one| one.id != id);
            // It ends with the proxy at the latest.
            let _ = active.wait_for(over).await;
        }
    }
}
