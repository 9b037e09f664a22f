//! A recording as what a core shows: played, stopped, and at any time of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use super::file::{Content, Recording, What};
use super::line::{Direction, Form};
use crate::codec::Unreadable;
use crate::page::timeline::{Moment, Timeline};
use crate::page::wire;
use crate::reading::frames::{self, Event, Inbound};
use crate::server::Limits;
use crate::server::playing::{PLAYED, Played};
use crate::server::shared::{Shared, stopped};
use crate::server::state::State;
use crate::store::{Change, ClientNo, Entities};

/// The time goes on in such steps while nothing happens.
const TOLD: Duration = Duration::from_millis(100);

/// So much is applied at once, so that others can look in between.
const AT_ONCE: usize = 500;

/// How many states are kept, and how much all of them may take in memory.
const KEYFRAMES: usize = 32;
const KEYFRAME_BYTES: usize = 256 << 20;

/// How far the start of a connection is searched for the id that the server gives.
const GREETING: usize = 8;

/// Where a recording is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Now {
    /// Milliseconds since the recording began.
    at: f64,
    /// Those at its end.
    to: f64,
    playing: bool,
    speed: f64,
}

/// A recording that a core [shows](crate::Builder::play): what there is of it moves with its time. It begins to play at
/// its start.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let recording = rship_dev::Recording::open("stand.jsonl")?;
/// let core = rship_dev::LocalCore::builder().play(recording).start().await?;
/// if let Some(playback) = core.playback() {
///     playback.seek(30_000.0).await;
///     println!("after half a minute: {:?}", core.value::<f64>("banana-stand:cash"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Playback {
    orders: mpsc::UnboundedSender<Order>,
    now: watch::Receiver<Now>,
}

#[derive(Debug)]
enum Order {
    /// Resolves when the state is there.
    Seek(f64, oneshot::Sender<()>),
    Play(f64),
    Pause,
}

impl Playback {
    /// Goes to a time, in milliseconds since the recording began, and returns when the core is as it was then. Of
    /// several that are asked for at once the last counts.
    pub async fn seek(&self, at: f64) {
        let (done, there) = oneshot::channel();
        drop(self.orders.send(Order::Seek(at, done)));
        // Another seek took its place, or the core has stopped.
        drop(there.await);
    }

    /// Goes on from where it is, so many times as fast as it was; at the end it begins again.
    pub fn play(&self, speed: f64) {
        if speed.is_finite() && speed > 0.0 {
            drop(self.orders.send(Order::Play(speed)));
        }
    }

    /// Stays where it is.
    pub fn pause(&self) {
        drop(self.orders.send(Order::Pause));
    }

    /// Where it is.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let now = *self.now.borrow();
        Moment {
            length: now.to.ceil() as u64,
            at: now.at.ceil() as u64,
            playing: now.playing,
            speed: now.speed,
        }
    }
}

impl Timeline for Playback {
    fn moment(&self) -> Moment {
        self.moment()
    }

    fn seek(&self, at: u64) {
        let (done, _) = oneshot::channel();
        drop(self.orders.send(Order::Seek(at as f64, done)));
    }

    fn play(&self, speed: f64) {
        self.play(speed);
    }

    fn pause(&self) {
        self.pause();
    }
}

/// A player, and what moves it.
pub(crate) fn new(recording: Recording) -> (Playback, Player) {
    let (orders, ordered) = mpsc::unbounded_channel();
    let to = recording.events.last().map_or(0.0, |event| event.at);
    let (told, now) = watch::channel(Now {
        at: 0.0,
        to,
        playing: true,
        speed: 1.0,
    });
    let player = Player {
        ordered,
        told,
        film: Arc::new(Film::new(recording)),
        place: 0,
        open: BTreeMap::new(),
    };
    (Playback { orders, now }, player)
}

