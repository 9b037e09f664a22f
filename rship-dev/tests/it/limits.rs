//! What a client can do to others, and how much it may.

use futures_util::{SinkExt, StreamExt};
use rship_dev::{Generation, Limits, LocalCore};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::peer::{LIMIT, Peer, core, within};

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_stalls_nobody() {
    let mut limits = Limits::default();
    limits.waiting = 8 << 20;
    let core = LocalCore::builder().limits(limits).start().await.unwrap();
    let mut lazy = Peer::connect(&core).await;
    lazy.query("q", "GetAllPulses", "Pulse", json!({})).await;
    lazy.sync().await;
    let mut busy = Peer::connect(&core).await;
    // More than the queue and what the system buffers between two sockets.
    let data = "x".repeat(2_048);
    for number in 0..20_000 {
        let pulse = busy.pulse("t", json!([number, data]));
        let frame = json!({"event": "ws:m:event", "data": {"itemType": "Pulse", "changeType": "SET", "item": pulse}});
        within(
            "room to send",
            busy.socket.feed(Message::text(frame.to_string())),
        )
        .await
        .unwrap();
    }
    within("room to send", busy.socket.flush()).await.unwrap();
    core.wait_until(LIMIT, "the disconnection", |core| core.clients() == 1)
        .await
        .unwrap();
    let dropped = core.drops().pop().unwrap();
    assert!(
        dropped.item_type == "connection" && dropped.reason.contains("8.0 MiB waited"),
        "{dropped}"
    );
    busy.sync().await;
    assert_eq!(core.item("Pulse", "t:cash").unwrap()["data"][0], 19_999);
}

#[tokio::test]
async fn a_message_beyond_64_mib_ends_the_connection_with_an_explanation() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let huge = format!("\"{}\"", "x".repeat(64 << 20));
    // The server may hang up before it has all been sent.
    drop(within("room to send", peer.socket.send(Message::text(huge))).await);
    core.wait_until(LIMIT, "the end of the connection", |core| {
        core.clients() == 0
    })
    .await
    .unwrap();
    within("end", async {
        while let Some(Ok(_)) = peer.socket.next().await {}
    })
    .await;
    assert!(
        core.drops()[0].reason.contains("64 MiB"),
        "{}",
        core.drops()[0]
    );
}
