//! The local core: a Myko server in one process and in memory.

mod asking;
mod client;
mod error;
mod follow;
pub(crate) mod half_open;
mod late;
pub(crate) mod limits;
mod listener;
mod meddling;
pub(crate) mod meter;
pub(crate) mod opening;
pub(crate) mod playing;
mod pulses;
mod receive;
mod routing;
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod state;
mod visit;
mod watching;
mod window;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rship_core::wire::Generation;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use self::error::{CommandError, WaitError};
pub use self::follow::{Events, EventsError};
pub use self::limits::Limits;
use self::opening::Doors;
use self::session::ByteStream;
use self::shared::Shared;
use self::state::State;
use crate::explained::{Dropped, Explained, Verdict};
use crate::page::Handed;
use crate::page::mirror::Mirror;
use crate::page::timeline::Timeline;
use crate::recorded::Recorded;
use crate::recording::{Playback, Recorder, Recording, player};
use crate::store::{Entities, is_own};

/// A look at the store that takes longer is not taken at every change.
const EXPENSIVE: Duration = Duration::from_millis(1);

/// How a [`LocalCore`] is to be.
#[derive(Debug, Clone)]
pub struct Builder {
    generation: Generation,
    bind: SocketAddr,
    or_free_port: bool,
    answer_limit: Duration,
    ping_every: Duration,
    window: Duration,
    record: bool,
    recorder: Option<Recorder>,
    played: Option<Recording>,
    entities: Entities,
    limits: Limits,
    doors: Doors,
}

impl Builder {
    /// The generation to speak; [`Generation::V2026`] unless said otherwise.
    #[must_use]
    pub const fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// Where to listen; a free port of `127.0.0.1` unless said otherwise. What other machines can reach needs a
    /// [`Builder::token`], or to be [`Builder::insecure`].
    #[must_use]
    pub fn bind(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.bind = addr.into();
        self
    }

    /// Listens on a free port where somebody else has the one that was to be.
    #[must_use]
    pub const fn or_free_port(mut self) -> Self {
        self.or_free_port = true;
        self
    }

    /// How long an executor has to answer a command; 10 s as on a real server unless said otherwise.
    #[must_use]
    pub const fn answer_limit(mut self, limit: Duration) -> Self {
        self.answer_limit = limit;
        self
    }

    /// How often a 2024 server sends its own ping; every 5 s unless said otherwise. Zero counts as a millisecond.
    #[must_use]
    pub const fn ping_every(mut self, every: Duration) -> Self {
        self.ping_every = every;
        self
    }

    /// How long a 2026 server gathers changes of Target, Action, Emitter and their statuses before it applies all
    /// SETs and then all DELs; 100 ms as on a real server unless said otherwise. Zero applies each change at once.
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Whether to keep every frame that comes in, for [`LocalCore::frames`].
    #[must_use]
    pub const fn record(mut self, record: bool) -> Self {
        self.record = record;
        self
    }

    /// Writes every frame that comes and goes into a file, which can be played again: see
    /// [`Recording`](crate::Recording). The file is complete once the core has been shut down and
    /// [`Recorder::finish`] has returned.
    #[must_use]
    pub fn recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Shows what is in a recording, as if the executors in it were connected now: see [`LocalCore::playback`]. The
    /// generation is that of the recording, and each change is in the store at once.
    #[must_use]
    pub fn play(mut self, recording: Recording) -> Self {
        self.generation = recording.generation();
        self.window = Duration::ZERO;
        self.played = Some(recording);
        self
    }

    /// What is stored from the beginning: of an earlier core, see [`LocalCore::entities`]. Nothing unless said
    /// otherwise.
    #[must_use]
    pub fn entities(mut self, entities: Entities) -> Self {
        self.entities = entities;
        self
    }