/// Plays a recording into a core.
pub(crate) struct Player {
    ordered: mpsc::UnboundedReceiver<Order>,
    told: watch::Sender<Now>,
    film: Arc<Film>,
    /// The next event.
    place: usize,
    open: BTreeMap<ClientNo, Played>,
}

impl Player {
    pub(crate) async fn run(mut self, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
        let mut since = (Instant::now(), 0.0);
        loop {
            let moment = *self.told.borrow();
            let wake = self.wake(&moment, since);
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                order = self.ordered.recv() => match order {
                    Some(order) => {
                        self.obey(&shared, order).await;
                        since = (Instant::now(), self.told.borrow().at);
                        continue;
                    }
                    None => return,
                },
                () = sleep_until(wake), if moment.playing => {}
            }
            let passed = since.0.elapsed().as_secs_f64() * 1_000.0;
            let at = (since.1 + passed * moment.speed).min(moment.to);
            self.play_until(&shared, at).await;
            let is_over = self.place == self.film.recording.events.len();
            self.told.send_modify(|now| {
                now.at = at;
                now.playing = !is_over;
            });
        }
    }

    /// When the next event is due, or the time is to be looked at.
    fn wake(&self, moment: &Now, since: (Instant, f64)) -> Instant {
        let told = Instant::now() + TOLD;
        let next = self.film.recording.events.get(self.place);
        next.map_or(told, |event| {
            let ms = ((event.at - since.1) / moment.speed).max(0.0);
            let due = since.0 + Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or(TOLD);
            due.min(told)
        })
    }

    async fn play_until(&mut self, shared: &Shared, at: f64) {
        let film = Arc::clone(&self.film);
        let to = film.place(at);
        while self.place < to {
            let next = to.min(self.place + AT_ONCE);
            shared.transact(|state| {
                for place in self.place..next {
                    film.apply(state, &mut self.open, place);
                }
            });
            for place in self.place..next {
                film.note(shared, place);
            }
            self.place = next;
            tokio::task::yield_now().await;
        }
    }

    async fn obey(&mut self, shared: &Shared, order: Order) {
        match order {
            Order::Seek(at, done) => {
                let (mut at, mut done) = (at, vec![done]);
                let mut then = None;
                // Whoever pulls a slider wants to be where it is now.
                while let Ok(order) = self.ordered.try_recv() {
                    match order {
                        Order::Seek(newer, newer_done) => {
                            at = newer;
                            done.push(newer_done);
                        }
                        other => {
                            then = Some(other);
                            break;
                        }
                    }
                }
                self.seek(shared, at).await;
                drop(done);
                if let Some(then) = then {
                    self.set(shared, then).await;
                }
            }
            other => self.set(shared, other).await,
        }
    }

    async fn set(&mut self, shared: &Shared, order: Order) {
        match order {
            Order::Play(speed) => {
                if self.place == self.film.recording.events.len() {
                    self.seek(shared, 0.0).await;
                }
                self.told.send_modify(|told| {
                    told.playing = true;
                    told.speed = speed;
                });
            }
            Order::Pause => self.told.send_modify(|told| told.playing = false),
            Order::Seek(..) => {}
        }
    }

    async fn seek(&mut self, shared: &Shared, at: f64) {
        let to = self.told.borrow().to;
        let at = if at.is_finite() {
            at.clamp(0.0, to)
        } else {
            0.0
        };
        let film = Arc::clone(&self.film);
        let (generation, limits) = (shared.generation, shared.limits.clone());
        let place = film.place(at);
        debug_assert_eq!(generation, film.recording.generation());
        let built = tokio::task::spawn_blocking(move || film.state(place, &limits)).await;
        let Ok((state, open)) = built else {
            return;
        };
        shared.transact(|now| {
            for no in std::mem::take(&mut self.open).into_keys() {
                now.forget_played(no);
            }
            for no in open {
                self.open.insert(no, now.open_played(no, self.film.id(no)));
            }
            now.become_like(&state);
        });
        self.place = place;
        self.told.send_modify(|told| told.at = at);
    }
}

