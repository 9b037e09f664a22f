//! The yardstick: tokio-tungstenite alone, sending frames that were made beforehand.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::child::Child;
use crate::sink::{Keep, Sink};
use crate::usage::cpu_time;
use crate::{Failure, own_program};

/// How long the server may take to close the connection.
const LIMIT: Duration = Duration::from_secs(60);

/// Sends frames from a file to a server.
#[derive(Args)]
pub(crate) struct Bare {
    url: String,
    frames: PathBuf,
}

/// What sending them took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct BareReport {
    pub(crate) frames: u64,
    pub(crate) cpu_s: f64,
}

impl Bare {
    /// The child's part.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let frames = read(&self.frames)?;
        let (mut socket, _) = connect_async(&self.url).await?;
        let cpu = cpu_time();
        for frame in &frames {
            // As an efficient client: the socket is written to whenever the buffer is full.
            socket.feed(Message::Text(frame.clone())).await?;
        }
        socket.flush().await?;
        let report = BareReport {
            frames: frames.len() as u64,
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

/// Has a child send the frames of a file to the sink.
pub(crate) async fn send(sink: &Sink, frames: &Path) -> Result<BareReport, Failure> {
    let arguments: [OsString; 3] = ["bare".into(), sink.url()?.into(), frames.into()];
    let mut child = Child::start(own_program()?, arguments)?;
    let connection = child.during(sink.accept(Keep::default())).await?;
    let report: BareReport = child.line().await?;
    child.end().await?;
    let arrived = connection.closed().await?.counts.frames;
    if arrived != report.frames {
        return Err(format!("of {} bare frames {arrived} arrived", report.frames).into());
    }
    Ok(report)
}

/// The same pulses, each in a frame of its own.
pub(crate) fn one_by_one(frames: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Failure> {
    #[derive(Deserialize)]
    struct Frame<'f> {
        #[serde(borrow)]
        data: &'f RawValue,
    }
    let mut all = Vec::new();
    for frame in frames {
        let frame: Frame<'_> = serde_json::from_slice(frame)?;
        let data = frame.data.get();
        if data.starts_with('[') {
            let events: Vec<&RawValue> = serde_json::from_str(data)?;
            all.extend(events.into_iter().map(|event| single(event.get())));
        } else {
            all.push(single(data));
        }
    }
    Ok(all)
}

fn single(event: &str) -> Vec<u8> {
    format!("{{\"event\":\"ws:m:event\",\"data\":{event}}}").into_bytes()
}

/// Writes frames to a file, one a line: JSON on the wire holds no line breaks.
pub(crate) fn write(file: &Path, frames: &[Vec<u8>]) -> Result<(), Failure> {
    fs::write(file, frames.join(&b'\n'))?;
    Ok(())
}

fn read(file: &Path) -> Result<Vec<Utf8Bytes>, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(text.lines().map(Utf8Bytes::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_comes_apart_and_a_single_pulse_stays_as_it_is() {
        let frames = [
            br#"{"event":"ws:m:event-batch","data":[{"a":[1]},{"b":2}]}"#.to_vec(),
            br#"{"event":"ws:m:event","data":{"c":3}}"#.to_vec(),
        ];
        let single = one_by_one(&frames).unwrap();
        assert_eq!(single.len(), 3);
        assert_eq!(single[0], br#"{"event":"ws:m:event","data":{"a":[1]}}"#);
        assert_eq!(single[2], frames[1]);
    }
}
