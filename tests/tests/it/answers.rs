//! Every command is answered once, however many and large the answers are and however slowly they are read.

use std::collections::BTreeMap;
use std::time::Duration;

use rship_runtime::{Executor, Target, actions};
use rship_tests::{Peer, Running, Server, builder, pipes, until, within};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[derive(Target, Default)]
struct Parrot {
    #[emitter]
    said: u32,
}

#[actions]
impl Parrot {
    #[action]
    fn nothing(&self) {}

    #[action]
    fn say(&mut self, text: String) -> String {
        self.said += 1;
        text
    }

    #[action]
    fn anything(&self, _value: Value) {}
}

struct Setup {
    executor: Executor,
    peer: Peer<TcpStream>,
    _running: Running,
}

async fn setup() -> Setup {
    let server = Server::bind().await;
    let executor = builder(&server.url()).build().unwrap();
    executor.add("parrot", Parrot::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("parrot:said").await;
    Setup {
        executor,
        peer,
        _running: running,
    }
}

/// Reads this many answers, none of them twice.
async fn answers<S>(peer: &mut Peer<S>, count: usize) -> BTreeMap<String, Result<Value, String>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut answers = BTreeMap::new();
    while answers.len() < count {
        let (tx, outcome) = peer.answer().await;
        let before = answers.insert(tx.clone(), outcome);
        assert!(before.is_none(), "{tx} was answered twice");
    }
    answers
}

#[tokio::test]
async fn a_batch_of_20000_members_with_a_tx_each_is_answered_20001_times() {
    let mut setup = setup().await;
    let member = |number: usize| {
        json!({
            "tx": format!("m-{number}"),
            "action": {"id": "parrot:say", "targetId": "parrot"},
            "data": {"text": number.to_string()},
        })
    };
    let actions: Vec<Value> = (0..20_000).map(member).collect();
    let batch = json!({"tx": "batch", "actions": actions});
    setup.peer.command("BatchTargetAction", batch).await;
    let answers = answers(&mut setup.peer, 20_001).await;
    for number in 0..20_000 {
        let answer = &answers[&format!("m-{number}")];
        assert_eq!(*answer, Ok(json!(number.to_string())));
    }
    let all = answers["batch"].as_ref().unwrap().as_array().unwrap();
    assert_eq!(all.len(), 20_000);
    setup
        .peer
        .call("t", "parrot:nothing", Value::Null)
        .await
        .unwrap();
    // An answer may be here before the executor has counted that it was written.
    let counted = || setup.executor.metrics().commands_answered == 20_002;
    rship_tests::until("all counted", counted).await;
    assert_eq!(setup.executor.metrics().sessions, 1);
}