/// A recording, and what was found out about it.
struct Film {
    recording: Recording,
    /// The ids that the server gave.
    ids: BTreeMap<ClientNo, String>,
    keyframes: Mutex<Vec<Keyframe>>,
}

/// The state before an event.
#[derive(Clone)]
struct Keyframe {
    place: usize,
    entities: Entities,
    open: Vec<ClientNo>,
}

/// Values of emitters that are followed by others before anybody looks.
type Pulses = BTreeMap<(ClientNo, String), Event>;

impl Film {
    fn new(recording: Recording) -> Self {
        let (mut ids, mut seen) = (BTreeMap::new(), BTreeMap::<u64, usize>::new());
        for event in &recording.events {
            let no = PLAYED + event.connection;
            ids.entry(no)
                .or_insert_with(|| format!("recorded-{}", event.connection));
            let What::Frame(Direction::Down, ..) = event.what else {
                continue;
            };
            let count = seen.entry(event.connection).or_default();
            *count += 1;
            if *count <= GREETING
                && let Some(Content::Document(frame)) = recording.content(event)
                && let Some(id) = frame["data"]["command"]["clientId"].as_str()
            {
                ids.insert(no, id.to_owned());
            }
        }
        Self {
            recording,
            ids,
            keyframes: Mutex::default(),
        }
    }

    fn id(&self, no: ClientNo) -> &str {
        self.ids.get(&no).map_or("", String::as_str)
    }

    /// The first event that is later.
    fn place(&self, at: f64) -> usize {
        self.recording
            .events
            .partition_point(|event| event.at <= at)
    }

    /// Notes a frame in the log of those that pages show.
    fn note(&self, shared: &Shared, place: usize) {
        let Some(event) = self.recording.events.get(place) else {
            return;
        };
        let (What::Frame(direction, ..), Some(json)) = (&event.what, self.recording.json(event))
        else {
            return;
        };
        let direction = match direction {
            Direction::Up => wire::Direction::In,
            Direction::Down => wire::Direction::Out,
        };
        let no = PLAYED + event.connection;
        let message = Message::text(json);
        shared.house.wire.note(no, direction, &message);
    }

    /// Does to a state what an event did to the server's.
    fn apply(&self, state: &mut State, open: &mut BTreeMap<ClientNo, Played>, place: usize) {
        let Some(event) = self.recording.events.get(place) else {
            return;
        };
        let no = PLAYED + event.connection;
        match &event.what {
            What::Open => drop(open.insert(no, state.open_played(no, self.id(no)))),
            What::Close(_) => {
                state.close(no);
                open.remove(&no);
            }
            What::Frame(Direction::Up, ..) => {
                self.read(state, place, |state, inbound| {
                    state.receive(no, inbound, Duration::MAX)
                });
            }
            What::Frame(Direction::Down, ..) => {}
        }
        if let Some(played) = open.get_mut(&no)
            && !played.drain()
        {
            open.remove(&no);
        }
    }

    /// Reads what a frame changes: entities. Answers, queries and pings were for the server of that time.
    fn read(
        &self,
        state: &mut State,
        place: usize,
        mut then: impl FnMut(&mut State, Result<Inbound, frames::Refused>),
    ) {
        let Some(event) = self.recording.events.get(place) else {
            return;
        };
        let no = PLAYED + event.connection;
        let document = match self.recording.content(event) {
            Some(Content::Document(document)) => document,
            Some(_) => {
                let what = match event.what {
                    What::Frame(_, Form::Bytes, _) => Unreadable::NoCbor("as recorded".to_owned()),
                    _ => Unreadable::NoJson("as recorded".to_owned()),
                };
                state.unreadable(no, what);
                return;
            }
            None => return,
        };
        if !changes(&document) {
            return;
        }
        then(state, frames::read(state.generation, document));
    }

