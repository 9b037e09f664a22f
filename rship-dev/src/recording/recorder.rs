//! Writing a recording, on a thread of its own: neither a slow disk nor a busy one holds up what is recorded.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rship_core::wire::Generation;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::line::{self, Direction, Ended};
use super::secrets::Secrets;
use crate::speaking;

/// The largest file unless said otherwise.
const LIMIT: u64 = 256 << 20;

/// Bytes that are kept free for the last line.
const LAST_LINE: u64 = 256;

/// Bytes that may wait for the disk.
const WAITING: usize = 64 << 20;

/// What is written is on the disk, or with the system, after that time at the latest.
const FLUSH: Duration = Duration::from_millis(500);

/// What something that waits takes beside its bytes.
const PLACE: usize = 128;

/// How a [`Recorder`] is to be; made by [`Recorder::create`].
#[derive(Debug)]
#[must_use]
pub struct RecorderBuilder {
    path: PathBuf,
    limit: u64,
    secrets: Secrets,
}

impl RecorderBuilder {
    /// How many bytes the file may have; 256 MiB unless said otherwise. With the frame that would be over it the
    /// recording ends, and its last line says so.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Leaves out this text wherever a frame has it, beside what is always left out: tokens that the core or the
    /// proxy knows, and strings in fields whose names end in `password`, `token`, `secret` and the like.
    pub fn leave_out(mut self, secret: impl Into<String>) -> Self {
        self.secrets.add(secret.into());
        self
    }

    /// Makes the file, which must not be there yet; on Unix only its owner may read it.
    ///
    /// # Errors
    /// When it is there already, or cannot be made.
    pub fn start(self) -> io::Result<Recorder> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path)?;
        let (queue, received) = mpsc::channel();
        let (stopped, watched) = watch::channel(None);
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Writer {
            file: BufWriter::new(file),
            size: 0,
            limit: self.limit,
            secrets: self.secrets,
            began: Instant::now(),
            start: speaking::now(),
            head: false,
            waiting: Arc::clone(&waiting),
            stopped,
        };
        let began = writer.began;
        let thread = std::thread::Builder::new()
            .name("rship-recorder".to_owned())
            .spawn(move || writer.run(&received))?;
        Ok(Recorder(Arc::new(Inner {
            began,
            queue: Some(queue),
            waiting,
            stopped: watched,
            thread: Mutex::new(Some(thread)),
        })))
    }
}

/// A recording that is being written: see [`Builder::recorder`](crate::Builder::recorder). Clones are of the same
/// file, which is complete when [`Recorder::finish`] has returned, or the last clone is dropped.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let recorder = rship_dev::Recorder::create("stand.jsonl").start()?;
/// let core = rship_dev::LocalCore::builder().recorder(recorder.clone()).start().await?;
/// // ... run an executor and its commands against core.url() ...
/// core.shutdown().await;
/// recorder.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    /// There until the end.
    queue: Option<mpsc::Sender<Item>>,
    waiting: Arc<AtomicUsize>,
    stopped: watch::Receiver<Option<String>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
enum Item {
    Begin(Option<Generation>),
    Secret(String),
    Line(Duration, u64, What),
    /// Nothing follows; too much was waiting if so.
    End(bool),
}

#[derive(Debug)]
enum What {
    Open,
    Frame(Direction, Message),
    Close(Ended, String),
}

impl Item {
    fn weight(&self) -> usize {
        PLACE
            + match self {
                Self::Line(_, _, What::Frame(_, message)) => message.len(),
                Self::Line(_, _, What::Close(_, reason)) => reason.len(),
                _ => 0,
            }
    }
}

impl Recorder {
    /// A recording in a new file.
    pub fn create(path: impl AsRef<Path>) -> RecorderBuilder {
        RecorderBuilder {
            path: path.as_ref().to_owned(),
            limit: LIMIT,
            secrets: Secrets::default(),
        }
    }

    /// Ends the recording and waits until it is on the disk. What comes after that is not recorded.
    ///
    /// # Errors
    /// When the recording ended early: the file was full, or could not be written. It says why.
    pub fn finish(&self) -> io::Result<()> {
        self.put(Item::End(false));
        self.0.join();
        match &*self.0.stopped.borrow() {
            Some(why) => Err(io::Error::other(why.clone())),
            None => Ok(()),
        }
    }

