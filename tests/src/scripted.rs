//! A server that does what a test says, frame by frame, with a time-out on every wait.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::within;

/// A listener on a free port of the loopback.
#[derive(Debug)]
pub struct Server(TcpListener);

impl Server {
    /// Listens.
    pub async fn bind() -> Self {
        Self(
            TcpListener::bind(("127.0.0.1", 0))
                .await
                .expect("a free port"),
        )
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/myko", self.addr())
    }

    /// Its address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }

    /// The next connection, without a word said.
    pub async fn accept_tcp(&self) -> TcpStream {
        within("connection", self.0.accept())
            .await
            .expect("a connection")
            .0
    }

    /// The next connection, and the HTTP request that it begins with, not answered yet.
    pub async fn accept_request(&self) -> (TcpStream, String) {
        let mut stream = self.accept_tcp().await;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let read = within("request", stream.read_buf(&mut request)).await;
            assert!(read.expect("a connection") > 0, "no whole request");
        }
        (stream, String::from_utf8(request).expect("text"))
    }

    /// The next connection, as a WebSocket.
    pub async fn accept(&self) -> Peer<TcpStream> {
        Peer::open(self.accept_tcp().await).await
    }

    /// The next connection, as a server that sends `client:setId` at once.
    pub async fn accept_2023(&self, client_id: &str) -> Peer<TcpStream> {
        let mut peer = self.accept().await;
        peer.command(
            "client:setId",
            json!({"clientId": client_id, "tx": "set-id"}),
        )
        .await;
        peer
    }

    /// The next connection, as a 2026 server that echoes the first ping.
    pub async fn accept_2026(&self) -> Peer<TcpStream> {
        let mut peer = self.accept().await;
        let ping = peer.event("ws:m:ping").await;
        peer.send(ping).await;
        peer
    }
}

