//! The executor's side of a recording, played to a server.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_core::wire::{self, Encoding, Inbound};
use rship_runtime::__client::{Access, Given, open};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::compare::{Comparison, compare};
use super::fact::{Fact, Key, Names, comparable, said};
use super::file::{Content, Event, Recording, What};
use super::line::Direction;
use super::script::{Script, label};
use super::stage::ReplayError;
use crate::{codec, speaking};

/// How long a server may take to let somebody in.
const CONNECTING: Duration = Duration::from_secs(15);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Recording {
    /// Plays the executor's side to a server, and compares what that answers to its queries and commands.
    ///
    /// Commands that come meanwhile are answered as the recording answers those of the same action, one after the
    /// other.
    pub(crate) async fn replay_to(&self, given: Given) -> Result<Comparison, ReplayError> {
        let script = Script::new(self)?;
        let access = given.resolve()?;
        let (mut recorded, mut replayed) = (Vec::new(), Vec::new());
        let mut labels = BTreeMap::new();
        for part in &script.parts {
            let events: Vec<&Event> = self
                .events
                .iter()
                .filter(|event| event.connection == part.connection)
                .collect();
            let socket = connect(&access).await?;
            let mut role = Role::new(self, &events, socket);
            role.play(&events).await;
            recorded.push(role.recorded.facts());
            replayed.push(role.now.facts());
            labels.append(&mut role.labels);
        }
        Ok(compare(recorded, replayed, labels))
    }
}

async fn connect(access: &Access) -> Result<Socket, ReplayError> {
    let address = access.address();
    let connecting = async {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let opening = timeout(CONNECTING, open(access, connecting, codec::config()));
    match opening.await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) => Err(ReplayError::Server(error.to_string())),
        Err(_) => Err(ReplayError::Server(format!("{address} does not answer"))),
    }
}

/// What a server answered, by the transaction of the question.
#[derive(Debug, Default)]
struct Answers {
    queries: BTreeMap<String, BTreeMap<String, Value>>,
    commands: BTreeMap<String, Value>,
}

impl Answers {
    /// Takes a frame of a server's; returns the question that it answers.
    fn take(&mut self, frame: &Value) -> Option<String> {
        match wire::read(&frame.to_string()).ok()? {
            Inbound::Found(found) => {
                let tx = found.tx.clone();
                found.apply(self.queries.entry(tx.clone()).or_default());
                Some(tx)
            }
            Inbound::Answer(answer) => {
                let value = match answer.result {
                    Ok(response) => json!({ "response": response }),
                    Err(message) => json!({ "error": message }),
                };
                self.commands.insert(answer.tx.clone(), value);
                Some(answer.tx)
            }
            _ => None,
        }
    }

    /// The last of each, as it is compared.
    fn facts(self) -> Vec<Fact> {
        let queries = self.queries.into_iter().map(|(tx, items)| {
            let items = items.into_iter().map(|(id, mut item)| {
                comparable(&mut item);
                (id, item)
            });
            (tx, Value::Object(Map::from_iter(items)))
        });
        queries
            .chain(self.commands)
            .map(|(tx, value)| Fact {
                key: Key::Answer(tx),
                value,
                emitter: None,
            })
            .collect()
    }
}

/// The executor of one connection, as the recording has it.
struct Role<'r> {
    recording: &'r Recording,
    socket: Socket,
    /// Ids of clients as this server gives them.
    names: Names,
    /// The questions of the executor, and what they ask.
    labels: BTreeMap<String, String>,
    /// Answers of the executor's, by action.
    answers: BTreeMap<String, VecDeque<Value>>,
    recorded: Answers,
    now: Answers,
    /// Questions that have an answer now, or never will.
    answered: BTreeSet<String>,
    /// The id of the client in the recording, when the server gives one.
    client: Option<String>,
    encoding: Encoding,
}

impl<'r> Role<'r> {
    fn new(recording: &'r Recording, events: &[&Event], socket: Socket) -> Self {
        let mut role = Self {
            recording,
            socket,
            names: Names::default(),
            labels: BTreeMap::new(),
            answers: BTreeMap::new(),
            recorded: Answers::default(),
            now: Answers::default(),
            answered: BTreeSet::new(),
            client: None,
            encoding: Encoding::Json,
        };
        let mut commands = BTreeMap::new();
        for event in events {
            let What::Frame(direction, ..) = event.what else {
                continue;
            };
            let Some(Content::Document(frame)) = recording.content(event) else {
                continue;
            };
            match direction {
                Direction::Down => {
                    commands.extend(label(&frame));
                    role.recorded.take(&frame);
                }
                Direction::Up => {
                    let said = said(frame.clone(), &Names::default());
                    if let Some((what, tx)) = said.asks {
                        role.labels.insert(tx, what);
                    }
                    for fact in said.facts {
                        if let Key::Answer(tx) = fact.key
                            && let Some(action) = commands.get(&tx)
                        {
                            let answers = role.answers.entry(action.clone()).or_default();
                            answers.push_back(fact.value);
                        }
                    }
                }
            }
        }
        role
    }

