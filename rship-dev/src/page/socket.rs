//! A page's socket: what it says, and what it is told.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::call::Calls;
use super::diagnosis::Diagnosis;
use super::show::Show;
use super::timeline::{self, Moment, Timeline};
use super::values::See;
use super::wire::WireView;
use super::{Source, details, sessions};
use crate::server::meter::Meter;
use crate::server::session::Socket;
use crate::server::shared::{Shared, stopped};
use crate::speaking;

/// How long a page may take to say who it is, and to find its token.
const HELLO: Duration = Duration::from_secs(5);
const TOKEN: Duration = Duration::from_secs(60);
const TRIES: usize = 3;
/// Values come so often at the most.
const FRAME: Duration = Duration::from_millis(33);
/// The tree is looked at so often at the most, and never for more than a tenth of the time.
const LOOK: Duration = Duration::from_millis(100);
const SHARE: u32 = 10;
/// How much a page may see at once.
const VISIBLE: usize = 2_000;
/// How often there is more of the wire, of the diagnosis and of a recording's time.
const OFTEN: Duration = Duration::from_millis(100);
/// How often there is more of the sessions.
const SELDOM: Duration = Duration::from_secs(1);
/// A recording is played so fast at the most.
const MOST_SPEED: f64 = 1_000.0;
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

type Sink = SplitSink<Socket, Message>;
type Stream = futures_util::stream::SplitStream<Socket>;

/// What a page says.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "lowercase")]
enum Said {
    Hello {
        token: Option<String>,
    },
    See {
        #[serde(default)]
        targets: Vec<String>,
        #[serde(default)]
        emitters: Vec<String>,
        #[serde(default)]
        plots: Vec<Plot>,
    },
    Open {
        target: Option<String>,
    },
    Call {
        n: Value,
        action: String,
        #[serde(default)]
        data: Value,
    },
    Wire {
        on: bool,
        #[serde(default)]
        filter: Option<String>,
    },
    Diagnosis {
        on: bool,
    },
    Seek {
        at: f64,
    },
    Play {
        #[serde(default = "as_it_was")]
        speed: f64,
    },
    Pause,
}

fn as_it_was() -> f64 {
    1.0
}

#[derive(Debug, Deserialize)]
struct Plot {
    ek: String,
    path: String,
}

/// Serves a page until it goes, or the core stops.
pub(crate) async fn serve(
    socket: Socket,
    shared: Arc<Shared>,
    meter: &Meter,
    mut stop: watch::Receiver<bool>,
) {
    let (mut sink, mut stream) = socket.split();
    let stopped = tokio::select! {
        biased;
        () = stopped(&mut stop) => true,
        _ = meter.stuck(shared.limits.progress, || true) => false,
        result = look(&shared, &mut sink, &mut stream) => {
            if let Err(error) = result {
                tracing::debug!(target: "rship_dev", %error, "a page went");
            }
            false
        }
    };
    if stopped {
        drop(timeout(CLOSE_LIMIT, sink.close()).await);
    }
}

async fn look(shared: &Arc<Shared>, sink: &mut Sink, stream: &mut Stream) -> Result<(), Error> {
    if !hello(shared, sink, stream).await? {
        return Ok(());
    }
    let mut page = Page::new(shared);
    let mut about = shared.house.about.subscribe();
    tell(sink, vec![welcome(shared)]).await?;
    let mut clock = interval(FRAME);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let frames = tokio::select! {
            biased;
            said = next(stream) => match said? {
                Some(said) => page.said(said).into_iter().collect(),
                None => return Ok(()),
            },
            Some(answer) = page.calls.waiting.next(), if !page.calls.waiting.is_empty() => vec![answer],
            Ok(()) = about.changed() => vec![welcome(shared)],
            _ = clock.tick() => page.news(),
        };
        tell(sink, frames).await?;
    }
}

async fn tell(sink: &mut Sink, frames: Vec<String>) -> Result<(), Error> {
    for frame in frames {
        sink.send(Message::text(frame)).await?;
    }
    Ok(())
}

