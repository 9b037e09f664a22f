//! Faults: what is no frame, no server, no answer, or no end.

use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use rship_runtime::{Executor, Status};
use rship_tests::{LIMIT, Running, Server, Stand, builder, executor, until, within};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Message};

async fn offline(running: &mut Running) -> String {
    let offline = running
        .wait("offline", |status| matches!(status, Status::Offline { .. }))
        .await;
    match offline {
        Status::Offline { reason, .. } => reason,
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn frames_that_are_no_frames_are_counted_and_skipped() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let texts = [
        "",
        "Error parsing message",
        "{",
        "null",
        "[]",
        "17",
        "\"event\"",
        "{\"event\":5}",
        "{\"data\":{}}",
        "{\"event\":\"ws:m:command\"}",
        "{\"event\":\"ws:m:command\",\"data\":{\"commandId\":7}}",
        "{\"event\":\"ws:m:event\",\"data\":{\"itemType\":\"ResendEmitterValue\"}}",
        &deep,
    ];
    for text in texts {
        peer.send_message(Message::text(text)).await;
    }
    let huge = format!("{{\"event\":\"{}", "x".repeat(20 << 20));
    peer.send_message(Message::text(huge)).await;
    peer.send_message(Message::binary(vec![0xff; 1000])).await;
    peer.send_message(Message::binary(Vec::new())).await;
    let unknown = [
        json!({"event": "ws:m:lunch", "data": [1, 2]}),
        json!({"event": "ws:m:command-response", "data": {"tx": "of nobody", "response": 1}}),
        json!({"event": "ws:m:command-error", "tx": 5}),
        json!({"event": "ws:m:event", "data": {"itemType": "Target", "item": {}}}),
        json!({"event": "ws:m:query-response", "data": 5}),
    ];
    for frame in unknown {
        peer.send(frame).await;
    }
    // The connection is the same, and works.
    assert_eq!(
        peer.call("t", "stand:burn", Value::Null).await,
        Ok(Value::Null)
    );
    until("a session", || executor.metrics().sessions > 0).await;
    assert_eq!(executor.metrics().sessions, 1);
    let unreadable = executor.metrics().unreadable_frames;
    assert!(
        unreadable >= texts.len() as u64 + 3,
        "{unreadable} of {}",
        texts.len() + 3
    );
}

#[tokio::test]
async fn a_connection_that_ends_in_any_way_is_made_again() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    for end in 0..6 {
        let mut peer = server.accept_2026().await;
        peer.pulse("stand:cash").await;
        match end {
            0 => drop(peer),
            1 => {
                let frame = CloseFrame {
                    code: 1012.into(),
                    reason: "restarting".into(),
                };
                peer.socket.close(Some(frame)).await.unwrap();
                assert!(offline(&mut running).await.contains("restarting"));
            }
            2 => peer.socket.close(None).await.unwrap(),
            // No WebSocket frame at all.
            3 => within("room", peer.socket.get_mut().write_all(&[0xff; 64]))
                .await
                .unwrap(),
            // Half a frame, and then nothing.
            4 => within("room", peer.socket.get_mut().write_all(&[0x81, 0x7e, 0x10]))
                .await
                .unwrap(),
            // A text that is no UTF-8.
            _ => within(
                "room",
                peer.socket.get_mut().write_all(&[0x81, 2, 0xff, 0xfe]),
            )
            .await
            .unwrap(),
        }
    }
    let mut peer = server.accept_2026().await;
    assert_eq!(
        peer.call("t", "stand:burn", Value::Null).await,
        Ok(Value::Null)
    );
}

fn quick(url: &str) -> Executor {
    let builder = builder(url).keepalive(Duration::from_millis(20), Duration::from_secs(2));
    builder.build().unwrap()
}

