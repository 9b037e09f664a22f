//! CBOR frames: the same documents in bytes, and the answers to them.

use futures_util::{SinkExt, StreamExt};
use rship_dev::Generation;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::peer::{LIMIT, Peer, core, within};

async fn send(peer: &mut Peer, frame: &Value) {
    let mut bytes = Vec::new();
    ciborium::into_writer(frame, &mut bytes).unwrap();
    send_bytes(peer, bytes).await;
}

async fn send_bytes(peer: &mut Peer, bytes: Vec<u8>) {
    within("room to send", peer.socket.send(Message::binary(bytes)))
        .await
        .unwrap();
}

async fn recv_message(peer: &mut Peer) -> Message {
    within("frame", peer.socket.next()).await.unwrap().unwrap()
}

async fn recv_bytes(peer: &mut Peer) -> Bytes {
    match recv_message(peer).await {
        Message::Binary(bytes) => bytes,
        other => panic!("no binary frame, but {other:?}"),
    }
}

async fn recv(peer: &mut Peer) -> Value {
    ciborium::from_reader(&*recv_bytes(peer).await).unwrap()
}

fn ping(id: &str) -> Value {
    json!({"event": "ws:m:ping", "data": {"id": id, "timestamp": 1_682_884_594_000_u64}})
}

#[tokio::test]
async fn a_client_is_answered_in_cbor_from_its_first_binary_frame_on() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.send(ping("text")).await;
    assert!(recv_message(&mut peer).await.is_text());
    send(&mut peer, &ping("binary")).await;
    assert_eq!(recv(&mut peer).await, ping("binary"));
    peer.send(ping("text again")).await;
    assert_eq!(recv(&mut peer).await, ping("text again"));
    assert_eq!((core.clients(), core.binary_clients()), (1, 1));
    let mut other = Peer::connect(&core).await;
    other.send(ping("other")).await;
    assert!(recv_message(&mut other).await.is_text());
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn an_answer_is_written_to_the_byte_with_definite_lengths() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    send(&mut peer, &ping("p-1")).await;
    let hex: String = recv_bytes(&mut peer)
        .await
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // {"data": {"id": "p-1", "timestamp": 1682884594000}, "event": "ws:m:ping"}
    assert_eq!(
        hex,
        "a26464617461a2626964 63702d31 6974696d657374616d70 1b00000187d3bd0950 656576656e74 6977733a6d3a70696e67"
            .replace(' ', "")
    );
}

#[tokio::test]
async fn entities_and_numbers_arrive_as_they_were_sent() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let data = json!({
        "whole": 3, "float": 3.0, "big": u64::MAX, "small": i64::MIN, "third": 1.0 / 3.0, "text": "ü\u{1f34c}",
        "none": null, "list": [true, false, []],
    });
    let events = json!({"event": "ws:m:event-batch", "data": [
        {"itemType": "Target", "changeType": "SET", "item": peer.target("stand")},
        {"itemType": "Pulse", "changeType": "SET", "item": peer.pulse("stand", data.clone())},
    ]});
    send(&mut peer, &events).await;
    core.wait_until(LIMIT, "the pulse", |core| core.count("Pulse") == 1)
        .await
        .unwrap();
    assert_eq!(core.item("Pulse", "stand:cash").unwrap()["data"], data);
    assert_eq!((core.count("Target"), core.drops()), (1, vec![]));
    let query = json!({"event": "ws:m:query", "data": {
        "queryId": "GetAllPulses", "queryItemType": "Pulse", "query": {"tx": "q"},
    }});
    send(&mut peer, &query).await;
    let answer = recv(&mut peer).await;
    assert_eq!(answer["data"]["upserts"][0]["item"]["data"], data);
}

#[tokio::test]
async fn bytes_that_are_not_a_frame_are_explained_and_the_connection_is_kept() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    for (bytes, word) in [
        (vec![0x81], "not CBOR (it ends too early)"),
        (vec![0xa0, 0x00], "1 bytes follow"),
        (vec![0xc1, 0x00], "the tag 1"),
        (vec![0xf9, 0x7c, 0x00], "not finite"),
        (vec![0x80], "an array"),
    ] {
        let before = core.drops().len();
        send_bytes(&mut peer, bytes).await;
        core.wait_until(LIMIT, "the drop", |core| core.drops().len() > before)
            .await
            .unwrap();
        let drop = core.drops().pop().unwrap();
        assert!(drop.reason.contains(word), "{drop}");
    }
    send(&mut peer, &ping("still there")).await;
    assert_eq!(recv(&mut peer).await, ping("still there"));
}