    async fn play(&mut self, events: &[&Event]) {
        let opened = Instant::now();
        let began = events.first().map_or(0.0, |event| event.at);
        // What the recording had an answer to by now.
        let mut due: BTreeSet<String> = BTreeSet::new();
        let mut before = Answers::default();
        for event in events {
            let What::Frame(direction, ..) = event.what else {
                continue;
            };
            let Some(content) = self.recording.content(event) else {
                continue;
            };
            let after = self.recording.play.speed.scaled(event.at - began);
            let at = opened.checked_add(after).unwrap_or(opened);
            match (direction, content) {
                (Direction::Down, Content::Document(frame)) => {
                    due.extend(before.take(&frame));
                    if let Some(client) = client_of(&frame) {
                        self.client = Some(client);
                        if !self.wait_for_client().await {
                            return;
                        }
                    }
                }
                (Direction::Down, _) => {}
                (Direction::Up, content) => {
                    if !self.wait(at, &due).await {
                        return;
                    }
                    let Some(message) = self.message(content) else {
                        continue;
                    };
                    if self.socket.send(message).await.is_err() {
                        return;
                    }
                }
            }
        }
        let length = events.last().map_or(0.0, |event| event.at - began);
        let after = self.recording.play.speed.scaled(length);
        let at = opened.checked_add(after).unwrap_or(opened);
        if self.wait(at, &due).await {
            drop(timeout(Duration::from_secs(1), self.socket.close(None)).await);
        }
    }

    /// A frame as it is sent now; answers go out when there is a command, and pings are of another time.
    fn message(&mut self, content: Content) -> Option<Message> {
        let mut frame = match content {
            Content::Text(text) => return Some(Message::text(text)),
            Content::Bytes(bytes) => return Some(Message::binary(bytes)),
            Content::Document(frame) => frame,
        };
        let event = frame["event"].as_str();
        if let Some("ws:m:ping" | "ws:m:command-response" | "ws:m:command-error") = event {
            return None;
        }
        self.names.document_of_frame(&mut frame);
        codec::encode(self.encoding, &frame)
    }

    /// Waits until then, and until what was answered by then in the recording is; `false` when the server is gone.
    async fn wait(&mut self, at: Instant, due: &BTreeSet<String>) -> bool {
        let patience = self.recording.play.patience;
        let mut until = Instant::now().max(at) + patience;
        loop {
            let waits = due.iter().any(|tx| !self.answered.contains(tx));
            let now = Instant::now();
            if now >= at && (!waits || now >= until) {
                // What has not come is not waited for again.
                self.answered.extend(due.iter().cloned());
                return true;
            }
            let wake = if waits {
                until.min(at.max(now + patience))
            } else {
                at
            };
            match timeout(wake - now, self.socket.next()).await {
                Ok(Some(Ok(message))) => {
                    if !self.take(&message).await {
                        return false;
                    }
                    until = Instant::now().max(at) + patience;
                }
                Ok(_) => return false,
                Err(_) => {}
            }
        }
    }

    /// Waits until the server says which client this is.
    async fn wait_for_client(&mut self) -> bool {
        let patience = self.recording.play.patience;
        let until = Instant::now() + patience;
        while self.client.is_some() {
            let left = until.saturating_duration_since(Instant::now());
            match timeout(left, self.socket.next()).await {
                Ok(Some(Ok(message))) => {
                    if !self.take(&message).await {
                        return false;
                    }
                }
                Ok(_) => return false,
                Err(_) => break,
            }
        }
        true
    }

    /// Takes what the server says; `false` when it is gone.
    async fn take(&mut self, message: &Message) -> bool {
        let Some(Ok(frame)) = codec::decode(message, usize::MAX) else {
            return !message.is_close();
        };
        if let Some(now) = client_of(&frame) {
            if let Some(then) = self.client.take() {
                self.names.add(&then, &now);
            }
            return true;
        }
        if let Some(tx) = self.now.take(&frame) {
            self.answered.insert(tx);
            return true;
        }
        let answer = match frame["event"].as_str() {
            Some("ws:m:ping") if !frame["data"]["ts"].is_null() => {
                Some(speaking::echo(frame["data"].clone()))
            }
            Some("ws:m:command") => self.answer(&frame),
            _ => None,
        };
        let message = answer.and_then(|answer| codec::encode(self.encoding, &answer));
        match message {
            Some(message) => self.socket.send(message).await.is_ok(),
            None => true,
        }
    }

    fn answer(&mut self, frame: &Value) -> Option<Value> {
        let (tx, action) = label(frame)?;
        let answers = self.answers.get_mut(&action);
        let answer = answers.and_then(|answers| match answers.len() {
            // The last one holds on.
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        });
        let missing = || json!({"error": format!("the recording has no answer to `{action}`")});
        let answer = answer.unwrap_or_else(missing);
        let command = frame["data"]["commandId"].as_str().unwrap_or_default();
        let text = match answer["error"].as_str() {
            Some(message) => wire::error(&tx, command, message),
            None => wire::response(&tx, &answer["response"].to_string()),
        };
        serde_json::from_str(&text).ok()
    }
}

/// The client's id in the greeting of a server.
fn client_of(frame: &Value) -> Option<String> {
    match frame["data"]["commandId"].as_str()? {
        "client:setId" | "SetClientId" => {}
        _ => return None,
    }
    let client = &frame["data"]["command"]["clientId"];
    client.as_str().map(ToOwned::to_owned)
}
