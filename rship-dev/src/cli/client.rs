//! The command line's connection to a server of any generation.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_core::wire::{self, Answer, Command, Generation, Inbound, Member, Query};
use rship_runtime::__client::{ConnectError, Given, open};
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Failure;
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
    /// Connects by the rules of executors, so that what works there works here, and finds out who speaks there.
    pub(crate) async fn connect(given: Given, limit: Duration) -> Result<Self, Failure> {
        let access = given.resolve();
        let access = access.map_err(|error| Failure::Told(error.to_string()))?;
        let address = access.address();
        let url = address.to_string();
        let connecting = async {
            let stream = TcpStream::connect((address.host(), address.port())).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let socket = match timeout(limit, open(&access, connecting, codec::config())).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Err(Failure::Told(no_connection(&url, &error))),
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
            url,
            limit,
        };
        client.greet().await?;
        Ok(client)
    }

    /// 2023 and 2024 introduce themselves; 2026 is silent, but echoes.
    async fn greet(&mut self) -> Result<(), Failure> {
        let id = speaking::new_tx();
        self.send(wire::ping(&id, speaking::millis())).await?;
        loop {
            match self
                .next_within("a greeting or the echo of a ping, as a Myko server sends")
                .await?
            {
                Inbound::Command(Command {
                    tx,
                    member: Member::SetClientId { documented, .. },
                    ..
                }) => {
                    self.generation = if documented {
                        Generation::V2023
                    } else {
                        Generation::V2024
                    };
                    // 2024 counts commands that were never answered.
                    if let Some(tx) = tx {
                        self.send(wire::response(&tx, "null")).await?;
                    }
                    return Ok(());
                }
                Inbound::Echo(echoed) if echoed == id => return Ok(()),
                _ => {}
            }
        }
    }

    pub(crate) const fn generation(&self) -> Generation {
        self.generation
    }

    /// The address as it may be shown.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Opens a live query and returns its tx.
    pub(crate) async fn query(&mut self, query: &Query) -> Result<String, Failure> {
        let tx = speaking::new_tx();
        self.send(query.frame(&tx, &speaking::now())).await?;
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
            txs.push(self.query(&Query::all(item_type)).await?);
        }
        let mut answers: Vec<Option<Items>> = vec![None; txs.len()];
        while answers.iter().skip(optional.len()).any(Option::is_none) {
            if let Inbound::Found(found) = self.next_within("the answer to a query").await?
                && let Some(index) = txs.iter().position(|asked| *asked == found.tx)
            {
                found.apply(answers[index].get_or_insert_default());
            }
        }
        for tx in txs {
            self.send(Query::cancel(&tx)).await?;
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
        content: Map<String, Value>,
    ) -> Result<Result<Value, String>, Failure> {
        let sent = self.ask(command_id, content).await?;
        loop {
            if let Inbound::Answer(Answer { tx, result }) =
                self.next_within("the answer to the command").await?
                && tx == sent
            {
                return Ok(result);
            }
        }
    }

    /// Sends a command and returns its tx; the answer comes among the frames.
    pub(crate) async fn ask(
        &mut self,
        command_id: &str,
        content: Map<String, Value>,
    ) -> Result<String, Failure> {
        let tx = speaking::new_tx();
        let frame = wire::command(command_id, &tx, &speaking::now(), content);
        self.send(frame).await?;
        Ok(tx)
    }

    /// The next frame, however long it takes.
    pub(crate) async fn next(&mut self) -> Result<Inbound, Failure> {
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
                        "the server at {} closed the connection: it has ended, or its own log says why",
                        self.url
                    )));
                }
            };
            // Only who writes binary frames is answered in such; what is not a frame is skipped.
            if let Message::Text(text) = message
                && let Ok(inbound) = wire::read(&text)
            {
                return Ok(inbound);
            }
        }
    }

    async fn next_within(&mut self, what: &str) -> Result<Inbound, Failure> {
        let limit = self.limit;
        // Each frame has its own time: a big answer in many frames is not late.
        match timeout(limit, self.next()).await {
            Ok(message) => message,
            Err(_) => {
                let limit = humantime::format_duration(limit);
                Err(Failure::Told(format!(
                    "{} did not send {what} within {limit}: give it longer with --timeout, or see that a Rocketship server is there",
                    self.url
                )))
            }
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), Failure> {
        let sent = timeout(self.limit, self.socket.send(Message::text(frame))).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::Told(format!(
                "the connection to {} broke: {error}",
                self.url
            ))),
            Err(_) => Err(Failure::Told(format!(
                "the server at {} has taken nothing within {}: it hangs, or the way to it does",
                self.url,
                humantime::format_duration(self.limit)
            ))),
        }
    }
}

fn no_connection(url: &str, error: &ConnectError) -> String {
    match error {
        ConnectError::Stream { source, .. }
            if matches!(
                source.kind(),
                ErrorKind::ConnectionRefused | ErrorKind::NotFound | ErrorKind::AddrNotAvailable
            ) =>
        {
            format!("no server at {url}: start one with `rship-dev serve`, or name one with --url")
        }
        ConnectError::Answered {
            status,
            said: Some(said),
            ..
        } => format!("{url} answers with HTTP {status}: {said}"),
        ConnectError::Answered {
            status: status @ (401 | 403),
            ..
        } => format!(
            "{url} answers with HTTP {status}: the server wants a token, or another one: --token, RSHIP_TOKEN or \
             RSHIP_TOKEN_FILE"
        ),
        ConnectError::Answered { status: 404, .. } => {
            format!("{url} answers with HTTP 404: a server's WebSocket is at ws://HOST:PORT/myko")
        }
        other => other.to_string(),
    }
}
