//! Sessions in CBOR: an executor that was asked for it, with servers that read it and others.

use futures_util::StreamExt as _;
use rship_core::wire::binary;
use rship_runtime::{Encoding, Executor, Generation};
use rship_tests::{LIMIT, Peer, Running, Server, Stand, builder, core, pulse, until, within};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

fn executor(url: &str) -> Executor {
    builder(url)
        .encoding(Encoding::Cbor)
        .build()
        .expect("an executor")
}

/// The next binary frame, as another library reads it.
async fn frame(peer: &mut Peer<TcpStream>) -> Value {
    loop {
        match within("frame", peer.socket.next())
            .await
            .expect("a frame")
            .expect("no error")
        {
            Message::Binary(bytes) => {
                return ciborium::from_reader(&*bytes).expect("CBOR");
            }
            Message::Text(text) => panic!("a text frame: {text}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_2026_server_is_told_everything_in_cbor_and_drops_nothing() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("banana-stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "the stand", |core| {
        pulse(core, "stand-1", "banana-stand:worth").is_some()
    })
    .await
    .unwrap();
    assert_eq!(core.binary_clients(), 1);
    assert_eq!(
        core.item("Instance", "stand-1").unwrap()["status"],
        "Available"
    );
    assert_eq!(
        pulse(&core, "stand-1", "banana-stand:cash"),
        Some(json!(10.0))
    );
    assert_eq!(
        pulse(&core, "stand-1", "banana-stand:stock"),
        Some(json!(100))
    );

    stand.lock().await.cash = 0.1 + 0.2;
    core.wait_until(LIMIT, "the pulse", |core| {
        pulse(core, "stand-1", "banana-stand:cash") == Some(json!(0.1 + 0.2))
    })
    .await
    .unwrap();

    let sold = core
        .exec(None, "banana-stand:sell", json!({"count": 3.0, "tip": 0.5}))
        .await;
    assert_eq!(sold.unwrap(), json!(30.5));
    let refused = core
        .exec(None, "banana-stand:sell", json!({"count": "many"}))
        .await;
    assert!(refused.is_err());
    assert_eq!(
        pulse(&core, "stand-1", "banana-stand:stock"),
        Some(json!(97))
    );
    assert_eq!(
        pulse(&core, "stand-1", "banana-stand:sold"),
        Some(json!({"count": 3}))
    );

    core.disconnect_all();
    until("a second session", || executor.metrics().sessions == 2).await;
    core.wait_until(LIMIT, "the states again", |core| {
        pulse(core, "stand-1", "banana-stand:stock") == Some(json!(97))
    })
    .await
    .unwrap();
    running.stop().await;
    core.wait_until(LIMIT, "the farewell", |core| {
        core.item("Instance", "stand-1").unwrap()["status"] == "Unavailable"
    })
    .await
    .unwrap();
    assert_eq!(core.drops(), []);
    assert_eq!(core.warnings(), []);
    assert_eq!(executor.metrics().unreadable_frames, 0);
}

#[tokio::test]
async fn both_encodings_tell_the_same() {
    let (mut told, mut bytes) = (Vec::new(), Vec::new());
    for encoding in Encoding::ALL {
        let core = core(Generation::V2026).await;
        let executor = builder(&core.url()).encoding(encoding).build().unwrap();
        executor.add("banana-stand", Stand::full()).unwrap();
        let running = Running::online(&executor).await;
        core.wait_until(LIMIT, "the stand", |core| {
            pulse(core, "stand-1", "banana-stand:worth").is_some()
        })
        .await
        .unwrap();
        let mut snapshot = serde_json::to_value(core.snapshot()).unwrap();
        assert!(
            snapshot["Target"]["banana-stand"]["lastUpdated"]
                .take()
                .is_string()
        );
        strip(&mut snapshot, &["clientId", "lastUpdated"]);
        told.push(snapshot);
        running.stop().await;
        bytes.push(executor.metrics().bytes_out);
    }
    assert_eq!(told[0], told[1]);
    assert!(bytes[1] < bytes[0], "{bytes:?}");
}

fn strip(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|field| strip(field, names));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| strip(member, names)),
        _ => {}
    }
}

#[tokio::test]
async fn everything_after_the_handshake_is_binary_and_either_encoding_is_read() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    executor.add("banana-stand", Stand::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    // Before it, the executor asks for what the server has of its instance.
    assert_eq!(frame(&mut peer).await["event"], "ws:m:query");
    let register = frame(&mut peer).await;
    assert_eq!(register["data"]["commandId"], "RegisterInstance");

    let command =
        json!({"event": "ws:m:command", "data": {"commandId": "make:tea", "command": {"tx": "t"}}});
    let command = command.to_string();
    let before = executor.metrics().frames_in;
    // The executor reads either, whatever it writes.
    peer.send_message(Message::binary(binary::encode(&command).unwrap()))
        .await;
    peer.send_message(Message::text(command)).await;
    let mut errors = 0;
    while errors < 2 {
        let frame = frame(&mut peer).await;
        errors += u32::from(frame["event"] == "ws:m:command-error");
    }
    assert_eq!(executor.metrics().frames_in - before, 2);
    drop(running);
}

#[tokio::test]
async fn other_servers_are_sent_text() {
    for generation in [Generation::V2023, Generation::V2024] {
        let core = core(generation).await;
        let executor = executor(&core.url());
        executor.add("banana-stand", Stand::full()).unwrap();
        let running = Running::online(&executor).await;
        core.wait_until(LIMIT, "the stand", |core| {
            pulse(core, "stand-1", "banana-stand:cash").is_some()
        })
        .await
        .unwrap();
        core.exec(None, "banana-stand:burn", Value::Null)
            .await
            .unwrap();
        assert_eq!((core.binary_clients(), core.drops()), (0, vec![]));
        running.stop().await;
    }
}

#[tokio::test]
async fn an_executor_that_speaks_json_reads_cbor() {
    let server = Server::bind().await;
    let executor = rship_tests::executor(&server.url());
    executor.add("banana-stand", Stand::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let action = json!({"id": "banana-stand:burn", "targetId": "banana-stand"});
    let command = json!({"tx": "t", "instanceId": "stand-1", "action": action, "data": {}});
    let frame = json!({"event": "ws:m:command", "data": {"commandId": "ExecTargetAction", "command": command}});
    let bytes = binary::encode(frame.to_string()).unwrap();
    peer.send_message(Message::binary(bytes)).await;
    let (tx, answer) = peer.answer().await;
    assert_eq!((tx.as_str(), answer), ("t", Ok(Value::Null)));
    // What is no CBOR is skipped, and the session goes on.
    peer.send_message(Message::binary(vec![0xc0, 0xff])).await;
    peer.send_message(Message::binary(vec![0x9f; 100_000]))
        .await;
    assert_eq!(
        peer.call("u", "banana-stand:burn", json!({})).await,
        Ok(Value::Null)
    );
    assert_eq!(executor.metrics().unreadable_frames, 2);
    drop(running);
}

#[test]
fn the_environment_names_the_encoding() {
    for (value, expected) in [
        ("json", Some(Encoding::Json)),
        ("cbor", Some(Encoding::Cbor)),
        ("bson", None),
    ] {
        assert_eq!(value.parse::<Encoding>().ok(), expected);
    }
    let error = "bson".parse::<Encoding>().unwrap_err();
    assert_eq!(
        rship_runtime::Error::from(error).to_string(),
        "RSHIP_ENCODING: `bson` is not an encoding: expected json or cbor"
    );
}
