//! A program whose main thread belongs to something else: a console with a fader, whose loop draws 60 frames a second
//! and reads keys, as a GUI toolkit's does. It has no runtime, and no frame waits for the show.
//!
//! ```text
//! cargo run -p rship-examples --bin console
//! echo +++ | cargo run -p rship-examples --bin console | cat   # without a terminal: what is drawn, when it changes
//! cargo run -p rship-examples --bin console -- --manifest
//! ```
//!
//! Keys are `+` and `-` or the arrows, the space bar, and `q`. Move the fader while `recall` holds the console for some
//! seconds: the frames go on, and the keys count afterwards.

use std::io::{self, BufReader, IsTerminal as _, Read as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fmt, iter, mem, thread};

use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rship_examples::{Failure, Show, live};
use rship_runtime::Status;
use rship_runtime::prelude::*;

/// Time between two frames.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// What a key moves the fader by.
const STEP: f64 = 0.05;

/// What somebody sits at.
#[derive(Debug, Default, Target)]
#[target(category = "control")]
struct Console {
    /// Where the fader is, from 0 to 1.
    #[emitter]
    #[action(min = 0, max = 1)]
    fader: f64,
    /// What the one who sits there is to read.
    #[emitter]
    #[action]
    message: String,
    /// The one who sits there presses the space bar.
    #[emitter]
    go: Emitter<f64>,
}

#[actions]
impl Console {
    /// Moves the fader as slowly as a motor does, and holds the console meanwhile.
    #[action(blocking, writes = "fader")]
    fn recall(
        &mut self,
        #[arg(min = 0, max = 1)] to: f64,
        #[arg(min = 0, max = 10, default = 3.0, unit = "s")] seconds: f64,
    ) {
        thread::sleep(Duration::from_secs_f64(seconds));
        self.fader = to;
    }
}

impl fmt::Display for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = "█".repeat((self.fader * 20.0).round() as usize);
        // It must not write anywhere else on the screen, nor wrap.
        let message = self.message.chars().filter(|c| !c.is_control());
        let message = message.take(40).collect::<String>();
        write!(f, "▕{filled:<20}▏ {:.2} {message}", self.fader)
    }
}

/// What is on the screen, and what the keys did since the console could be had.
struct Window {
    executor: Executor,
    console: Handle<Console>,
    picture: String,
    missed: u32,
    steps: f64,
    is_go: bool,
}

impl Window {
    /// One frame, which waits for nobody: while an action holds the console, it shows what that was, and what the keys
    /// did is kept for a later one.
    fn frame(&mut self) -> String {
        match self.console.try_lock() {
            Ok(mut console) => {
                console.fader = (console.fader + mem::take(&mut self.steps)).clamp(0.0, 1.0);
                if mem::take(&mut self.is_go) {
                    console.go.pulse(console.fader);
                }
                self.picture = console.to_string();
                self.missed = 0;
                // Here the guard is dropped, and what changed is published.
            }
            Err(_) => self.missed += 1,
        }
        let is_online = matches!(*self.executor.status().borrow(), Status::Online { .. });
        let offline = if is_online { "" } else { " (offline)" };
        let busy = if self.missed > 6 { " (busy)" } else { "" };
        format!("{}{busy}{offline}", self.picture)
    }

    fn press(&mut self, key: char) {
        match key {
            '+' => self.steps += STEP,
            '-' => self.steps -= STEP,
            ' ' => self.is_go = true,
            _ => {}
        }
    }

    /// Draws frames and takes keys, until one of those ends it.
    fn run(mut self, keys: &Receiver<char>) {
        let is_terminal = io::stdout().is_terminal();
        let mut before = String::new();
        let mut next = Instant::now();
        loop {
            let drawn = self.frame();
            if is_terminal || drawn != before {
                live(&drawn);
                before = drawn;
            }
            // What is late is not made up for.
            next = (next + FRAME).max(Instant::now());
            while let Some(left) = next.checked_duration_since(Instant::now()) {
                match keys.recv_timeout(left) {
                    Ok('q') => return,
                    Ok(key) => self.press(key),
                    Err(RecvTimeoutError::Timeout) => {}
                    // Nobody is there who could press one.
                    Err(RecvTimeoutError::Disconnected) => thread::sleep(left),
                }
            }
        }
    }
}

/// Keys, from the terminal or from whoever writes to standard input.
fn keys(is_terminal: bool) -> Receiver<char> {
    let (pressed, keys) = mpsc::sync_channel(16);
    thread::spawn(move || {
        let mut keys: Box<dyn Iterator<Item = char>> = if is_terminal {
            Box::new(iter::from_fn(|| event::read().ok()).filter_map(|event| key(&event)))
        } else {
            let bytes = BufReader::new(io::stdin()).bytes();
            Box::new(bytes.map_while(Result::ok).map(char::from))
        };
        keys.try_for_each(|key| pressed.send(key))
    });
    keys
}

fn key(event: &Event) -> Option<char> {
    let key = event.as_key_press_event()?;
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some('q'),
        KeyCode::Char(key) => Some(key),
        KeyCode::Up => Some('+'),
        KeyCode::Down => Some('-'),
        _ => None,
    }
}

fn main() -> Result<(), Failure> {
    let show = Show::open_without_runtime("consoles")?;
    let console = show.executor.add("console", Console::default())?;
    let running = show.start(&[
        "watch console:fader",
        "call console:set-message '\"Stand by\"'",
        "call console:recall '{\"to\": 1}'",
    ])?;
    let is_terminal = io::stdin().is_terminal();
    if is_terminal {
        enable_raw_mode()?;
    }
    let window = Window {
        executor: show.executor.clone(),
        console,
        picture: String::new(),
        missed: 0,
        steps: 0.0,
        is_go: false,
    };
    window.run(&keys(is_terminal));
    if is_terminal {
        disable_raw_mode()?;
    }
    // Goes offline cleanly, as dropping it does.
    running.stop();
    Ok(())
}