#[tokio::test]
async fn a_half_open_connection_is_found_by_its_silence() {
    let server = Server::bind().await;
    let executor = quick(&server.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let peer = server.accept_2026().await;
    // From here on nobody reads, and nothing closes.
    let reason = offline(&mut running).await;
    assert!(reason.contains("silent"), "{reason}");
    stand.lock().await.stock = 7;
    let mut again = server.accept_2026().await;
    assert_eq!(again.pulse("stand:stock").await, 7);
    drop(peer);
}

#[tokio::test]
async fn a_connection_on_which_only_pings_are_answered_is_kept() {
    let server = Server::bind().await;
    let executor = quick(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:cash").await;
    // Reading is all that the peer does: the pongs go out by themselves.
    let reading = tokio::time::timeout(Duration::from_secs(3), async {
        loop {
            peer.change().await;
        }
    });
    reading.await.unwrap_err();
    assert_eq!(
        peer.call("t", "stand:burn", Value::Null).await,
        Ok(Value::Null)
    );
    assert_eq!(executor.metrics().sessions, 1);
}

#[tokio::test]
async fn what_is_no_websocket_is_said_and_tried_again() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let table = [
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "path",
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            "RSHIP_TOKEN",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
            "proxy",
        ),
        (
            "HTTP/1.1 301 Moved Permanently\r\nlocation: /\r\n\r\n",
            "another address",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
            "a web server is there",
        ),
        (
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
            "wss://",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
            "it upgrades to something else",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: keep-alive, upgrade\r\n\
             sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            "its answer is to another request",
        ),
        ("SSH-2.0-OpenSSH_9.0\r\n\r\n", "is not a WebSocket server"),
        // What a port that speaks TLS says to plain text.
        ("\x15\x03\x01\0\x02\x02\x46", "speaks TLS is written wss://"),
        ("", "hung up"),
    ];
    for (answer, expected) in table {
        let mut stream = server.accept_tcp().await;
        let mut request = [0; 4096];
        within("request", stream.read(&mut request)).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let reason = offline(&mut running).await;
        assert!(reason.contains(expected), "{answer:?}: {reason}");
        running
            .wait("next try", |status| *status == Status::Connecting)
            .await;
    }
    let mut peer = server.accept_2026().await;
    assert_eq!(
        peer.call("t", "stand:burn", Value::Null).await,
        Ok(Value::Null)
    );
}

