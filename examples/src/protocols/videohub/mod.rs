//! Blackmagic's Videohub Ethernet Protocol: text over TCP, in blocks of a heading, lines, and an empty line.
//!
//! A router says all that it is to whoever connects, and later what changes. A request has the form of what
//! the router would say; it is answered with `ACK` or `NAK`, in the order of the requests. Ports are counted
//! from 0 here, and from 1 on the router itself. It is in the section "Developer Information" of the manuals.

mod client;
mod router;

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

pub use client::{Cable, Refusal, connect};
pub use router::{Lock, Output, Router};

/// The TCP port of routers.
pub const PORT: u16 = 9990;

/// The first block: the version of the protocol.
pub const PREAMBLE: &str = "PROTOCOL PREAMBLE:";
/// What the router is, in settings.
pub const DEVICE: &str = "VIDEOHUB DEVICE:";
/// What the inputs are called, by port.
pub const INPUT_LABELS: &str = "INPUT LABELS:";
/// What the outputs are called, by port.
pub const OUTPUT_LABELS: &str = "OUTPUT LABELS:";
/// The input on each output, by port.
pub const ROUTING: &str = "VIDEO OUTPUT ROUTING:";
/// The lock of each output, by port: [`UNLOCKED`], [`OWNED`] or [`LOCKED`].
pub const LOCKS: &str = "VIDEO OUTPUT LOCKS:";
/// How the router behaves, in settings: [`TAKE_MODE`].
pub const CONFIGURATION: &str = "CONFIGURATION:";
/// Behind all that is said to a new client, by routers that are not very old.
pub const END_PRELUDE: &str = "END PRELUDE:";
/// A request that changes nothing, to see whether the router is there.
pub const PING: &str = "PING:";
/// The answer to a request that is understood.
pub const ACK: &str = "ACK";
/// The answer to one that is not, or that cannot be done.
pub const NAK: &str = "NAK";

/// The setting that says whether what is pressed at the front panel waits for the button "take".
pub const TAKE_MODE: &str = "Take Mode";

/// The lock of an output that is open.
pub const UNLOCKED: &str = "U";
/// The lock of an output that this client, or another one at its address, has locked.
pub const OWNED: &str = "O";
/// The lock of an output that somebody else has locked.
pub const LOCKED: &str = "L";
/// Asked for, opens a lock whoever it belongs to.
pub const FORCED: &str = "F";

/// The longest block, in bytes. The largest router, with 288 outputs, needs a quarter of it.
const LONGEST: usize = 64 * 1024;

/// A heading, and what is said under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    heading: String,
    lines: Vec<String>,
}

impl Block {
    /// A block without lines; as a request, it asks for all that is under its heading.
    #[must_use]
    pub fn new(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            lines: Vec::new(),
        }
    }

    /// With a further line about a port. Line breaks in it become spaces: they would end it.
    #[must_use]
    pub fn port(self, port: usize, value: impl Display) -> Self {
        self.line(format!("{port} {value}"))
    }

    /// With a further setting.
    #[must_use]
    pub fn setting(self, key: &str, value: impl Display) -> Self {
        self.line(format!("{key}: {value}"))
    }

    fn line(mut self, line: String) -> Self {
        self.lines.push(line.replace(['\r', '\n'], " "));
        self
    }

    /// What it is about.
    #[must_use]
    pub fn heading(&self) -> &str {
        &self.heading
    }

    /// Whether nothing is said under the heading.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines that are about a port, as `7 Stage left`. Others are left out, as the protocol asks for.
    pub fn ports(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().filter_map(|line| {
            // A label may be empty, and the space before it left out.
            let (port, value) = line.split_once(' ').unwrap_or((line, ""));
            Some((port.parse().ok()?, value))
        })
    }

    /// The lines that are settings, as `Take Mode: true`. Others are left out.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let split = self.lines.iter().filter_map(|line| line.split_once(':'));
        split.map(|(key, value)| (key, value.trim()))
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.heading)?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f)
    }
}

/// Reads blocks, however they are cut on their way.
#[derive(Debug)]
pub struct Blocks<R> {
    reader: BufReader<R>,
    /// The line that is being read.
    line: Vec<u8>,
    /// The block that is being read, and its bytes.
    block: Option<Block>,
    size: usize,
}

