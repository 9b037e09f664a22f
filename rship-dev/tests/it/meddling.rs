//! What tests do to a server: forget, lie and stall.

use std::time::Duration;

use rship_dev::Generation;
use serde_json::json;

use crate::peer::{LIMIT, Peer, core, status, with};

#[tokio::test]
async fn an_entity_can_be_lost_and_its_watchers_are_told() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        peer.query("q", "GetAllTargets", "Target", json!({})).await;
        peer.recv_event("ws:m:query-response").await;
        assert!(core.lose("Target", "stand"));
        assert_eq!(core.count("Target"), 0, "{generation}");
        let told = peer.recv_event("ws:m:query-response").await;
        assert!(!told.to_string().contains("upserts\":[{"), "{told}");
        assert!(!core.lose("Target", "stand"), "it is gone already");
        peer.set("Target", peer.target("stand")).await;
        peer.sync().await;
        assert_eq!(core.count("Target"), 1, "it can be told again");
    }
}

#[tokio::test]
async fn an_entity_can_be_overwritten_in_part_and_its_watchers_are_told() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        peer.query("q", "GetAllTargets", "Target", json!({})).await;
        peer.recv_event("ws:m:query-response").await;
        assert!(core.overwrite("Target", "stand", json!({"name": "Other"})));
        assert!(!core.overwrite("Target", "stand", json!("Other")));
        let changed = with(peer.target("stand"), "name", "Other");
        assert_eq!(core.item("Target", "stand"), Some(changed.clone()));
        let told = peer.recv_event("ws:m:query-response").await.to_string();
        assert!(told.contains(&changed.to_string()), "{told}");
        peer.set("Target", peer.target("stand")).await;
        peer.sync().await;
        assert_eq!(
            core.item("Target", "stand"),
            Some(peer.target("stand")),
            "{generation}: what the executor tells again counts"
        );
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn an_overwritten_entity_still_belongs_to_its_connection() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    core.overwrite("Instance", "stand-1", json!({"status": "Error"}));
    core.overwrite("TargetStatus", "stand-1:ghost", status("stand-1", "ghost"));
    assert_eq!(core.count("TargetStatus"), 2);
    core.disconnect_all();
    assert_eq!(
        core.item("Instance", "stand-1").unwrap()["status"],
        "Unavailable"
    );
    assert_eq!(
        core.item("TargetStatus", "stand-1:ghost").unwrap()["status"],
        "offline"
    );
}

#[tokio::test]
async fn a_stalled_server_speaks_but_does_not_read() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.query("q", "GetAllTargets", "Target", json!({})).await;
    peer.recv().await;
    core.stall_reading(true);
    peer.set("Target", peer.target("unread")).await;
    core.overwrite("Target", "spoken", json!({}));
    let told = peer.recv().await;
    assert_eq!(told["data"]["upserts"][0]["item"]["id"], "spoken");
    let read = core
        .wait_until(Duration::from_millis(50), "a frame", |core| {
            core.item("Target", "unread").is_some()
        })
        .await;
    assert!(read.is_err(), "nothing is read");
    core.stall_reading(false);
    core.wait_until(LIMIT, "the frame", |core| {
        core.item("Target", "unread").is_some()
    })
    .await
    .unwrap();
}
