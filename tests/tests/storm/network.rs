//! A network in one thread, by the test's clock: byte streams that are late, slow, stalled, cut and crossed.
//!
//! `tokio::io::duplex` knows neither time nor an end in the middle, and `turmoil-net` brings hosts, name service and a
//! scheduler of its own where one client and one server are needed: what is between two ends of a TCP connection is
//! here, each direction with a window, a clock and an end that comes behind the data.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_trait::async_trait;
use rship_dev::LocalCore;
use rship_runtime::{Address, Connect, Transport};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// What a direction holds before its writer has to wait.
const WINDOW: usize = 32 << 10;

/// How much later a segment comes that was lost once.
const SENT_AGAIN: Duration = Duration::from_millis(200);

/// What the network does to all that passes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) delay: Duration,
    pub(crate) bytes_per_second: Option<u32>,
    /// Of a thousand writes.
    pub(crate) lost: u32,
    pub(crate) stalled_up: bool,
    pub(crate) stalled_down: bool,
}

/// Who answers at the server's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Face {
    #[default]
    Core,
    Refuses,
    /// Takes the connection and says nothing.
    Silent,
    Closes,
    /// The core, after a while.
    Late(Duration),
    /// Something that is no WebSocket server.
    Babbles,
}

/// The network, and the server in it.
#[derive(Default)]
pub(crate) struct Network(Mutex<State>);

#[derive(Default)]
struct State {
    weather: Weather,
    face: Face,
    core: Option<Arc<LocalCore>>,
    wires: Vec<Weak<Mutex<Wire>>>,
    /// Ends that nobody reads.
    silent: Vec<End>,
    random: u64,
    acted: BTreeMap<&'static str, u64>,
    /// How many connections ended.
    ended: u64,
}

/// A connection.
#[derive(Default)]
struct Wire {
    up: Flow,
    down: Flow,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    Fin,
    Reset,
}

/// A direction of a connection.
#[derive(Default)]
struct Flow {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    last: Option<Instant>,
    /// Comes behind the chunks.
    close: Option<Close>,
    /// Whether the reading end is gone: what comes is thrown away.
    deaf: bool,
    stalled: bool,
    /// How many bytes pass until the connection ends, and how it does.
    cut: Option<(usize, Close)>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// An end of a connection.
pub(crate) struct End {
    wire: Arc<Mutex<Wire>>,
    network: Arc<Network>,
    is_client: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flow {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }

    fn end(&mut self, close: Close) {
        self.close.get_or_insert(close);
        self.wake();
    }

    /// Ends at once, with all that is on its way.
    fn break_off(&mut self, close: Close) {
        self.chunks.clear();
        self.bytes = 0;
        self.close = Some(close);
        self.stalled = false;
        self.wake();
    }
}

impl Wire {
    fn break_off(&mut self, close: Close) {
        self.up.break_off(close);
        self.down.break_off(close);
    }
}

impl Network {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let network = Self::default();
        lock(&network.0).random = seed | 1;
        Arc::new(network)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// A fault took effect.
    pub(crate) fn acted(&self, fault: &'static str) {
        *self.state().acted.entry(fault).or_default() += 1;
    }

    pub(crate) fn all_that_acted(&self) -> BTreeMap<&'static str, u64> {
        self.state().acted.clone()
    }

    /// How many connections have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.state().ended
    }

    pub(crate) fn set_core(&self, core: Option<Arc<LocalCore>>) {
        self.state().core = core;
    }

    pub(crate) fn set_face(&self, face: Face) {
        let mut state = self.state();
        state.face = face;
        let silent = if face == Face::Silent {
            Vec::new()
        } else {
            std::mem::take(&mut state.silent)
        };
        drop(state);
        drop(silent);
    }

    pub(crate) fn face(&self) -> Face {
        self.state().face
    }

    fn wires(&self) -> Vec<Arc<Mutex<Wire>>> {
        let mut state = self.state();
        state.wires.retain(|wire| wire.strong_count() > 0);
        state.wires.iter().filter_map(Weak::upgrade).collect()
    }

    /// Changes the weather, for connections that exist as well.
    pub(crate) fn set_weather(&self, change: impl FnOnce(&mut Weather)) {
        let weather = {
            let mut state = self.state();
            change(&mut state.weather);
            state.weather
        };
        for wire in self.wires() {
            let mut wire = lock(&wire);
            wire.up.stalled = weather.stalled_up;
            wire.down.stalled = weather.stalled_down;
            wire.up.wake();
            wire.down.wake();
        }
    }

    /// Stalls what connections that exist send to the server; others are not touched.
    pub(crate) fn hold_up(&self) {
        for wire in self.wires() {
            lock(&wire).up.stalled = true;
        }
    }

    /// Ends all connections, with what is on its way.
    pub(crate) fn break_all(&self, close: Close) {
        for wire in self.wires() {
            lock(&wire).break_off(close);
        }
    }

    /// Ends all connections after a few bytes more on their way to the server.
    pub(crate) fn cut_after(&self, bytes: usize, close: Close) {
        for wire in self.wires() {
            lock(&wire).up.cut = Some((bytes, close));
        }
    }

    fn random(&self) -> u64 {
        let mut state = self.state();
        state.random ^= state.random << 13;
        state.random ^= state.random >> 7;
        state.random ^= state.random << 17;
        state.random
    }

    /// When what is written now arrives.
    fn due(&self, last: Option<Instant>, count: usize) -> Instant {
        let weather = self.state().weather;
        let now = Instant::now();
        let mut due = now + weather.delay;
        if !weather.delay.is_zero() {
            self.acted("delay");
        }
        if let Some(rate) = weather.bytes_per_second {
            let passing = Duration::from_secs(1) * u32::try_from(count).unwrap_or(u32::MAX) / rate;
            due = due.max(last.unwrap_or(now)) + passing;
            self.acted("slow link");
        }
        if weather.lost > 0 && self.random() % 1000 < u64::from(weather.lost) {
            due += SENT_AGAIN;
            self.acted("loss");
        }
        due.max(last.unwrap_or(now))
    }
}