#[tokio::test]
async fn a_peer_that_reads_slowly_gets_every_answer_once_and_keeps_its_connection() {
    let (connector, mut pipes) = pipes(4 << 10);
    let executor = builder("ws://pipe/myko")
        .connect(connector)
        .build()
        .unwrap();
    executor.add("parrot", Parrot::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("parrot:said").await;
    let (commands, text) = (600, "x".repeat(64 << 10));
    // About 40 MB of answers, several times of what may wait.
    let (mut sink, stream) = futures_util::StreamExt::split(peer.socket);
    let sending = tokio::spawn(async move {
        for number in 0..commands {
            let command = json!({
                "tx": format!("t-{number}"),
                "action": {"id": "parrot:say", "targetId": "parrot"},
                "data": {"text": text},
            });
            let data = json!({"commandId": "ExecTargetAction", "command": command});
            let frame = json!({"event": "ws:m:command", "data": data});
            let message = Message::text(frame.to_string());
            let sent = futures_util::SinkExt::send(&mut sink, message);
            within("room to send", sent).await.unwrap();
        }
        sink
    });
    let mut stream = stream;
    let mut answered = BTreeMap::new();
    while answered.len() < commands {
        let message = within("frame", futures_util::StreamExt::next(&mut stream)).await;
        let Message::Text(text) = message.unwrap().unwrap() else {
            continue;
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["event"] == "ws:m:command-response" {
            let tx = frame["data"]["tx"].as_str().unwrap().to_owned();
            assert!(answered.insert(tx, ()).is_none(), "answered twice");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    drop(within("the sender", sending).await.unwrap());
    let metrics = executor.metrics();
    assert_eq!((metrics.sessions, metrics.commands_failed), (1, 0));
    until("all counted", || {
        executor.metrics().commands_answered == 600
    })
    .await;
}

#[tokio::test]
async fn answers_are_counted_when_they_are_written_and_not_when_they_are_made() {
    let (connector, mut pipes) = pipes(1 << 10);
    let executor = builder("ws://pipe/myko")
        .connect(connector)
        .build()
        .unwrap();
    let parrot = executor.add("parrot", Parrot::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("parrot:said").await;
    let text = "x".repeat(100_000);
    for number in 0..20 {
        let data = json!({"text": text});
        peer.exec(&format!("t-{number}"), "parrot:say", data).await;
    }
    within("all carried out", async {
        while parrot.lock().await.said < 20 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    // One that fills the pipe may be on its way.
    let early = executor.metrics().commands_answered;
    assert!(early <= 2, "{early} of 20 are counted, and none was read");
    answers(&mut peer, 20).await;
    until("all counted", || executor.metrics().commands_answered == 20).await;
}

#[tokio::test]
async fn a_command_that_cannot_be_read_is_answered_as_long_as_its_tx_can_be_found() {
    let mut setup = setup().await;
    let deep = format!("{}1{}", "[".repeat(130), "]".repeat(130));
    let exec = |tx: &str, data: &str| {
        format!(
            r#"{{"event":"ws:m:command","data":{{"commandId":"ExecTargetAction","command":{{"tx":"{tx}","action":{{"id":"parrot:anything","targetId":"parrot"}},"data":{{"value":{data}}}}}}}}}"#
        )
    };
    let command = |tx: &str, id: &str| {
        format!(r#"{{"event":"ws:m:command","data":{{{id}"command":{{"tx":"{tx}"}}}}}}"#)
    };
    let table = [
        ("deep", exec("deep", &deep)),
        ("far", exec("far", "1e400")),
        ("half", exec("half", r#""\ud800""#)),
        ("half-key", exec("half-key", r#"{"\udfff":1}"#)),
        ("missing", command("missing", "")),
        ("number", command("number", r#""commandId":7,"#)),
        ("null", command("null", r#""commandId":null,"#)),
        ("list", command("list", r#""commandId":["a"],"#)),
        // The tx comes after what cannot be read.
        (
            "after",
            r#"{"event":"ws:m:command","data":{"command":{"data":1e400,"action":{"id":"parrot:anything"},"tx":"after"},"commandId":"ExecTargetAction"}}"#.to_owned(),
        ),
        // Another string that looks like one comes before it.
        (
            "right",
            r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"data":{"value":1e400,"tx":"wrong"},"note":"\"tx\":\"wrong\"","tx":"right"}}}"#.to_owned(),
        ),
    ];
    for (tx, text) in table {
        setup.peer.send_message(Message::text(text)).await;
        let (answered, outcome) = setup.peer.answer().await;
        assert_eq!(answered, tx, "{outcome:?}");
        assert!(outcome.is_err(), "{tx}");
    }
    setup
        .peer
        .call("t", "parrot:nothing", Value::Null)
        .await
        .unwrap();
    assert_eq!(setup.executor.metrics().sessions, 1);
}

#[tokio::test]
async fn a_batch_with_a_member_that_cannot_be_read_is_answered() {
    let mut setup = setup().await;
    let deep = format!("{}1{}", "[".repeat(130), "]".repeat(130));
    for (tx, bad) in [
        ("deep", deep.as_str()),
        ("far", "1e400"),
        ("half", r#""\ud800""#),
    ] {
        let text = format!(
            r#"{{"event":"ws:m:command","data":{{"commandId":"BatchTargetAction","command":{{"actions":[{{"action":{{"id":"parrot:say"}},"data":{{"text":"a"}}}},{{"action":{{"id":"parrot:anything"}},"data":{{"value":{bad}}}}}],"tx":"{tx}"}}}}}}"#
        );
        setup.peer.send_message(Message::text(text)).await;
        let (answered, outcome) = setup.peer.answer().await;
        assert_eq!(answered, tx, "{outcome:?}");
        assert!(outcome.is_err(), "{tx}");
    }
}
