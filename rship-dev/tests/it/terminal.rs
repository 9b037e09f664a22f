//! The tables that are drawn in a terminal, and what is printed where there is none.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rship_dev::Generation;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::cli::{command, device, run, stdout};
use crate::peer::{LIMIT, core, within, without};

const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";

/// A command in a terminal of its own.
struct Terminal {
    master: File,
    /// Held open, so that what the command wrote last can be read when it has ended.
    slave: OwnedFd,
    child: Child,
    output: mpsc::UnboundedReceiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("a terminal of ours");
        unlockpt(&master).expect("an open terminal");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let slave = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its end");
        resize(&slave, 24, 80);
        let end = || Stdio::from(slave.try_clone().expect("its end once more"));
        // In a session of its own, else it would ask the terminal of whoever runs the tests for its size.
        let mut in_session = Command::new("setsid");
        let inner = command(arguments);
        in_session
            .arg("--ctty")
            .arg(inner.as_std().get_program())
            .args(inner.as_std().get_args())
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .envs(variables.iter().copied())
            .kill_on_drop(true);
        for (variable, value) in inner.as_std().get_envs() {
            match value {
                Some(value) => in_session.env(variable, value),
                None => in_session.env_remove(variable),
            };
        }
        let child = in_session.spawn().expect("setsid");
        let master = File::from(master);
        let mut reading = master.try_clone().expect("the terminal once more");
        let (sender, output) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(read @ 1..) = reading.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            master,
            slave,
            child,
            output,
            seen: String::new(),
        }
    }

    /// Reads until a text was written, and returns everything from the last such place on.
    async fn shows(&mut self, text: &str) -> String {
        let until = Instant::now() + LIMIT;
        let mut bytes = Vec::new();
        loop {
            if let Some((before, behind)) = self.seen.split_once(text) {
                let before = before.to_owned();
                self.seen = behind.to_owned();
                return before;
            }
            match timeout_at(until, self.output.recv()).await {
                Ok(Some(read)) => {
                    bytes.extend(read);
                    // A character may be in two parts.
                    if let Ok(text) = std::str::from_utf8(&bytes) {
                        self.seen.push_str(text);
                        bytes.clear();
                    }
                }
                _ => panic!("no {text:?} within {LIMIT:?}, but {:?}", self.seen),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("a key");
    }

    fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.slave).expect("its modes").local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// The exit status, after the screen was put back as it was.
    async fn leaves(&mut self) -> Option<i32> {
        self.shows(SHOW_CURSOR).await;
        self.shows(LEAVE).await;
        let status = within("end", self.child.wait()).await.expect("a status");
        assert!(!self.is_raw(), "the terminal is as it was");
        status.code()
    }
}

fn resize(terminal: &OwnedFd, lines: u16, columns: u16) {
    let size = Winsize {
        ws_row: lines,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("its size");
}

/// The numbers of all sequences that say how text looks.
fn looks(written: &str) -> Vec<&str> {
    let sequences = written.split("\u{1b}[").skip(1);
    let look = |sequence: &'_ str| -> Option<usize> {
        let end = sequence.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
        sequence[end..].starts_with('m').then_some(end)
    };
    sequences
        .filter_map(|sequence| look(sequence).map(|end| &sequence[..end]))
        .collect()
}

fn is_color(look: &&str) -> bool {
    let first: u32 = look.split(';').next().unwrap_or("").parse().unwrap_or(0);
    matches!(first, 30..=49 | 90..=107)
}

#[tokio::test]
async fn watch_draws_a_value_and_its_changes_and_q_puts_the_screen_back() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    let mut terminal = Terminal::start(&["watch", "stand", "--url", &core.url()], &[]);
    terminal.shows(ENTER).await;
    terminal.shows("EMITTER").await;
    terminal.shows("stand:cash").await;
    terminal.shows("250000").await;
    assert!(terminal.is_raw());
    peer.set("Pulse", peer.pulse("stand", json!(777_111))).await;
    let before = terminal.shows("777111").await;
    let looks = looks(&before);
    assert!(
        looks.iter().any(is_color),
        "what is new is colored: {looks:?}"
    );
    terminal.press("q");
    assert_eq!(terminal.leaves().await, Some(0));
}

#[tokio::test]
async fn escape_and_control_c_leave_as_well() {
    let core = core(Generation::V2026).await;
    let _peer = device(&core).await;
    for key in ["\u{1b}", "\u{3}"] {
        let mut terminal = Terminal::start(&["watch", "stand", "--url", &core.url()], &[]);
        terminal.shows("250000").await;
        terminal.press(key);
        assert_eq!(terminal.leaves().await, Some(0), "{key:?}");
    }
}

#[tokio::test]
async fn a_signal_and_a_server_that_ends_put_the_screen_back() {
    let core = core(Generation::V2026).await;
    let _peer = device(&core).await;
    for signal in ["-TERM", "-INT", "-HUP"] {
        let mut terminal = Terminal::start(&["watch", "stand", "--url", &core.url()], &[]);
        terminal.shows("250000").await;
        // `setsid` becomes what it runs, so this is its number.
        let pid = terminal.child.id().expect("a process").to_string();
        let kill = within("kill", Command::new("kill").args([signal, &pid]).status()).await;
        assert!(kill.expect("kill").success());
        assert_eq!(terminal.leaves().await, Some(0), "{signal}");
    }
    let mut terminal = Terminal::start(&["watch", "stand", "--url", &core.url()], &[]);
    terminal.shows("250000").await;
    core.shutdown().await;
    assert_eq!(terminal.leaves().await, Some(1));
    terminal.shows("error: ").await;
}

