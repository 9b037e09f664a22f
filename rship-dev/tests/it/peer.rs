//! A raw client: whatever a test wants to say, and every wait with a time-out.

use std::future::Future;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_dev::{Generation, LocalCore};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes, shorter than a reader's patience.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(done) => done,
        Err(_) => panic!("no {what} within {LIMIT:?}"),
    }
}

/// A core whose store has each change at once; `windows.rs` looks at those that gather.
pub(crate) async fn core(generation: Generation) -> LocalCore {
    LocalCore::builder()
        .generation(generation)
        .window(Duration::ZERO)
        .start()
        .await
        .expect("a free port")
}

pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) generation: Generation,
    /// What `client:setId` or `SetClientId` said; empty for 2026.
    pub(crate) client_id: String,
}

impl Peer {
    /// Connects and takes the greeting of the generation.
    pub(crate) async fn connect(core: &LocalCore) -> Self {
        let (socket, _) = within("connection", connect_async(core.url()))
            .await
            .expect("a connection");
        let mut peer = Self {
            socket,
            generation: core.generation(),
            client_id: String::new(),
        };
        if core.generation() != Generation::V2026 {
            let greeting = peer.recv().await;
            peer.client_id = greeting["data"]["command"]["clientId"]
                .as_str()
                .expect("a client id")
                .to_owned();
        }
        peer
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        within("room to send", self.socket.send(Message::text(text)))
            .await
            .expect("an open socket");
    }

    /// The next text frame as it is.
    pub(crate) async fn recv_text(&mut self) -> String {
        loop {
            match within("frame", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(_)) => {}
                other => panic!("no frame, but {other:?}"),
            }
        }
    }

    pub(crate) async fn recv(&mut self) -> Value {
        serde_json::from_str(&self.recv_text().await).expect("JSON")
    }

    /// The next frame of that event; others are skipped.
    pub(crate) async fn recv_event(&mut self, event: &str) -> Value {
        loop {
            let frame = self.recv().await;
            if frame["event"] == event {
                return frame;
            }
        }
    }

    /// Everything sent so far has been dealt with, and nothing was answered but what is returned.
    pub(crate) async fn sync(&mut self) -> Vec<Value> {
        let tx = "sync";
        self.query(tx, "GetAllNothings", "Nothing", json!({})).await;
        let mut before = Vec::new();
        loop {
            let frame = self.recv().await;
            if frame["tx"] == tx || frame["data"]["tx"] == tx {
                self.send(json!({"event": "ws:m:query-cancel", "tx": tx, "data": {"tx": tx}}))
                    .await;
                return before;
            }
            before.push(frame);
        }
    }

    pub(crate) async fn set(&mut self, item_type: &str, item: Value) {
        self.change(item_type, "SET", item).await;
    }

    pub(crate) async fn del(&mut self, item_type: &str, item: Value) {
        self.change(item_type, "DEL", item).await;
    }

    async fn change(&mut self, item_type: &str, change: &str, item: Value) {
        self.send(event(item_type, change, item)).await;
    }

    pub(crate) async fn query(
        &mut self,
        tx: &str,
        query_id: &str,
        item_type: &str,
        mut query: Value,
    ) {
        query["tx"] = tx.into();
        let data = json!({"queryId": query_id, "queryItemType": item_type, "query": query});
        self.send(json!({"event": "ws:m:query", "data": data}))
            .await;
    }

    /// Sends a command as a user interface does.
    pub(crate) async fn command(&mut self, command_id: &str, command: Value) {
        self.send(
            json!({"event": "ws:m:command", "data": {"commandId": command_id, "command": command}}),
        )
        .await;
    }

    /// The next command that is not part of the greeting: its id and its body.
    pub(crate) async fn recv_command(&mut self) -> (String, Value) {
        let frame = self.recv_event("ws:m:command").await;
        let id = frame["data"]["commandId"]
            .as_str()
            .expect("a commandId")
            .to_owned();
        (id, frame["data"]["command"].clone())
    }

    /// Answers in the form that all generations take.
    pub(crate) async fn respond(&mut self, tx: &Value, response: Value) {
        self.send(json!({"event": "ws:m:command-response", "tx": tx, "data": {"tx": tx, "response": response}})).await;
    }

    pub(crate) async fn refuse(&mut self, tx: &Value, message: &str) {
        let data = json!({"tx": tx, "commandId": "theirs", "message": message});
        self.send(
            json!({"event": "ws:m:command-error", "tx": tx, "message": message, "data": data}),
        )
        .await;
    }

    /// Registers an instance with one target, one action and one emitter, all named after the target.
    pub(crate) async fn register(&mut self, instance: &str, target: &str) {
        for (item_type, item) in [
            ("Instance", self.instance(instance)),
            ("Target", self.target(target)),
            ("TargetStatus", status(instance, target)),
            ("Action", self.action(target)),
            ("Emitter", emitter(target)),
        ] {
            self.set(item_type, item).await;
        }
        self.sync().await;
    }

    pub(crate) fn instance(&self, id: &str) -> Value {
        json!({
            "id": id, "name": id, "serviceId": "bluth", "serviceTypeCode": "bluth", "color": "#ffff00",
            "machineId": "pier", "status": "Available", "clientId": self.client_id,
        })
    }

    pub(crate) fn target(&self, id: &str) -> Value {
        json!({
            "id": id, "name": "Stand", "serviceId": "bluth", "category": "retail", "actionIds": [format!("{id}:burn")],
            "emitterIds": [format!("{id}:cash")], "subTargets": [], "rootLevel": true, "parentTargets": [],
        })
    }

    pub(crate) fn action(&self, target: &str) -> Value {
        let schema = json!({"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]});
        let schema = if self.generation == Generation::V2023 {
            schema.to_string().into()
        } else {
            schema
        };
        json!({"id": format!("{target}:burn"), "name": "Burn", "targetId": target, "serviceId": "bluth", "schema": schema})
    }

    pub(crate) fn pulse(&self, target: &str, data: Value) -> Value {
        let id = format!("{target}:cash");
        json!({"id": id, "emitterId": id, "data": data, "clientId": self.client_id})
    }
}

pub(crate) fn event(item_type: &str, change: &str, item: Value) -> Value {
    json!({"event": "ws:m:event", "data": {"itemType": item_type, "changeType": change, "item": item}})
}

pub(crate) fn status(instance: &str, target: &str) -> Value {
    json!({"id": format!("{instance}:{target}"), "targetId": target, "instanceId": instance, "status": "online"})
}

pub(crate) fn emitter(target: &str) -> Value {
    json!({"id": format!("{target}:cash"), "name": "Cash", "targetId": target, "serviceId": "bluth"})
}

/// The item without some of its fields.
pub(crate) fn without(item: Value, fields: &[&str]) -> Value {
    let mut item: Map<_, _> = item.as_object().expect("an object").clone();
    item.retain(|name, _| !fields.contains(&name.as_str()));
    Value::Object(item)
}

/// The item with one field changed.
pub(crate) fn with(mut item: Value, field: &str, value: impl Into<Value>) -> Value {
    item[field] = value.into();
    item
}