    /// Waits until the recording ends early, and says why: the file is full, or cannot be written.
    pub async fn ended_early(&self) -> String {
        let mut stopped = self.0.stopped.clone();
        match stopped.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // It has ended in an orderly way.
            Err(_) => std::future::pending().await,
        }
    }

    /// Says which generation the server speaks; what is not said is read off the frames by whoever reads them.
    pub(crate) fn begin(&self, generation: Option<Generation>) {
        self.put(Item::Begin(generation));
    }

    pub(crate) fn secret(&self, secret: &str) {
        self.put(Item::Secret(secret.to_owned()));
    }

    pub(crate) fn opened(&self, connection: u64) {
        self.line(connection, What::Open);
    }

    pub(crate) fn frame(&self, connection: u64, direction: Direction, message: &Message) {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            self.line(connection, What::Frame(direction, message.clone()));
        }
    }

    pub(crate) fn closed(&self, connection: u64, by: Ended, reason: impl Into<String>) {
        self.line(connection, What::Close(by, reason.into()));
    }

    fn line(&self, connection: u64, what: What) {
        self.put(Item::Line(self.0.began.elapsed(), connection, what));
    }

    fn put(&self, item: Item) {
        let Some(queue) = &self.0.queue else {
            return;
        };
        let weight = item.weight();
        let item = match self.0.waiting.fetch_add(weight, Ordering::Relaxed) {
            before if before > WAITING => Item::End(true),
            _ => item,
        };
        // A recording that has ended takes nothing.
        drop(queue.send(item));
    }
}

impl Inner {
    fn join(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // What it has to say it has said.
            drop(thread.join());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.join();
    }
}

struct Writer {
    file: BufWriter<File>,
    size: u64,
    limit: u64,
    secrets: Secrets,
    began: Instant,
    /// The same on the clock on the wall.
    start: String,
    head: bool,
    waiting: Arc<AtomicUsize>,
    stopped: watch::Sender<Option<String>>,
}

impl Writer {
    fn run(mut self, received: &mpsc::Receiver<Item>) {
        if let Err(error) = self.write_all(received) {
            let why = format!("the recording ended early: it cannot be written ({error})");
            self.stopped.send_replace(Some(why));
        }
    }

    fn write_all(&mut self, received: &mpsc::Receiver<Item>) -> io::Result<()> {
        let mut line = Vec::new();
        let mut flush_at = Instant::now() + FLUSH;
        let reason = loop {
            let item = match received.recv_timeout(flush_at - Instant::now().min(flush_at)) {
                Ok(item) => item,
                Err(RecvTimeoutError::Timeout) => {
                    self.file.flush()?;
                    flush_at = Instant::now() + FLUSH;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break "finished",
            };
            self.waiting.fetch_sub(item.weight(), Ordering::Relaxed);
            line.clear();
            match item {
                Item::Begin(generation) => {
                    self.head(generation)?;
                    continue;
                }
                Item::Secret(secret) => {
                    self.secrets.add(secret);
                    continue;
                }
                Item::End(false) => break "finished",
                Item::End(true) => {
                    self.stop("more waited for the disk than is kept in memory");
                    break "overrun";
                }
                Item::Line(at, connection, what) => {
                    let t = at.as_secs_f64() * 1_000.0;
                    match what {
                        What::Open => line::open(&mut line, t, connection)?,
                        What::Close(by, reason) => {
                            let reason = self.secrets.left_out_of_text(&reason);
                            line::close(&mut line, t, connection, by, &reason)?;
                        }
                        What::Frame(direction, message) => line::frame(
                            &mut line,
                            t,
                            connection,
                            direction,
                            &message,
                            &self.secrets,
                        )?,
                    }
                }
            }
            self.head(None)?;
            if self.size + line.len() as u64 + LAST_LINE > self.limit {
                self.stop(&format!("the file would be over {} bytes", self.limit));
                break "limit";
            }
            self.put(&line)?;
            if Instant::now() >= flush_at {
                self.file.flush()?;
                flush_at = Instant::now() + FLUSH;
            }
        };
        self.head(None)?;
        line.clear();
        let t = self.began.elapsed().as_secs_f64() * 1_000.0;
        line::end(&mut line, t, reason)?;
        self.put(&line)?;
        self.file.flush()
    }

    fn stop(&self, why: &str) {
        let why = format!("the recording ended early: {why}");
        self.stopped.send_replace(Some(why));
    }

    /// Writes the head, unless it is there.
    fn head(&mut self, generation: Option<Generation>) -> io::Result<()> {
        if self.head {
            return Ok(());
        }
        self.head = true;
        let mut line = Vec::new();
        line::head(&mut line, generation, &self.start)?;
        self.put(&line)
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        self.size += line.len() as u64;
        self.file.write_all(line)
    }
}
