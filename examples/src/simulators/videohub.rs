//! A Videohub without video: it keeps routes, labels, locks and the take mode, and tells all its clients what
//! changes. A lock belongs to an address, as the protocol has it: the clients of one machine share it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinSet;

use crate::protocols::videohub::{
    ACK, Block, Blocks, CONFIGURATION, DEVICE, END_PRELUDE, FORCED, INPUT_LABELS, LOCKED, LOCKS,
    NAK, OUTPUT_LABELS, OWNED, PING, PORT, PREAMBLE, ROUTING, TAKE_MODE, UNLOCKED,
};

/// Changes that a slow client may be behind; it is told everything anew when it is behind by more.
const BEHIND: usize = 256;

/// What is told to a new client, in this order, between the preamble and the end.
const ALL: [&str; 6] = [
    DEVICE,
    INPUT_LABELS,
    OUTPUT_LABELS,
    LOCKS,
    ROUTING,
    CONFIGURATION,
];

/// A router at work, until it is dropped.
#[derive(Debug)]
pub struct Videohub {
    addr: SocketAddr,
    hub: Arc<Hub>,
    _clients: JoinSet<()>,
}

impl Videohub {
    /// Switches one on, at the usual port of this machine or else at a free one.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start(inputs: usize, outputs: usize) -> io::Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let addr = listener.local_addr()?;
        let hub = Arc::new(Hub {
            state: Mutex::new(State::new(inputs, outputs)),
            changes: broadcast::Sender::new(BEHIND),
        });
        let mut clients = JoinSet::new();
        clients.spawn(listen(listener, hub.clone()));
        Ok(Self {
            addr,
            hub,
            _clients: clients,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Somebody stands at its front panel, and asks for this there. Whether it was done.
    pub fn press(&self, request: &Block) -> bool {
        // An address that no client has.
        self.hub
            .request(request, IpAddr::V4(Ipv4Addr::UNSPECIFIED))
            .is_ok()
    }
}

/// What all clients share.
#[derive(Debug)]
struct Hub {
    state: Mutex<State>,
    /// What changed: a heading, and the ports.
    changes: broadcast::Sender<(&'static str, Vec<usize>)>,
}

/// A request that is answered with `NAK`.
struct Refused;

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a client asks for. What it wants to have told again.
    fn request(&self, request: &Block, who: IpAddr) -> Result<Option<&'static str>, Refused> {
        if request.heading() == PING {
            return Ok(None);
        }
        let heading = ALL
            .into_iter()
            .find(|heading| *heading == request.heading());
        let heading = heading.ok_or(Refused)?;
        if request.is_empty() {
            return Ok(Some(heading));
        }
        let mut state = self.state();
        // All of it or nothing.
        let mut changed = state.clone();
        let ports = changed.change(request, who)?;
        *state = changed;
        // Nobody may be there to hear it.
        let _ = self.changes.send((heading, ports));
        Ok(None)
    }
}

#[derive(Debug, Clone)]
struct State {
    inputs: Vec<String>,
    outputs: Vec<Output>,
    take_mode: bool,
}

#[derive(Debug, Clone)]
struct Output {
    label: String,
    input: usize,
    owner: Option<IpAddr>,
}

impl State {
    fn new(inputs: usize, outputs: usize) -> Self {
        let output = |port| Output {
            label: format!("Output {}", port + 1),
            input: port % inputs.max(1),
            owner: None,
        };
        Self {
            inputs: (1..=inputs).map(|port| format!("Input {port}")).collect(),
            outputs: (0..outputs).map(output).collect(),
            take_mode: false,
        }
    }

    /// What is under a heading, of these ports or of all, as a client at this address sees it.
    fn block(&self, heading: &str, only: Option<&[usize]>, who: IpAddr) -> Block {
        let block = Block::new(heading);
        let is_told = |port: &usize| only.is_none_or(|only| only.contains(port));
        let about = |ports: usize, value: &dyn Fn(usize) -> String| {
            (0..ports)
                .filter(is_told)
                .fold(Block::new(heading), |block, port| {
                    block.port(port, value(port))
                })
        };
        let outputs = self.outputs.len();
        match heading {
            PREAMBLE => block.setting("Version", "2.8"),
            DEVICE => block
                .setting("Device present", true)
                .setting("Model name", "Simulated Videohub")
                .setting("Video inputs", self.inputs.len())
                .setting("Video processing units", 0)
                .setting("Video outputs", outputs)
                .setting("Video monitoring outputs", 0)
                .setting("Serial ports", 0),
            INPUT_LABELS => about(self.inputs.len(), &|port| self.inputs[port].clone()),
            OUTPUT_LABELS => about(outputs, &|port| self.outputs[port].label.clone()),
            ROUTING => about(outputs, &|port| self.outputs[port].input.to_string()),
            LOCKS => about(outputs, &|port| {
                self.outputs[port].lock_seen_by(who).to_owned()
            }),
            CONFIGURATION => block.setting(TAKE_MODE, self.take_mode),
            _ => block,
        }
    }

