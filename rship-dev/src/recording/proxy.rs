//! A proxy between executors and any server that records what passes.
//!
//! Messages pass as they are, in the order in which they came. Pings of the WebSocket are handed on and answered as
//! well, as between each two that a WebSocket connects; parts of a message are put together.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use rship_runtime::__client::{ConnectError, Given, Secret, open};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::entering::Entering;
use super::line::{Direction, Ended};
use super::recorder::Recorder;
use crate::codec;
use crate::server::half_open::HalfOpen;
use crate::server::limits::Limits;
use crate::server::meter::{Meter, Metered};
use crate::server::opening::{Doors, PATH, Refusal};
use crate::server::shared::stopped;

/// How long the ends of a connection may take to say goodbye.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// The pause after a refused accept, which is what a process without free file handles gets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long all of them together may take when the proxy is stopped.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);

/// Why connections end then.
const STOPPED: &str = "the proxy was stopped";

/// The longest reason that a close can carry, in bytes.
const REASON: usize = 123;

/// What happens, for whoever runs it.
#[derive(Debug)]
pub(crate) enum News {
    Opened(u64),
    Closed(u64, Ended, String),
    /// Somebody came and no connection came of it.
    Refused(String),
}

/// A proxy that listens.
pub(crate) struct Proxy {
    listener: TcpListener,
    addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// The server, and the token for it if there is one.
    given: Given,
    doors: Doors,
    limits: Limits,
    half_open: Arc<HalfOpen>,
    seats: Arc<Semaphore>,
    half_received: Arc<AtomicUsize>,
    recorder: Recorder,
    next: AtomicU64,
    news: mpsc::UnboundedSender<News>,
}

impl Proxy {
    pub(crate) async fn bind(
        bind: SocketAddr,
        mut doors: Doors,
        given: Given,
        recorder: Recorder,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<News>)> {
        doors.may_listen(bind)?;
        let listener = TcpListener::bind(bind).await?;
        let addr = listener.local_addr()?;
        let limits = Limits::default();
        let (news, told) = mpsc::unbounded_channel();
        recorder.begin(None);
        let shared = Arc::new(Shared {
            given,
            doors,
            half_open: Arc::default(),
            seats: Arc::new(Semaphore::new(limits.clients)),
            half_received: Arc::default(),
            limits,
            recorder,
            next: AtomicU64::new(1),
            news,
        });
        let proxy = Self {
            listener,
            addr,
            shared,
        };
        Ok((proxy, told))
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}{PATH}", self.addr)
    }

    /// Lets executors through until it is stopped, then says goodbye to all.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut sessions = JoinSet::new();
        let session_stop = stop.clone();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some(_) = sessions.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let shared = Arc::clone(&self.shared);
                        sessions.spawn(serve(stream, shared, session_stop.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(target: "rship_dev", %error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        let farewell = async { while sessions.join_next().await.is_some() {} };
        if timeout(FAREWELL_LIMIT, farewell).await.is_err() {
            sessions.shutdown().await;
        }
    }
}

type Executor = WebSocketStream<Metered>;
type Server = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    // Without it frames that answer each other wait for more.
    drop(stream.set_nodelay(true));
    let meter = Meter::new(Arc::clone(&shared.half_received));
    let stream = Metered::new(
        Box::new(stream),
        Arc::clone(&meter),
        shared.limits.receiving,
    );
    let mut place = shared.half_open.enter(shared.limits.opening);
    let entered = tokio::select! {
        biased;
        () = stopped(&mut stop) => return,
        entered = timeout(shared.limits.opening_time, enter(stream, local.ip(), &shared)) => match entered {
            Ok(entered) => entered,
            Err(_) => Err(ErrorKind::TimedOut.into()),
        },
        _ = &mut place.crowded_out => Err(io::Error::other("too many had not opened a WebSocket yet")),
    };
    let (executor, server, _seat) = match entered {
        Ok(entered) => entered,
        Err(error) => {
            drop(shared.news.send(News::Refused(error.to_string())));
            return;
        }
    };
    drop(place);
    let no = shared.next.fetch_add(1, Ordering::Relaxed);
    let open = Open {
        no,
        shared: &shared,
        ended: None,
    };
    shared.recorder.opened(no);
    drop(shared.news.send(News::Opened(no)));
    tunnel(open, executor, server, &meter, &mut stop).await;
}

/// A connection that is open; however it ends, the recording has a line of it.
struct Open<'s> {
    no: u64,
    shared: &'s Shared,
    ended: Option<(Ended, String)>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let stopped = || (Ended::Recorder, STOPPED.to_owned());
        let (by, reason) = self.ended.take().unwrap_or_else(stopped);
        self.shared.recorder.closed(self.no, by, reason.clone());
        drop(self.shared.news.send(News::Closed(self.no, by, reason)));
    }
}

/// Opens the connection to the server, then the one to the executor: who is refused there is refused here.
async fn enter(
    stream: Metered,
    local: IpAddr,
    shared: &Shared,
) -> io::Result<(Executor, Server, OwnedSemaphorePermit)> {
    let entering = Entering::at(stream, &shared.doors, local).await?;
    let Ok(seat) = Arc::clone(&shared.seats).try_acquire_owned() else {
        let refusal = Refusal::full(shared.limits.clients);
        return Err(entering.refuse(&refusal).await);
    };
    let mut given = shared.given.clone();
    if given.token.is_none() {
        let header = entering.request.headers().get(AUTHORIZATION);
        let header = header.and_then(|value| value.to_str().ok());
        let token = header.and_then(|header| header.split_once(' '));
        if let Some((scheme, token)) = token
            && scheme.eq_ignore_ascii_case("bearer")
        {
            shared.recorder.secret(token.trim());
            given.token = Some(Secret::new(token.trim().to_owned()));
        }
    }
    let server = match connect(given).await {
        Ok(server) => server,
        Err(refusal) => return Err(entering.refuse(&refusal).await),
    };
    let executor = entering.accept().await.map_err(io::Error::other)?;
    Ok((executor, server, seat))
}

