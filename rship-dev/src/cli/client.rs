//! The command line's connection to a server of any generation.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_core::wire::{self, Answer, Command, Generation, Inbound, Member, Query};
use rship_runtime::Address;
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{ProtocolError, UrlError};
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, CONTENT_TYPE};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Failure;
use crate::explained::excerpt;
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
    pub(crate) async fn connect(
        address: &Address,
        token: Option<&str>,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let url = &address.to_string();
        let told = |error: &Error| Failure::Told(no_connection(url, error));
        let mut request = url.into_client_request().map_err(|error| told(&error))?;
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().map_err(|_| {
                let why = "the token contains characters that an HTTP header cannot carry";
                Failure::Told(why.to_owned())
            })?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let connecting =
            tokio_tungstenite::connect_async_with_config(request, Some(codec::config()), true);
        let socket = match timeout(limit, connecting).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(error)) => return Err(told(&error)),
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
            url: url.clone(),
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
                        self.send(wire::response(&tx, &Value::Null)).await?;
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
        let sent = speaking::new_tx();
        let frame = wire::command(command_id, &sent, &speaking::now(), content);
        self.send(frame).await?;
        loop {
            if let Inbound::Answer(Answer { tx, result }) =
                self.next_within("the answer to the command").await?
                && tx == sent
            {
                return Ok(result);
            }
        }
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
                        "the server at {} closed the connection",
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
                    "{} did not send {what} within {limit}",
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
            Err(_) => Err(Failure::Told(format!("{} takes no more frames", self.url))),
        }
    }
}

/// What a server says itself about why it opens no WebSocket, if it does so in words.
fn sentence(response: &Response<Option<Vec<u8>>>) -> Option<String> {
    /// How much of it is shown.
    const SHOWN: usize = 500;
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let body = String::from_utf8_lossy(response.body().as_deref()?);
    let said = body.lines().next()?.trim();
    (kind.starts_with("text/plain") && !said.is_empty()).then(|| excerpt(said, SHOWN).into_owned())
}

fn no_connection(url: &str, error: &Error) -> String {
    let is_tls = url.starts_with("wss:");
    match error {
        Error::Io(io)
            if matches!(
                io.kind(),
                ErrorKind::ConnectionRefused | ErrorKind::NotFound | ErrorKind::AddrNotAvailable
            ) =>
        {
            format!("no server at {url}: start one with `rship-dev serve`, or name one with --url")
        }
        Error::Http(response) => {
            let status = response.status().as_u16();
            if let Some(said) = sentence(response) {
                return format!("{url} answers with HTTP {status}: {said}");
            }
            let hint = match status {
                401 | 403 => "the server wants a token, or another one: --token or RSHIP_TOKEN",
                400 if !is_tls => "a port that speaks TLS is written wss://",
                _ => "a server's WebSocket is at ws://HOST:PORT/myko",
            };
            format!("{url} answers with HTTP {status}: {hint}")
        }
        Error::Url(UrlError::TlsFeatureNotEnabled) => {
            format!("cannot open {url}: this rship-dev was built without its feature `tls`")
        }
        Error::Protocol(ProtocolError::HttparseError(_)) | Error::HttpFormat(_) => format!(
            "what answers at {url} is not a WebSocket server: is the port right? A port that speaks TLS is written \
             wss:// ({error})"
        ),
        Error::Io(io)
            if is_tls && matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
        {
            format!(
                "cannot speak TLS with {url}: a port without TLS is written ws://, and a server with it needs a \
                 certificate that this machine trusts ({error})"
            )
        }
        other => format!("cannot connect to {url}: {other}"),
    }
}
