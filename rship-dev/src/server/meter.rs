//! What a connection has under way: how much of a message came that is not whole, and whether anything goes on.
//!
//! It reads no more of the WebSocket than where frames and messages end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::session::ByteStream;

/// A client may have so much under way whatever others have.
const ALWAYS: usize = 1 << 20;

/// The counters of one connection. All are set by the task of the connection, and read by it.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Bytes that came, and that went.
    read: AtomicU64,
    written: AtomicU64,
    /// Bytes of a message that has not come whole.
    half: AtomicUsize,
    /// Whether the other side takes nothing more for now.
    blocked: AtomicBool,
    /// What all connections have half received.
    all: Arc<AtomicUsize>,
}

/// Why a connection has to end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    Reading,
    Writing,
}

impl Meter {
    pub(crate) fn new(all: Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            half: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            all,
        })
    }

    /// How much of a message is there that is not whole.
    fn half(&self) -> usize {
        self.half.load(Ordering::Relaxed)
    }

    /// Whether anything came.
    pub(crate) fn heard(&self) -> bool {
        self.read.load(Ordering::Relaxed) > 0
    }

    /// How many bytes came, and how many went.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (
            self.read.load(Ordering::Relaxed),
            self.written.load(Ordering::Relaxed),
        )
    }

    fn holds(&self, half: usize) {
        let before = self.half.swap(half, Ordering::Relaxed);
        if half >= before {
            self.all.fetch_add(half - before, Ordering::Relaxed);
        } else {
            self.all.fetch_sub(before - half, Ordering::Relaxed);
        }
    }

    /// Whether all connections have more under way than they may, and this one more than it always may.
    fn is_too_much(&self, most: usize) -> bool {
        self.half() > ALWAYS && self.all.load(Ordering::Relaxed) > most
    }

    /// Resolves when a message has been half received or half sent for this long and no byte of it went on; it may
    /// be twice that long until it is noticed. While the server itself reads nothing, that is nobody's fault.
    pub(crate) async fn stuck(&self, limit: Duration, reads: impl Fn() -> bool) -> Stuck {
        let look = || {
            let reading = (self.half() > 0 && reads()).then(|| self.read.load(Ordering::Relaxed));
            let blocked = self.blocked.load(Ordering::Relaxed);
            let writing = blocked.then(|| self.written.load(Ordering::Relaxed));
            (reading, writing)
        };
        let mut before = look();
        loop {
            tokio::time::sleep(limit).await;
            let now = look();
            if now.0.is_some() && now.0 == before.0 {
                return Stuck::Reading;
            }
            if now.1.is_some() && now.1 == before.1 {
                return Stuck::Writing;
            }
            before = now;
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.holds(0);
    }
}

/// A stream whose bytes are counted.
pub(crate) struct Metered {
    stream: Box<dyn ByteStream>,
    meter: Arc<Meter>,
    frames: Frames,
    /// How much all connections may have half received.
    most: usize,
}

impl Metered {
    pub(crate) fn new(stream: Box<dyn ByteStream>, meter: Arc<Meter>, most: usize) -> Self {
        Self {
            stream,
            meter,
            frames: Frames::default(),
            most,
        }
    }