async fn connect(given: Given) -> Result<Server, Refusal> {
    let bad = |reason: String| Refusal {
        status: StatusCode::BAD_GATEWAY,
        reason,
    };
    let access = given.resolve().map_err(|error| bad(error.to_string()))?;
    let address = access.address();
    let connecting = async {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    open(&access, connecting, codec::config())
        .await
        .map_err(|error| {
            let reason = error.to_string();
            match error {
                ConnectError::Answered { status, .. } => Refusal {
                    status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
                    reason,
                },
                _ => bad(reason),
            }
        })
}

async fn tunnel(
    mut open: Open<'_>,
    executor: Executor,
    server: Server,
    meter: &Meter,
    stop: &mut watch::Receiver<bool>,
) {
    let (mut to_executor, mut from_executor) = executor.split();
    let (mut to_server, mut from_server) = server.split();
    let limits = &open.shared.limits;
    let record = |direction, message: &Message| {
        open.shared.recorder.frame(open.no, direction, message);
    };
    let (by, close) = tokio::select! {
        biased;
        () = stopped(stop) => {
            let reason = STOPPED.to_owned();
            (Ended::Recorder, Closed { frame: CloseCode::Away.with(&reason), reason })
        }
        close = pass(&mut from_server, &mut to_executor, |message| record(Direction::Down, message)) => {
            (Ended::Server, close)
        }
        close = pass(&mut from_executor, &mut to_server, |message| record(Direction::Up, message)) => {
            (Ended::Executor, close)
        }
        _ = meter.stuck(limits.progress, || true) => {
            let limit = humantime::format_duration(limits.progress);
            let reason = format!("nothing of a message went on for {limit}");
            (Ended::Recorder, Closed { frame: CloseCode::Away.with(&reason), reason })
        }
    };
    open.ended = Some((by, close.reason));
    // The other side is told what this one said; who said it has an answer.
    let (mut to_one, mut to_other) = (Some(close.frame.clone()), Some(close.frame));
    match by {
        Ended::Server => to_other = None,
        Ended::Executor => to_one = None,
        Ended::Recorder => {}
    }
    let goodbye =
        async { tokio::join!(bye(&mut to_executor, to_one), bye(&mut to_server, to_other)) };
    drop(timeout(CLOSE_LIMIT, goodbye).await);
}

async fn bye<S: AsyncRead + AsyncWrite + Unpin>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    frame: Option<Option<CloseFrame>>,
) {
    // Who is gone needs no goodbye.
    if let Some(frame) = frame {
        drop(sink.send(Message::Close(frame)).await);
    }
    drop(sink.close().await);
}

/// How a side ended, and what the other one is told.
struct Closed {
    frame: Option<CloseFrame>,
    reason: String,
}

trait With {
    fn with(self, reason: &str) -> Option<CloseFrame>;
}

impl With for CloseCode {
    fn with(self, reason: &str) -> Option<CloseFrame> {
        let end = (0..=reason.len().min(REASON)).rfind(|end| reason.is_char_boundary(*end));
        Some(CloseFrame {
            code: self,
            reason: reason[..end.unwrap_or(0)].to_owned().into(),
        })
    }
}

/// Hands on what comes until it ends.
async fn pass<F: AsyncRead + AsyncWrite + Unpin, T: AsyncRead + AsyncWrite + Unpin>(
    from: &mut SplitStream<WebSocketStream<F>>,
    to: &mut SplitSink<WebSocketStream<T>, Message>,
    record: impl Fn(&Message),
) -> Closed {
    loop {
        let message = match from.next().now_or_never() {
            Some(message) => message,
            // What was handed on is sent once there is nothing more to hand on.
            None => match to.flush().await {
                Ok(()) => from.next().await,
                // What it said in the end comes from its own side.
                Err(_) => std::future::pending().await,
            },
        };
        let message = match message {
            Some(Ok(Message::Close(frame))) => {
                let reason = frame.as_ref().map_or_else(
                    || "closed without a reason".to_owned(),
                    |frame| format!("closed with {}: {}", u16::from(frame.code), frame.reason),
                );
                return Closed { frame, reason };
            }
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                let code = match &error {
                    Error::Utf8(_) => CloseCode::Invalid,
                    Error::Capacity(_) => CloseCode::Size,
                    Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                        CloseCode::Error
                    }
                    Error::Protocol(_) => CloseCode::Protocol,
                    _ => CloseCode::Error,
                };
                let reason = format!("the other side broke off: {error}");
                return Closed {
                    frame: code.with(&reason),
                    reason,
                };
            }
            None => {
                let reason = "the other side is gone without a word".to_owned();
                return Closed {
                    frame: CloseCode::Error.with(&reason),
                    reason,
                };
            }
        };
        record(&message);
        // A pong answers a ping of ours.
        if !message.is_pong() && to.feed(message).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
