//! One connection of the sink: as much of a server as an executor needs to stay connected.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use rship_runtime::Generation;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::Failure;
use crate::counts::{Counter, Counts};
use crate::exchange::{Commands, Exchange, Latencies};
use crate::sink::{Ended, Keep};
use crate::stretch::Stretches;

/// What a connection is told to do.
pub(crate) enum Order {
    CarryOut(Commands, oneshot::Sender<Latencies>),
    Close,
}

pub(crate) struct Session {
    generation: Generation,
    counter: Counter,
    shared: Arc<Mutex<Counts>>,
    recorded: Option<Vec<Vec<u8>>>,
    stretches: Option<Stretches>,
    exchange: Option<(Exchange, oneshot::Sender<Latencies>)>,
    echoes: Vec<Message>,
}

impl Session {
    pub(crate) fn new(generation: Generation, keep: Keep, shared: Arc<Mutex<Counts>>) -> Self {
        Self {
            generation,
            counter: Counter::new(),
            shared,
            recorded: keep.pulses.then(Vec::new),
            stretches: keep.stretches.map(Stretches::new),
            exchange: None,
            echoes: Vec::new(),
        }
    }

    /// Serves the connection until one side closes it.
    pub(crate) async fn run(
        mut self,
        mut socket: WebSocketStream<TcpStream>,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) -> Result<Ended, Failure> {
        if let Some(greeting) = greeting(self.generation) {
            socket.send(greeting).await?;
        }
        let mut closing = false;
        loop {
            // An executor may say that it is ready before its registration was read here.
            let registered = self.counter.counts.instance.is_some();
            tokio::select! {
                biased;
                Some(order) = orders.recv(), if registered && !closing => match order {
                    Order::CarryOut(commands, done) => {
                        let instance = self.counter.counts.instance.as_deref().unwrap_or_default();
                        self.exchange = Some((Exchange::new(commands, instance), done));
                    }
                    Order::Close => {
                        closing = true;
                        socket.close(None).await?;
                    }
                },
                message = socket.next() => {
                    let mut next = Some(message);
                    // All that has come is looked at before anything is said, as a busy server does.
                    while let Some(message) = next {
                        if !self.take(message)? {
                            return Ok(self.end());
                        }
                        next = socket.next().now_or_never();
                    }
                    self.conclude();
                    self.publish_counts();
                }
            }
            if !closing {
                self.speak(&mut socket).await?;
            }
        }
    }

    /// Takes one message; says whether the connection goes on.
    fn take(&mut self, message: Option<Result<Message, WsError>>) -> Result<bool, Failure> {
        match message {
            Some(Ok(Message::Text(text))) => self.frame(text.as_bytes())?,
            Some(Ok(Message::Binary(bytes))) => {
                if self.counter.binary_frame(&bytes) == (0, 0) && is_ping(&bytes) {
                    self.echoes.push(Message::Binary(bytes));
                }
            }
            Some(Ok(_)) => {}
            // An executor that is ended from outside says no goodbye.
            None
            | Some(Err(
                WsError::ConnectionClosed
                | WsError::Io(_)
                | WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake),
            )) => return Ok(false),
            Some(Err(error)) => return Err(error.into()),
        }
        Ok(true)
    }

    fn frame(&mut self, frame: &[u8]) -> Result<(), Failure> {
        let (pulses, others) = self.counter.frame(frame);
        if let Some(stretches) = &mut self.stretches {
            stretches.frame(frame, self.counter.counts.targets);
        }
        if pulses > 0
            && let Some(recorded) = &mut self.recorded
        {
            recorded.push(frame.to_vec());
        }
        if pulses + others == 0 {
            self.remark(frame)?;
        }
        Ok(())
    }

    /// A frame without events: an answer, a ping, or a command of the executor's.
    fn remark(&mut self, frame: &[u8]) -> Result<(), Failure> {
        if let Some((exchange, _)) = &mut self.exchange
            && exchange.answered(frame)?
        {
            return Ok(());
        }
        if self.generation == Generation::V2026 && is_ping(frame) {
            self.echoes
                .push(Message::text(String::from_utf8_lossy(frame).into_owned()));
        }
        Ok(())
    }

    async fn speak(&mut self, socket: &mut WebSocketStream<TcpStream>) -> Result<(), Failure> {
        for echo in self.echoes.drain(..) {
            socket.send(echo).await?;
        }
        if let Some((exchange, _)) = &mut self.exchange {
            let mut said = false;
            while let Some(command) = exchange.next_command() {
                socket.feed(command).await?;
                said = true;
            }
            if said {
                socket.flush().await?;
            }
        }
        Ok(())
    }

    /// Hands over what was measured, when all commands are answered.
    fn conclude(&mut self) {
        if let Some((exchange, done)) = self.exchange.take_if(|(exchange, _)| exchange.is_over()) {
            // Nobody waits for it when the run is given up.
            let _ = done.send(exchange.latencies());
        }
    }

    fn publish_counts(&self) {
        self.shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&self.counter.counts);
    }

    fn end(mut self) -> Ended {
        self.conclude();
        self.publish_counts();
        Ended {
            counts: self.counter.counts,
            pulses: self.recorded.unwrap_or_default(),
            stretches: self.stretches,
        }
    }
}

/// A frame without events may be one.
fn is_ping(frame: &[u8]) -> bool {
    memchr::memmem::find(frame, b"ws:m:ping").is_some()
}

/// What a server of this generation says right after the open.
fn greeting(generation: Generation) -> Option<Message> {
    let id = match generation {
        Generation::V2023 => "client:setId",
        Generation::V2024 => "SetClientId",
        Generation::V2026 => return None,
    };
    let command = json!({"clientId": "6e3bd0c2-43f1-4b6c-9f7f-0d2c2c0a4a11", "tx": "set-id"});
    let frame: Value =
        json!({"event": "ws:m:command", "data": {"commandId": id, "command": command}});
    Some(Message::text(frame.to_string()))
}
