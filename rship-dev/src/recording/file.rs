//! Reading a recording.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rship_core::wire::Generation;
use serde_json::Value;

use super::line::{self, Direction, Ended, FORMAT, Form, Kind, Line, VERSION};

/// The largest file that is read: all of it is kept in memory.
const LARGEST: u64 = 2 << 30;

/// Why a file cannot be used as a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read the recording {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is larger than what is read.
    #[error("the recording {} has {bytes} bytes, and {LARGEST} are read at the most: record a shorter one", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The first line is not the head of a recording.
    #[error("{} is not a recording: its first line has to be a head with `\"format\":\"rship-recording\"`", path.display())]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a later program.
    #[error("the recording {} has version {found} of the format, and this program reads up to {VERSION}: take a newer rship-dev", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in its head.
        found: u32,
    },
    /// A line that is not the last one cannot be read.
    #[error("line {line} of the recording {} cannot be read: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// A recording that was read: what [`Recorder`](super::Recorder), `rship-dev record` and `rship-dev serve --record`
/// write.
///
/// In a test it takes the place of the server that it was made with:
///
/// ```no_run
/// # use rship_runtime::prelude::*;
/// # #[derive(Target, Default)]
/// # struct Stand { #[emitter] cash: f64 }
/// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
/// use rship_dev::Recording;
///
/// Recording::open("tests/stand.jsonl")?
///     .ignoring("stand:temperature")
///     .replay_against(|url| {
///         let executor = Executor::builder("bluth").url(url).build()?;
///         executor.add("stand", Stand::default())?;
///         Ok(executor)
///     })
///     .await?
///     .assert_same();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Recording {
    path: PathBuf,
    pub(crate) text: Vec<u8>,
    pub(crate) events: Vec<Event>,
    generation: Generation,
    start: String,
    ended: Option<String>,
    pub(crate) play: super::script::Play,
}

/// Something that happened on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Milliseconds since the recording began.
    pub(crate) at: f64,
    pub(crate) connection: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Open,
    /// A frame, and where in the file its content is.
    Frame(Direction, Form, Range<usize>),
    Close(Ended),
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Document(Value),
    Text(String),
    Bytes(Vec<u8>),
}

