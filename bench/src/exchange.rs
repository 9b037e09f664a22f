//! Commands with a window in flight, and how long their answers took.

use std::time::Instant;

use tokio_tungstenite::tungstenite::Message;

use crate::Failure;
use crate::counts::string_after;

/// What is to be carried out.
#[derive(Debug, Clone)]
pub(crate) struct Commands {
    /// Taken in turn.
    pub(crate) targets: Vec<String>,
    /// The part of the action's id after the target.
    pub(crate) action: &'static str,
    pub(crate) count: usize,
    /// How many may wait for their answer.
    pub(crate) window: usize,
}

/// How long answers took, in nanoseconds, shortest first.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u64>);

/// Commands under way.
pub(crate) struct Exchange {
    commands: Commands,
    instance: String,
    sent: Vec<Instant>,
    took: Vec<u64>,
}

impl Exchange {
    pub(crate) fn new(commands: Commands, instance: &str) -> Self {
        Self {
            sent: Vec::with_capacity(commands.count),
            took: Vec::with_capacity(commands.count),
            instance: instance.to_owned(),
            commands,
        }
    }

    /// The next command, if there is room for one, in the form of a 2026 server.
    pub(crate) fn next_command(&mut self) -> Option<Message> {
        let number = self.sent.len();
        let waiting = number - self.took.len();
        if number == self.commands.count || waiting >= self.commands.window {
            return None;
        }
        let target = &self.commands.targets[number % self.commands.targets.len()];
        let (instance, action) = (&self.instance, self.commands.action);
        let level = number % 1000;
        // Ids and numbers need no escaping, and the sink must not be what is measured.
        let command = format!(
            "{{\"event\":\"ws:m:command\",\"data\":{{\"commandId\":\"ExecTargetAction\",\"command\":\
             {{\"tx\":\"b{number}\",\"instanceId\":\"{instance}\",\
             \"action\":{{\"id\":\"{target}:{action}\",\"targetId\":\"{target}\"}},\
             \"data\":{{\"level\":0.{level:03},\"channel\":{level},\"label\":\"load\"}}}}}}}}"
        );
        self.sent.push(Instant::now());
        Some(Message::text(command))
    }

    /// Takes the answer to one of the commands; says whether the frame was one.
    pub(crate) fn answered(&mut self, frame: &[u8]) -> Result<bool, Failure> {
        let number = string_after(frame, b"\"tx\":\"b").and_then(|number| number.parse().ok());
        let Some(sent) = number.and_then(|number: usize| self.sent.get(number)) else {
            return Ok(false);
        };
        if memchr::memmem::find(frame, b"ws:m:command-response").is_none() {
            let frame = String::from_utf8_lossy(frame);
            return Err(format!("a command was not carried out: {frame}").into());
        }
        let took = u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.took.push(took);
        Ok(true)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.took.len() == self.commands.count
    }

    pub(crate) fn latencies(self) -> Latencies {
        let mut took = self.took;
        took.sort_unstable();
        Latencies(took)
    }
}

impl Latencies {
    /// The latency that this part of the answers stayed below, in microseconds.
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let at = (last as f64 * part).round() as usize;
        self.0.get(at).copied().unwrap_or_default() as f64 / 1000.0
    }
}
