//! The binary, run as a user runs it.

use std::process::{Output, Stdio};

use rship_dev::{Generation, LocalCore};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::peer::{Peer, core, with, within, without};

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rship-dev"));
    command
        .args(arguments)
        .env_remove("RSHIP_URL")
        .env_remove("RSHIP_ADDRESS")
        .env_remove("RSHIP_PORT")
        .env_remove("RSHIP_TOKEN")
        .env_remove("RSHIP_TOKEN_FILE")
        .env_remove("RSHIP_CA")
        .env_remove("RSHIP_CERT")
        .env_remove("RSHIP_KEY")
        .env_remove("RUST_LOG")
        .kill_on_drop(true);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) async fn run(arguments: &[&str]) -> Output {
    within("end of the command", command(arguments).output())
        .await
        .expect("a process")
}

pub(crate) fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// What a failed command said, its exit status and silence on standard output checked.
pub(crate) fn failure(output: &Output) -> String {
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(1), &b""[..]),
        "{output:?}"
    );
    String::from_utf8(output.stderr.clone()).expect("text")
}

pub(crate) async fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().expect("a pipe")).lines()
}

pub(crate) async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    within("line", lines.next_line())
        .await
        .expect("a pipe")
        .expect("a line")
}

pub(crate) async fn device(core: &LocalCore) -> Peer {
    let mut peer = Peer::connect(core).await;
    peer.register("stand-1", "stand").await;
    peer.set("Pulse", peer.pulse("stand", json!(250_000))).await;
    peer.sync().await;
    peer
}

#[tokio::test]
async fn ls_shows_the_tree_of_every_generation() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = device(&core).await;
        let child = with(
            without(peer.target("register"), &["actionIds"]),
            "actionIds",
            json!([]),
        );
        let child = if generation == Generation::V2023 {
            child
        } else {
            with(child, "parentTargets", json!(["stand"]))
        };
        peer.set("Target", child).await;
        if generation == Generation::V2023 {
            peer.set(
                "Target",
                with(peer.target("stand"), "subTargets", json!(["register"])),
            )
            .await;
        }
        peer.set("TargetStatus", crate::peer::status("stand-1", "register"))
            .await;
        peer.sync().await;
        let text = stdout(&run(&["ls", "--url", &core.url()]).await);
        let expected = "\
stand-1  Available  (service bluth on pier)
└─ stand  \"Stand\"  online
   ├─ action   stand:burn(count: integer)
   ├─ emitter  stand:cash = 250000
   └─ register  \"Stand\"  online
";
        assert_eq!(text, expected, "{generation}");
        let text = stdout(&run(&["ls", "--json", "--url", &core.url()]).await);
        let documents: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(documents.len(), 1);
        assert_eq!(
            (&documents[0]["kind"], &documents[0]["id"]),
            (&json!("instance"), &json!("stand-1"))
        );
        let stand = &documents[0]["targets"][0];
        assert_eq!(
            stand["actions"][0]["arguments"],
            json!([{"name": "count", "kind": "integer", "required": true}])
        );
        assert_eq!(stand["emitters"][0]["value"], 250_000);
        assert_eq!(stand["targets"][0]["id"], "register");
    }
}

#[tokio::test]
async fn ls_shows_what_was_dropped() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.set("Target", without(peer.target("t"), &["category"]))
        .await;
    peer.sync().await;
    let text = stdout(&run(&["ls", "--url", &core.url()]).await);
    assert_eq!(
        text,
        "the Target `t` was dropped: `category` is missing, a 2026 server wants a string\n"
    );
    let text = stdout(&run(&["--json", "ls", "--url", &core.url()]).await);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&document["kind"], &document["itemId"], &document["field"]),
        (&json!("drop"), &json!("t"), &json!("category"))
    );
}

