//! The yardstick: a bare loop that serializes the same payloads, wraps them in the same events, gathers them
//! in the same frames, and sends these with tokio-tungstenite alone.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::BytesMut;
use clap::Args;
use futures_util::{SinkExt as _, StreamExt as _};
use rship_examples::load::{Level, cpu_time};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::child::Child;
use crate::sink::{Keep, Sink};
use crate::{Failure, own_program};

/// How long the server may take to close the connection.
const LIMIT: Duration = Duration::from_secs(60);

const ONE: [&str; 2] = ["{\"event\":\"ws:m:event\",\"data\":", "}"];
const BATCH: [&str; 2] = ["{\"event\":\"ws:m:event-batch\",\"data\":[", "]}"];

/// Sends what a script says to a server.
#[derive(Args)]
pub(crate) struct Bare {
    url: String,
    script: PathBuf,
}

/// What is sent: pulses of the load device, of its emitters in turn.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Script {
    /// What stands before and behind the payload in the events of each emitter.
    events: Vec<[String; 2]>,
    /// How many events are in each frame.
    frames: Vec<usize>,
    /// What all frames came to.
    bytes: usize,
}

/// What sending it took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct BareReport {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) cpu_s: f64,
}

impl Script {
    /// What was recorded of a load device with this many emitters.
    pub(crate) fn new(frames: &[Vec<u8>], emitters: usize) -> Result<Self, Failure> {
        let mut events = Vec::new();
        let mut counts = Vec::with_capacity(frames.len());
        for frame in frames {
            let all = events_of(frame)?;
            counts.push(all.len());
            for event in all.into_iter().take(emitters - events.len()) {
                let payload = serde_json::to_string(&Level::number(events.len(), emitters))?;
                let parts = event.split_once(&payload);
                let (head, tail) = parts.ok_or_else(|| {
                    format!("the pulse `{event}` does not carry the payload `{payload}`")
                })?;
                events.push([head.to_owned(), tail.to_owned()]);
            }
        }
        let bytes = frames.iter().map(Vec::len).sum();
        Ok(Self {
            events,
            frames: counts,
            bytes,
        })
    }

    /// How many pulses there are.
    pub(crate) fn pulses(&self) -> usize {
        self.frames.iter().sum()
    }

    /// How many pulses are in a frame.
    pub(crate) fn per_frame(&self) -> f64 {
        self.pulses() as f64 / self.frames.len() as f64
    }

    /// How many bytes of a frame a pulse takes.
    pub(crate) fn size(&self) -> f64 {
        self.bytes as f64 / self.pulses() as f64
    }

    /// Writes it to a file.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Failure> {
        Ok(fs::write(file, serde_json::to_vec(self)?)?)
    }

    /// Has a child send it to the sink; `file` is where it was written.
    pub(crate) async fn send(&self, sink: &Sink, file: &Path) -> Result<BareReport, Failure> {
        let arguments: [OsString; 3] = ["bare".into(), sink.url()?.into(), file.into()];
        let mut child = Child::start(own_program()?, arguments)?;
        let connection = child.during(sink.accept(Keep::default())).await?;
        let report: BareReport = child.line().await?;
        child.end().await?;
        let arrived = connection.closed().await?.counts;
        if arrived.pulses != self.pulses() as u64 || arrived.frames != report.frames {
            return Err(format!("of {report:?} only {arrived:?} arrived").into());
        }
        // Transactions and times of the real ones are not all as long.
        let same = report.bytes.abs_diff(self.bytes as u64) < report.bytes / 20;
        if same {
            Ok(report)
        } else {
            Err(format!(
                "the bare frames are not the same: {report:?}, {} bytes",
                self.bytes
            )
            .into())
        }
    }
}

impl Bare {
    /// The child's part.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let script = fs::read(&self.script)
            .map_err(|error| format!("{} cannot be read: {error}", self.script.display()))?;
        let script: Script = serde_json::from_slice(&script)?;
        let (mut socket, _) = connect_async(&self.url).await?;
        let (mut payload, mut out) = (Vec::new(), BytesMut::new());
        let (mut pulse, mut bytes) = (0, 0);
        let emitters = script.events.len();
        let largest = script.frames.iter().max().copied().unwrap_or_default();
        let room = largest * script.size().ceil() as usize + 1024;

        let cpu = cpu_time();
        for &count in &script.frames {
            // Takes the memory of the frame before, which the socket has copied by now.
            out.reserve(room);
            let [open, close] = if count == 1 { ONE } else { BATCH };
            out.extend_from_slice(open.as_bytes());
            for event in 0..count {
                if event > 0 {
                    out.extend_from_slice(b",");
                }
                payload.clear();
                serde_json::to_writer(&mut payload, &Level::number(pulse, emitters))?;
                let [head, tail] = &script.events[pulse % emitters];
                out.extend_from_slice(head.as_bytes());
                out.extend_from_slice(&payload);
                out.extend_from_slice(tail.as_bytes());
                pulse += 1;
            }
            out.extend_from_slice(close.as_bytes());
            bytes += out.len() as u64;
            let frame = Utf8Bytes::try_from(out.split().freeze())?;
            // As an efficient client: the socket is written to whenever the buffer is full.
            socket.feed(Message::Text(frame)).await?;
        }
        socket.flush().await?;
        let report = BareReport {
            frames: script.frames.len() as u64,
            bytes,
            cpu_s: (cpu_time() - cpu).as_secs_f64(),
        };
        println!("{}", serde_json::to_string(&report)?);
        socket.close(None).await?;
        let closed = async { while let Some(Ok(_)) = socket.next().await {} };
        let closed = timeout(LIMIT, closed).await;
        Ok(
            closed
                .map_err(|_| format!("the sink did not close the connection within {LIMIT:?}"))?,
        )
    }
}

/// The events of a frame, as they are written.
fn events_of(frame: &[u8]) -> Result<Vec<&str>, Failure> {
    #[derive(Deserialize)]
    struct Frame<'f> {
        #[serde(borrow)]
        data: &'f RawValue,
    }
    let frame: Frame<'_> = serde_json::from_slice(frame)?;
    let data = frame.data.get();
    if data.starts_with('[') {
        let events: Vec<&RawValue> = serde_json::from_str(data)?;
        Ok(events.into_iter().map(RawValue::get).collect())
    } else {
        Ok(vec![data])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_what_stands_around_the_payloads_of_each_emitter() {
        let payload = |pulse| serde_json::to_string(&Level::number(pulse, 2)).unwrap();
        let frames = [
            format!(
                r#"{{"event":"ws:m:event-batch","data":[{{"id":"a","data":{}}},{{"id":"b","data":{}}}]}}"#,
                payload(0),
                payload(1)
            ),
            format!(
                r#"{{"event":"ws:m:event","data":{{"id":"a","data":{}}}}}"#,
                payload(2)
            ),
        ];
        let script = Script::new(&frames.map(String::into_bytes), 2).unwrap();
        assert_eq!(script.frames, [2, 1]);
        assert_eq!(script.events[0], [r#"{"id":"a","data":"#, "}"]);
        assert_eq!(script.events[1], [r#"{"id":"b","data":"#, "}"]);
    }
}