/// One executor's connection, seen from the server.
#[derive(Debug)]
pub struct Peer<S> {
    /// The WebSocket; it answers pings as long as it is read.
    pub socket: WebSocketStream<S>,
    /// How many pings it was sent.
    pub pings: usize,
    texts: VecDeque<String>,
    events: VecDeque<Value>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Opens the WebSocket.
    pub async fn open(stream: S) -> Self {
        let socket = within("WebSocket", tokio_tungstenite::accept_async(stream)).await;
        Self {
            socket: socket.expect("a WebSocket"),
            pings: 0,
            texts: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.send_message(Message::text(frame.to_string())).await;
    }

    /// Sends anything.
    pub async fn send_message(&mut self, message: Message) {
        within("room to send", self.socket.send(message))
            .await
            .expect("an open socket");
    }

    /// Sends a command.
    pub async fn command(&mut self, id: &str, command: Value) {
        let data = json!({"commandId": id, "command": command});
        self.send(json!({"event": "ws:m:command", "data": data}))
            .await;
    }

    /// Sends the command that runs an action, as a 2026 server does.
    pub async fn exec(&mut self, tx: &str, action: &str, data: Value) {
        let target = action.rsplit_once(':').map_or("", |(target, _)| target);
        let action = json!({"id": action, "targetId": target});
        let command = json!({"tx": tx, "instanceId": "stand-1", "action": action, "data": data});
        self.command("ExecTargetAction", command).await;
    }

    /// The next text frame as it is, or how the connection ended.
    pub async fn text(&mut self) -> Result<String, Option<Error>> {
        within("frame", self.next_text()).await
    }

    // Time-outs are around whole waits: a peer that is pinged would never run into one around a frame.
    async fn next_text(&mut self) -> Result<String, Option<Error>> {
        loop {
            if let Some(text) = self.texts.pop_front() {
                return Ok(text);
            }
            self.next_message().await?;
        }
    }

    /// Reads a message; texts are kept for later.
    async fn next_message(&mut self) -> Result<Message, Option<Error>> {
        match self.socket.next().await {
            Some(Ok(Message::Close(_))) | None => Err(None),
            Some(Err(error)) => Err(Some(error)),
            Some(Ok(message)) => {
                match &message {
                    Message::Text(text) => self.texts.push_back(text.to_string()),
                    Message::Ping(_) => self.pings += 1,
                    _ => {}
                }
                Ok(message)
            }
        }
    }

    /// Reads, so that pings are answered, until `future` is done; frames are kept for later.
    pub async fn reading<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            let message = tokio::select! {
                biased;
                done = &mut future => return done,
                message = self.next_message() => message,
            };
            if message.is_err() {
                return future.await;
            }
        }
    }

    /// A text that was kept for later.
    pub fn kept(&mut self) -> Option<String> {
        self.texts.pop_front()
    }

    /// Pings the executor, and waits for the pong; other frames are kept for later.
    pub async fn ping(&mut self, payload: &'static str) {
        self.send_message(Message::Ping(payload.into())).await;
        within("pong", async {
            loop {
                let message = self.next_message().await;
                match message.unwrap_or_else(|end| panic!("no pong, but {end:?}")) {
                    Message::Pong(bytes) if bytes == payload => return,
                    _ => {}
                }
            }
        })
        .await;
    }

    /// Waits for this many more pings of the executor; other frames are kept for later.
    pub async fn pinged(&mut self, times: usize) {
        let enough = self.pings + times;
        within("pings", async {
            while self.pings < enough {
                let message = self.next_message().await;
                message.unwrap_or_else(|end| panic!("no ping, but {end:?}"));
            }
        })
        .await;
    }

    async fn next_frame(&mut self) -> Value {
        let text = self.next_text().await;
        let text = text.unwrap_or_else(|end| panic!("no frame, but {end:?}"));
        serde_json::from_str(&text).expect("JSON")
    }

    async fn next_change(&mut self) -> Value {
        while self.events.is_empty() {
            let mut frame = self.next_frame().await;
            match frame["event"].as_str() {
                Some("ws:m:event") => self.events.push_back(frame["data"].take()),
                Some("ws:m:event-batch") => {
                    let events = frame["data"].as_array().expect("a list of events");
                    self.events.extend(events.iter().cloned());
                }
                _ => {}
            }
        }
        self.events.pop_front().expect("one is there")
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        within("frame", self.next_frame()).await
    }

    /// The next frame with this `event`; others are skipped.
    pub async fn event(&mut self, event: &str) -> Value {
        within(event, async {
            loop {
                let frame = self.next_frame().await;
                if frame["event"] == event {
                    return frame;
                }
            }
        })
        .await
    }

    /// The next change of an entity, batches taken apart; other frames are skipped.
    pub async fn change(&mut self) -> Value {
        within("change", self.next_change()).await
    }

    /// All changes up to the first that `last` is true of, that one included.
    pub async fn changes_until(&mut self, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut changes = Vec::new();
        within("last change", async {
            loop {
                let change = self.next_change().await;
                let done = last(&change);
                changes.push(change);
                if done {
                    return;
                }
            }
        })
        .await;
        changes
    }

    /// The next pulse of this emitter.
    pub async fn pulse(&mut self, emitter: &str) -> Value {
        within(emitter, async {
            loop {
                let mut change = self.next_change().await;
                if change["itemType"] == "Pulse" && change["item"]["emitterId"] == emitter {
                    return change["item"]["data"].take();
                }
            }
        })
        .await
    }

    /// The next answer: its tx, and the response or the error's text.
    pub async fn answer(&mut self) -> (String, Result<Value, String>) {
        within("answer", async {
            loop {
                let mut frame = self.next_frame().await;
                let tx = frame["data"]["tx"].as_str().unwrap_or_default().to_owned();
                match frame["event"].as_str() {
                    Some("ws:m:command-response") => {
                        return (tx, Ok(frame["data"]["response"].take()));
                    }
                    Some("ws:m:command-error") => {
                        let message = frame["data"]["message"].as_str().unwrap_or_default();
                        return (tx, Err(message.to_owned()));
                    }
                    _ => {}
                }
            }
        })
        .await
    }

    /// Runs an action and returns its answer; nothing else may be answered before.
    pub async fn call(&mut self, tx: &str, action: &str, data: Value) -> Result<Value, String> {
        self.exec(tx, action, data).await;
        let (answered, outcome) = self.answer().await;
        assert_eq!(answered, tx, "an answer that nobody waits for: {outcome:?}");
        outcome
    }
}
