//! `rship-dev inspect`: the page over a running server.

use futures_util::{SinkExt, StreamExt};
use rship_dev::{Generation, LocalCore};
use serde_json::{Value, json};
use tokio::io::{BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::cli::{command, failure, line, lines, run};
use crate::page::{CASH, Page, cash, stand};
use crate::peer::{core, within};

/// Inspects a server; the command, what it prints, and the page's address.
async fn inspect(url: &str) -> (Child, Lines<BufReader<ChildStdout>>, String) {
    let mut child = command(&["inspect", "--url", url]).spawn().unwrap();
    let mut out = lines(&mut child).await;
    let first = line(&mut out).await;
    assert!(
        first.starts_with(&format!("showing {url}, speaking ")),
        "{first}"
    );
    let page = first.split("look at ").nth(1).unwrap().to_owned();
    (child, out, page)
}

async fn welcomed(page: &str) -> (Page, Value) {
    let mut page = Page::connect_to(page).await;
    page.say(json!({"t": "hello"})).await;
    let welcome = page.next("welcome").await;
    (page, welcome)
}

#[tokio::test]
async fn the_page_shows_a_server_of_every_generation_and_hands_commands_on() {
    for generation in Generation::ALL {
        let server = core(generation).await;
        let mut peer = stand(&server).await;
        peer.set("Pulse", cash(&peer, json!(5))).await;
        peer.sync().await;
        let (_child, _out, url) = inspect(&server.url()).await;
        let (mut page, welcome) = welcomed(&url).await;
        assert_eq!(
            (&welcome["source"], &welcome["from"], &welcome["generation"]),
            (
                &json!("server"),
                &json!(server.url()),
                &json!(generation.as_str())
            )
        );
        assert_eq!(welcome["readOnly"], Value::Null);
        let is_whole = |tree: &Value| {
            let targets = tree["targets"].as_array().unwrap();
            targets
                .iter()
                .any(|target| target["emitters"][0]["k"] == CASH && target["online"] == true)
        };
        page.until("tree", is_whole).await;
        page.say(json!({"t": "see", "targets": ["t/i/stand"], "emitters": [CASH]}))
            .await;
        page.until("values", |values| values["e"][0][1] == 5).await;
        peer.set("Pulse", cash(&peer, json!(6))).await;
        let values = page.until("values", |values| values["e"][0][1] == 6).await;
        assert_eq!(
            (&values["e"][0][2], &values["a"][0]),
            (&json!(1), &json!(["t/i/stand", 1]))
        );
        page.say(json!({"t": "call", "n": 1, "action": "a/i/stand:sell", "data": {"count": 2}}))
            .await;
        let (_, command) = peer.recv_command().await;
        assert_eq!(command["data"], json!({"count": 2}));
        peer.respond(&command["tx"], json!("sold")).await;
        assert_eq!(page.next("answer").await["result"], "sold");
        page.say(json!({"t": "call", "n": 2, "action": "a/i/stand:sell", "data": {}}))
            .await;
        let (_, command) = peer.recv_command().await;
        peer.refuse(&command["tx"], "`count` is missing").await;
        assert_eq!(page.next("answer").await["error"], "`count` is missing");
        // What goes there goes here.
        drop(peer);
        page.until("tree", |tree| tree["instances"][0]["online"] == false)
            .await;
        assert!(server.drops().is_empty(), "{:?}", server.drops());
        // It is no server.
        let executor = url.replace("http://", "ws://") + "myko";
        match within("answer", tokio_tungstenite::connect_async(executor)).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_goes_is_said_to_be_away_until_it_is_back() {
    let server = core(Generation::V2026).await;
    let (addr, url) = (server.addr(), server.url());
    let peer = stand(&server).await;
    let (_child, mut out, page) = inspect(&url).await;
    let (mut page, _) = welcomed(&page).await;
    page.until("tree", |tree| {
        tree["targets"].to_string().contains("register")
    })
    .await;
    drop(peer);
    server.shutdown().await;
    let welcome = page.next("welcome").await;
    assert!(
        welcome["readOnly"].as_str().unwrap().contains("is away"),
        "{welcome}"
    );
    assert!(
        line(&mut out)
            .await
            .starts_with(&format!("{url} is away: "))
    );
    page.say(json!({"t": "call", "n": 1, "action": "a/i/stand:sell"}))
        .await;
    let answer = page.next("answer").await;
    assert!(
        answer["error"].as_str().unwrap().contains("is away"),
        "{answer}"
    );
    let again = LocalCore::builder().bind(addr).start().await.unwrap();
    let mut peer = stand(&again).await;
    assert_eq!(page.next("welcome").await["readOnly"], Value::Null);
    assert_eq!(line(&mut out).await, format!("{url} is back"));
    page.say(json!({"t": "call", "n": 2, "action": "a/i/stand:sell"}))
        .await;
    let (_, command) = peer.recv_command().await;
    peer.respond(&command["tx"], json!(1)).await;
    assert_eq!(page.next("answer").await["result"], 1);
}

/// A 2026 server that has nothing and takes no commands from clients.
async fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/myko", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        while let Some(Ok(Message::Text(text))) = socket.next().await {
            let frame: Value = serde_json::from_str(&text).unwrap();
            let answer = match frame["event"].as_str().unwrap() {
                "ws:m:ping" => frame,
                "ws:m:query" => {
                    let tx = &frame["data"]["query"]["tx"];
                    let data = json!({"tx": tx, "sequence": 0, "upserts": [], "deletes": [], "totalCount": 0});
                    json!({"event": "ws:m:query-response", "data": data})
                }
                "ws:m:command" => {
                    let tx = &frame["data"]["command"]["tx"];
                    let message = "ExecTargetAction must be dispatched to an executor instance";
                    let data =
                        json!({"tx": tx, "commandId": "ExecTargetAction", "message": message});
                    json!({"event": "ws:m:command-error", "data": data})
                }
                _ => continue,
            };
            socket
                .send(Message::text(answer.to_string()))
                .await
                .unwrap();
        }
    });
    url
}

#[tokio::test]
async fn a_server_that_takes_no_commands_is_for_looking_only_and_the_page_says_so() {
    let url = refusing().await;
    let (_child, _out, page) = inspect(&url).await;
    let (mut page, mut welcome) = welcomed(&page).await;
    if welcome["readOnly"].is_null() {
        welcome = page.next("welcome").await;
    }
    let why = welcome["readOnly"].as_str().unwrap();
    assert!(why.contains("for its own nodes"), "{why}");
}

#[tokio::test]
async fn no_server_is_said_as_by_the_other_commands() {
    let said = failure(&run(&["inspect", "--url", "ws://127.0.0.1:9/myko"]).await);
    assert!(
        said.contains("no server at ws://127.0.0.1:9/myko"),
        "{said}"
    );
}