impl<R: AsyncRead + Unpin> Blocks<R> {
    /// Reads from this.
    pub fn new(reader: R) -> Self {
        Self {
            reader: BufReader::new(reader),
            line: Vec::new(),
            block: None,
            size: 0,
        }
    }

    /// Waits for the next whole block. May be cancelled: what was read by then is kept.
    ///
    /// # Errors
    /// As the reader's; `UnexpectedEof` at its end, and `InvalidData` when a block is longer than any
    /// router's.
    pub async fn next(&mut self) -> io::Result<Block> {
        loop {
            let room = LONGEST.saturating_sub(self.size + self.line.len());
            let mut reader = (&mut self.reader).take(room as u64);
            reader.read_until(b'\n', &mut self.line).await?;
            if self.line.pop_if(|last| *last == b'\n').is_none() {
                return Err(match reader.limit() {
                    0 => ErrorKind::InvalidData.into(),
                    _ => ErrorKind::UnexpectedEof.into(),
                });
            }
            self.size += self.line.len() + 1;
            let line = String::from_utf8_lossy(&self.line);
            let line = line.trim_end_matches('\r');
            match &mut self.block {
                None if line.is_empty() => self.size = 0,
                None => self.block = Some(Block::new(line.trim_end())),
                Some(block) if !line.is_empty() => block.lines.push(line.to_owned()),
                Some(_) => {}
            }
            let is_whole = line.is_empty();
            self.line.clear();
            if let Some(block) = self.block.take_if(|_| is_whole) {
                self.size = 0;
                return Ok(block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// Reads all blocks of a text that comes in pieces of this many bytes.
    async fn read(text: &str, piece: usize) -> (Vec<Block>, ErrorKind) {
        let (mut far, near) = tokio::io::duplex(piece);
        let text = text.to_owned();
        tokio::spawn(async move {
            // Whoever reads may have read enough.
            let _ = far.write_all(text.as_bytes()).await;
        });
        let mut blocks = Blocks::new(near);
        let mut all = Vec::new();
        loop {
            match blocks.next().await {
                Ok(block) => all.push(block),
                Err(error) => return (all, error.kind()),
            }
        }
    }

    #[tokio::test]
    async fn blocks_are_read_whole_however_they_are_cut_and_whatever_ends_their_lines() {
        let text = "\n\nPROTOCOL PREAMBLE:\nVersion: 2.8\n\nOUTPUT LABELS:\n0 Stage left\n1 \n2\nwhat?\n\nACK\n\nEND";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            for piece in [1, 2, 7, 1000] {
                let (blocks, end) = read(&text, piece).await;
                assert_eq!(end, ErrorKind::UnexpectedEof);
                let [preamble, labels, ack] = &blocks[..] else {
                    panic!("{blocks:?}")
                };
                assert_eq!(preamble.heading(), PREAMBLE);
                let settings = preamble.settings().collect::<Vec<_>>();
                assert_eq!(settings, [("Version", "2.8")]);
                let ports = labels.ports().collect::<Vec<_>>();
                assert_eq!(ports, [(0, "Stage left"), (1, ""), (2, "")]);
                assert!(ack.heading() == ACK && ack.is_empty());
            }
        }
    }

    #[tokio::test]
    async fn what_never_ends_is_no_block() {
        for endless in ["x".repeat(2 * LONGEST), "x\n".repeat(LONGEST)] {
            let (blocks, end) = read(&endless, 4096).await;
            assert_eq!((blocks, end), (Vec::new(), ErrorKind::InvalidData));
        }
        let many = "ACK\n\n".repeat(LONGEST);
        assert_eq!(read(&many, 4096).await.0.len(), LONGEST);
    }

    #[test]
    fn a_line_break_in_a_label_does_not_become_another_request() {
        let block = Block::new(OUTPUT_LABELS).port(3, "Bar\n\nVIDEO OUTPUT LOCKS:\r\n3 F");
        let expected = "OUTPUT LABELS:\n3 Bar  VIDEO OUTPUT LOCKS:  3 F\n\n";
        assert_eq!(block.to_string(), expected);
        let block = Block::new(CONFIGURATION).setting(TAKE_MODE, true);
        assert_eq!(block.to_string(), "CONFIGURATION:\nTake Mode: true\n\n");
    }
}