    /// Changes what is asked for; the ports that it was asked for.
    fn change(&mut self, request: &Block, who: IpAddr) -> Result<Vec<usize>, Refused> {
        if request.heading() == CONFIGURATION {
            for (key, value) in request.settings() {
                if key == TAKE_MODE {
                    self.take_mode = value.parse().map_err(|_| Refused)?;
                }
            }
            return Ok(Vec::new());
        }
        let inputs = self.inputs.len();
        let mut changed = Vec::new();
        for (port, value) in request.ports() {
            if request.heading() == INPUT_LABELS {
                *self.inputs.get_mut(port).ok_or(Refused)? = value.to_owned();
            } else {
                let output = self.outputs.get_mut(port).ok_or(Refused)?;
                output.change(request.heading(), value, inputs, who)?;
            }
            changed.push(port);
        }
        Ok(changed)
    }
}

impl Output {
    fn lock_seen_by(&self, who: IpAddr) -> &'static str {
        match self.owner {
            None => UNLOCKED,
            Some(owner) if owner == who => OWNED,
            Some(_) => LOCKED,
        }
    }

    fn change(
        &mut self,
        heading: &str,
        value: &str,
        inputs: usize,
        who: IpAddr,
    ) -> Result<(), Refused> {
        let is_open = self.owner.is_none_or(|owner| owner == who);
        match (heading, value) {
            (LOCKS, FORCED) => self.owner = None,
            (LOCKS, OWNED) if is_open => self.owner = Some(who),
            (LOCKS, UNLOCKED) if is_open => self.owner = None,
            (OUTPUT_LABELS, label) => self.label = label.to_owned(),
            (ROUTING, input) if is_open => {
                let input = input.parse().ok().filter(|input| *input < inputs);
                self.input = input.ok_or(Refused)?;
            }
            _ => return Err(Refused),
        }
        Ok(())
    }
}

async fn listen(listener: TcpListener, hub: Arc<Hub>) {
    // They end with it.
    let mut clients = JoinSet::new();
    while let Ok((stream, addr)) = listener.accept().await {
        let hub = hub.clone();
        clients.spawn(async move {
            // Its end is no trouble of the router's.
            let _ = serve(stream, addr.ip(), &hub).await;
        });
    }
}

