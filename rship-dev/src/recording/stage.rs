//! The server's side of a recording, played to an executor that comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_core::wire::{Encoding, Generation};
use rship_runtime::Executor;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::compare::{Comparison, compare};
use super::entering::Entering;
use super::fact::{Fact, Key, Names, instances, said, without_farewell};
use super::file::{Content, OpenError, Recording};
use super::script::{Part, Script, Speed, is_repeated};
use crate::server::opening::{Doors, PATH};
use crate::{codec, speaking};

/// How long an executor may take to come, or to come back.
const COMING: Duration = Duration::from_secs(30);

/// How long the opening of a WebSocket may take, and how many may be under way.
const OPENING: Duration = Duration::from_secs(10);
const ENTERING: usize = 128;

/// What an executor says of its own accord after the last frame is waited for so long.
const QUIET: Duration = Duration::from_millis(250);

/// How many questions that the recording does not have are kept.
const UNMATCHED: usize = 100;

/// Why a recording was not played to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The file cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No connection in it announces an instance.
    #[error("{}", match instance {
        Some(id) => format!("the recording has no executor with the instance `{id}`"),
        None => "the recording has no executor: nobody announces an instance in it".to_owned(),
    })]
    NoExecutor {
        /// The instance that was asked for.
        instance: Option<String>,
    },
    /// There is more than one in it, and none was chosen.
    #[error("the recording has several executors, choose one by its instance: {}", ids.join(", "))]
    SeveralExecutors {
        /// The first instance of each.
        ids: Vec<String>,
    },
    /// No socket to play on.
    #[error("cannot listen for the executor: {0}")]
    Listen(#[source] io::Error),
    /// The executor, or the connection to a server, cannot be made like this.
    #[error(transparent)]
    Executor(#[from] rship_runtime::Error),
    /// The server that was to be played to is not there, or lets nobody in.
    #[error("cannot play to the server: {0}")]
    Server(String),
    /// The executor did not connect.
    #[error(
        "the executor did not connect within {}: see that it is given the address that it is to connect to",
        humantime::format_duration(COMING)
    )]
    NotComing,
}

impl Recording {
    /// How fast it is played: as fast as the other side keeps up unless said otherwise.
    ///
    /// What a device does by the clock, and not because it was told to, comes at its own speed; in a recording of such
    /// a device, play at the original speed ([`Speed::Times`]`(1.0)`), or ignore that.
    #[must_use]
    pub const fn speed(mut self, speed: Speed) -> Self {
        self.play.speed = speed;
        self
    }

    /// How long nothing that is missing may come until it is given up; 5 s unless said otherwise. Nothing waits for
    /// this when all comes back.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.play.patience = patience;
        self
    }

    /// Leaves the values of these emitters, and the answers of these actions, out of what is compared: ids, in which
    /// `*` is any text and `?` any one character. May be called several times.
    #[must_use]
    pub fn ignoring(mut self, pattern: impl Into<String>) -> Self {
        self.play.ignored.push(pattern.into());
        self
    }

    /// Plays what belongs to the executor with this instance; has to be said when the recording has several.
    #[must_use]
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.play.instance = Some(id.into());
        self
    }

    /// Plays the server's side to an executor, and compares what comes back with what the recording has.
    ///
    /// `device` makes the executor for the address that it is given, which is that of the recording's server on a
    /// free port of this machine: where an executor connects to is settled when it is built. It runs in this runtime until the recording is over.
    ///
    /// # Errors
    /// When the recording has no executor, or several and none was [chosen](Self::instance), or the device's cannot be
    /// made or does not connect. What comes back differently is not an error, see [`Comparison`].
    pub async fn replay_against(
        &self,
        device: impl FnOnce(&str) -> Result<Executor, rship_runtime::Error>,
    ) -> Result<Comparison, ReplayError> {
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let stage = Stage::new(self, any, Doors::default()).await?;
        let executor = device(&stage.url())?;
        let running = executor.clone();
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            running
                .run_until(async {
                    // It ends when this function does, if it has not ended before.
                    drop(end.await);
                })
                .await
        });
        let played = stage.play(Some(COMING), Some(executor)).await;
        drop(ended);
        match running.await {
            Ok(ran) => ran?,
            Err(error) => tracing::debug!(target: "rship_dev", %error, "the executor was cut off"),
        }
        played
    }
}