#[tokio::test]
async fn call_prints_the_answer_in_every_generation() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = device(&core).await;
        let url = core.url();
        let arguments = [
            "call",
            "stand:burn",
            "{\"count\": 2}",
            "--json",
            "--url",
            &url,
        ];
        let answering = async {
            let (_, command) = within("command", peer.recv_command()).await;
            peer.respond(&command["tx"], json!({"got": command["data"]}))
                .await;
        };
        let (output, ()) = tokio::join!(run(&arguments), answering);
        assert_eq!(stdout(&output), "{\"got\":{\"count\":2}}\n", "{generation}");
        let answering = async {
            let (_, command) = within("command", peer.recv_command()).await;
            assert_eq!(command["data"], Value::Null, "no arguments are null");
            peer.refuse(&command["tx"], "`count` is missing").await;
        };
        let arguments = ["call", "stand:burn", "--url", &url];
        let (output, ()) = tokio::join!(run(&arguments), answering);
        assert_eq!(
            failure(&output),
            "error: `count` is missing\n",
            "{generation}"
        );
        assert!(core.drops().is_empty(), "{:?}", core.drops());
    }
}

#[tokio::test]
async fn call_asks_which_instance_where_several_have_the_target() {
    let core = core(Generation::V2026).await;
    let _one = device(&core).await;
    let mut two = Peer::connect(&core).await;
    two.register("stand-2", "stand").await;
    let url = core.url();
    let said = failure(&run(&["call", "stand:burn", "--url", &url]).await);
    assert!(said.contains("--instance: stand-1, stand-2"), "{said}");
    let answering = async {
        let (_, command) = within("command", two.recv_command()).await;
        two.respond(&command["tx"], json!(2)).await;
    };
    let arguments = [
        "call",
        "stand:burn",
        "{}",
        "--instance",
        "stand-2",
        "--url",
        &url,
    ];
    let (output, ()) = tokio::join!(run(&arguments), answering);
    assert_eq!(stdout(&output), "2\n");
}

#[tokio::test]
async fn mistakes_are_told_with_what_to_do() {
    let core = core(Generation::V2026).await;
    let _peer = device(&core).await;
    let url = core.url();
    let said = failure(&run(&["call", "stand:brun", "--url", &url]).await);
    assert_eq!(
        said,
        "error: there is no action `stand:brun`; did you mean `stand:burn`?\n"
    );
    let said = failure(&run(&["watch", "stand:csh", "--url", &url]).await);
    assert_eq!(
        said,
        "error: there is no emitter `stand:csh`, and no target of that id that has one; did you mean `stand:cash`?\n"
    );
    let said = failure(&run(&["call", "stand:burn", "{count: 2}", "--url", &url]).await);
    assert!(said.contains("are not JSON"), "{said}");
    let said = failure(&run(&["ls", "--url", &format!("ws://{}/other", core.addr())]).await);
    assert!(
        said.contains("HTTP 404") && said.contains("/myko"),
        "{said}"
    );
    let said = failure(&run(&["ls", "--url", "nonsense"]).await);
    assert!(
        said.contains("`nonsense`") && said.contains("has no ws:// or wss://"),
        "{said}"
    );
    let port = url.replace(&core.addr().port().to_string(), "99999");
    let said = failure(&run(&["ls", "--url", &port]).await);
    assert!(said.contains("not one from 1 to 65535"), "{said}");
    let said = failure(&run(&["ls", "stand.*", "burn", "--url", &url]).await);
    assert_eq!(
        said,
        "error: there is no target, action or emitter `stand.*` or `burn`; did you mean `stand` or `stand:burn`?\n"
    );
    let said = failure(&run(&["call", "stand:burn", "3", "--url", &url]).await);
    assert_eq!(
        said,
        "error: action `stand:burn` takes its arguments by name: write '{\"count\": 3}'\n"
    );
    let addr = core.addr();
    core.shutdown().await;
    let url = format!("ws://{addr}/myko");
    let said = failure(&run(&["ls", "--url", &url]).await);
    assert_eq!(
        said,
        format!(
            "error: no server at {url}: start one with `rship-dev serve`, or name one with --url\n"
        )
    );
}

