//! The way between device and server, which can be slow, late, stuck, cut and full of garbage.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::Failure;

/// The most that is taken at a time.
const CHUNK: usize = 64 * 1024;

/// How much may wait unseen in the link's own socket: little, so that what it does is felt.
const RECEIVED: u32 = 64 * 1024;

/// How often a slow link takes something, in a second.
const TICKS: usize = 20;

/// The largest slice of a link that slices.
const SLICE: usize = 97;

/// What no WebSocket frame starts with.
const GARBAGE: [u8; 64] = [0xff; 64];

/// How what goes through goes through, in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Free,
    /// Bytes in a second.
    Slow(usize),
    /// Each part comes at least so much later, and up to twice that.
    Late(Duration),
    /// In small parts.
    Sliced,
    Stopped,
}

/// What becomes of a connection that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    /// Reset, as where nobody listens.
    Shut,
    /// Closed in order, without a word.
    AtOnce,
    /// Left open, and never answered.
    Mute,
}

/// How connections are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Reset,
    Fin,
    /// After a half of the next part that either side sends.
    MidFrame,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    server: SocketAddr,
    door: Door,
    /// From the device to the server.
    up: Flow,
    down: Flow,
    /// Connections end when it grows, in this way.
    cuts: u64,
    cut: Cut,
    /// Garbage goes to the device when it grows.
    garbage: u64,
    /// What the device says on connections up to this one is kept back, and it hears nothing on them.
    held: u64,
}

/// What happened on the link.
#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    /// How often something that was set took effect.
    acted: AtomicU64,
}

