//! The yardstick of a command: a bare loop that reads the same commands, hands all that have come to a second
//! thread and takes the answers back, with tokio-tungstenite and serde_json alone.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Args;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use rship_examples::load::{Ready, cpu_time};
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::bare::BareReport;
use crate::child::Child;
use crate::exchange::Commands;
use crate::sink::{Keep, Sink};
use crate::{Failure, own_program};

/// How long the server may take to close the connection.
const LIMIT: Duration = Duration::from_secs(60);

/// What has the sink know the instance.
const STATUS: &str = r#"{"event":"ws:m:event","data":{"changeType":"SET","itemType":"TargetStatus","item":{"instanceId":"bare"}}}"#;

/// Answers commands of a server.
#[derive(Args)]
pub(crate) struct Answering {
    url: String,
    commands: usize,
}

#[derive(Deserialize)]
struct Frame {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    command: Command,
}

/// As much of a command as has to be read to carry it out.
#[derive(Deserialize)]
struct Command {
    tx: String,
    action: Action,
    data: Payload,
}

#[derive(Deserialize)]
struct Action {
    id: String,
}

#[derive(Deserialize)]
struct Payload {
    level: f64,
    channel: u32,
    label: String,
}

impl Command {
    fn carry_out(self) -> String {
        let Payload {
            level,
            channel,
            label,
        } = self.data;
        std::hint::black_box((self.action.id, level, channel, label));
        let tx = self.tx;
        format!(
            r#"{{"data":{{"response":null,"tx":"{tx}"}},"event":"ws:m:command-response","tx":"{tx}"}}"#
        )
    }
}

/// Has a child carry out commands of the sink; returns microseconds of CPU for each.
pub(crate) async fn measure(sink: &Sink, commands: Commands) -> Result<f64, Failure> {
    let count = commands.count;
    let arguments = ["answering".to_owned(), sink.url()?, count.to_string()];
    let mut child = Child::start(own_program()?, arguments)?;
    let mut connection = child.during(sink.accept(Keep::default())).await?;
    let Ready { ready } = child.line().await?;
    if !ready {
        return Err("the yardstick of commands says that it is not ready".into());
    }
    child.during(connection.carry_out(commands)).await?;
    let report: BareReport = child.line().await?;
    child.end().await?;
    connection.closed().await?;
    Ok(report.cpu_s * 1e6 / count as f64)
}

impl Answering {
    /// The child's part.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let (mut socket, _) = connect_async(&self.url).await?;
        socket.send(Message::text(STATUS)).await?;
        let (work, jobs) = mpsc::channel::<Vec<Command>>();
        let (done, mut answers) = unbounded_channel::<Vec<String>>();
        let handler = thread::spawn(move || {
            for burst in jobs {
                let carried_out = burst.into_iter().map(Command::carry_out).collect();
                if done.send(carried_out).is_err() {
                    return;
                }
            }
        });
        print(&Ready { ready: true })?;
        let cpu = cpu_time();
        let (mut left, mut bytes) = (self.commands, 0);
        while left > 0 {
            tokio::select! {
                message = socket.next() => {
                    let (mut next, mut burst) = (Some(message), Vec::new());
                    while let Some(message) = next {
                        let message = message.ok_or("the sink went away")??;
                        if let Message::Text(text) = message {
                            let frame: Frame = serde_json::from_str(&text)?;
                            burst.push(frame.data.command);
                        }
                        next = socket.next().now_or_never();
                    }
                    work.send(burst)?;
                }
                Some(answers) = answers.recv() => {
                    left -= answers.len();
                    for answer in answers {
                        bytes += answer.len() as u64;
                        socket.feed(Message::Text(Utf8Bytes::from(answer))).await?;
                    }
                    socket.flush().await?;
                }
            }
        }
        print(&BareReport {
            frames: self.commands as u64,
            bytes,
            cpu_s: (cpu_time() - cpu).as_secs_f64(),
        })?;
        drop(work);
        handler.join().map_err(|_| "the handler panicked")?;
        socket.close(None).await?;
        let closed = async { while let Some(Ok(_)) = socket.next().await {} };
        let closed = timeout(LIMIT, closed).await;
        Ok(
            closed
                .map_err(|_| format!("the sink did not close the connection within {LIMIT:?}"))?,
        )
    }
}

fn print(line: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(line)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;

    #[test]
    fn a_command_of_the_sink_is_read_and_answered_as_the_sink_expects() {
        let commands = Commands {
            targets: vec!["load".to_owned()],
            action: "level",
            count: 1,
            window: 1,
        };
        let mut exchange = Exchange::new(commands, "bare");
        let command = exchange.next_command().unwrap();
        let frame: Frame = serde_json::from_str(command.to_text().unwrap()).unwrap();
        assert_eq!(frame.data.command.action.id, "load:level");
        let answer = frame.data.command.carry_out();
        assert!(exchange.answered(answer.as_bytes()).unwrap() && exchange.is_over());
    }
}
