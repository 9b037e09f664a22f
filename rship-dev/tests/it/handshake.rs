//! How each generation greets, pings, and answers what it cannot read.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_dev::{Generation, LocalCore};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::peer::{LIMIT, Peer, core, within};

#[tokio::test]
async fn the_first_frame_of_2023_and_2024_gives_the_client_id() {
    for (generation, command_id) in [
        (Generation::V2023, "client:setId"),
        (Generation::V2024, "SetClientId"),
    ] {
        let core = core(generation).await;
        let (socket, _) = within("connection", connect_async(core.url()))
            .await
            .unwrap();
        let mut peer = Peer {
            socket,
            generation,
            client_id: String::new(),
        };
        let greeting = peer.recv().await;
        assert_eq!(greeting["event"], "ws:m:command");
        assert_eq!(greeting["data"]["commandId"], command_id);
        assert!(
            greeting["data"]["command"]["clientId"]
                .as_str()
                .is_some_and(|id| !id.is_empty())
        );
        let tx = greeting["data"]["command"]["tx"].clone();
        peer.respond(&tx, json!(null)).await;
        assert!(peer.sync().await.is_empty());
        assert!(
            core.drops().is_empty(),
            "an executor may answer it: {:?}",
            core.drops()
        );
    }
}

#[tokio::test]
async fn a_2026_server_is_silent_until_it_echoes_a_ping() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    for (bad, field) in [
        (json!({"timestamp": 1}), "data.id"),
        (json!({"id": 7, "timestamp": 1}), "data.id"),
        (json!({"id": "a"}), "data.timestamp"),
        (json!({"id": "a", "timestamp": "now"}), "data.timestamp"),
    ] {
        peer.send(json!({"event": "ws:m:ping", "data": bad})).await;
        peer.sync().await;
        let dropped = core.drops().pop().unwrap();
        assert_eq!(
            (dropped.item_type.as_str(), dropped.field.as_str()),
            ("ws:m:ping", field)
        );
    }
    let ping = json!({"event": "ws:m:ping", "data": {"id": "a", "timestamp": 1}});
    peer.send(ping.clone()).await;
    assert_eq!(
        peer.recv().await,
        ping,
        "the echo is the first frame about pings"
    );
}

#[tokio::test]
async fn a_2023_server_echoes_a_ping() {
    let core = core(Generation::V2023).await;
    let mut peer = Peer::connect(&core).await;
    let ping = json!({"event": "ws:m:ping", "data": {"id": "a", "timestamp": 1}});
    peer.send(ping.clone()).await;
    assert_eq!(peer.recv().await, ping);
}

#[tokio::test]
async fn a_2024_server_pings_by_itself() {
    let core = LocalCore::builder()
        .generation(Generation::V2024)
        .ping_every(Duration::from_millis(20))
        .start()
        .await
        .unwrap();
    let mut peer = Peer::connect(&core).await;
    for _ in 0..2 {
        let ping = peer.recv_event("ws:m:ping").await;
        assert!(
            ping["data"]["ts"].is_u64() && ping["data"].get("id").is_none(),
            "{ping}"
        );
        peer.send(ping).await;
    }
    peer.sync().await;
    assert!(core.drops().is_empty());
}

#[tokio::test]
async fn what_is_not_json_is_answered_in_2024_alone() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.send_text("{no json").await;
        if generation == Generation::V2024 {
            assert_eq!(peer.recv_text().await, "Error parsing message");
        }
        assert!(peer.sync().await.is_empty(), "{generation}");
        assert!(
            core.drops()[0].reason.contains("not JSON"),
            "{:?}",
            core.drops()
        );
        assert_eq!(core.clients(), 1, "the connection is kept");
    }
}

#[tokio::test]
async fn binary_frames_are_dropped_and_explained_where_only_text_is_read() {
    for generation in [Generation::V2023, Generation::V2024] {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        within("room", peer.socket.send(Message::binary(vec![0xa0])))
            .await
            .unwrap();
        peer.sync().await;
        assert!(core.drops()[0].reason.contains("binary"));
        assert_eq!(core.binary_clients(), 0);
    }
}

#[tokio::test]
async fn any_other_path_is_not_found() {
    let core = core(Generation::V2026).await;
    for path in ["/", "/myko2", "/myko/x"] {
        let url = format!("ws://{}{path}", core.addr());
        match within("refusal", connect_async(url)).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), 404, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!(core.clients(), 0);
}

#[tokio::test]
async fn frames_are_recorded_when_asked_for() {
    let core = LocalCore::builder().record(true).start().await.unwrap();
    let mut peer = Peer::connect(&core).await;
    peer.send_text("{\"event\": \"x\"}").await;
    core.wait_until(LIMIT, "the frame", |core| !core.frames().is_empty())
        .await
        .unwrap();
    assert_eq!(core.frames(), ["{\"event\": \"x\"}"]);
}

#[tokio::test]
async fn the_port_can_be_bound_again_after_shutdown() {
    let first = core(Generation::V2026).await;
    let addr = first.addr();
    let mut peers = vec![Peer::connect(&first).await, Peer::connect(&first).await];
    first.shutdown().await;
    for round in 0..3 {
        let again = LocalCore::builder()
            .bind(addr)
            .start()
            .await
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        peers.push(Peer::connect(&again).await);
        within("shutdown", again.shutdown()).await;
    }
}

#[tokio::test]
async fn dropping_the_core_closes_its_sockets() {
    let core = core(Generation::V2026).await;
    let addr = core.addr();
    let mut peer = Peer::connect(&core).await;
    drop(core);
    within("end", async {
        while let Some(Ok(_)) = peer.socket.next().await {}
    })
    .await;
    // The listener goes a moment later than the drop: the bind is what tells.
    within("the free port", async {
        while LocalCore::builder().bind(addr).start().await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
