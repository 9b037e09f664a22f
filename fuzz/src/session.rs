//! A live executor at the other end of a pipe, for each generation of server.

use std::cell::RefCell;
use std::io;

use async_trait::async_trait;
use futures_util::{SinkExt as _, StreamExt as _};
use rship_core::wire::Generation;
use rship_runtime::prelude::*;
use rship_runtime::{Address, Connect, Transport};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Has what the seeds name.
#[derive(Target, Default)]
struct Stand {
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
}

#[actions]
impl Stand {
    #[action]
    fn burn(&mut self) {
        self.level = 0.0;
    }

    #[action]
    fn sell(&mut self, #[arg(min = 1, max = 12)] count: u32, tip: Option<f64>) -> f64 {
        self.level = 0.5;
        f64::from(count) + tip.unwrap_or_default()
    }
}

struct Pipes(mpsc::UnboundedSender<DuplexStream>);

#[async_trait]
impl Connect for Pipes {
    async fn connect(&self, _: &Address) -> io::Result<Box<dyn Transport>> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        self.0.send(theirs).map_err(io::Error::other)?;
        Ok(Box::new(ours))
    }
}

struct Live {
    runtime: Runtime,
    socket: WebSocketStream<DuplexStream>,
    _running: rship_runtime::Running,
}

impl Live {
    fn new(generation: Generation) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (sender, mut pipes) = mpsc::unbounded_channel();
        let executor = Executor::builder("bluth")
            .url("ws://pipe/myko")
            .instance_id("i")
            .connect(Pipes(sender))
            .build()
            .expect("an executor");
        let stand = executor.add("banana-stand", Stand::default());
        stand.expect("a target");
        let running = executor.start().expect("a thread");
        let socket = runtime.block_on(async {
            let pipe = pipes.recv().await.expect("a pipe");
            let socket = tokio_tungstenite::accept_async(pipe).await;
            let mut socket = socket.expect("a WebSocket");
            let set_id = match generation {
                Generation::V2023 => Some("client:setId"),
                Generation::V2024 => Some("SetClientId"),
                Generation::V2026 => None,
            };
            if let Some(id) = set_id {
                let command = json!({"clientId": "c", "tx": "t"});
                let data = json!({"commandId": id, "command": command});
                let frame = json!({"event": "ws:m:command", "data": data});
                let sent = socket.send(Message::text(frame.to_string())).await;
                sent.expect("an open socket");
            }
            socket
        });
        Self {
            runtime,
            socket,
            _running: running,
        }
    }

    /// Sends a frame, and reads until it is known to have been read; the connection stays.
    fn feed(&mut self, frame: Message) {
        let socket = &mut self.socket;
        self.runtime.block_on(async {
            socket.send(frame).await.expect("an open socket");
            let ping = Message::Ping("read".into());
            socket.send(ping).await.expect("an open socket");
            loop {
                match socket.next().await.expect("no end").expect("no error") {
                    Message::Pong(_) => return,
                    Message::Text(text) => echo(socket, &text).await,
                    Message::Binary(_) | Message::Ping(_) => {}
                    other => panic!("the executor sent {other:?}"),
                }
            }
        });
    }
}

/// What is written is JSON, and pings are echoed as servers do.
async fn echo(socket: &mut WebSocketStream<DuplexStream>, text: &str) {
    let frame: Value = serde_json::from_str(text).expect("an executor writes JSON");
    if frame["event"] == "ws:m:ping" {
        let sent = socket.send(Message::text(text.to_owned())).await;
        sent.expect("an open socket");
    }
}

/// Has an executor read a frame: the first byte says what server it comes from.
pub fn feed(bytes: &[u8]) {
    thread_local! {
        static LIVE: RefCell<Option<Vec<Live>>> = const { RefCell::new(None) };
    }
    let Some((first, frame)) = bytes.split_first() else {
        return;
    };
    let frame = match std::str::from_utf8(frame) {
        Ok(text) => Message::text(text.to_owned()),
        Err(_) => Message::binary(frame.to_vec()),
    };
    LIVE.with_borrow_mut(|live| {
        let live = live.get_or_insert_with(|| Generation::ALL.map(Live::new).into());
        let server = usize::from(*first) % live.len();
        live[server].feed(frame);
    });
}