    /// The state before an event, and the connections that were open, from the nearest that is kept.
    fn state(&self, place: usize, limits: &Limits) -> (State, Vec<ClientNo>) {
        let lock = || {
            self.keyframes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let nearest = lock()
            .iter()
            .rfind(|keyframe| keyframe.place <= place)
            .cloned();
        let from = nearest.unwrap_or_else(|| Keyframe {
            place: 0,
            entities: Entities::default(),
            open: Vec::new(),
        });
        let generation = self.recording.generation();
        let mut state = State::new(generation, Duration::ZERO, from.entities, limits.clone());
        let mut open = BTreeMap::new();
        for no in from.open {
            open.insert(no, state.open_played(no, self.id(no)));
        }
        let step = (self.recording.events.len() / KEYFRAMES).max(AT_ONCE);
        let mut at = from.place;
        while at < place {
            let next = place.min((at / step + 1) * step);
            self.forward(&mut state, &mut open, at, next);
            at = next;
            if at.is_multiple_of(step) {
                let mut keyframes = lock();
                let missing = keyframes.iter().all(|keyframe| keyframe.place != at);
                let weight = state.store.weight().saturating_mul(keyframes.len() + 1);
                if missing && weight <= KEYFRAME_BYTES {
                    let entities = Entities {
                        store: state.store.clone(),
                        next_client: 1,
                    };
                    let open = open.keys().copied().collect();
                    keyframes.push(Keyframe {
                        place: at,
                        entities,
                        open,
                    });
                    keyframes.sort_by_key(|keyframe| keyframe.place);
                }
            }
        }
        (state, open.into_keys().collect())
    }

    /// Plays events of which only the end counts: of values that follow each other the last.
    fn forward(
        &self,
        state: &mut State,
        open: &mut BTreeMap<ClientNo, Played>,
        from: usize,
        to: usize,
    ) {
        let mut pulses = Pulses::new();
        for place in from..to {
            let event = &self.recording.events[place];
            let no = PLAYED + event.connection;
            let What::Frame(Direction::Up, ..) = event.what else {
                if matches!(event.what, What::Close(_)) {
                    flush(state, &mut pulses);
                }
                self.apply(state, open, place);
                continue;
            };
            self.read(state, place, |state, inbound| match inbound {
                Ok(Inbound::Event(event)) => gather(state, &mut pulses, no, event),
                Ok(Inbound::Batch(events)) => {
                    for event in events {
                        match event {
                            Ok(event) => gather(state, &mut pulses, no, event),
                            Err(refused) => state.receive(no, Err(refused), Duration::MAX),
                        }
                    }
                }
                other => state.receive(no, other, Duration::MAX),
            });
            if let Some(played) = open.get_mut(&no) {
                played.drain();
            }
            // Nobody is told.
            state.settle();
        }
        flush(state, &mut pulses);
        state.settle();
    }
}

fn gather(state: &mut State, pulses: &mut Pulses, no: ClientNo, event: Event) {
    let is_value = event.item_type == "Pulse" && event.change == Change::Set;
    let id = event.item.get("id").and_then(Value::as_str);
    match id {
        Some(id) if is_value => {
            let key = (no, id.to_owned());
            pulses.insert(key, event);
        }
        _ => {
            if event.item_type == "Pulse" {
                flush(state, pulses);
            }
            state.receive(no, Ok(Inbound::Event(event)), Duration::MAX);
        }
    }
}

fn flush(state: &mut State, pulses: &mut Pulses) {
    for ((no, _), event) in std::mem::take(pulses) {
        state.receive(no, Ok(Inbound::Event(event)), Duration::MAX);
    }
}

/// Whether a frame is of those that a state is made of, or one that no server can read.
fn changes(frame: &Value) -> bool {
    match frame["event"].as_str() {
        Some("ws:m:command") => frame["data"]["commandId"] == "RegisterInstance",
        Some(
            "ws:m:ping"
            | "ws:m:query"
            | "ws:m:query-cancel"
            | "ws:m:command-response"
            | "ws:m:command-error",
        ) => false,
        _ => true,
    }
}
