//! The console, whose main thread draws.

use rship_tests::within;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::ChildStdout;

use super::at_work::AtWork;

/// Reads what is drawn up to a frame with this in it.
async fn draws(lines: &mut Lines<BufReader<ChildStdout>>, text: &str) {
    let found = async {
        loop {
            let line = lines.next_line().await.unwrap();
            if line.expect("it goes on").contains(text) {
                return;
            }
        }
    };
    within(text, found).await;
}

#[tokio::test]
async fn values_go_both_ways_and_no_frame_waits_for_an_action_that_holds_the_console() {
    let mut console = AtWork::start("console", &[]).await;
    let mut keys = console.child.stdin.take().unwrap();
    let mut lines = BufReader::new(console.child.stdout.take().unwrap()).lines();
    console.tells("console:fader", json!(0.0)).await;

    // By keys, and seen by the show.
    keys.write_all(b"++++").await.unwrap();
    console.tells("console:fader", json!(0.2)).await;
    keys.write_all(b" ").await.unwrap();
    console.tells("console:go", json!(0.2)).await;
    // By the show, and drawn; what would write all over the screen is left out.
    let answer = console
        .call("console:set-message", json!("Stand\u{1b}[2J by"))
        .await;
    assert_eq!(answer, Ok(Value::Null));
    draws(&mut lines, "0.20 Stand[2J by").await;
    let answer = console.call("console:set-fader", json!(0.5)).await;
    assert_eq!(answer, Ok(Value::Null));
    draws(&mut lines, "0.50").await;

    // Frames go on meanwhile, and the keys count afterwards.
    let recall = console.call("console:recall", json!({"to": 0.75, "seconds": 2}));
    let meanwhile = async {
        draws(&mut lines, "0.50 Stand[2J by (busy)").await;
        keys.write_all(b"-").await.unwrap();
    };
    let (answer, ()) = tokio::join!(recall, meanwhile);
    assert_eq!(answer, Ok(Value::Null));
    console.tells("console:fader", json!(0.7)).await;
    draws(&mut lines, "0.70").await;

    // However many keys come.
    let flood = vec![b'+'; 1 << 20];
    within("keys", keys.write_all(&flood)).await.unwrap();
    console.tells("console:fader", json!(1.0)).await;
    assert_eq!(console.core.drops(), []);

    console.core.shutdown().await;
    draws(&mut lines, "(offline)").await;
    keys.write_all(b"q").await.unwrap();
    let status = within("its end", console.child.wait()).await.unwrap();
    assert!(status.success());
}

#[cfg(unix)]
mod terminal {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::process::Stdio;

    use rship_runtime::Generation;
    use rship_tests::{LIMIT, core, example, until, within};
    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};
    use serde_json::json;

    #[tokio::test]
    async fn keys_of_a_terminal_move_the_fader_and_the_terminal_is_left_as_it_was() {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let name = ptsname(&end, Vec::new()).unwrap();
        let terminal = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let is_raw = || {
            let modes = tcgetattr(&terminal).unwrap().local_modes;
            !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
        };
        let core = core(Generation::V2026).await;
        let mut command = example("console", &[]).await;
        command.env("RSHIP_URL", core.url()).env("TERM", "xterm");
        command.stdin(Stdio::from(terminal.try_clone().unwrap()));
        command.stdout(Stdio::from(terminal.try_clone().unwrap()));
        let mut child = command.spawn().unwrap();
        // What it draws is read, or it would wait.
        let mut screen = File::from(end);
        let mut keys = screen.try_clone().unwrap();
        let drawn = std::thread::spawn(move || {
            let (mut frames, mut bytes) = (0, [0; 4_096]);
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                frames += bytes[..read].iter().filter(|byte| **byte == b'\r').count();
            }
            frames
        });
        until("raw mode", is_raw).await;
        // An arrow, and a letter.
        keys.write_all(b"\x1b[A\x1b[A-").unwrap();
        let moved = |core: &rship_dev::LocalCore| core.value("console:fader") == Some(json!(0.05));
        core.wait_until(LIMIT, "a move", moved).await.unwrap();
        keys.write_all(b"\x03").unwrap();
        let status = within("its end", child.wait()).await.unwrap();
        assert!(status.success() && !is_raw());
        // Whoever holds its other end keeps the reader waiting.
        drop((terminal, command));
        assert!(drawn.join().unwrap() > 3);
    }
}