    /// How much it takes from others; see [`Limits`] for what it takes unless said otherwise.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets in only who sends `Authorization: Bearer TOKEN`, as an executor does that was given the token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.doors.token(token.into());
        self
    }

    /// Lets other machines in without a token.
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.doors.insecure();
        self
    }

    /// Lets in pages of this origin, `https://HOST` or `https://HOST:PORT`, or `null`; may be called several times.
    ///
    /// Pages that this machine serves always may come in: those whose origin is `localhost`, a loopback address, this
    /// machine's name, or the address at which they reach the core. Programs send no origin.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.doors.allow_origin(origin.into());
        self
    }

    /// Lets in who reaches the core by this name, as `core.example`, or `.example` for all names below it; may be
    /// called several times.
    ///
    /// Addresses, `localhost` and the name of this machine always may be used. Other names may belong to somebody who
    /// points them at this machine so that a page of theirs gets in (DNS rebinding).
    #[must_use]
    pub fn allow_host(mut self, name: impl AsRef<str>) -> Self {
        self.doors.allow_host(name.as_ref());
        self
    }

    /// Who may come in, all at once.
    pub(crate) fn doors(mut self, doors: Doors) -> Self {
        self.doors = doors;
        self
    }

    /// Lets in pages alone.
    pub(crate) fn for_pages_alone(mut self) -> Self {
        self.doors.for_pages_alone();
        self
    }

    /// Starts to listen. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, or when other machines could reach it and it is neither protected by a token
    /// nor said to be [`Builder::insecure`] ([`io::ErrorKind::InvalidInput`], as for what is allowed and is not a
    /// name or an origin).
    pub async fn start(mut self) -> io::Result<LocalCore> {
        self.doors.may_listen(self.bind)?;
        let listener = match TcpListener::bind(self.bind).await {
            Err(error) if self.or_free_port && error.kind() == io::ErrorKind::AddrInUse => {
                TcpListener::bind((self.bind.ip(), 0)).await?
            }
            bound => bound?,
        };
        let addr = listener.local_addr()?;
        Ok(self.serve(Some(listener), addr))
    }

    /// Starts without a socket: what it serves is handed in with [`LocalCore::accept`]. Has to be called inside a
    /// tokio runtime.
    #[must_use]
    pub fn start_unbound(self) -> LocalCore {
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        self.serve(None, nowhere)
    }

    fn serve(mut self, listener: Option<TcpListener>, addr: SocketAddr) -> LocalCore {
        let played = self.played.take();
        let name = played.as_ref().map(Recording::name);
        let (playback, player) = played.map(player::new).unzip();
        let shared = Shared::new(self, playback.clone());
        let stop = watch::Sender::new(false);
        if let Some(player) = player {
            tokio::spawn(player.run(Arc::clone(&shared), stop.subscribe()));
        }
        let (door, handed_in) = mpsc::unbounded_channel();
        let task = tokio::spawn(listener::listen(
            listener,
            handed_in,
            Arc::clone(&shared),
            stop.subscribe(),
        ));
        let core = LocalCore {
            shared,
            addr,
            stop,
            door,
            task: Some(task),
        };
        if core.addr.port() != 0 {
            core.shared.house.is_at(core.url());
        }
        // The page says the recording's name in place of the address.
        if let (Some(name), Some(playback)) = (name, playback) {
            core.shared.house.offer_timeline(name, Arc::new(playback));
            core.shared.house.about.send_modify(|about| {
                let why = "a recording takes no commands: what it shows has been said before";
                about.read_only = Some(why.to_owned());
            });
        }
        core
    }
}

/// A Myko server in this process, in memory, on `/myko`, speaking one generation.
///
/// What a real server drops without a word, it drops as well, and explains: see [`LocalCore::drops`].
/// Dropping it stops it; [`LocalCore::shutdown`] also waits for that.
#[derive(Debug)]
pub struct LocalCore {
    shared: Arc<Shared>,
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    /// Connections that did not come by the socket.
    door: mpsc::UnboundedSender<Box<dyn ByteStream>>,
    task: Option<JoinHandle<()>>,
}

impl LocalCore {
    /// Where a device looks for a server on its own machine unless it is told otherwise.
    pub const USUAL_PORT: u16 = 5155;