#[tokio::test]
async fn the_address_comes_from_the_environment_too() {
    let core = core(Generation::V2026).await;
    let _peer = device(&core).await;
    let output = within(
        "end",
        command(&["ls"]).env("RSHIP_URL", core.url()).output(),
    )
    .await
    .expect("a process");
    assert!(stdout(&output).starts_with("stand-1"));
    // As executors: parts of an address, and `/myko` where no path is written.
    let port = core.addr().port().to_string();
    let mut by_port = command(&["ls"]);
    by_port.env("RSHIP_PORT", &port);
    let output = within("end", by_port.output()).await.expect("a process");
    assert!(stdout(&output).starts_with("stand-1"));
    let bare = format!("ws://{}", core.addr());
    assert!(stdout(&run(&["ls", "--url", &bare]).await).starts_with("stand-1"));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_told_as_such() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("ws://{}/myko", listener.local_addr().expect("an address"));
    let said = failure(&run(&["ls", "--timeout", "50ms", "--url", &url]).await);
    assert!(
        said.contains("no answer") && said.contains("--timeout"),
        "{said}"
    );
}

#[tokio::test]
async fn watch_prints_pulses_as_they_come() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = device(&core).await;
        let mut watching = command(&["watch", "stand:cash", "--count", "3", "--url", &core.url()])
            .spawn()
            .expect("a process");
        let mut out = lines(&mut watching).await;
        assert_eq!(
            line(&mut out).await,
            "250000",
            "{generation}: the last one comes first"
        );
        for value in [1, 2] {
            peer.set("Pulse", peer.pulse("stand", json!(value))).await;
            assert_eq!(line(&mut out).await, value.to_string(), "{generation}");
        }
        assert!(
            within("end", watching.wait())
                .await
                .expect("a status")
                .success()
        );
        let text = stdout(
            &run(&[
                "watch",
                "stand:cash",
                "--count",
                "1",
                "--json",
                "--url",
                &core.url(),
            ])
            .await,
        );
        let document: Value = serde_json::from_str(text.trim()).expect("one document");
        assert_eq!(
            (&document["emitterId"], &document["data"]),
            (&json!("stand:cash"), &json!(2))
        );
    }
}

#[tokio::test]
async fn watch_tells_instances_apart() {
    let core = core(Generation::V2026).await;
    let mut one = device(&core).await;
    let mut two = Peer::connect(&core).await;
    two.register("stand-2", "stand").await;
    for (peer, instance) in [(&mut one, "stand-1"), (&mut two, "stand-2")] {
        let id = format!("stand:cash:{instance}");
        peer.set(
            "Pulse",
            with(peer.pulse("stand", json!(instance)), "id", id),
        )
        .await;
        peer.sync().await;
    }
    let text = stdout(
        &run(&[
            "watch",
            "stand:cash",
            "--instance",
            "stand-2",
            "--count",
            "1",
            "--url",
            &core.url(),
        ])
        .await,
    );
    assert_eq!(text, "\"stand-2\"\n");
}

#[tokio::test]
async fn a_watch_ends_with_an_error_when_the_server_does() {
    let core = core(Generation::V2026).await;
    let _peer = device(&core).await;
    let mut watching = command(&["watch", "stand:cash", "--url", &core.url()])
        .spawn()
        .expect("a process");
    let mut out = lines(&mut watching).await;
    line(&mut out).await;
    core.shutdown().await;
    assert_eq!(
        within("end", watching.wait())
            .await
            .expect("a status")
            .code(),
        Some(1)
    );
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_not_an_error() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    let mut watching = command(&["watch", "stand:cash", "--url", &core.url()])
        .spawn()
        .expect("a process");
    let mut out = lines(&mut watching).await;
    line(&mut out).await;
    drop(out);
    // The write after the pipe is closed is the one that fails.
    peer.set("Pulse", peer.pulse("stand", json!(1))).await;
    let output = within("end", watching.wait_with_output())
        .await
        .expect("a status");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).expect("text"), "");
}

