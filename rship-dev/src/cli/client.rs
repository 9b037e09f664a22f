//! The command line's connection to a server of any generation.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_core::wire::{Encoding, Generation};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, error::UrlError};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Failure;
use super::message::{self, Message, Update};
use crate::{codec, speaking};

/// Entities by id.
pub(crate) type Items = BTreeMap<String, Value>;

/// An open connection whose generation is known.
#[derive(Debug)]
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    generation: Generation,
    url: String,
    limit: Duration,
}

impl Client {
    /// Connects, and finds out who speaks there.
    pub(crate) async fn connect(url: &str, limit: Duration) -> Result<Self, Failure> {
        let connecting =
            tokio_tungstenite::connect_async_with_config(url, Some(codec::config()), true);
        let socket = match timeout(limit, connecting).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(error)) => return Err(Failure::Told(no_connection(url, &error))),
            Err(_) => {
                let limit = humantime::format_duration(limit);
                return Err(Failure::Told(format!(
                    "no answer from {url} within {limit}: see that the address is right, or give it longer with --timeout"
                )));
            }
        };
        let mut client = Self {
            socket,
            generation: Generation::V2026,
            url: url.to_owned(),
            limit,
        };
        client.greet().await?;
        Ok(client)
    }

    /// 2023 and 2024 introduce themselves; 2026 is silent, but echoes.
    async fn greet(&mut self) -> Result<(), Failure> {
        let id = speaking::new_tx();
        self.send(
            &json!({"event": "ws:m:ping", "data": {"id": id, "timestamp": speaking::millis()}}),
        )
        .await?;
        loop {
            match self
                .next_within("a greeting or the echo of a ping, as a Myko server sends")
                .await?
            {
                Message::SetId { generation, tx } => {
                    self.generation = generation;
                    // 2024 counts commands that were never answered.
                    return self.send(&json!({
                        "event": "ws:m:command-response", "tx": tx, "data": {"tx": tx, "response": null},
                    })).await;
                }
                Message::Echo(echoed) if echoed == id => return Ok(()),
                _ => {}
            }
        }
    }

    pub(crate) const fn generation(&self) -> Generation {
        self.generation
    }

    /// Opens a live query and returns its tx.
    pub(crate) async fn query(
        &mut self,
        query_id: &str,
        item_type: &str,
        filter: Map<String, Value>,
    ) -> Result<String, Failure> {
        let tx = speaking::new_tx();
        let mut query = filter;
        query.insert("tx".to_owned(), tx.clone().into());
        query.insert("createdAt".to_owned(), speaking::now().into());
        let data = json!({"queryId": query_id, "queryItemType": item_type, "query": query});
        self.send(&json!({"event": "ws:m:query", "data": data}))
            .await?;
        Ok(tx)
    }

    /// All entities of the required types, and of the optional ones where the server knows them.
    ///
    /// Answers come in the order of the queries, so once the last required one is there, an optional one
    /// that is not will never come.
    pub(crate) async fn fetch<const N: usize>(
        &mut self,
        optional: &[&str],
        required: [&str; N],
    ) -> Result<(Vec<Items>, [Items; N]), Failure> {
        let mut txs = Vec::new();
        for item_type in optional.iter().chain(&required) {
            txs.push(
                self.query(&format!("GetAll{item_type}s"), item_type, Map::new())
                    .await?,
            );
        }
        let mut answers: Vec<Option<Items>> = vec![None; txs.len()];
        while answers.iter().skip(optional.len()).any(Option::is_none) {
            if let Message::Update { tx, update } =
                self.next_within("the answer to a query").await?
                && let Some(index) = txs.iter().position(|asked| *asked == tx)
            {
                apply(answers[index].get_or_insert_default(), update);
            }
        }
        for tx in txs {
            self.send(&json!({"event": "ws:m:query-cancel", "tx": tx, "data": {"tx": tx}}))
                .await?;
        }
        let mut answers = answers.into_iter().map(Option::unwrap_or_default);
        let optional = answers.by_ref().take(optional.len()).collect();
        Ok((
            optional,
            std::array::from_fn(|_| answers.next().unwrap_or_default()),
        ))
    }

    /// Sends a command and waits for its answer; the inner error is the one that was answered.
    pub(crate) async fn command(
        &mut self,
        command_id: &str,
        mut command: Map<String, Value>,
    ) -> Result<Result<Value, String>, Failure> {
        let sent = speaking::new_tx();
        command.insert("tx".to_owned(), sent.clone().into());
        self.send(&speaking::command(command_id, Value::Object(command)))
            .await?;
        loop {
            if let Message::Answer { tx, answer } =
                self.next_within("the answer to the command").await?
                && tx == sent
            {
                return Ok(answer);
            }
        }
    }

    /// The next frame, however long it takes.
    pub(crate) async fn next(&mut self) -> Result<Message, Failure> {
        loop {
            let message = match self.socket.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    return Err(Failure::Told(format!(
                        "the connection to {} broke: {error}",
                        self.url
                    )));
                }
                None => {
                    return Err(Failure::Told(format!(
                        "the server at {} closed the connection",
                        self.url
                    )));
                }
            };
            if let Some(Ok(document)) = codec::decode(&message) {
                return Ok(message::read(&document));
            }
        }
    }

    async fn next_within(&mut self, what: &str) -> Result<Message, Failure> {
        let limit = self.limit;
        // Each frame has its own time: a big answer in many frames is not late.
        match timeout(limit, self.next()).await {
            Ok(message) => message,
            Err(_) => {
                let limit = humantime::format_duration(limit);
                Err(Failure::Told(format!(
                    "{} did not send {what} within {limit}",
                    self.url
                )))
            }
        }
    }

    async fn send(&mut self, document: &Value) -> Result<(), Failure> {
        let sent = timeout(
            self.limit,
            self.socket.send(codec::encode(Encoding::Json, document)),
        )
        .await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::Told(format!(
                "the connection to {} broke: {error}",
                self.url
            ))),
            Err(_) => Err(Failure::Told(format!("{} takes no more frames", self.url))),
        }
    }
}