    /// A core that speaks 2026 on a free port of `127.0.0.1`, unless told otherwise.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            generation: Generation::V2026,
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            or_free_port: false,
            answer_limit: Duration::from_secs(10),
            ping_every: Duration::from_secs(5),
            window: window::WINDOW,
            record: false,
            recorder: None,
            played: None,
            entities: Entities::default(),
            limits: Limits::default(),
            doors: Doors::default(),
        }
    }

    /// Serves a connection that was made in another way than over the core's socket: a pipe in a test, a tunnel.
    ///
    /// By which name it was reached is not looked at; the token and the origin are.
    pub fn accept(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        // The core may have stopped, which drops the stream.
        drop(self.door.send(Box::new(stream)));
    }

    /// The address for executors: `ws://127.0.0.1:PORT/myko`; the loopback one where it listens on all addresses.
    #[must_use]
    pub fn url(&self) -> String {
        let mut addr = self.addr;
        match addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("ws://{addr}{}", opening::PATH)
    }

    /// The address of the page that shows what is here: `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn page_url(&self) -> String {
        let url = self.url();
        let host = url.strip_prefix("ws://").unwrap_or(&url);
        let host = host.strip_suffix(opening::PATH).unwrap_or(host);
        format!("http://{host}/")
    }

    /// Shows these numbers of the executor on the page, asked for about once a second while somebody looks: what the
    /// executor counts, by name.
    pub fn offer_metrics(&self, metrics: impl FnMut() -> BTreeMap<String, u64> + Send + 'static) {
        self.shared.house.offer_metrics(Box::new(metrics));
    }

    /// Lets pages move through the time of what plays a recording here; the page says its name.
    pub fn offer_timeline(&self, name: impl Into<String>, timeline: Arc<dyn Timeline>) {
        self.shared.house.offer_timeline(name.into(), timeline);
    }

    /// Makes a mirror of it: it shows what another server has, and actions are run by whoever takes them.
    pub(crate) fn mirror(&self, from: &str) -> (Mirror, mpsc::Receiver<Handed>) {
        Mirror::new(Arc::clone(&self.shared), from)
    }

    /// The address that it listens on; port 0 of `127.0.0.1` when it has no socket.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The recording that it shows, if it [plays](Builder::play) one.
    #[must_use]
    pub fn playback(&self) -> Option<&Playback> {
        self.shared.playback.as_ref()
    }

    /// The generation that it speaks.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.shared.generation
    }

    /// The last state of every entity of one type, by id.
    #[must_use]
    pub fn items(&self, item_type: &str) -> BTreeMap<String, Value> {
        self.shared.look(|state| items(state, item_type))
    }

    /// The last state of one entity.
    #[must_use]
    pub fn item(&self, item_type: &str, id: &str) -> Option<Value> {
        self.shared.look(|state| {
            state
                .store
                .get(item_type, id)
                .map(|entry| entry.item.value())
        })
    }

    /// The last value of an emitter, if there is one that can be read as a `T`: `core.value::<String>("hub:label")`.
    ///
    /// Where several instances have the target, that of the first by id; others are among [`LocalCore::items`].
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, emitter_id: &str) -> Option<T> {
        self.shared.look(|state| {
            let pulses = state.store.of_type("Pulse");
            let mut pulses = pulses.filter(|(_, pulse)| {
                let is = || pulse.item.strings(["emitterId"])[0].as_deref() == Some(emitter_id);
                pulse.item.mentions(emitter_id) && is()
            });
            let (_, pulse) = pulses.next()?;
            T::deserialize(pulse.item.field("data")?).ok()
        })
    }

    /// How many entities of one type there are; cheaper than [`LocalCore::items`] when there are many.
    #[must_use]
    pub fn count(&self, item_type: &str) -> usize {
        self.shared
            .look(|state| state.store.of_type(item_type).count())
    }

    /// The last state of every entity, by type and id; the core's own types are left out.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, BTreeMap<String, Value>> {
        self.shared.look(|state| {
            let types = state.store.types().filter(|item_type| !is_own(item_type));
            types
                .map(|item_type| (item_type.to_owned(), items(state, item_type)))
                .collect()
        })
    }

    /// What was dropped, oldest first, one for each thing wrong; the same thing again only counts up.
    ///
    /// The newest 1,000 drops and warnings are kept, of long ids and reasons the beginning, and of what is wrong with
    /// one message the first 100.
    #[must_use]
    pub fn drops(&self) -> Vec<Dropped> {
        self.shared
            .look(|state| state.explanations.with(Verdict::Dropped))
    }

    /// What was stored although a part of it will not work as meant, oldest first.
    #[must_use]
    pub fn warnings(&self) -> Vec<Explained> {
        self.shared
            .look(|state| state.explanations.with(Verdict::Kept))
    }

    /// The frames that came in so far, in order, binary ones as the JSON of what they say; empty unless
    /// [`Builder::record`] was set. Of more than [`Limits::recorded`] the newest are there.
    #[must_use]
    pub fn frames(&self) -> Vec<String> {
        let text = |frame: &Recorded| frame.text.clone();
        self.shared
            .look(|state| state.frames.iter().map(text).collect())
    }

    /// The frames that came in since this was asked last, with the connections that they came on; they are
    /// forgotten, for [`LocalCore::frames`] as well.
    #[must_use]
    pub fn take_frames(&self) -> Vec<Recorded> {
        self.shared.transact(|state| state.frames.take())
    }

    /// All that is stored now, for a core that takes this one's place: what a server has on its disk.
    #[must_use]
    pub fn entities(&self) -> Entities {
        self.shared.look(|state| Entities {
            store: state.store.without_owners(),
            next_client: state.next_client,
        })
    }

    /// Every change of the store from now on, what was sent again unchanged included.
    ///
    /// A follower for whom more than [`Limits::followed`] waits loses the oldest and is told so.
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared.followers.follow(&[])
    }

    /// The same, of these types alone: what is not among them costs nothing.
    pub(crate) fn events_of(&self, item_types: &'static [&'static str]) -> Events {
        self.shared.followers.follow(item_types)
    }

    /// How many sockets are open, those of user interfaces included.
    ///
    /// When one that closed no longer counts, its instances and statuses are marked and its pulses deleted.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.shared.look(|state| state.clients.len())
    }

    /// How many of the open sockets speak CBOR: those that sent a binary frame.
    #[must_use]
    pub fn binary_clients(&self) -> usize {
        self.shared.look(|state| {
            let binary = |client: &&client::Client| client.binary.load(Ordering::Relaxed);
            state.clients.values().filter(binary).count()
        })
    }

    /// Waits until what came in so far is in the store: the windows of a 2026 server that are open now are over.
    ///
    /// See [`Builder::window`]. Lasts no longer than a window, and no time at all when none is open.
    pub async fn settled(&self) {
        self.shared.settled().await;
    }

    /// Waits until `pred` holds; it is asked again after everything that happens to the core.
    ///
    /// It returns once what came in by then is in the store too, see [`LocalCore::settled`]: whoever waits for a
    /// pulse finds the target that was told before it.
    ///
    /// # Errors
    /// When it does not hold within `timeout`; the error tells `what` was awaited and what the store has.
    pub async fn wait_until(
        &self,
        timeout: Duration,
        what: &str,
        mut pred: impl FnMut(&Self) -> bool + Send,
    ) -> Result<(), WaitError> {
        let mut revisions = self.shared.revisions();
        let held = async {
            loop {
                let before = Instant::now();
                if pred(self) {
                    self.settled().await;
                    return true;
                }
                // A look that is expensive is not taken at each of thousands of changes: at most half of the time.
                let took = before.elapsed();
                if took > EXPENSIVE {
                    tokio::time::sleep(took).await;
                }
                if revisions.changed().await.is_err() {
                    return false;
                }
            }
        };
        match tokio::time::timeout(timeout, held).await {
            Ok(true) => Ok(()),
            // It may be about something else than the core: one last look.
            Ok(false) | Err(_) if pred(self) => Ok(()),
            Ok(false) | Err(_) => Err(WaitError::new(what, timeout, self)),
        }
    }

    /// Runs an action as this generation asks for it, and waits for the answer.
    ///
    /// The target is looked up from the stored Action. Without an instance, the command goes to every executor
    /// that has the target online; where exactly one instance has it and the generation names instances, that one is named.
    /// What came in so far is in the store first, see [`LocalCore::settled`]; so it is for [`LocalCore::command`].
    ///
    /// # Errors
    /// When the action or its executor is unknown, answers with an error, or does not answer in time.
    pub async fn exec(
        &self,
        instance_id: Option<&str>,
        action_id: &str,
        data: Value,
    ) -> Result<Value, CommandError> {
        self.shared.exec(instance_id, action_id, data).await
    }

    /// Sends any command and waits for the answer; a `tx` is added when it has none.
    ///
    /// It goes to the executor of `instance_id`; without one, to whoever the command itself names, and a command
    /// that no server knows to the only executor there is. The generation does not limit which commands can be sent.
    ///
    /// # Errors
    /// When `command` is not an object, no executor is found, it answers with an error, or does not answer in time.
    pub async fn command(
        &self,
        instance_id: Option<&str>,
        command_id: &str,
        command: Value,
    ) -> Result<Value, CommandError> {
        match command {
            Value::Object(command) => {
                self.shared
                    .send_command(instance_id, command_id, command)
                    .await
            }
            other => Err(CommandError::Unroutable {
                message: format!("a command is an object, not `{other}`"),
            }),
        }
    }

    /// Closes the listener and all sockets; the port can be bound again when this returns.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // The task ends by itself within its own limit, or with the runtime.
            drop(task.await);
        }
    }
}

impl Drop for LocalCore {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn items(state: &State, item_type: &str) -> BTreeMap<String, Value> {
    state
        .store
        .of_type(item_type)
        .map(|(id, entry)| (id.to_string(), entry.item.value()))
        .collect()
}