/// Talks to one client, until that hangs up.
async fn serve(stream: TcpStream, who: IpAddr, hub: &Hub) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut blocks = Blocks::new(reader);
    let mut changes = hub.changes.subscribe();
    let everything = || {
        let state = hub.state();
        let blocks = ALL.map(|heading| state.block(heading, None, who).to_string());
        blocks.concat()
    };
    let preamble = hub.state().block(PREAMBLE, None, who);
    let prelude = format!("{preamble}{}{}", everything(), Block::new(END_PRELUDE));
    writer.write_all(prelude.as_bytes()).await?;
    loop {
        let text = tokio::select! {
            // Answers first, and then what they changed.
            biased;
            request = blocks.next() => match hub.request(&request?, who) {
                Ok(None) => Block::new(ACK).to_string(),
                Ok(Some(heading)) => {
                    let again = hub.state().block(heading, None, who);
                    format!("{}{again}", Block::new(ACK))
                }
                Err(Refused) => Block::new(NAK).to_string(),
            },
            change = changes.recv() => match change {
                Ok((heading, ports)) => {
                    hub.state().block(heading, Some(&ports), who).to_string()
                }
                Err(RecvError::Lagged(_)) => everything(),
                Err(RecvError::Closed) => return Ok(()),
            },
        };
        writer.write_all(text.as_bytes()).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpSocket;
    use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
    use tokio::time::timeout;

    use super::*;

    /// A client that asks at once and reads what comes.
    struct Client {
        blocks: Blocks<OwnedReadHalf>,
        writer: OwnedWriteHalf,
    }

    impl Client {
        /// One at this address of this machine, which has heard the prelude.
        async fn connect(hub: &Videohub, from: [u8; 4]) -> (Self, Vec<Block>) {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::from(from), 0).into()).unwrap();
            let stream = socket.connect(hub.addr()).await.unwrap();
            let (reader, writer) = stream.into_split();
            let blocks = Blocks::new(reader);
            let mut client = Self { blocks, writer };
            let mut prelude = Vec::new();
            loop {
                let block = client.hears().await;
                if block.heading() == END_PRELUDE {
                    return (client, prelude);
                }
                prelude.push(block);
            }
        }

        async fn hears(&mut self) -> Block {
            let next = timeout(Duration::from_secs(60), self.blocks.next());
            next.await.expect("a block").unwrap()
        }

        /// Asks for this, in pieces; the answer.
        async fn asks(&mut self, request: impl ToString) -> String {
            for piece in request.to_string().as_bytes().chunks(3) {
                self.writer.write_all(piece).await.unwrap();
            }
            self.hears().await.heading().to_owned()
        }
    }

    const HERE: [u8; 4] = [127, 0, 0, 1];

    #[tokio::test]
    async fn all_clients_hear_what_one_of_them_changes_behind_the_answer() {
        let hub = Videohub::start(3, 2).await.unwrap();
        let (mut one, prelude) = Client::connect(&hub, HERE).await;
        let headings = prelude.iter().map(Block::heading).collect::<Vec<_>>();
        assert_eq!(headings[0], PREAMBLE);
        assert_eq!(headings[1..], ALL);
        let (mut other, _) = Client::connect(&hub, HERE).await;
        for request in [
            Block::new(ROUTING).port(1, 2),
            Block::new(INPUT_LABELS).port(0, "Camera").port(2, ""),
            Block::new(OUTPUT_LABELS).port(0, "Main stage"),
            Block::new(LOCKS).port(0, OWNED),
            Block::new(CONFIGURATION).setting(TAKE_MODE, true),
        ] {
            assert_eq!(one.asks(&request).await, ACK);
            assert_eq!(one.hears().await, request);
            assert_eq!(other.hears().await, request);
        }
        assert!(hub.press(&Block::new(ROUTING).port(1, 0)));
        assert_eq!(one.hears().await, Block::new(ROUTING).port(1, 0));
        assert_eq!(one.asks(Block::new(PING)).await, ACK);
        // A heading alone asks for all that is under it.
        assert_eq!(one.asks(Block::new(ROUTING)).await, ACK);
        assert_eq!(one.hears().await, Block::new(ROUTING).port(0, 0).port(1, 0));
    }

    #[tokio::test]
    async fn what_it_does_not_know_or_have_is_refused_as_a_whole() {
        let hub = Videohub::start(3, 2).await.unwrap();
        let (mut client, _) = Client::connect(&hub, HERE).await;
        for request in [
            Block::new("TEA:").port(0, 1),
            Block::new("nonsense"),
            Block::new(ROUTING).port(0, 2).port(1, 3),
            Block::new(ROUTING).port(2, 0),
            Block::new(ROUTING).port(0, "Camera"),
            Block::new(LOCKS).port(0, "X"),
            Block::new(CONFIGURATION).setting(TAKE_MODE, "perhaps"),
        ] {
            assert_eq!(client.asks(&request).await, NAK, "{request}");
        }
        assert_eq!(client.asks("\r\nVIDEO OUTPUT ROUTING:\r\n\r\n").await, ACK);
        assert_eq!(
            client.hears().await,
            Block::new(ROUTING).port(0, 0).port(1, 1)
        );
    }

    // Other systems have but one address for this machine.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_lock_is_of_an_address_and_is_forced_open_by_anybody() {
        let hub = Videohub::start(3, 2).await.unwrap();
        let (mut here, _) = Client::connect(&hub, HERE).await;
        let (mut there, _) = Client::connect(&hub, [127, 0, 0, 2]).await;
        let lock = |what| Block::new(LOCKS).port(0, what);
        assert_eq!(here.asks(lock(OWNED)).await, ACK);
        assert_eq!(here.hears().await, lock(OWNED));
        assert_eq!(there.hears().await, lock(LOCKED));
        let route = Block::new(ROUTING).port(0, 1);
        for request in [&route, &lock(OWNED), &lock(UNLOCKED)] {
            assert_eq!(there.asks(request).await, NAK, "{request}");
        }
        assert!(!hub.press(&route));
        let (mut again, _) = Client::connect(&hub, HERE).await;
        assert_eq!(again.asks(&route).await, ACK);
        assert_eq!(there.hears().await, route);
        assert_eq!(there.asks(lock(FORCED)).await, ACK);
        assert_eq!(there.hears().await, lock(UNLOCKED));
    }
}
