//! Looking into a server from the command line: which part of it, with what token, and what of it reaches the
//! terminal.

use rship_dev::Generation;
use serde_json::json;

use crate::cli::{device, failure, run, stdout};
use crate::peer::{core, with, within};

#[tokio::test]
async fn a_token_is_sent_and_one_that_is_missing_is_named() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("ws://{}/myko", listener.local_addr().expect("an address"));
    let serving = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let length = stream.read(&mut request).await.expect("a request");
        let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.expect("room");
        String::from_utf8_lossy(&request[..length]).to_lowercase()
    };
    let arguments = ["ls", "--token", "banana", "--url", &url];
    let (output, request) = tokio::join!(run(&arguments), within("request", serving));
    assert!(
        request.contains("authorization: bearer banana"),
        "{request}"
    );
    let said = failure(&output);
    assert!(
        said.contains("HTTP 401") && said.contains("RSHIP_TOKEN"),
        "{said}"
    );
}

#[tokio::test]
async fn what_comes_over_the_wire_does_not_steer_the_terminal() {
    let core = core(Generation::V2026).await;
    let mut peer = device(&core).await;
    let evil = "\u{1b}[2J\u{9b}1m\u{7f}\u{202e}\u{2066}\nfake";
    peer.set("Target", with(peer.target("stand"), "name", evil))
        .await;
    peer.set("Pulse", peer.pulse("stand", json!(evil))).await;
    peer.sync().await;
    let url = core.url();
    for arguments in [
        &["ls", "--url", &url][..],
        &["ls", "--json", "--url", &url],
        &["watch", "stand:cash", "--count", "1", "--url", &url],
        &[
            "watch",
            "stand:cash",
            "--count",
            "1",
            "--json",
            "--url",
            &url,
        ],
    ] {
        let text = stdout(&run(arguments).await);
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(steers), "{text:?}");
        assert!(!text.contains("\nfake"), "{text:?}");
    }
    let answering = async {
        let (_, command) = within("command", peer.recv_command()).await;
        peer.refuse(&command["tx"], evil).await;
    };
    let arguments = ["call", "stand:burn", "--url", &url];
    let (output, ()) = tokio::join!(run(&arguments), answering);
    let said = failure(&output);
    assert!(
        said.starts_with("error: \\u{1b}[2J\\u{9b}1m\\u{7f}\\u{202e}\\u{2066}\n"),
        "{said:?}"
    );
}

#[tokio::test]
async fn ls_and_watch_take_targets_and_patterns() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = device(&core).await;
        peer.register("stand-2", "hall").await;
        peer.set("Pulse", peer.pulse("hall", json!(7))).await;
        peer.sync().await;
        let url = core.url();
        let text = stdout(&run(&["ls", "hall", "--url", &url]).await);
        assert!(
            text.starts_with("stand-2") && !text.contains("stand:cash"),
            "{text}"
        );
        let text = stdout(&run(&["ls", "*:cash", "--url", &url]).await);
        assert!(
            text.contains("stand:cash") && text.contains("hall:cash"),
            "{text}"
        );
        assert!(!text.contains("action"), "{text}");
        for ids in [&["hall", "stand"][..], &["*:cash"], &["hall", "stand:cas?"]] {
            let options = ["--count", "2", "--url", &url];
            let arguments = [&["watch"], ids, &options].concat();
            let text = stdout(&run(&arguments).await);
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_unstable();
            let values = lines
                .iter()
                .map(|line| line.split_once("  ").expect("an id"));
            let values: Vec<_> = values
                .map(|(id, value)| (id.starts_with("hall:cash"), value))
                .collect();
            assert_eq!(
                values,
                [(true, "7"), (false, "250000")],
                "{generation} {ids:?}"
            );
        }
    }
}