/// A place to play on.
pub(crate) struct Stage<'r> {
    recording: &'r Recording,
    script: Script,
    listener: TcpListener,
    addr: SocketAddr,
    doors: Doors,
    /// Ids of instances as they are now, from those of the recording, and back.
    now: Names,
    then: Names,
    seen: Vec<(String, String)>,
}

impl<'r> Stage<'r> {
    pub(crate) async fn new(
        recording: &'r Recording,
        bind: SocketAddr,
        mut doors: Doors,
    ) -> Result<Self, ReplayError> {
        let script = Script::new(recording)?;
        doors.may_listen(bind).map_err(ReplayError::Listen)?;
        let listener = TcpListener::bind(bind).await.map_err(ReplayError::Listen)?;
        let addr = listener.local_addr().map_err(ReplayError::Listen)?;
        Ok(Self {
            recording,
            script,
            listener,
            addr,
            doors,
            now: Names::default(),
            then: Names::default(),
            seen: Vec::new(),
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}{PATH}", self.addr)
    }

    /// Plays all of it; who does not come within the limit is not played to. The executor is shut down at the end, if
    /// it is ours.
    pub(crate) async fn play(
        mut self,
        coming: Option<Duration>,
        executor: Option<Executor>,
    ) -> Result<Comparison, ReplayError> {
        let parts = std::mem::take(&mut self.script.parts);
        let mut replayed = Vec::new();
        let last = parts.len() - 1;
        for (index, part) in parts.iter().enumerate() {
            let socket = match (index, coming) {
                (0, None) => self.enter().await,
                (0, Some(limit)) => match timeout(limit, self.enter()).await {
                    Ok(socket) => socket,
                    Err(_) => return Err(ReplayError::NotComing),
                },
                // The comparison says what did not come.
                _ => match timeout(COMING, self.enter()).await {
                    Ok(socket) => socket,
                    Err(_) => break,
                },
            };
            let ending = match &executor {
                _ if index < last => Ending::HangUp,
                Some(executor) => Ending::Shutdown(executor),
                None => Ending::Quiet,
            };
            replayed.push(self.play_part(part, socket, ending).await);
        }
        replayed.resize(parts.len(), Vec::new());
        let recorded = parts.into_iter().map(|part| part.facts).collect();
        Ok(compare(recorded, replayed, self.script.labels))
    }

    /// The first that comes in; whoever opens a connection and says nothing keeps nobody out.
    async fn enter(&self) -> WebSocketStream<TcpStream> {
        let mut entering = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(entered) = entering.join_next() => match entered {
                    Ok(Ok(socket)) => return socket,
                    Ok(Err(error)) => {
                        tracing::warn!(target: "rship_dev", %error, "somebody was not let in");
                    }
                    Err(_) => {}
                },
                accepted = self.listener.accept(), if entering.len() < ENTERING => match accepted {
                    Ok((stream, _)) => drop(entering.spawn(enter(stream, self.doors.clone()))),
                    Err(error) => {
                        tracing::warn!(target: "rship_dev", %error, "a connection could not be accepted");
                        tokio::time::sleep(QUIET).await;
                    }
                },
            }
        }
    }

    async fn play_part(
        &mut self,
        part: &Part,
        mut socket: WebSocketStream<TcpStream>,
        ending: Ending<'_>,
    ) -> Vec<Fact> {
        let mut scene = Scene::new(part, &self.recording.play);
        loop {
            let until = match scene.next() {
                Next::Send(step) => {
                    let message = self.message(&scene, &part.steps[step].content);
                    scene.step += 1;
                    // Something is to come of it.
                    scene.progress = Instant::now();
                    if let Some(message) = message
                        && socket.send(message).await.is_err()
                    {
                        return scene.facts();
                    }
                    continue;
                }
                Next::Wait(until) => until,
                Next::Done => break,
            };
            tokio::select! {
                biased;
                message = socket.next() => {
                    let Some(Ok(message)) = message else {
                        return scene.facts();
                    };
                    if let Some(echo) = self.take(&mut scene, &message)
                        && socket.send(echo).await.is_err()
                    {
                        return scene.facts();
                    }
                }
                () = tokio::time::sleep_until(until) => {}
            }
        }
        let limit = match ending {
            Ending::HangUp => Duration::ZERO,
            Ending::Quiet => QUIET,
            Ending::Shutdown(executor) => {
                scene.ends = true;
                let executor = executor.clone();
                let patience = self.recording.play.patience;
                tokio::spawn(async move {
                    // What was said by now is to come, and be compared.
                    drop(timeout(patience, executor.flush()).await);
                    executor.shutdown();
                });
                COMING
            }
        };
        let rest = async {
            while let Some(Ok(message)) = socket.next().await {
                if let Some(echo) = self.take(&mut scene, &message) {
                    drop(socket.send(echo).await);
                }
            }
        };
        drop(timeout(limit, rest).await);
        drop(timeout(QUIET, socket.close(None)).await);
        scene.facts()
    }

    /// Takes what the executor says; returns what a server answers to it at once.
    fn take(&mut self, scene: &mut Scene<'_>, message: &Message) -> Option<Message> {
        let frame = match codec::decode(message, usize::MAX)? {
            Ok(frame) => frame,
            Err(_) => return None,
        };
        scene.binary |= message.is_binary();
        for (service, id) in instances(&frame) {
            self.meet(service, id);
        }
        let said = said(frame, &self.then);
        scene.unmatched.extend(said.asks);
        scene.match_questions(&self.then);
        for fact in said.facts {
            if !self.recording.play.ignores(&fact, &self.script.labels) {
                scene.came(fact);
            }
        }
        let ping = said.ping?;
        let echoes = self.script.generation != Generation::V2024 && ping["ts"].is_null();
        echoes
            .then(|| codec::encode(scene.encoding(), &speaking::echo(ping)))
            .flatten()
    }

    /// Finds out which instance of the recording this one stands for: the one with the same id, or else the next of
    /// the same service.
    fn meet(&mut self, service: &str, id: &str) {
        let instance = (service.to_owned(), id.to_owned());
        if self.seen.contains(&instance) {
            return;
        }
        let recorded = &self.script.instances;
        let of_service = |(of, _): &&(String, String)| of == service;
        if !recorded.contains(&instance) {
            let place = self.seen.iter().filter(of_service).count();
            if let Some((_, then)) = recorded.iter().filter(of_service).nth(place) {
                self.now.add(then, id);
                self.then.add(id, then);
            }
        }
        self.seen.push(instance);
    }

    /// A frame of the recording as it is sent now.
    fn message(&self, scene: &Scene<'_>, content: &Content) -> Option<Message> {
        match content {
            Content::Text(text) => Some(Message::text(text.clone())),
            Content::Bytes(bytes) => Some(Message::binary(bytes.clone())),
            Content::Document(frame) => {
                let mut frame = frame.clone();
                self.now.document_of_frame(&mut frame);
                for tx in [frame.pointer("/data/tx").cloned(), frame.get("tx").cloned()] {
                    if let Some(Value::String(then)) = tx
                        && let Some(now) = scene.txs.get(&then)
                    {
                        put_tx(&mut frame, &then, now);
                    }
                }
                codec::encode(scene.encoding(), &frame)
            }
        }
    }
}