impl Counts {
    fn act(&self) {
        self.acted.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct Link {
    pub(super) addr: SocketAddr,
    settings: watch::Sender<Settings>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

impl Link {
    pub(super) async fn start(server: SocketAddr) -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVED)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(64)?;
        let addr = listener.local_addr()?;
        let settings = watch::Sender::new(Settings {
            server,
            door: Door::Open,
            up: Flow::Free,
            down: Flow::Free,
            cuts: 0,
            cut: Cut::Reset,
            garbage: 0,
            held: 0,
        });
        let counts = Arc::default();
        let task = listen(listener, settings.subscribe(), Arc::clone(&counts));
        Ok(Self {
            addr,
            settings,
            counts,
            task: tokio::spawn(task),
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
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How often what was set has taken effect.
    pub(super) fn acted(&self) -> u64 {
        self.counts.acted.load(Ordering::Relaxed)
    }

    /// Ends all connections.
    pub(super) fn cut(&self, cut: Cut) {
        self.settings.send_modify(|settings| {
            settings.cuts += 1;
            settings.cut = cut;
        });
    }

    /// Resets all connections, and does this with those that are made.
    pub(super) fn close(&self, door: Door) {
        self.settings.send_modify(|settings| settings.door = door);
        self.cut(Cut::Reset);
    }

    /// Writes what no frame is to the device.
    pub(super) fn garbage(&self) {
        self.settings.send_modify(|settings| settings.garbage += 1);
    }

    /// Keeps back what the device says on the connections that it has.
    pub(super) fn hold(&self) {
        let held = self.connections();
        self.settings.send_modify(|settings| settings.held = held);
    }

    /// Leads to another server from now on.
    pub(super) fn lead_to(&self, server: SocketAddr) {
        self.settings
            .send_modify(|settings| settings.server = server);
        self.cut(Cut::Reset);
    }

    /// As it was at first; what was kept back goes on.
    pub(super) fn restore(&self) {
        self.settings.send_modify(|settings| {
            settings.door = Door::Open;
            settings.up = Flow::Free;
            settings.down = Flow::Free;
            settings.held = 0;
        });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, settings: watch::Receiver<Settings>, counts: Arc<Counts>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let number = counts.connections.fetch_add(1, Ordering::Relaxed) + 1;
                    connections.spawn(connection(stream, settings.clone(), number, Arc::clone(&counts)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection; unless told otherwise, it ends with a reset.
async fn connection(
    mut device: TcpStream,
    mut settings: watch::Receiver<Settings>,
    number: u64,
    counts: Arc<Counts>,
) {
    let now = *settings.borrow_and_update();
    match now.door {
        Door::Open => {}
        Door::Shut => {
            counts.act();
            let _ = device.set_zero_linger();
            return;
        }
        Door::AtOnce => {
            counts.act();
            let _ = device.shutdown().await;
            return;
        }
        Door::Mute => {
            counts.act();
            let _ = settings.wait_for(|later| later.door != Door::Mute).await;
            return;
        }
    }
    let Ok(mut server) = TcpStream::connect(now.server).await else {
        return;
    };
    let _ = (device.set_nodelay(true), server.set_nodelay(true));
    let (mut from_device, mut to_device) = device.split();
    let (mut from_server, mut to_server) = server.split();
    // Whether the device has ended it while what it said was kept back.
    let outlived = AtomicBool::new(false);
    let side = |is_up| Side {
        is_up,
        number,
        cuts: now.cuts,
        settings: settings.clone(),
        counts: &counts,
        outlived: &outlived,
    };
    let (up, down) = (side(true), side(false));
    let up = async {
        up.copy(&mut from_device, &mut to_server).await;
        if outlived.load(Ordering::Relaxed) {
            // It ends when the server has read all of it.
            std::future::pending::<()>().await;
        }
    };
    let down = async {
        down.copy(&mut from_server, &mut to_device).await;
        if outlived.load(Ordering::Relaxed) {
            let mut rest = vec![0; CHUNK];
            while let Ok(1..) = from_server.read(&mut rest).await {}
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = settings.wait_for(|later| later.cuts > now.cuts && later.cut != Cut::MidFrame) => counts.act(),
    }
    let how = *settings.borrow();
    if how.cuts > now.cuts && how.cut == Cut::Fin {
        let _ = (device.shutdown().await, server.shutdown().await);
    } else {
        let _ = device.set_zero_linger();
        // Half a frame must arrive before the end does.
        if how.cuts > now.cuts && how.cut == Cut::MidFrame {
            let _ = server.shutdown().await;
        } else {
            let _ = server.set_zero_linger();
        }
    }
}

/// One direction of a connection.
struct Side<'c> {
    is_up: bool,
    number: u64,
    /// How many cuts there were when it was made.
    cuts: u64,
    settings: watch::Receiver<Settings>,
    counts: &'c Counts,
    outlived: &'c AtomicBool,
}

impl Side<'_> {
    async fn copy(mut self, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) {
        let mut buffer = vec![0; CHUNK];
        let mut garbage = self.settings.borrow_and_update().garbage;
        loop {
            let now = *self.settings.borrow_and_update();
            if !self.is_up && now.garbage > garbage {
                garbage = now.garbage;
                if to.write_all(&GARBAGE).await.is_err() {
                    return;
                }
                self.counts.act();
            }
            let flow = if self.is_up { now.up } else { now.down };
            let most = match flow {
                _ if now.held >= self.number && self.is_up => {
                    if !self.keep_back(from, to).await {
                        return;
                    }
                    continue;
                }
                Flow::Stopped => {
                    if !self.stand(from).await {
                        return;
                    }
                    continue;
                }
                _ if now.held >= self.number => {
                    if self.settings.changed().await.is_err() {
                        return;
                    }
                    continue;
                }
                Flow::Free | Flow::Late(_) => CHUNK,
                Flow::Slow(rate) => (rate / TICKS).clamp(1, CHUNK),
                Flow::Sliced => SLICE,
            };
            let read = tokio::select! {
                read = from.read(&mut buffer[..most]) => read,
                changed = self.settings.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
            };
            let Some(part) = read.ok().and_then(|read| buffer.get(..read)) else {
                return;
            };
            if now.cuts > self.cuts && now.cut == Cut::MidFrame && part.len() > 1 {
                let _ = to.write_all(&part[..part.len() / 2]).await;
                self.counts.act();
                return;
            }
            if let Flow::Late(delay) = flow {
                sleep(delay + delay.mul_f64(fastrand::f64())).await;
            }
            if part.is_empty() || to.write_all(part).await.is_err() {
                return;
            }
            if let Flow::Slow(_) = flow {
                sleep(Duration::from_secs(1) / TICKS as u32).await;
            }
            if flow != Flow::Free {
                self.counts.act();
            }
        }
    }

    /// Lets nothing through until the settings change; `false` when the link is gone.
    async fn stand(&mut self, from: &ReadHalf<'_>) -> bool {
        let changed = tokio::select! {
            changed = self.settings.changed() => changed,
            _ = from.readable() => {
                self.counts.act();
                self.settings.changed().await
            }
        };
        changed.is_ok()
    }

    /// Keeps what comes until it is let go, also beyond the end of the connection; `false` when that has come.
    async fn keep_back(&mut self, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> bool {
        let (mut kept, mut buffer) = (Vec::new(), vec![0; CHUNK]);
        let mut is_open = true;
        while self.settings.borrow_and_update().held >= self.number {
            tokio::select! {
                read = from.read(&mut buffer), if is_open => match read {
                    Ok(read @ 1..) => kept.extend_from_slice(&buffer[..read]),
                    _ => {
                        is_open = false;
                        self.outlived.store(true, Ordering::Relaxed);
                    }
                },
                changed = self.settings.changed() => if changed.is_err() {
                    return false;
                },
            }
        }
        if !is_open && !kept.is_empty() {
            self.counts.act();
        }
        let written = to.write_all(&kept).await;
        if !is_open {
            let _ = to.shutdown().await;
        }
        written.is_ok() && is_open
    }
}
