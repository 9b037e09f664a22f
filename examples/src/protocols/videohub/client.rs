//! A connection to a router that is made again whenever it breaks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::mem;
use std::time::Duration;

use thiserror::Error;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, interval, sleep, timeout};
use tracing::{info, warn};

use super::{ACK, Block, Blocks, END_PRELUDE, NAK, PING, Router};

/// How long a router may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two tries to reach it, and between two looks whether it is still there.
const PAUSE: Duration = Duration::from_secs(1);
/// Requests that may wait; whoever has more, waits.
const WAITING: usize = 64;

/// Why a router does not do what it is asked to.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Nobody but the one who locked the output may change it.
    #[error("somebody else has locked the output")]
    Locked,
    /// The input is none of its.
    #[error("there is no input {0:?}")]
    NoInput(String),
    /// It said so.
    #[error("the router refused it")]
    Refused,
    /// It said nothing.
    #[error("the router did not answer within {PATIENCE:?}")]
    Silent,
    /// It is not there.
    #[error("the router is not connected")]
    Away,
}

type Answer = oneshot::Sender<Result<(), Refusal>>;
type Requests = mpsc::Receiver<(Block, Answer)>;

/// Where requests to a router go in.
#[derive(Debug, Clone)]
pub struct Cable(mpsc::Sender<(Block, Answer)>);

impl Cable {
    /// Asks the router for a change, and waits until it agrees. What it then changes it says as any other
    /// change, a moment later.
    ///
    /// # Errors
    /// When it refuses, is away, or does not answer in time.
    pub async fn ask(&self, block: Block) -> Result<(), Refusal> {
        let (sender, answer) = oneshot::channel();
        let answered = async {
            let asked = self.0.send((block, sender)).await;
            asked.map_err(|_| Refusal::Away)?;
            answer.await.unwrap_or(Err(Refusal::Away))
        };
        let answered = timeout(PATIENCE, answered).await;
        answered.unwrap_or(Err(Refusal::Silent))
    }
}

/// A cable to the router at this address, `HOST:PORT`, and what the router says of itself. It is connected again
/// whenever it went away, for as long as there is a cable; what it said is kept meanwhile, and replaced as a
/// whole when it is back.
#[must_use]
pub fn connect(address: String) -> (Cable, watch::Receiver<Router>) {
    let (cable, requests) = mpsc::channel(WAITING);
    let (said, router) = watch::channel(Router::default());
    tokio::spawn(stay(address, requests, said));
    (Cable(cable), router)
}

async fn stay(address: String, mut requests: Requests, said: watch::Sender<Router>) {
    let mut is_known_to_be_away = false;
    loop {
        let reached = tokio::select! {
            reached = reach(&address) => reached,
            () = refuse(&mut requests) => return,
        };
        let ended = match reached {
            Ok(stream) => {
                info!("connected to the router at {address}");
                is_known_to_be_away = false;
                talk(stream, &mut requests, &said).await
            }
            Err(error) => Err(error),
        };
        let Err(error) = ended;
        // Said once, however often it is tried.
        if !mem::replace(&mut is_known_to_be_away, true) {
            warn!("no connection to the router at {address}, trying again: {error}");
        }
        said.send_if_modified(|router| mem::take(&mut router.is_there));
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = refuse(&mut requests) => return,
        }
    }
}

async fn reach(address: &str) -> io::Result<TcpStream> {
    timeout(PATIENCE, TcpStream::connect(address)).await?
}

/// Tells whoever asks that the router is away, until nobody can ask any more.
async fn refuse(requests: &mut Requests) {
    while let Some((_, answer)) = requests.recv().await {
        // Whoever asked may have given up.
        let _ = answer.send(Err(Refusal::Away));
    }
}

/// Carries requests there, answers and news back, until the router goes away.
async fn talk(
    stream: TcpStream,
    requests: &mut Requests,
    said: &watch::Sender<Router>,
) -> io::Result<Infallible> {
    let (reader, mut writer) = stream.into_split();
    let mut blocks = Blocks::new(reader);
    let mut look = interval(PAUSE);
    let mut router = Router::default();
    let mut has_said_everything = false;
    // Answers come in the order of the requests. One that does not come ends the connection: the next would be
    // taken for it.
    let mut asked = VecDeque::<(Instant, Answer)>::new();
    loop {
        let (block, answer) = tokio::select! {
            block = blocks.next() => {
                let block = block?;
                let answer = answer_in(&block);
                // Old routers do not say where the prelude ends, but answer the first ping behind it.
                has_said_everything |= answer.is_some() || block.heading() == END_PRELUDE;
                if let Some(answer) = answer
                    && let Some((_, waiting)) = asked.pop_front()
                {
                    // Whoever asked may have given up.
                    let _ = waiting.send(answer);
                }
                router.apply(&block);
                if has_said_everything {
                    said.send_if_modified(|known| match router.is_there {
                        true => mem::replace(known, router.clone()) != router,
                        // A server whose router is away: that is kept as it was.
                        false => mem::take(&mut known.is_there),
                    });
                }
                continue;
            }
            Some(request) = requests.recv() => request,
            _ = look.tick() => match asked.front() {
                None => (Block::new(PING), oneshot::channel().0),
                Some((since, _)) if since.elapsed() < PATIENCE => continue,
                Some(_) => return Err(ErrorKind::TimedOut.into()),
            },
        };
        timeout(PATIENCE, writer.write_all(block.to_string().as_bytes())).await??;
        asked.push_back((Instant::now(), answer));
    }
}

fn answer_in(block: &Block) -> Option<Result<(), Refusal>> {
    match block.heading() {
        ACK => Some(Ok(())),
        NAK => Some(Err(Refusal::Refused)),
        _ => None,
    }
}