/// Whether a page may look; it may try again with another token.
async fn hello(shared: &Shared, sink: &mut Sink, stream: &mut Stream) -> Result<bool, Error> {
    let mut limit = HELLO;
    for _ in 0..TRIES {
        let Ok(said) = timeout(limit, next(stream)).await else {
            return Ok(false);
        };
        let Some(said) = said? else {
            return Ok(false);
        };
        let reason = match said {
            Ok(Said::Hello { token }) => {
                if shared.doors.opens(token.as_deref()) {
                    return Ok(true);
                }
                match token {
                    Some(_) => "the token is not this core's",
                    None => "this core wants the token that it was started with",
                }
            }
            Ok(_) | Err(_) => "a page says hello first",
        };
        let denied = json!({"t": "denied", "reason": reason}).to_string();
        sink.send(Message::text(denied)).await?;
        limit = TOKEN;
    }
    Ok(false)
}

/// What a page says next, or what is wrong with it.
async fn next(stream: &mut Stream) -> Result<Option<Result<Said, String>>, Error> {
    loop {
        let Some(message) = stream.next().await else {
            return Ok(None);
        };
        match message? {
            Message::Text(text) => {
                let said = serde_json::from_str(&text);
                return Ok(Some(said.map_err(|error| error.to_string())));
            }
            Message::Binary(_) => return Ok(Some(Err("it is binary".to_owned()))),
            Message::Close(_) => return Ok(None),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

fn welcome(shared: &Shared) -> String {
    let about = shared.house.about.borrow().clone();
    let source = match about.source {
        Source::Core => "core",
        Source::Server => "server",
        Source::Recording => "recording",
    };
    json!({
        "t": "welcome", "version": env!("CARGO_PKG_VERSION"), "generation": shared.generation.as_str(),
        "source": source, "from": about.from, "readOnly": about.read_only, "now": speaking::millis(),
        "limits": {"visible": VISIBLE}, "timeline": shared.house.timeline().is_some(),
    })
    .to_string()
}

/// One page, and what it was told.
struct Page<'s> {
    shared: &'s Arc<Shared>,
    number: u64,
    calls: Calls,
    show: Show,
    /// The state of the tree that it was told, and when to look again.
    shape: Option<u64>,
    look_at: Instant,
    /// The target that is open, what was told of it, and of which state.
    open: Option<String>,
    opened: Option<(u64, String)>,
    wire: Option<WireView>,
    wire_at: Instant,
    diagnosis: Option<Diagnosis>,
    diagnosis_at: Instant,
    sessions_at: Instant,
    moment: Option<Moment>,
    moment_at: Instant,
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        self.shared.look_mut(|state| state.looks.leave(self.number));
        self.see_wire(None);
        self.see_diagnosis(false);
    }
}

impl<'s> Page<'s> {
    fn new(shared: &'s Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            shared,
            number: shared.look_mut(|state| state.looks.enter()),
            calls: Calls::default(),
            show: Show::default(),
            shape: None,
            look_at: now,
            open: None,
            opened: None,
            wire: None,
            wire_at: now,
            diagnosis: None,
            diagnosis_at: now,
            sessions_at: now,
            moment: None,
            moment_at: now,
        }
    }

    /// Does what the page says; what there is to say at once.
    fn said(&mut self, said: Result<Said, String>) -> Option<String> {
        let problem = |text: String| Some(json!({"t": "problem", "text": text}).to_string());
        match said {
            Ok(Said::See {
                targets,
                emitters,
                plots,
            }) => {
                let count = targets.len() + emitters.len() + plots.len();
                if count > VISIBLE {
                    return problem(format!(
                        "`see` names {count} things, {VISIBLE} can be seen at once"
                    ));
                }
                let plots = plots.into_iter().map(|plot| (plot.ek, plot.path));
                let see = See {
                    targets,
                    emitters,
                    plots: plots.collect(),
                };
                self.shared
                    .look_mut(|state| state.looks.taps(self.number).see(see));
                None
            }
            Ok(Said::Open { target }) => {
                self.open = target;
                self.opened = None;
                None
            }
            Ok(Said::Call { n, action, data }) => {
                self.calls.call(self.shared, &n, &action, data);
                None
            }
            Ok(Said::Wire { on, filter }) => {
                self.see_wire(on.then(|| filter.unwrap_or_default()));
                None
            }
            Ok(Said::Diagnosis { on }) => {
                self.see_diagnosis(on);
                None
            }
            Ok(Said::Seek { at }) => self.move_time(|timeline| timeline.seek(at.max(0.0) as u64)),
            Ok(Said::Play { speed }) => {
                if !(speed > 0.0 && speed <= MOST_SPEED) {
                    return problem(format!(
                        "`speed` is more than 0 and {MOST_SPEED} at the most"
                    ));
                }
                self.move_time(|timeline| timeline.play(speed))
            }
            Ok(Said::Pause) => self.move_time(|timeline| timeline.pause()),
            Ok(Said::Hello { .. }) => None,
            Err(error) => problem(format!("what the page said cannot be read: {error}")),
        }
    }

    fn see_wire(&mut self, filter: Option<String>) {
        let wire = &self.shared.house.wire;
        if let Some(view) = self.wire.take() {
            wire.leave(view);
        }
        self.wire = filter.map(|filter| wire.look(filter));
    }

    fn see_diagnosis(&mut self, on: bool) {
        let lines = &self.shared.house.lines;
        if self.diagnosis.take().is_some() {
            lines.leave();
        }
        if on {
            lines.look();
            self.diagnosis = Some(Diagnosis::default());
            let now = Instant::now();
            (self.diagnosis_at, self.sessions_at) = (now, now);
        }
    }

    fn move_time(&mut self, change: impl FnOnce(&dyn Timeline)) -> Option<String> {
        match self.shared.house.timeline() {
            Some(timeline) => {
                change(&*timeline);
                None
            }
            None => {
                let text = "there is no recording whose time could be moved";
                Some(json!({"t": "problem", "text": text}).to_string())
            }
        }
    }

    /// What there is to tell now.
    fn news(&mut self) -> Vec<String> {
        let mut frames = self.tree();
        frames.extend(self.details());
        let (number, show) = (self.number, &self.show);
        frames.extend(self.shared.look_mut(|state| {
            let mut taps = std::mem::take(state.looks.taps(number));
            let frame = taps.frame(state, show);
            *state.looks.taps(number) = taps;
            frame
        }));
        let now = Instant::now();
        if let Some(view) = &mut self.wire
            && now >= self.wire_at
        {
            self.wire_at = now + OFTEN;
            frames.extend(self.shared.house.wire.news(view));
        }
        if let Some(diagnosis) = &mut self.diagnosis {
            diagnosis.judge(self.shared.generation);
            if now >= self.diagnosis_at {
                let began = Instant::now();
                frames.extend(self.shared.look(|state| diagnosis.news(state)));
                self.diagnosis_at = now + OFTEN.max(began.elapsed() * SHARE);
            }
            if now >= self.sessions_at {
                self.sessions_at = now + SELDOM;
                frames.push(sessions::frame(self.shared));
            }
        }
        if let Some(timeline) = self.shared.house.timeline()
            && now >= self.moment_at
        {
            self.moment_at = now + OFTEN;
            let moment = Some(timeline.moment());
            if self.moment != moment {
                self.moment = moment;
                frames.extend(moment.map(timeline::frame));
            }
        }
        frames
    }

    fn tree(&mut self) -> Vec<String> {
        let began = Instant::now();
        if began < self.look_at {
            return Vec::new();
        }
        let (number, shape, show) = (self.number, &mut self.shape, &mut self.show);
        let frames = self.shared.look_mut(|state| {
            if *shape == Some(state.looks.shape) {
                return Vec::new();
            }
            *shape = Some(state.looks.shape);
            let frames = show.tell(state);
            let store = &state.store;
            let has = |pulse: &str| store.get("Pulse", pulse).is_some();
            let mut taps = state.looks.taps.remove(&number).unwrap_or_default();
            taps.tree_changed(has);
            state.looks.taps.insert(number, taps);
            frames
        });
        self.look_at = began + LOOK.max(began.elapsed() * SHARE);
        frames
    }

    fn details(&mut self) -> Option<String> {
        let key = self.open.as_ref()?;
        let shape = self.shape?;
        if self.opened.as_ref().is_some_and(|(of, _)| *of == shape) {
            return None;
        }
        let show = &self.show;
        let frame = self.shared.look(|state| details::frame(state, show, key))?;
        let news = self.opened.as_ref().is_none_or(|(_, told)| *told != frame);
        let told = news.then(|| frame.clone());
        self.opened = Some((shape, frame));
        told
    }
}