/// Brings the entities of a query up to date.
pub(crate) fn apply(items: &mut Items, update: Update) {
    if update.whole {
        items.clear();
    }
    for item in update.upserts {
        if let Some(id) = item["id"].as_str() {
            items.insert(id.to_owned(), item);
        }
    }
    for id in update.deletes {
        items.remove(&id);
    }
}

fn no_connection(url: &str, error: &Error) -> String {
    match error {
        Error::Io(io)
            if matches!(
                io.kind(),
                ErrorKind::ConnectionRefused | ErrorKind::NotFound | ErrorKind::AddrNotAvailable
            ) =>
        {
            format!("no server at {url}: start one with `rship-dev serve`, or name one with --url")
        }
        Error::Http(response) => format!(
            "{url} answers with HTTP {}: a server's WebSocket is at ws://HOST:PORT/myko",
            response.status().as_u16()
        ),
        Error::Url(UrlError::TlsFeatureNotEnabled) => {
            format!("cannot open {url}: this rship-dev was built without its feature `tls`")
        }
        Error::Url(_) | Error::HttpFormat(_) => {
            format!(
                "`{url}` is no address of a server: write ws://HOST:PORT/myko or wss://HOST/myko"
            )
        }
        other => format!("cannot connect to {url}: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_adds_replaces_and_deletes() {
        let mut items = Items::new();
        let whole = |upserts| Update {
            whole: true,
            upserts,
            deletes: vec![],
        };
        apply(
            &mut items,
            whole(vec![json!({"id": "a", "n": 1}), json!({"id": "b"})]),
        );
        apply(
            &mut items,
            Update {
                whole: false,
                upserts: vec![json!({"id": "a", "n": 2})],
                deletes: vec!["b".into()],
            },
        );
        assert_eq!(
            items,
            Items::from([("a".into(), json!({"id": "a", "n": 2}))])
        );
        apply(&mut items, whole(vec![]));
        assert!(items.is_empty());
    }
}