#[tokio::test]
async fn no_color_means_no_color() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    let arguments = ["watch", "stand", "--url", &core.url()];
    let mut terminal = Terminal::start(&arguments, &[("NO_COLOR", "1")]);
    let mut written = terminal.shows("250000").await;
    peer.set("Pulse", peer.pulse("stand", json!(777_111))).await;
    written += &terminal.shows("777111").await;
    terminal.press("q");
    written += &terminal.shows(LEAVE).await;
    let colors: Vec<_> = looks(&written).into_iter().filter(is_color).collect();
    assert_eq!(colors, [""; 0]);
}

#[tokio::test]
async fn rows_scroll_and_a_terminal_that_changes_its_size_is_drawn_anew() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    for number in 1..=40 {
        let id = format!("stand:extra{number}");
        let emitter = json!({"id": id, "name": "Extra", "targetId": "stand", "serviceId": "bluth"});
        peer.set("Emitter", emitter).await;
    }
    peer.sync().await;
    let mut terminal = Terminal::start(&["watch", "stand", "--url", &core.url()], &[]);
    let first = terminal.shows("1-21 of 41").await;
    assert!(first.contains("stand:extra20") && !first.contains("stand:extra21"));
    terminal.press("\u{1b}[6~");
    terminal.shows("21-41 of 41").await;
    terminal.press("\u{1b}[A");
    terminal.shows("20-40 of 41").await;
    resize(&terminal.slave, 10, 40);
    let small = terminal.shows("20-26 of 41").await;
    assert!(
        small.contains("RATE") && !small.contains("LAST"),
        "what has no room is left out"
    );
    terminal.press("q");
    assert_eq!(terminal.leaves().await, Some(0));
}

#[tokio::test]
async fn top_counts_pulses_and_drops_of_targets_and_sorts_them_by_a_key() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    peer.register("stand-1", "quiet").await;
    let mut terminal = Terminal::start(&["top", "--url", &core.url()], &[]);
    let title = terminal.shows("TARGET").await;
    assert!(title.contains("commands cannot be seen"), "{title:?}");
    terminal.shows("quiet").await;
    peer.set("Pulse", peer.pulse("stand", json!(1))).await;
    let dropped = without(peer.target("quiet"), &["category"]);
    peer.set("Target", dropped).await;
    terminal.shows("drops: 1 ").await;
    terminal.press("d");
    terminal.shows("by drops").await;
    terminal.shows("quiet").await;
    terminal.shows("stand").await;
    terminal.press("q");
    assert_eq!(terminal.leaves().await, Some(0));
}

#[tokio::test]
async fn what_is_asked_for_in_lines_is_lines_in_a_terminal_too() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    let url = core.url();
    for option in [&["--plain"][..], &["--json"], &["--count", "2"]] {
        let mut arguments = vec!["watch", "stand:cash", "--url", &url];
        arguments.extend(option);
        let mut terminal = Terminal::start(&arguments, &[]);
        let mut written = terminal.shows("\n").await;
        assert!(written.contains("250000"), "{written:?}");
        peer.set("Pulse", peer.pulse("stand", json!(5))).await;
        written += &terminal.shows("\n").await;
        assert!(!written.contains('\u{1b}'), "{option:?}: {written:?}");
        peer.set("Pulse", peer.pulse("stand", json!(250_000))).await;
        peer.sync().await;
    }
    let mut terminal = Terminal::start(&["watch", "stand", "--url", &url], &[("TERM", "dumb")]);
    let written = terminal.shows("\n").await;
    assert_eq!(written, "250000\r");
}

#[tokio::test]
async fn top_is_printed_where_there_is_no_terminal() {
    let core = core(Generation::V2026).await;
    let _peer = device(&core).await;
    let text = stdout(&run(&["top", "--count", "1", "--url", &core.url()]).await);
    assert!(
        text.contains("\nstand   ") && !text.contains('\u{1b}'),
        "{text}"
    );
    let text = stdout(&run(&["top", "--count", "2", "--json", "--url", &core.url()]).await);
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let document: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(document["targets"][0]["id"], "stand");
        assert_eq!(document["targets"][0]["emitters"], 1);
    }
}

#[tokio::test]
async fn shells_complete_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&run(&["completions", shell]).await);
        for word in ["watch", "completions", "--plain"] {
            // fish says `-l plain`.
            assert!(
                script.contains(word.trim_start_matches('-')),
                "{shell}: {word}"
            );
        }
    }
    let script = stdout(&run(&["completions", "bash"]).await);
    let asked = script
        + r#"
        COMP_WORDS=(rship-dev wa); COMP_CWORD=1
        $(complete -p rship-dev | sed 's/.*-F \([^ ]*\).*/\1/') rship-dev wa rship-dev 2>&1
        echo "${COMPREPLY[@]}""#;
    let bash = Command::new("bash").args(["--norc", "-c", &asked]).output();
    let completed = within("bash", bash).await.expect("bash");
    assert_eq!(stdout(&completed), "watch\n");
}