impl Recording {
    /// Reads a recording.
    ///
    /// A line that is cut off at the end of the file, as after a crash, is left out: see [`Recording::ended`].
    ///
    /// # Errors
    /// When there is no such file, it is not a recording, or a line in it is broken.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let read = || {
            let bytes = std::fs::metadata(&path)?.len();
            if bytes > LARGEST {
                return Ok(Err(bytes));
            }
            std::fs::read(&path).map(Ok)
        };
        match read() {
            Ok(Ok(text)) => Self::read(path, text),
            Ok(Err(bytes)) => Err(OpenError::TooLarge { path, bytes }),
            Err(source) => Err(OpenError::Io { path, source }),
        }
    }

    fn read(path: PathBuf, text: Vec<u8>) -> Result<Self, OpenError> {
        let mut recording = Self {
            path,
            text: Vec::new(),
            events: Vec::new(),
            generation: Generation::V2026,
            start: String::new(),
            ended: None,
            play: super::script::Play::default(),
        };
        let generation = recording.read_lines(&text)?;
        recording.text = text;
        recording.generation = match generation {
            Some(generation) => generation,
            None => recording.greeted(),
        };
        Ok(recording)
    }

    fn read_lines(&mut self, text: &[u8]) -> Result<Option<Generation>, OpenError> {
        let path = &self.path;
        let not_a_recording = || OpenError::NotARecording { path: path.clone() };
        let mut generation = None;
        let (mut from, mut number) = (0, 0);
        while from < text.len() {
            let to = memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |at| from + at);
            let whole = to < text.len();
            let (line, start) = (&text[from..to], from);
            from = to + 1;
            number += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let read = std::str::from_utf8(line).map_err(|error| error.to_string());
            let read = read.and_then(|line| {
                let read = serde_json::from_str::<Line<'_>>(line);
                read.map_err(|error| error.to_string())
            });
            let event = read.and_then(|read| {
                if number == 1 {
                    generation = read
                        .generation
                        .as_deref()
                        .and_then(|text| text.parse().ok());
                    self.start = read.start.clone().unwrap_or_default();
                    return match (read.kind, read.format.as_deref(), read.version) {
                        (Kind::Head, Some(FORMAT), Some(1..=VERSION)) => Ok(None),
                        (Kind::Head, Some(FORMAT), Some(found)) => Err(format!("version {found}")),
                        _ => Err("no head".to_owned()),
                    };
                }
                if read.kind == Kind::End {
                    self.ended = Some(read.reason.unwrap_or_default());
                    return Ok(None);
                }
                event(read, line, start)
            });
            match event {
                Ok(event) => self.events.extend(event),
                Err(problem) if number == 1 => {
                    let found = problem.strip_prefix("version ");
                    return Err(match found.and_then(|found| found.parse().ok()) {
                        Some(found) => OpenError::Version {
                            path: path.clone(),
                            found,
                        },
                        None => not_a_recording(),
                    });
                }
                // It was cut off there.
                Err(_) if !whole => break,
                Err(problem) => {
                    return Err(OpenError::Line {
                        path: path.clone(),
                        line: number,
                        problem,
                    });
                }
            }
        }
        if number == 0 {
            return Err(not_a_recording());
        }
        Ok(generation)
    }

    /// The generation by how the server greets: 2026 does not.
    fn greeted(&self) -> Generation {
        for event in &self.events {
            let What::Frame(Direction::Down, Form::Json, _) = event.what else {
                continue;
            };
            if let Some(Content::Document(frame)) = self.content(event) {
                match frame["data"]["commandId"].as_str() {
                    Some("client:setId") => return Generation::V2023,
                    Some("SetClientId") => return Generation::V2024,
                    _ if frame["event"] == "ws:m:ping" && !frame["data"]["ts"].is_null() => {
                        return Generation::V2024;
                    }
                    _ => {}
                }
            }
        }
        Generation::V2026
    }

    /// The frame of an event as it is in the file: JSON.
    pub(crate) fn json(&self, event: &Event) -> Option<&str> {
        let What::Frame(_, _, span) = &event.what else {
            return None;
        };
        std::str::from_utf8(self.text.get(span.clone())?).ok()
    }

    /// What the frame of an event says; `None` when it has none, or one that cannot be read after all.
    pub(crate) fn content(&self, event: &Event) -> Option<Content> {
        let What::Frame(_, form, _) = &event.what else {
            return None;
        };
        let json = self.json(event)?;
        match form {
            Form::Json | Form::Cbor => serde_json::from_str(json).ok().map(Content::Document),
            Form::Text => serde_json::from_str(json).ok().map(Content::Text),
            Form::Bytes => {
                let digits: String = serde_json::from_str(json).ok()?;
                line::from_hex(&digits).map(Content::Bytes)
            }
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The generation that the server spoke: as the recording says, or as its frames tell.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// When it began, as RFC 3339 in UTC.
    #[must_use]
    pub fn start(&self) -> &str {
        &self.start
    }

    /// Why it ended: `finished`, `limit` when the file was full, `overrun` when the disk was too slow; `None` when it
    /// was cut off, and what came last may be missing.
    #[must_use]
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    /// How many frames there are, of both directions and all connections.
    #[must_use]
    pub fn frames(&self) -> usize {
        let frames = self.events.iter();
        frames
            .filter(|event| matches!(event.what, What::Frame(..)))
            .count()
    }
}

fn event(line: Line<'_>, text: &[u8], start: usize) -> Result<Option<Event>, String> {
    let what = match line.kind {
        Kind::Open => What::Open,
        Kind::Close => What::Close(line.by.ok_or("a close needs `by`")?),
        Kind::Frame => {
            let (Some(dir), Some(form), Some(frame)) = (line.dir, line.enc, line.frame) else {
                return Err("a frame needs `dir`, `enc` and `frame`".to_owned());
            };
            let frame = frame.get().as_bytes();
            // It is a part of the line.
            let at = start + (frame.as_ptr() as usize - text.as_ptr() as usize);
            What::Frame(dir, form, at..at + frame.len())
        }
        Kind::Head => return Err("a second head".to_owned()),
        Kind::End | Kind::Unknown => return Ok(None),
    };
    Ok(Some(Event {
        at: line.t,
        connection: line.c,
        what,
    }))
}