#[tokio::test]
async fn a_server_that_says_why_and_stays_is_told_by_its_status_and_its_words() {
    const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n";
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let mut running = Running::start(&executor);
    for (rest, expected) in [
        ("\r\nnot on the list\n", ": not on the list"),
        ("\r\n\x1b[31mred\n", ": \\u{1b}[31mred"),
        ("content-length: 99\r\n\r\nnot on", ": not on"),
        // What is no sentence is not shown as one.
        (
            "transfer-encoding: chunked\r\n\r\n3\r\nno!\r\n",
            "RSHIP_TOKEN",
        ),
        ("\r\n", "RSHIP_TOKEN"),
    ] {
        let (mut stream, _) = server.accept_request().await;
        let answer = format!("{REFUSED}{rest}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        // Its end stays open.
        let reason = offline(&mut running).await;
        assert!(
            reason.contains("403 Forbidden") && reason.contains(expected),
            "{answer:?}: {reason}"
        );
        running
            .wait("next try", |status| *status == Status::Connecting)
            .await;
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let mut running = Running::start(&executor);
    let (mut stream, _) = server.accept_request().await;
    let writing = async {
        let mut said = stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\n")
            .await;
        while said.is_ok() {
            said = stream.write_all(&b"x-and: more\r\n".repeat(1000)).await;
        }
        std::future::pending::<String>().await
    };
    let reason = tokio::select! {
        reason = offline(&mut running) => reason,
        reason = writing => reason,
    };
    assert!(
        reason.contains("answer") && reason.contains("is not a WebSocket server"),
        "{reason}"
    );
}

#[tokio::test]
async fn tls_to_a_port_that_has_none_names_the_likely_cause() {
    let server = Server::bind().await;
    let url = server.url().replace("ws://", "wss://");
    let executor = executor(&url);
    let mut running = Running::start(&executor);
    for answer in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "SSH-2.0-OpenSSH_9.0\r\n",
        "",
    ] {
        let mut stream = server.accept_tcp().await;
        let mut hello = [0; 4096];
        within("hello", stream.read(&mut hello)).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let reason = offline(&mut running).await;
        assert!(
            reason.contains("a plain port, written ws://"),
            "{answer:?}: {reason}"
        );
        running
            .wait("next try", |status| *status == Status::Connecting)
            .await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_token_is_sent_as_a_bearer() {
    let server = Server::bind().await;
    let executor = builder(&server.url()).token("banana").build().unwrap();
    let _running = Running::start(&executor);
    let (_stream, request) = server.accept_request().await;
    assert!(
        request
            .to_lowercase()
            .contains("authorization: bearer banana"),
        "{request}"
    );
    assert!(request.starts_with("GET /myko "), "{request}");
}

#[tokio::test]
async fn a_local_core_with_a_token_takes_the_executor_that_has_it_and_no_other() {
    let core = rship_dev::LocalCore::builder().token("banana");
    let core = core.start().await.unwrap();
    let without = executor(&core.url());
    let mut refused = Running::start(&without);
    refused
        .wait(
            "the refusal",
            |status| matches!(status, Status::Offline { reason, .. } if reason.contains("401")),
        )
        .await;
    let with = builder(&core.url()).token("banana").build().unwrap();
    let running = Running::online(&with).await;
    assert_eq!(core.clients(), 1);
    refused.stop().await;
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up_in_time() {
    let server = Server::bind().await;
    let executor = builder(&server.url())
        .connect_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let mut running = Running::start(&executor);
    let silent = server.accept_tcp().await;
    let reason = offline(&mut running).await;
    assert!(reason.contains("within"), "{reason}");
    // And tried again.
    let _again = server.accept_tcp().await;
    drop(silent);
}

#[tokio::test]
async fn a_server_that_hangs_up_again_and_again_is_met_with_growing_pauses() {
    let server = Server::bind().await;
    let executor = builder(&server.url())
        .backoff(Duration::from_millis(20), Duration::from_millis(400))
        .build()
        .unwrap();
    let mut running = Running::start(&executor);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        drop(server.accept_tcp().await);
        let offline = running
            .wait("offline", |status| matches!(status, Status::Offline { .. }))
            .await;
        let Status::Offline { retry_in, .. } = offline else {
            unreachable!()
        };
        pauses.push(retry_in);
        running
            .wait("next try", |status| *status == Status::Connecting)
            .await;
    }
    assert!(pauses[0] <= Duration::from_millis(20), "{pauses:?}");
    for (index, pause) in pauses.iter().enumerate() {
        let full = Duration::from_millis(20 << index).min(Duration::from_millis(400));
        assert!(*pause <= full && *pause >= full / 2, "{pauses:?}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_slowly_is_no_reason_for_a_short_pause() {
    let server = Server::bind().await;
    // Each try lasts longer than the longest pause, and is a failure all the same.
    let executor = builder(&server.url())
        .connect_timeout(Duration::from_millis(100))
        .backoff(Duration::from_millis(10), Duration::from_millis(80))
        .build()
        .unwrap();
    let mut running = Running::start(&executor);
    let mut held = Vec::new();
    let mut last = Duration::ZERO;
    for _ in 0..4 {
        held.push(server.accept_tcp().await);
        let offline = running
            .wait("offline", |status| matches!(status, Status::Offline { .. }))
            .await;
        let Status::Offline { retry_in, .. } = offline else {
            unreachable!()
        };
        last = retry_in;
        running
            .wait("next try", |status| *status == Status::Connecting)
            .await;
    }
    assert!(last >= Duration::from_millis(40), "{last:?}");
}

#[tokio::test]
async fn no_server_at_all_is_no_busy_loop_and_no_end() {
    let server = Server::bind().await;
    let url = server.url();
    drop(server);
    let executor = builder(&url)
        .backoff(Duration::from_millis(10), Duration::from_millis(100))
        .build()
        .unwrap();
    let mut running = Running::start(&executor);
    let reason = offline(&mut running).await;
    assert!(reason.contains("no connection"), "{reason}");
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_reads_no_answers_is_given_up() {
    let server = Server::bind().await;
    let executor = quick(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:cash").await;
    let flood = tokio::spawn(async move {
        let payload = "x".repeat(1000);
        let command = json!({"event": "ws:m:command", "data": {"commandId": payload, "command": {"tx": "t"}}});
        let command = Message::text(command.to_string());
        // It never reads: answers fill the sockets, and then the executor's own queue.
        while peer.socket.send(command.clone()).await.is_ok() {}
    });
    offline(&mut running).await;
    within("end of the flood", flood).await.unwrap();
    let mut peer = server.accept_2026().await;
    let end = Instant::now() + LIMIT;
    // Answers of the old connection may still come.
    peer.exec("fence", "stand:burn", Value::Null).await;
    while peer.answer().await.0 != "fence" {
        assert!(Instant::now() < end);
    }
}

#[tokio::test]
async fn pings_of_the_server_are_answered_while_it_floods() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    for number in 0..1000 {
        peer.exec(&format!("t-{number}"), "stand:burn", Value::Null)
            .await;
    }
    peer.send_message(Message::Ping(Bytes::from_static(b"now")))
        .await;
    let mut answers = 0;
    let mut pong = false;
    while answers < 1000 || !pong {
        let message = within("frame", futures_util::StreamExt::next(&mut peer.socket)).await;
        match message.unwrap().unwrap() {
            Message::Pong(bytes) => pong |= bytes == "now",
            Message::Text(text) => answers += usize::from(text.contains("command-response")),
            _ => {}
        }
    }
    until("all counted", || executor.metrics().commands == 1000).await;
}