#[tokio::test]
async fn serve_tells_its_address_and_who_comes_and_goes() {
    for (wire, generation) in [
        ("2023", Generation::V2023),
        ("2024", Generation::V2024),
        ("2026", Generation::V2026),
    ] {
        let mut serving = command(&["serve", "--wire", wire, "--bind", "127.0.0.1:0", "--json"])
            .spawn()
            .expect("a process");
        let mut out = lines(&mut serving).await;
        let mut document =
            async || serde_json::from_str::<Value>(&line(&mut out).await).expect("JSON");
        let first = document().await;
        assert_eq!(
            (&first["kind"], &first["wire"]),
            (&json!("listening"), &json!(wire))
        );
        let url = first["url"].as_str().expect("a url");
        let (socket, _) = within("connection", tokio_tungstenite::connect_async(url))
            .await
            .expect("a connection");
        let mut peer = Peer {
            socket,
            generation,
            client_id: String::new(),
        };
        if generation != Generation::V2026 {
            let greeting = peer.recv().await;
            peer.client_id = greeting["data"]["command"]["clientId"]
                .as_str()
                .expect("an id")
                .to_owned();
        }
        peer.set("Instance", peer.instance("stand-1")).await;
        let appeared = document().await;
        assert_eq!(
            (&appeared["kind"], &appeared["instance"]["id"]),
            (&json!("appeared"), &json!("stand-1"))
        );
        peer.set("Target", without(peer.target("t"), &["category"]))
            .await;
        let dropped = document().await;
        assert_eq!(dropped["kind"], "drop");
        assert!(
            dropped["text"]
                .as_str()
                .is_some_and(|text| text.contains("`category` is missing")),
            "{dropped}"
        );
        drop(peer);
        assert_eq!(document().await["kind"], "disappeared");
    }
}

#[tokio::test]
async fn serve_and_inspect_say_when_their_port_is_taken() {
    let core = core(Generation::V2026).await;
    let addr = core.addr().to_string();
    let url = core.url();
    for command in [&["serve"][..], &["inspect", "--url", &url]] {
        let said = failure(&run(&[command, &["--bind", &addr]].concat()).await);
        assert!(
            said.contains(&format!("cannot listen on {addr}")) && said.contains("with --bind"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_address_to_listen_on_that_is_none_is_told_how_to_write_it() {
    for command in [
        &["serve"][..],
        &["inspect"],
        &["record", "x"],
        &["replay", "x"],
    ] {
        for wrong in ["5199", ":5199", "localhost:5199"] {
            let output = run(&[command, &["--bind", wrong]].concat()).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("as `127.0.0.1:5199`"), "{said}");
            assert_eq!(output.status.code(), Some(2));
        }
    }
}

#[tokio::test]
async fn an_option_in_front_of_the_command_is_told_to_stand_behind_it() {
    let output = run(&["--url", "ws://127.0.0.1:1/myko", "ls"]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`rship-dev ls --url ..`"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(unix)]
#[tokio::test]
async fn serve_ends_cleanly_when_told_to() {
    let mut serving = command(&["serve", "--bind", "127.0.0.1:0"])
        .spawn()
        .expect("a process");
    let mut out = lines(&mut serving).await;
    let first = line(&mut out).await;
    assert!(
        first.starts_with("listening on ws://127.0.0.1:")
            && first.contains("/myko, speaking 2026, look at http://127.0.0.1:")
            && first.ends_with('/'),
        "{first}"
    );
    let pid = serving.id().expect("a pid").to_string();
    let kill = within("kill", Command::new("kill").args(["-INT", &pid]).status()).await;
    assert!(kill.expect("kill").success());
    assert!(
        within("end", serving.wait())
            .await
            .expect("a status")
            .success()
    );
}
