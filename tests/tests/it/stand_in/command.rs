//! `rship-dev simulate`, as a program.

use rship_tests::{ended, program, within};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use super::lab::manifest;

fn dev(arguments: &[&str]) -> Command {
    program(env!("CARGO_BIN_EXE_dev"), arguments)
}

#[tokio::test]
async fn it_says_where_to_look_prints_what_it_is_told_obeys_and_ends_with_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lamp.json");
    std::fs::write(&file, manifest().to_string()).unwrap();
    let arguments = [
        "--json",
        "simulate",
        file.to_str().unwrap(),
        "--seed",
        "3",
        "--rate",
        "50",
    ];
    let mut child = dev(&arguments)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = async || -> Value {
        let line = within("a line", lines.next_line()).await.unwrap();
        serde_json::from_str(&line.expect("it goes on")).unwrap()
    };
    let listening = line().await;
    assert_eq!(
        (&listening["kind"], &listening["wire"]),
        (&json!("listening"), &json!("2026"))
    );
    assert!(
        listening["page"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    let playing = json!({"kind": "playing", "targets": 6, "seed": 3});
    assert_eq!(line().await, playing);
    let url = listening["url"].as_str().unwrap();
    let call =
        |payload: &'static str| ended(dev(&["call", "lamp:set-level", payload, "--url", url]));
    // A 2026 server shows what it was told 100 ms later.
    let watched = within("values that move", async {
        loop {
            let watch = ["watch", "lamp:celsius", "--count", "3", "--url", url];
            let (is_well, said) = ended(dev(&watch)).await;
            if is_well {
                return said;
            }
        }
    });
    assert_eq!(watched.await.lines().count(), 3);
    assert_eq!(call("0.5").await, (true, "null\n".to_owned()));
    let called = line().await;
    assert_eq!(
        (&called["action"], &called["data"]),
        (&json!("lamp:set-level"), &json!(0.5))
    );
    let (is_well, said) = call("2").await;
    assert!(
        !is_well && said.contains("expected a number from 0.0 to 1.0, got 2"),
        "{said}"
    );
    let mut typed = child.stdin.take().unwrap();
    typed
        .write_all(b"refuse=lamp:set-level=too hot\n")
        .await
        .unwrap();
    typed.flush().await.unwrap();
    // It is obeyed soon.
    let refused = within("a refusal", async {
        loop {
            let (is_well, said) = call("0.25").await;
            if !is_well {
                return said;
            }
        }
    });
    assert!(refused.await.contains("too hot"));
    let id = child.id().unwrap().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status();
    assert!(within("kill", killed).await.unwrap().success());
    assert!(within("its end", child.wait()).await.unwrap().success());
}

#[tokio::test]
async fn what_cannot_be_played_ends_with_a_status_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lamp.json");
    std::fs::write(&file, manifest().to_string()).unwrap();
    let file = file.to_str().unwrap();
    for (arguments, status, words) in [
        (
            &["simulate", "no-such-file"][..],
            2,
            "cannot read no-such-file",
        ),
        (&["simulate", "-"], 2, "this is not JSON"),
        (
            &["simulate", file, "--members", "99999999", "--manifest"],
            1,
            "ask for fewer members",
        ),
        (
            &["simulate", file, "--fault", "melt=lamp"],
            2,
            "`melt=lamp` is not a fault",
        ),
        (
            &["simulate", file, "--rate=-1"],
            2,
            "a number from 0 to 1000",
        ),
        (
            &[
                "simulate",
                file,
                "--url",
                "ws://127.0.0.1:1",
                "--fault",
                "silent=lamp:fade-up",
            ],
            1,
            "there is no action `lamp:fade-up`; did you mean `lamp:fade`",
        ),
    ] {
        let output = within("its end", dev(arguments).output()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(status), "{said}");
    }
}