impl End {
    fn incoming<'w>(&self, wire: &'w mut Wire) -> &'w mut Flow {
        if self.is_client {
            &mut wire.down
        } else {
            &mut wire.up
        }
    }

    fn outgoing<'w>(&self, wire: &'w mut Wire) -> &'w mut Flow {
        if self.is_client {
            &mut wire.up
        } else {
            &mut wire.down
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(context));
                self.sleep = None;
            }
            let wire = Arc::clone(&self.wire);
            let mut wire = lock(&wire);
            let flow = self.incoming(&mut wire);
            if flow.stalled && (!flow.chunks.is_empty() || flow.close.is_some()) {
                flow.reader = Some(context.waker().clone());
                let stalled = if self.is_client {
                    "stalled down"
                } else {
                    "stalled up"
                };
                self.network.acted(stalled);
                return Poll::Pending;
            }
            let now = Instant::now();
            match flow.chunks.front_mut() {
                Some((due, _)) if *due > now => {
                    let sleep = tokio::time::sleep_until(*due);
                    self.sleep = Some(Box::pin(sleep));
                }
                Some((_, chunk)) => {
                    let count = chunk.len().min(buffer.remaining());
                    buffer.put_slice(&chunk[..count]);
                    chunk.drain(..count);
                    if chunk.is_empty() {
                        flow.chunks.pop_front();
                    }
                    flow.bytes -= count;
                    if let Some(writer) = flow.writer.take() {
                        writer.wake();
                    }
                    return Poll::Ready(Ok(()));
                }
                None => match flow.close {
                    Some(Close::Fin) => return Poll::Ready(Ok(())),
                    Some(Close::Reset) => {
                        return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                    }
                    None => {
                        flow.reader = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                },
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut wire = lock(&self.wire);
        let incoming = self.incoming(&mut wire);
        if incoming.close == Some(Close::Reset) && incoming.chunks.is_empty() && !incoming.stalled {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let flow = self.outgoing(&mut wire);
        if flow.close.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = WINDOW.saturating_sub(flow.bytes);
        if room == 0 {
            flow.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = room.min(bytes.len());
        let passes = flow.cut.map_or(count, |(left, _)| count.min(left));
        if !flow.deaf && passes > 0 {
            let due = self.network.due(flow.last, passes);
            flow.last = Some(due);
            flow.chunks.push_back((due, bytes[..passes].to_vec()));
            flow.bytes += passes;
            if let Some(reader) = flow.reader.take() {
                reader.wake();
            }
        }
        if let Some((left, close)) = &mut flow.cut {
            *left -= passes;
            if *left == 0 {
                let close = *close;
                flow.end(close);
                // What came before it still arrives.
                wire.down.break_off(close);
                self.network.acted("cut in a frame");
            }
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = lock(&self.wire);
        self.outgoing(&mut wire).end(Close::Fin);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut wire = lock(&self.wire);
        let incoming = self.incoming(&mut wire);
        incoming.deaf = true;
        incoming.chunks.clear();
        incoming.bytes = 0;
        incoming.wake();
        // A close that was not orderly is told behind what is on its way.
        self.outgoing(&mut wire).end(Close::Reset);
        drop(wire);
        if self.is_client {
            self.network.state().ended += 1;
        }
    }
}

/// Connects to whoever is at the server's address.
pub(crate) struct Dialer(pub(crate) Arc<Network>);

#[async_trait]
impl Connect for Dialer {
    async fn connect(&self, _: &Address) -> io::Result<Box<dyn Transport>> {
        let network = &self.0;
        let wire = Arc::new(Mutex::new(Wire::default()));
        let (face, core, weather) = {
            let mut state = network.state();
            state.wires.push(Arc::downgrade(&wire));
            (state.face, state.core.clone(), state.weather)
        };
        {
            let mut wire = lock(&wire);
            wire.up.stalled = weather.stalled_up;
            wire.down.stalled = weather.stalled_down;
        }
        let end = |is_client| End {
            wire: Arc::clone(&wire),
            network: Arc::clone(network),
            is_client,
            sleep: None,
        };
        let (client, mut server) = (end(true), end(false));
        match (face, core) {
            (Face::Refuses, _) => {
                network.acted("refused");
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            (Face::Core, None) => return Err(io::ErrorKind::ConnectionRefused.into()),
            (Face::Core, Some(core)) => core.accept(server),
            (Face::Silent, _) => {
                network.acted("never answers");
                network.state().silent.push(server);
            }
            (Face::Closes, _) => {
                network.acted("closes at once");
                server.shutdown().await?;
            }
            (Face::Late(late), core) => {
                network.acted("answers late");
                tokio::spawn(async move {
                    sleep(late).await;
                    if let Some(core) = core {
                        core.accept(server);
                    }
                });
            }
            (Face::Babbles, _) => {
                network.acted("babbles");
                server.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await?;
                network.state().silent.push(server);
            }
        }
        Ok(Box::new(client))
    }
}
