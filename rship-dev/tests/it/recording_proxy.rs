//! The proxy that records, between two sides. It is ended by a signal.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt};
use rship_dev::{LocalCore, Recording};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

use crate::cli::{command, line, lines};
use crate::peer::within;
use crate::recording::File;

struct Proxy {
    child: Child,
    url: String,
}

async fn proxy(file: &File, server: &str, more: &[&str]) -> Proxy {
    let mut arguments = vec![
        "--json",
        "record",
        file.str(),
        "--url",
        server,
        "--bind",
        "127.0.0.1:0",
    ];
    arguments.extend(more);
    let mut child = command(&arguments).spawn().expect("a process");
    let mut said = lines(&mut child).await;
    let listening: Value = serde_json::from_str(&line(&mut said).await).unwrap();
    let url = listening["url"].as_str().expect("a url").to_owned();
    // Whoever reads nothing would stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
    Proxy { child, url }
}

impl Proxy {
    /// Ctrl-C, and the end of the file.
    async fn end(mut self) {
        let id = self.child.id().expect("a process").to_string();
        let status = tokio::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(within("kill", status).await.unwrap().success());
        assert!(within("end", self.child.wait()).await.unwrap().success());
    }
}

async fn accepted(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = within("connection", listener.accept()).await.unwrap();
    within("WebSocket", accept_async(stream)).await.unwrap()
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let url = format!("ws://{}/myko", listener.local_addr().unwrap());
    (listener, url)
}

async fn message(socket: &mut (impl StreamExt<Item = Result<Message, Error>> + Unpin)) -> Message {
    loop {
        match within("message", socket.next())
            .await
            .expect("a message")
            .expect("no error")
        {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn message(&mut self) -> Message {
        let length = [0, 1, 125, 126, 1_000, 65_535, 65_536, 70_000][self.roll(8)];
        if self.roll(2) == 0 {
            let bytes: Vec<u8> = (0..length).map(|_| self.roll(256) as u8).collect();
            return Message::binary(bytes);
        }
        let text: String = (0..length)
            .map(|_| ['{', '"', '\\', '\n', '\u{0}', 'ü', '🍌', '7', '}'][self.roll(9)])
            .collect();
        Message::text(text)
    }
}

#[tokio::test]
async fn whatever_two_sides_say_passes_the_proxy_as_it_is() {
    let file = File::new("garbage");
    let (listener, server_url) = listener().await;
    let proxy = proxy(&file, &server_url, &[]).await;
    let (executor, server) = tokio::join!(
        within("connection", connect_async(&proxy.url)),
        accepted(&listener)
    );
    let ((mut executor, _), mut server) = (executor.unwrap(), server);
    let mut dice = Dice(7);
    let mut count = 0;
    for _ in 0..60 {
        let burst: Vec<Message> = (0..=dice.roll(4)).map(|_| dice.message()).collect();
        count += burst.len();
        let up = dice.roll(2) == 0;
        for sent in &burst {
            match up {
                true => within("room", executor.send(sent.clone())).await.unwrap(),
                false => within("room", server.send(sent.clone())).await.unwrap(),
            }
            let ping = Message::Ping(vec![1, 2, 3].into());
            within("room", executor.send(ping)).await.unwrap();
        }
        for sent in &burst {
            let came = match up {
                true => message(&mut server).await,
                false => message(&mut executor).await,
            };
            assert!(
                came == *sent,
                "{} bytes came instead of {}",
                came.len(),
                sent.len()
            );
        }
    }
    // Why one side goes, the other is told.
    let goodbye = CloseFrame {
        code: CloseCode::Library(4_007),
        reason: "show is over".into(),
    };
    within("room", server.send(Message::Close(Some(goodbye.clone()))))
        .await
        .unwrap();
    assert_eq!(message(&mut executor).await, Message::Close(Some(goodbye)));
    // And the other way around, on another connection; one that breaks off without a word as well.
    let (executor, server) = tokio::join!(
        within("connection", connect_async(&proxy.url)),
        accepted(&listener)
    );
    let ((mut executor, _), mut server) = (executor.unwrap(), server);
    let goodbye = CloseFrame {
        code: CloseCode::Away,
        reason: "rebooting".into(),
    };
    within("room", executor.send(Message::Close(Some(goodbye.clone()))))
        .await
        .unwrap();
    assert_eq!(message(&mut server).await, Message::Close(Some(goodbye)));
    let (executor, server) = tokio::join!(
        within("connection", connect_async(&proxy.url)),
        accepted(&listener)
    );
    drop(server);
    let told = message(&mut executor.unwrap().0).await;
    let Message::Close(Some(told)) = told else {
        panic!("no close, but {told:?}");
    };
    assert_eq!(told.code, CloseCode::Error);
    proxy.end().await;
    let recording = Recording::open(file.str()).unwrap();
    assert_eq!(
        (recording.frames(), recording.ended()),
        (count, Some("finished"))
    );
    let text = file.text();
    assert!(
        text.contains("show is over") && text.contains("rebooting"),
        "{text:.2000}"
    );
    let forms = ["json", "text", "bytes"].map(|form| text.contains(&format!(r#""enc":"{form}""#)));
    assert!(forms[1] && forms[2], "{forms:?}");
}

#[tokio::test]
async fn the_executors_token_opens_the_server_and_a_wrong_one_is_refused_as_there() {
    let file = File::new("token");
    let core = LocalCore::builder()
        .token("hunter2-and-more")
        .start()
        .await
        .unwrap();
    let server = format!("{}?key=v4lue", core.url());
    let proxy = proxy(&file, &server, &[]).await;
    let connect = |token: &str| {
        let request = ClientRequestBuilder::new(proxy.url.parse().unwrap())
            .with_header("Authorization", format!("Bearer {token}"));
        connect_async(request)
    };
    let refused = within("answer", connect("another-token")).await;
    let Err(Error::Http(response)) = refused else {
        panic!("let in");
    };
    assert_eq!(response.status(), 401);
    let (mut socket, _) = within("answer", connect("hunter2-and-more")).await.unwrap();
    let ping = json!({"event": "ws:m:ping", "data": {"id": "p", "timestamp": 1}});
    within("room", socket.send(Message::text(ping.to_string())))
        .await
        .unwrap();
    let echo = message(&mut socket).await.into_text().unwrap().to_string();
    assert_eq!(serde_json::from_str::<Value>(&echo).unwrap(), ping);
    proxy.end().await;
    let text = file.text();
    assert!(
        !text.contains("hunter2") && !text.contains("another-token") && !text.contains("v4lue"),
        "{text}"
    );
    assert_eq!(Recording::open(file.str()).unwrap().frames(), 2);
}
