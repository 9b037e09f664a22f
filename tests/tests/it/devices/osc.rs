//! The bridge to OSC, with a peer that speaks it.

use std::net::SocketAddr;

use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, decoder, encoder};
use rship_dev::LocalCore;
use rship_tests::within;
use serde_json::{Value, json};
use tokio::net::UdpSocket;

use super::at_work::AtWork;

/// A peer, and the bridge to it.
struct Peer {
    bridge: AtWork,
    socket: UdpSocket,
    at: SocketAddr,
}

impl Peer {
    async fn start(file: Option<&str>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let own = socket.local_addr().unwrap().to_string();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("addresses.json");
        let mut arguments = vec!["--listen", "127.0.0.1:0", "--peer", &own];
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
            arguments.push(path.to_str().unwrap());
        }
        let mut bridge = AtWork::start("osc-bridge", &arguments).await;
        let known = "OSC is heard at ";
        bridge.says(known).await;
        let said = bridge.said();
        let (_, at) = said.split_once(known).unwrap();
        let at = at.split_whitespace().next().unwrap().parse().unwrap();
        bridge.is_online("osc", true).await;
        Self { bridge, socket, at }
    }

    async fn send(&self, packet: &OscPacket) {
        self.send_bytes(&encoder::encode(packet).unwrap()).await;
    }

    async fn send_bytes(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.at).await.unwrap();
    }

    async fn hears(&self) -> OscMessage {
        let mut bytes = [0; 1_536];
        let came = within("a message", self.socket.recv_from(&mut bytes)).await;
        let (length, from) = came.unwrap();
        assert_eq!(from, self.at, "who answers, answers to where it listens");
        match decoder::decode_udp(&bytes[..length]).unwrap() {
            (b"", OscPacket::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the newest message of an address has these arguments.
    async fn pulses(&self, address: &str, arguments: Value) {
        self.bridge
            .tells(&format!("osc.addresses.{address}:message"), arguments)
            .await;
    }

    async fn call(&self, address: &str, arguments: Value) -> Result<Value, String> {
        let action = format!("osc.addresses.{address}:send");
        self.bridge
            .call(&action, json!({"arguments": arguments}))
            .await
    }
}

fn message(addr: &str, args: Vec<OscType>) -> OscPacket {
    let addr = addr.to_owned();
    OscPacket::Message(OscMessage { addr, args })
}

fn bundle(content: Vec<OscPacket>) -> OscPacket {
    let timetag = OscTime::from((0, 1));
    OscPacket::Bundle(OscBundle { timetag, content })
}

#[tokio::test]
async fn addresses_of_the_file_and_those_that_come_are_told_and_sent_to_with_their_types() {
    let file = r#"{"/fader/1": "f", "/fader/2": "f", "/cue": "siT", "/go": ""}"#;
    let peer = Peer::start(Some(file)).await;
    let is_there = |address: &str| {
        let id = format!("osc.addresses.{address}");
        move |core: &LocalCore| core.item("Target", &id).is_some()
    };
    for address in ["/fader/1", "/fader/2", "/cue", "/go"] {
        peer.bridge.sees(address, is_there(address)).await;
    }
    // To the peer, as the types that the file says, whatever numbers look like.
    assert_eq!(peer.call("/fader/1", json!([1])).await, Ok(Value::Null));
    let expected = |addr: &str, args: Vec<OscType>| match message(addr, args) {
        OscPacket::Message(message) => message,
        OscPacket::Bundle(_) => unreachable!(),
    };
    assert_eq!(
        peer.hears().await,
        expected("/fader/1", vec![OscType::Float(1.0)])
    );
    assert_eq!(
        peer.call("/cue", json!(["A", 7.0, false])).await,
        Ok(Value::Null)
    );
    let cue = vec![
        OscType::String("A".into()),
        OscType::Int(7),
        OscType::Bool(false),
    ];
    assert_eq!(peer.hears().await, expected("/cue", cue));
    assert_eq!(peer.call("/go", json!([])).await, Ok(Value::Null));
    assert_eq!(peer.hears().await, expected("/go", Vec::new()));
    for wrong in [json!([]), json!(["A"]), json!([0.5, 0.5]), json!([null])] {
        let refused = peer.call("/fader/1", wrong).await.unwrap_err();
        assert!(
            refused.contains(r#"the types of /fader/1 are "f""#),
            "{refused}"
        );
    }
    let refused = peer.call("/cue", json!(["A\u{0}", 7, true])).await;
    assert!(refused.is_err(), "it would be cut");

    // From the peer.
    peer.send(&message("/fader/1", vec![OscType::Float(0.1)]))
        .await;
    peer.pulses("/fader/1", json!([0.1])).await;
    // What makes a target appear is a pulse of it.
    let arguments = vec![
        OscType::Int(-3),
        "on".into(),
        OscType::Bool(true),
        OscType::Bool(false),
    ];
    peer.send(&message("/new", arguments)).await;
    peer.pulses("/new", json!([-3, "on", true, false])).await;
    let answer = peer.call("/new", json!([4, "off", false, true])).await;
    assert_eq!(answer, Ok(Value::Null));
    let sent = vec![
        OscType::Int(4),
        "off".into(),
        OscType::Bool(false),
        OscType::Bool(true),
    ];
    assert_eq!(peer.hears().await, expected("/new", sent));

    // Bundles in bundles, and patterns.
    let inner = bundle(vec![
        message("/cue", vec!["B".into()]),
        message("/deep", vec![OscType::Int(1)]),
    ]);
    peer.send(&bundle(vec![
        message("/fader/*", vec![OscType::Float(0.75)]),
        inner,
    ]))
    .await;
    peer.pulses("/fader/1", json!([0.75])).await;
    peer.pulses("/fader/2", json!([0.75])).await;
    peer.pulses("/cue", json!(["B"])).await;
    peer.pulses("/deep", json!([1])).await;
    assert_eq!(peer.bridge.core.drops(), []);
}

#[tokio::test]
async fn what_is_not_osc_is_said_counted_and_skipped_however_deep_it_is() {
    let mut peer = Peer::start(None).await;
    // As deep as a packet can be.
    let mut deep = encoder::encode(&message("/deep", vec![OscType::Int(1)])).unwrap();
    while deep.len() < 65_000 {
        let length = u32::try_from(deep.len()).unwrap().to_be_bytes();
        deep = [&b"#bundle\0\0\0\0\0\0\0\0\x01"[..], &length, &deep].concat();
    }
    peer.send_bytes(&deep).await;
    peer.pulses("/deep", json!([1])).await;
    let tags = |text: String| {
        let mut packet = format!("/a\0\0,{text}\0").into_bytes();
        packet.resize(packet.len().next_multiple_of(4), 0);
        packet
    };
    let cut = &encoder::encode(&message("/a", vec!["text".into()])).unwrap()[..9];
    let mut with_rest = encoder::encode(&bundle(vec![message("/first", vec![])])).unwrap();
    with_rest.extend(b"rest");
    let malformed = [
        Vec::new(),
        b"hello".to_vec(),
        cut.to_vec(),
        with_rest,
        tags("[".repeat(30_000) + &"]".repeat(30_000)),
        tags("b".to_owned()),
        encoder::encode(&message("/a", vec![OscType::Nil])).unwrap(),
        encoder::encode(&message("/a b", vec![])).unwrap(),
        encoder::encode(&message("/[", vec![])).unwrap(),
        encoder::encode(&message(&"/long".repeat(100), vec![])).unwrap(),
    ];
    for packet in &malformed {
        peer.send_bytes(packet).await;
    }
    peer.bridge
        .tells("osc:skipped", json!(malformed.len()))
        .await;
    peer.bridge.says("something that came is skipped: ").await;
    // The good part of what is cut.
    peer.pulses("/first", json!([])).await;
    // What JSON has no number for.
    let nan = message("/first", vec![OscType::Float(f32::NAN)]);
    peer.send(&nan).await;
    peer.pulses("/first", json!([null])).await;
    let targets = peer.bridge.core.items("Target").into_keys();
    let expected = ["osc", "osc.addresses./deep", "osc.addresses./first"];
    assert_eq!(targets.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_flood_of_addresses_and_garbage_is_bounded_and_keeps_nobody_waiting() {
    let mut peer = Peer::start(None).await;
    peer.send(&message("/known", vec![OscType::Int(0)])).await;
    peer.pulses("/known", json!([0])).await;
    // A socket of its own, which may lose what it likes.
    let flood = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = peer.at;
    let flood = tokio::spawn(async move {
        for number in 0.. {
            let new = encoder::encode(&message(&format!("/new/{number}"), vec![])).unwrap();
            for packet in [new.as_slice(), b"garbage", b"/known\0\0,\0\0\0"] {
                let _ = flood.send_to(packet, at).await;
            }
        }
    });
    let is_full = |core: &LocalCore| core.count("Target") == 257;
    peer.bridge.sees("256 addresses", is_full).await;
    for _ in 0..10 {
        assert_eq!(peer.call("/known", json!([1])).await, Ok(Value::Null));
        assert_eq!(peer.hears().await.args, [OscType::Int(1)]);
    }
    peer.bridge.says("no room for").await;
    flood.abort();
    assert_eq!(peer.bridge.core.count("Target"), 257);
    let warned = peer.bridge.said().matches("skipped").count();
    assert!(
        warned < 100,
        "what comes often is said seldom, not {warned} times"
    );

    // That nobody listens there any more ends nothing.
    drop(peer.socket);
    let action = "osc.addresses./known:send";
    let _ = peer.bridge.call(action, json!({"arguments": [1]})).await;
    let answer = peer.bridge.call(action, json!({"arguments": [1]})).await;
    assert_eq!(answer, Ok(Value::Null));
}

#[tokio::test]
async fn a_file_that_cannot_be_used_ends_it_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addresses.json");
    for (text, reason) in [
        (r#"{"fader": "f"}"#, "bad OSC address"),
        (r#"{"/fader": 1}"#, "expected a string"),
    ] {
        std::fs::write(&path, text).unwrap();
        let arguments = ["--listen", "127.0.0.1:0", path.to_str().unwrap()];
        let (success, said) =
            rship_tests::ended(rship_tests::example("osc-bridge", &arguments).await).await;
        assert!(!success && said.contains(reason), "{said}");
    }
}
