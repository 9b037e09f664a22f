//! Existing code, annotated as it is: a music player that threads share behind `Arc<Mutex<..>>`, with
//! methods in two files and in a trait. Added were attributes, the derives that they ask for, and `add`.
//!
//! ```text
//! cargo run -p rship-examples --bin player
//! cargo run -p rship-examples --bin player -- --manifest
//! ```

mod playlist;
mod transport;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rship_examples::{Failure, Show, live};
use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use playlist::Track;
use transport::Transport as _;

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(20);

/// Plays a list of tracks, one after the other.
#[derive(Debug, Default, Target)]
#[target(category = "audio", actions("transport", "playlist"))]
struct Player {
    #[emitter]
    state: State,
    /// How far into the track, in seconds.
    #[emitter(with = "Duration::as_secs_f64", max_rate = "10 Hz")]
    position: Duration,
    #[emitter]
    #[action(min = 0, max = 1, set = "set_volume")]
    volume: f32,
    #[emitter]
    muted: bool,
    tracks: Vec<Track>,
    current: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Stopped,
    Playing,
    Paused,
}

/// Why a player does not do what it was asked to.
#[derive(Debug, PartialEq)]
enum PlayerError {
    NothingToPlay,
    NoTrack(usize),
    TooFar(f64),
}

impl fmt::Display for PlayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToPlay => f.write_str("the playlist is empty"),
            Self::NoTrack(index) => write!(f, "there is no track {index}"),
            Self::TooFar(seconds) => write!(f, "the track ends before {seconds} s"),
        }
    }
}

impl std::error::Error for PlayerError {}

#[actions]
impl Player {
    /// As loud as this, and no longer muted.
    fn set_volume(&mut self, volume: f32) {
        self.volume = volume;
        self.muted = false;
    }

    /// Silent if it is not, else as loud as before.
    #[action(writes = "muted")]
    fn toggle_mute(&mut self) -> bool {
        self.muted = !self.muted;
        self.muted
    }

    /// Time passes; behind the end of a track comes the next, behind the last the end.
    fn advance(&mut self, by: Duration) {
        if self.state != State::Playing {
            return;
        }
        self.position += by;
        let length = self.current().map_or(0.0, |track| track.seconds);
        if self.position.as_secs_f64() >= length && self.next().is_err() {
            self.stop();
        }
    }
}

/// The thread that plays.
fn play_along(player: &Mutex<Player>) {
    let mut before = Instant::now();
    loop {
        thread::sleep(TICK);
        let now = Instant::now();
        lock(player).advance(now - before);
        before = now;
    }
}

/// The thread that shows what is played.
fn show_along(player: &Mutex<Player>) {
    loop {
        thread::sleep(Duration::from_secs(1));
        let line = lock(player).to_string();
        live(&line);
    }
}

impl fmt::Display for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.current().map_or("nothing", |track| &track.title);
        let seconds = self.position.as_secs();
        write!(f, "{:?}: {title}, {seconds} s", self.state)
    }
}

fn lock(player: &Mutex<Player>) -> MutexGuard<'_, Player> {
    player.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let player = Arc::new(Mutex::new(Player::with_demo_tracks()));
    let show = Show::open("jukebox").await?;
    show.executor.add("player", player.clone())?;
    if !show.executor.wants_manifest() {
        for along in [play_along, show_along] {
            let player = player.clone();
            thread::spawn(move || along(&player));
        }
    }
    show.run(&[
        "ls",
        "call player:play",
        "watch player:position",
        "call player:seek '{\"to\": 30}'",
        "call player:add '{\"title\": \"Encore\", \"seconds\": 60}'",
        "call player:jump '{\"index\": 9}'",
    ])
    .await
}