async fn enter(stream: TcpStream, doors: Doors) -> io::Result<WebSocketStream<TcpStream>> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?.ip();
    let entering = timeout(OPENING, Entering::at(stream, &doors, local));
    let entering = entering.await.map_err(|_| io::ErrorKind::TimedOut)??;
    entering.accept().await.map_err(io::Error::other)
}

fn put_tx(frame: &mut Value, then: &str, now: &str) {
    for place in ["/tx", "/data/tx"] {
        if let Some(tx) = frame.pointer_mut(place)
            && tx.as_str() == Some(then)
        {
            *tx = now.into();
        }
    }
}

/// What becomes of the connection when all was played.
enum Ending<'a> {
    HangUp,
    Quiet,
    Shutdown(&'a Executor),
}

/// What to do next.
enum Next {
    Send(usize),
    Wait(Instant),
    Done,
}

/// One connection while it is played.
struct Scene<'s> {
    part: &'s Part,
    speed: Speed,
    patience: Duration,
    opened: Instant,
    /// When something that is waited for came last.
    progress: Instant,
    step: usize,
    /// So many facts of the recording have come, or are given up.
    passed: usize,
    last_of: BTreeMap<Key, (usize, Value)>,
    given_up: BTreeSet<Key>,
    came: Vec<Fact>,
    /// Transactions of the executor's questions, by those of the recording.
    txs: BTreeMap<String, String>,
    /// Questions that the recording does not have, or not yet.
    unmatched: Vec<(String, String)>,
    binary: bool,
    /// The executor was told to end.
    ends: bool,
}

