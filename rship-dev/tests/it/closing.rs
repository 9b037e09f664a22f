//! What becomes of an executor's entities when its socket closes.

use rship_dev::Generation;
use serde_json::json;

use crate::peer::{LIMIT, Peer, core, with};

#[tokio::test]
async fn a_closed_socket_leaves_everything_marked_and_no_pulse() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut ui = Peer::connect(&core).await;
        let mut stays = Peer::connect(&core).await;
        stays.register("stand-2", "other").await;
        stays.set("Pulse", stays.pulse("other", json!(2))).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        peer.set("Pulse", peer.pulse("stand", json!(1))).await;
        peer.sync().await;
        ui.query(
            "s",
            "GetTargetStatussByQuery",
            "TargetStatus",
            json!({"instanceId": "stand-1"}),
        )
        .await;
        ui.recv_event("ws:m:query-response").await;
        drop(peer);
        core.wait_until(LIMIT, "the close", |core| core.clients() == 2)
            .await
            .unwrap();
        let now = core.snapshot();
        assert_eq!(
            now["Instance"]["stand-1"]["status"], "Unavailable",
            "{generation}"
        );
        assert_eq!(now["TargetStatus"]["stand-1:stand"]["status"], "offline");
        assert!(!now["Pulse"].contains_key("stand:cash"));
        assert!(now["Target"].contains_key("stand") && now["Action"].contains_key("stand:burn"));
        assert!(now["Emitter"].contains_key("stand:cash"));
        assert_eq!(
            now["Instance"]["stand-2"]["status"], "Available",
            "another executor's stays as it was"
        );
        assert_eq!(now["TargetStatus"]["stand-2:other"]["status"], "online");
        assert!(now["Pulse"].contains_key("other:cash"));
        let told = ui.recv_event("ws:m:query-response").await.to_string();
        assert!(told.contains("offline"), "watchers are told: {told}");
    }
}

#[tokio::test]
async fn after_a_reconnect_the_same_entities_are_live_again() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut first = Peer::connect(&core).await;
        first.register("stand-1", "stand").await;
        first
            .set("Instance", with(first.instance("stand-1"), "hash", "h"))
            .await;
        first.sync().await;
        core.disconnect_all();
        assert_eq!(core.clients(), 0);
        assert_eq!(
            core.item("Instance", "stand-1").unwrap()["status"],
            "Unavailable"
        );
        let mut second = Peer::connect(&core).await;
        second.register("stand-1", "stand").await;
        second
            .set("Instance", with(second.instance("stand-1"), "hash", "h"))
            .await;
        second.sync().await;
        let now = core.snapshot();
        assert_eq!(
            now["Instance"]["stand-1"]["status"], "Available",
            "{generation}"
        );
        assert_eq!(
            now["TargetStatus"]["stand-1:stand"]["status"], "online",
            "{generation}"
        );
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_late_close_of_the_old_socket_does_not_touch_the_new_one_s() {
    let core = core(Generation::V2026).await;
    let mut old = Peer::connect(&core).await;
    old.register("stand-1", "stand").await;
    let mut new = Peer::connect(&core).await;
    new.register("stand-1", "stand").await;
    new.set("Pulse", new.pulse("stand", json!(1))).await;
    new.sync().await;
    drop(old);
    core.wait_until(LIMIT, "the close", |core| core.clients() == 1)
        .await
        .unwrap();
    assert_eq!(
        core.item("Instance", "stand-1").unwrap()["status"],
        "Available"
    );
    assert_eq!(
        core.item("TargetStatus", "stand-1:stand").unwrap()["status"],
        "online"
    );
    assert!(core.item("Pulse", "stand:cash").is_some());
}

#[tokio::test]
async fn the_statuses_of_2026_go_offline_too() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("i", "t").await;
    for (item_type, field) in [("ActionStatus", "actionId"), ("EmitterStatus", "emitterId")] {
        peer.set(
            item_type,
            json!({"id": "1:i:t:x", field: "t:x", "instanceId": "i", "status": "online"}),
        )
        .await;
    }
    peer.sync().await;
    core.disconnect_all();
    for item_type in ["ActionStatus", "EmitterStatus"] {
        assert_eq!(
            core.item(item_type, "1:i:t:x").unwrap()["status"],
            "offline"
        );
    }
    assert_eq!((core.drops(), core.warnings()), (vec![], vec![]));
}

#[tokio::test]
async fn each_connection_has_a_client_id_of_its_own() {
    let core = core(Generation::V2026).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut peer = Peer::connect(&core).await;
        peer.set(
            "Instance",
            with(peer.instance("stand-1"), "clientId", "mine"),
        )
        .await;
        peer.sync().await;
        seen.push(core.item("Instance", "stand-1").unwrap()["clientId"].clone());
        core.disconnect_all();
    }
    assert!(
        seen[0] != seen[1] && !seen.contains(&json!("mine")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn watchers_of_a_closed_executor_are_told_of_everything() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("i", "t").await;
    for (item_type, field) in [("ActionStatus", "actionId"), ("EmitterStatus", "emitterId")] {
        peer.set(
            item_type,
            json!({"id": "1:i:t:x", field: "t:x", "instanceId": "i", "status": "online"}),
        )
        .await;
    }
    peer.set("Pulse", peer.pulse("t", json!(1))).await;
    peer.sync().await;
    let mut ui = Peer::connect(&core).await;
    let types = [
        "Instance",
        "TargetStatus",
        "ActionStatus",
        "EmitterStatus",
        "Pulse",
        "Target",
    ];
    for item_type in types {
        ui.query(item_type, "GetAll", item_type, json!({})).await;
        ui.recv_event("ws:m:query-response").await;
    }
    drop(peer);
    let mut told = std::collections::BTreeMap::new();
    for _ in 0..5 {
        let frame = ui.recv_event("ws:m:query-response").await;
        let tx = frame["data"]["tx"].as_str().unwrap().to_owned();
        told.insert(tx, frame["data"].clone());
    }
    assert_eq!(
        told["Instance"]["upserts"][0]["item"]["status"],
        "Unavailable"
    );
    for item_type in ["TargetStatus", "ActionStatus", "EmitterStatus"] {
        assert_eq!(
            told[item_type]["upserts"][0]["item"]["status"], "offline",
            "{item_type}"
        );
    }
    assert_eq!(told["Pulse"]["deletes"], json!(["t:cash"]));
    assert!(ui.sync().await.is_empty(), "the target stays as it is");
}
