//! A server that takes everything, stores nothing, and counts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rship_runtime::Generation;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::accept_async;

use crate::Failure;
use crate::counts::Counts;
use crate::exchange::{Commands, Latencies};
use crate::session::{Order, Session};
use crate::stretch::{Stretches, Watched};

/// How long anything may take that an executor does on its own.
const LIMIT: Duration = Duration::from_secs(120);

/// Listens on a free port of the loopback.
pub(crate) struct Sink {
    listener: TcpListener,
    generation: Generation,
}

/// What is kept of a connection besides the counts.
#[derive(Default)]
pub(crate) struct Keep {
    /// The frames that hold pulses.
    pub(crate) pulses: bool,
    /// How much came between two pulses of one emitter.
    pub(crate) stretches: Option<Watched>,
}

/// What a connection came to.
pub(crate) struct Ended {
    pub(crate) counts: Counts,
    pub(crate) pulses: Vec<Vec<u8>>,
    pub(crate) stretches: Option<Stretches>,
}

/// One connection, served by a task of its own.
pub(crate) struct Connection {
    counts: Arc<Mutex<Counts>>,
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<Result<Ended, Failure>>,
}

impl Sink {
    pub(crate) async fn bind(generation: Generation) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Ok(Self {
            listener,
            generation,
        })
    }

    pub(crate) fn url(&self) -> Result<String, Failure> {
        Ok(format!("ws://{}/myko", self.listener.local_addr()?))
    }

    /// The next connection.
    pub(crate) async fn accept(&self, keep: Keep) -> Result<Connection, Failure> {
        let opened = timeout(LIMIT, async {
            let (stream, _) = self.listener.accept().await?;
            // An answer that waits for an acknowledgement would look like a slow executor.
            stream.set_nodelay(true)?;
            Ok::<_, Failure>(accept_async(stream).await?)
        });
        let socket = opened
            .await
            .map_err(|_| format!("no executor connected within {LIMIT:?}"))??;
        let counts = Arc::default();
        let (orders, taken) = mpsc::unbounded_channel();
        let session = Session::new(self.generation, keep, Arc::clone(&counts));
        let task = tokio::spawn(session.run(socket, taken));
        Ok(Connection {
            counts,
            orders,
            task,
        })
    }
}

impl Connection {
    /// What came so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until what came is enough.
    pub(crate) async fn wait_until(
        &self,
        what: &str,
        enough: impl Fn(&Counts) -> bool,
    ) -> Result<(), Failure> {
        let limit = Instant::now() + LIMIT;
        while !enough(&self.counts()) {
            if Instant::now() > limit || self.task.is_finished() {
                let counts = self.counts();
                return Err(format!("{what} did not come: only {counts:?}").into());
            }
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Has commands carried out, and measures how long their answers take.
    pub(crate) async fn carry_out(&mut self, commands: Commands) -> Result<Latencies, Failure> {
        let (done, result) = oneshot::channel();
        // A connection that has ended drops the order, and the wait below ends.
        let _ = self.orders.send(Order::CarryOut(commands, done));
        match timeout(LIMIT, result).await {
            Ok(Ok(latencies)) => Ok(latencies),
            Ok(Err(_)) => {
                (&mut self.task).await??;
                Err("the executor went away before its commands came to an end".into())
            }
            Err(_) => Err(format!("the commands were not answered within {LIMIT:?}").into()),
        }
    }

    /// Closes the connection from this side.
    pub(crate) async fn close(self) -> Result<Ended, Failure> {
        // It may be closed already.
        let _ = self.orders.send(Order::Close);
        self.closed().await
    }

    /// Waits until the executor has closed the connection.
    pub(crate) async fn closed(self) -> Result<Ended, Failure> {
        timeout(LIMIT, self.task)
            .await
            .map_err(|_| format!("the executor did not close its connection within {LIMIT:?}"))??
    }
}