impl<'s> Scene<'s> {
    fn new(part: &'s Part, play: &super::script::Play) -> Self {
        let now = Instant::now();
        Self {
            part,
            speed: play.speed,
            patience: play.patience,
            opened: now,
            progress: now,
            step: 0,
            passed: 0,
            last_of: BTreeMap::new(),
            given_up: BTreeSet::new(),
            came: Vec::new(),
            txs: BTreeMap::new(),
            unmatched: Vec::new(),
            binary: false,
            ends: false,
        }
    }

    fn encoding(&self) -> Encoding {
        if self.binary {
            Encoding::Cbor
        } else {
            Encoding::Json
        }
    }

    fn came(&mut self, fact: Fact) {
        // What nobody answered is answered by the end of the executor.
        let by_the_end =
            self.ends && matches!(fact.key, Key::Answer(_)) && self.given_up.contains(&fact.key);
        if by_the_end || is_repeated(&fact, &self.last_of) {
            return;
        }
        let place = self.last_of.entry(fact.key.clone());
        let (count, last) = place.or_default();
        *count += 1;
        *last = fact.value.clone();
        self.came.push(fact);
        self.progress = Instant::now();
    }

    /// Finds out which questions of the recording these are: the next that ask the same.
    ///
    /// One may come before the instance that it names, and is recognized after that.
    fn match_questions(&mut self, then: &Names) {
        for (what, tx) in std::mem::take(&mut self.unmatched) {
            let what = then.question(&what);
            let known = self.part.asks.iter();
            let mut same = known.filter(|(asked, _)| *asked == what);
            match same.find(|(_, then)| !self.txs.contains_key(then)) {
                Some((_, then)) => {
                    self.txs.insert(then.clone(), tx);
                    self.progress = Instant::now();
                }
                None if self.unmatched.len() < UNMATCHED => self.unmatched.push((what, tx)),
                None => {}
            }
        }
    }

    fn next(&mut self) -> Next {
        let part = self.part;
        while let Some(step) = part.steps.get(self.step) {
            if let Some(until) = self.waits_for(step.needs, step.at) {
                return Next::Wait(until);
            }
            let (now, due) = (Instant::now(), self.due(step.at));
            if now < due {
                return Next::Wait(due);
            }
            let asked = |then: &String| self.txs.contains_key(then);
            if step.answers.as_ref().is_none_or(asked) {
                return Next::Send(self.step);
            }
            let until = self.progress.max(due) + self.patience;
            if now < until {
                return Next::Wait(until);
            }
            // It was not asked for.
            self.step += 1;
        }
        match self.waits_for(part.facts.len(), part.lasts) {
            Some(until) => Next::Wait(until),
            None => Next::Done,
        }
    }

    fn due(&self, at: f64) -> Instant {
        let after = self.speed.scaled(at);
        self.opened
            .checked_add(after)
            .unwrap_or(self.opened + Duration::from_secs(1 << 32))
    }

    /// Until when the first facts are to be waited for; what has not come by then is given up.
    fn waits_for(&mut self, facts: usize, at: f64) -> Option<Instant> {
        let until = self.progress.max(self.due(at)) + self.patience;
        let is_over = Instant::now() >= until;
        while self.passed < facts {
            let key = &self.part.facts[self.passed].key;
            let count = self.last_of.get(key).map_or(0, |(count, _)| *count);
            if count <= self.part.ordinals[self.passed] && !self.given_up.contains(key) {
                if !is_over {
                    return Some(until);
                }
                self.given_up.insert(key.clone());
                self.progress = Instant::now();
            }
            self.passed += 1;
        }
        None
    }

    fn facts(self) -> Vec<Fact> {
        let mut facts = self.came;
        without_farewell(&mut facts);
        facts
    }
}
