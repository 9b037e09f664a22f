//! Any OSC peer on the show: each address is a target, what comes to it is a pulse, its action sends there.
//!
//! ```text
//! cargo run -p rship-examples --bin osc-bridge
//! printf '/go\0,i\0\0\0\0\0\7' >/dev/udp/127.0.0.1/9000         # in bash: `/go` appears, and pulses [7]
//! cargo run -p rship-examples --bin osc-bridge -- addresses.json --listen 0.0.0.0:8000 --peer desk.local:9000
//! cargo run -p rship-examples --bin osc-bridge -- --manifest
//! ```
//!
//! The file names addresses, and the types of their arguments in OSC's letters: `{"/fader/1": "f", "/cue": "siT"}`.
//! Other addresses appear when something comes, with the types that it has.

use std::net::{SocketAddr, UdpSocket};
use std::{collections::BTreeMap, fs::File, path::PathBuf, sync::Arc, thread};

use clap::Parser;
use rosc::address::{Matcher, OscAddress};
use rosc::{OscError, OscMessage, OscPacket, OscType, decoder, encoder};
use rship_examples::{Failure, Show, Warnings};
use rship_runtime::prelude::*;
use serde_json::{Value, json};
use tracing::info;

/// Beyond so many addresses none appears, and none that is longer.
const ROOM: usize = 256;
const LONGEST: usize = 128;
/// Bundles in bundles are read by calls in calls: for the deepest that fit into a packet.
const STACK: usize = 64 << 20;
/// Where messages come, and where they go to.
type Peer = Arc<(UdpSocket, String)>;

/// What an OSC peer has.
#[derive(Target)]
#[target(name = "OSC", category = "osc")]
struct Bridge {
    #[target]
    addresses: BTreeMap<String, Address>,
    /// How often something that came was skipped; the log says why.
    #[emitter(max_rate = "1 Hz")]
    skipped: u64,
    peer: Peer,
}

/// An address of the peer's.
#[derive(Target)]
#[target(category = "osc", name_field = "address")]
struct Address {
    address: OscAddress,
    types: String,
    /// The arguments of each message that comes.
    #[emitter]
    message: Emitter<Vec<Value>>,
    peer: Peer,
}

#[actions]
impl Address {
    /// Sends a message to the peer.
    #[action(blocking)]
    fn send(&self, #[arg(default)] arguments: Vec<Value>) -> Result<(), Failure> {
        let typed = self.types.chars().zip(&arguments);
        let args = typed.flat_map(|(tag, value)| to_osc(tag, value));
        let (addr, args) = (self.address.to_string(), args.collect::<Vec<_>>());
        if args.len() != self.types.len().max(arguments.len()) {
            let why = format!("the types of {addr} are {:?}", self.types);
            return Err(OscError::BadArg(why))?;
        }
        let packet = encoder::encode(&OscPacket::Message(OscMessage { addr, args }))?;
        Ok(self.peer.0.send_to(&packet, &self.peer.1).map(drop)?)
    }
}

fn to_osc(tag: char, value: &Value) -> Option<OscType> {
    match tag {
        'i' => Some(OscType::Int(
            value.as_f64().filter(|it| it.fract() == 0.0)? as i32
        )),
        'f' => Some(OscType::Float(value.as_f64()? as f32)),
        'T' | 'F' => Some(OscType::Bool(value.as_bool()?)),
        // A zero would end it.
        's' => Some(value.as_str().filter(|text| !text.contains('\0'))?.into()),
        _ => None,
    }
}

/// The letter of its type, and the value.
fn from_osc(argument: OscType) -> Option<(char, Value)> {
    match argument {
        OscType::Int(number) => Some(('i', json!(number))),
        // As it is written: 0.1, and not 0.10000000149.
        OscType::Float(number) => Some(('f', json!(number.to_string().parse::<f64>().ok()?))),
        OscType::Bool(truth) => Some(('T', json!(truth))),
        OscType::String(text) => Some(('s', json!(text))),
        _ => None,
    }
}