    /// A WebSocket is open from here on; these bytes of it were read with the request.
    pub(crate) fn begin(&mut self, already: &[u8]) {
        self.frames.begin();
        self.frames.pass(already);
        self.meter.holds(self.frames.half());
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let new = &buf.filled()[before..];
        self.frames.pass(new);
        self.meter
            .read
            .fetch_add(new.len() as u64, Ordering::Relaxed);
        self.meter.holds(self.frames.half());
        if self.meter.is_too_much(self.most) {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.meter
            .blocked
            .store(polled.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(Ok(count)) = polled {
            self.meter
                .written
                .fetch_add(count as u64, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where in its frames a stream of a client is.
#[derive(Debug, Default)]
struct Frames {
    place: Place,
    /// What there is of a message that is not whole.
    message: usize,
    /// The last frame was not the last one of its message.
    goes_on: bool,
}

#[derive(Debug, Default)]
enum Place {
    /// Before the first frame, in what HTTP has to say.
    #[default]
    Before,
    /// In the header of a frame, of which these bytes are there.
    Header([u8; 14], usize),
    /// In a frame, so many bytes of it are missing.
    Payload(u64),
}

impl Frames {
    /// The request is over: what comes now are frames.
    fn begin(&mut self) {
        self.place = Place::Header([0; 14], 0);
    }

    /// How much of a message is there that is not whole; something is as soon as one byte of a frame is.
    fn half(&self) -> usize {
        match self.place {
            Place::Before => 0,
            Place::Header(_, there) => self.message + there,
            Place::Payload(_) => self.message + 1,
        }
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            match &mut self.place {
                Place::Before => return,
                Place::Header(header, there) => {
                    header[*there] = *first;
                    *there += 1;
                    bytes = rest;
                    if let Some(length) = payload(&header[..*there]) {
                        // Pings and the like stand between the frames of a message.
                        if header[0] & 0x08 == 0 {
                            self.goes_on = header[0] & 0x80 == 0;
                        }
                        self.place = Place::Payload(length);
                        self.end_of_frame();
                    }
                }
                Place::Payload(missing) => {
                    let most = usize::try_from(*missing).unwrap_or(usize::MAX);
                    let (new, rest) = bytes.split_at(most.min(bytes.len()));
                    *missing -= new.len() as u64;
                    self.message += new.len();
                    bytes = rest;
                    self.end_of_frame();
                }
            }
        }
    }

    fn end_of_frame(&mut self) {
        if let Place::Payload(0) = self.place {
            self.place = Place::Header([0; 14], 0);
            if !self.goes_on {
                self.message = 0;
            }
        }
    }
}

/// The length of the payload, once the header is whole.
fn payload(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (extended, length) = match second & 0x7f {
        126 => (2, header.get(2..4)?),
        127 => (8, header.get(2..10)?),
        _ => (0, &header[1..2]),
    };
    if header.len() < 2 + extended + mask {
        return None;
    }
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Some(if extended == 0 { length & 0x7f } else { length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Frames {
        let mut frames = Frames::default();
        frames.pass(b"GET /myko HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(frames.half(), 0);
        frames.begin();
        frames
    }

    #[test]
    fn a_message_is_half_there_from_its_first_byte_to_its_last() {
        for (header, length) in [
            (vec![0x81, 0x85], 5),
            (vec![0x81, 0x80 | 126, 0x01, 0x00], 256),
            (vec![0x82, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
        ] {
            let frame = [&header[..], &[1, 2, 3, 4], &vec![0; length]].concat();
            let mut frames = opened();
            for (index, byte) in frame.iter().enumerate() {
                frames.pass(&[*byte]);
                let last = index + 1 == frame.len();
                assert_eq!(frames.half() == 0, last, "byte {index} of {length}");
            }
            frames.pass(&[&frame[..], &frame, &frame[..frame.len() - 1]].concat());
            assert_eq!(frames.half(), length);
            frames.pass(&[0]);
            assert_eq!(frames.half(), 0);
        }
    }

    #[test]
    fn a_message_of_several_frames_is_whole_after_the_last() {
        let mut frames = opened();
        frames.pass(&[0x01, 0x83, 0, 0, 0, 0, b'a', b'b', b'c']);
        assert_eq!(frames.half(), 3);
        // A ping between them, and one without anything in it.
        frames.pass(&[0x89, 0x82, 0, 0, 0, 0, b'p', b'p', 0x89, 0x80, 0, 0, 0, 0]);
        assert!(frames.half() > 0);
        frames.pass(&[0x80, 0x81, 0, 0, 0, 0, b'd']);
        assert_eq!(frames.half(), 0);
        frames.pass(&[0x89, 0x80, 0, 0, 0, 0]);
        assert_eq!(frames.half(), 0);
    }

    #[test]
    fn what_is_half_there_counts_for_all_until_it_is_gone() {
        let all = Arc::new(AtomicUsize::new(0));
        let (one, other) = (Meter::new(Arc::clone(&all)), Meter::new(Arc::clone(&all)));
        one.holds(ALWAYS + 1);
        other.holds(ALWAYS);
        assert!(one.is_too_much(2 * ALWAYS) && !other.is_too_much(2 * ALWAYS));
        assert!(!one.is_too_much(3 * ALWAYS));
        one.holds(1);
        assert!(!one.is_too_much(2 * ALWAYS));
        drop((one, other));
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