impl Bridge {
    fn add(&mut self, address: OscAddress, types: String) -> &Address {
        let entry = self.addresses.entry(address.to_string());
        entry.or_insert(Address {
            address,
            types,
            message: Emitter::default(),
            peer: self.peer.clone(),
        })
    }

    fn hear(&mut self, packet: OscPacket) -> Result<(), OscError> {
        let OscMessage { addr, args } = match packet {
            OscPacket::Message(message) => message,
            // The time of a bundle is not waited for: a show has its own.
            OscPacket::Bundle(bundle) => {
                let heard = bundle.content.into_iter().map(|packet| self.hear(packet));
                return heard.fold(Ok(()), Result::and);
            }
        };
        let read = args.into_iter().map(from_osc).collect::<Option<_>>();
        let read = read.ok_or_else(|| OscError::BadArg(format!("a type of {addr:?}")));
        let (types, values): (_, Vec<_>) = read?;
        if let Some(known) = self.addresses.get(&addr) {
            known.message.pulse(values);
            return Ok(());
        }
        let Ok(address) = OscAddress::new(addr.clone()) else {
            let pattern = Matcher::new(&addr)?;
            let all = self.addresses.values();
            let told = all.filter(|it| pattern.match_address(&it.address));
            told.for_each(|it| _ = it.message.pulse(values.clone()));
            return Ok(());
        };
        if addr.len() > LONGEST || self.addresses.len() >= ROOM {
            return Err(OscError::BadAddress(format!("no room for {addr:?}")));
        }
        info!("{addr} appears");
        // It waits in the emitter until its target is on the show.
        self.add(address, types).message.pulse(values);
        Ok(())
    }
}

/// Takes in what comes, for ever.
fn listen(bridge: &Handle<Bridge>, peer: &Peer) {
    let (mut log, mut bytes) = (Warnings::default(), vec![0; 65_536]);
    loop {
        let heard = peer.0.recv_from(&mut bytes).map_err(Failure::from);
        let heard = heard.and_then(|(length, _)| {
            let (rest, packet) = decoder::decode_udp(&bytes[..length])?;
            bridge.blocking_lock().hear(packet)?;
            let whole = rest.is_empty().then_some(());
            Ok(whole.ok_or(OscError::BadPacket("its end cannot be read"))?)
        });
        if let Err(why) = heard {
            bridge.blocking_lock().skipped += 1;
            log.say(|| format!("something that came is skipped: {why}"));
        }
    }
}

/// Puts an OSC peer on the show.
#[derive(Parser)]
struct Options {
    /// A file of addresses.
    file: Option<PathBuf>,
    /// Where the peer sends to.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Where the peer listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9001")]
    peer: String,
    #[arg(long = "manifest", help = "Prints what there is as JSON, and ends")]
    _manifest: bool,
}

fn main() -> Result<(), Failure> {
    let mut options = Options::parse();
    let show = Show::open_without_runtime("osc")?;
    if show.executor.wants_manifest() {
        options.listen.set_port(0);
    }
    let socket = UdpSocket::bind(options.listen)?;
    info!("OSC is heard at {}", socket.local_addr()?);
    let peer = Arc::new((socket, options.peer));
    let mut bridge = Bridge {
        addresses: BTreeMap::new(),
        skipped: 0,
        peer: peer.clone(),
    };
    if let Some(file) = options.file {
        let addresses: BTreeMap<String, String> = serde_json::from_reader(File::open(file)?)?;
        for (address, types) in addresses {
            bridge.add(OscAddress::new(address)?, types);
        }
    }
    let bridge = show.executor.add("osc", bridge)?;
    let thread = thread::Builder::new().stack_size(STACK);
    thread.spawn(move || listen(&bridge, &peer))?;
    show.run_blocking(&["ls", "call osc.addresses./go:send '{\"arguments\": [8]}'"])
}
