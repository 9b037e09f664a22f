//! The windows of a 2026 server: what is set after its deletion is lost.

use std::time::Duration;

use rship_dev::{Change, Generation, LocalCore};
use serde_json::{Value, json};

use crate::peer::{LIMIT, Peer, emitter, event, status, with};

/// Longer than any test takes between two frames, so that both are in one window.
async fn slow() -> LocalCore {
    let builder = LocalCore::builder().window(Duration::from_secs(2));
    builder.start().await.expect("a free port")
}

fn status_2026(field: &str) -> Value {
    json!({"id": "1:i:t:x", field: "t:x", "instanceId": "i", "status": "online"})
}

/// One entity of each type that is gathered.
fn gathered(peer: &Peer) -> [(&'static str, Value); 6] {
    [
        ("Target", peer.target("t")),
        ("Action", peer.action("t")),
        ("Emitter", emitter("t")),
        ("TargetStatus", status("i", "t")),
        ("ActionStatus", status_2026("actionId")),
        ("EmitterStatus", status_2026("emitterId")),
    ]
}

#[tokio::test]
async fn what_is_deleted_and_set_within_a_window_is_gone_and_explained() {
    let core = slow().await;
    let mut peer = Peer::connect(&core).await;
    for (item_type, item) in gathered(&peer) {
        peer.set(item_type, item).await;
    }
    peer.sync().await;
    core.settled().await;
    for (item_type, item) in gathered(&peer) {
        assert_eq!(core.count(item_type), 1, "{item_type}");
        peer.del(item_type, item.clone()).await;
        peer.set(item_type, item).await;
    }
    peer.sync().await;
    assert_eq!(
        core.drops(),
        [],
        "nothing is lost before the window is over"
    );
    core.settled().await;
    let drops = core.drops();
    for (item_type, _) in gathered(&peer) {
        assert_eq!(core.count(item_type), 0, "{item_type}");
        let lost = drops.iter().find(|lost| lost.item_type == item_type);
        let text = lost.unwrap().to_string();
        assert!(
            text.contains(" ms after its `DEL` and is lost")
                && text.contains("all SETs of 2000 ms before all DELs"),
            "{text}"
        );
    }
    assert_eq!(drops.len(), 6);
}

#[tokio::test]
async fn the_order_of_one_frame_does_not_help() {
    let core = slow().await;
    let mut peer = Peer::connect(&core).await;
    peer.set("Target", peer.target("t")).await;
    peer.sync().await;
    core.settled().await;
    let members: Vec<_> = ["DEL", "SET"]
        .map(|change| event("Target", change, peer.target("t"))["data"].clone())
        .into();
    peer.send(json!({"event": "ws:m:event-batch", "data": members}))
        .await;
    peer.sync().await;
    core.settled().await;
    assert_eq!((core.count("Target"), core.drops().len()), (0, 1));
}

#[tokio::test]
async fn a_window_is_shared_by_all_clients() {
    let core = slow().await;
    let mut one = Peer::connect(&core).await;
    let mut other = Peer::connect(&core).await;
    one.set("Target", one.target("t")).await;
    one.sync().await;
    core.settled().await;
    one.del("Target", one.target("t")).await;
    one.sync().await;
    other.set("Target", other.target("t")).await;
    other.sync().await;
    core.settled().await;
    assert_eq!((core.count("Target"), core.drops().len()), (0, 1));
}

#[tokio::test]
async fn what_is_set_and_then_deleted_is_gone_without_a_word() {
    let core = slow().await;
    let mut peer = Peer::connect(&core).await;
    let mut events = core.events();
    peer.query("q", "GetAllTargets", "Target", json!({})).await;
    peer.recv().await;
    peer.set("Target", peer.target("t")).await;
    peer.set("Target", with(peer.target("t"), "name", "Other"))
        .await;
    peer.del("Target", peer.target("t")).await;
    peer.sync().await;
    assert_eq!(events.try_recv(), Ok(None), "nothing is applied yet");
    core.settled().await;
    assert_eq!((core.count("Target"), core.drops()), (0, vec![]));
    assert!(peer.sync().await.is_empty(), "watchers never saw it");
    let told = [(); 3].map(|()| events.try_recv().unwrap().unwrap());
    assert_eq!(
        told.map(|event| (event.change, event.item["name"].clone())),
        [
            (Change::Set, json!("Stand")),
            (Change::Set, json!("Other")),
            (Change::Del, json!("Other")),
        ]
    );
}

#[tokio::test]
async fn a_set_after_the_window_of_its_deletion_stays() {
    let core = LocalCore::builder().start().await.unwrap();
    let mut peer = Peer::connect(&core).await;
    for (item_type, item) in gathered(&peer) {
        peer.set(item_type, item).await;
    }
    peer.sync().await;
    core.settled().await;
    for (item_type, item) in gathered(&peer) {
        peer.del(item_type, item).await;
    }
    core.wait_until(LIMIT, "the deletions", |core| core.snapshot().is_empty())
        .await
        .unwrap();
    for (item_type, item) in gathered(&peer) {
        peer.set(item_type, item).await;
    }
    core.wait_until(LIMIT, "all six", |core| core.snapshot().len() == 6)
        .await
        .unwrap();
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn pulses_and_instances_are_applied_at_once_and_in_order() {
    let core = slow().await;
    let mut peer = Peer::connect(&core).await;
    for (item_type, item) in [
        ("Instance", peer.instance("i")),
        ("Pulse", peer.pulse("t", json!(1))),
    ] {
        peer.set(item_type, item.clone()).await;
        peer.del(item_type, item.clone()).await;
        peer.set(item_type, item).await;
        peer.sync().await;
        assert_eq!(core.count(item_type), 1, "{item_type}");
    }
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn a_wait_for_a_pulse_finds_what_was_told_before_it() {
    let core = LocalCore::builder().start().await.unwrap();
    let mut peer = Peer::connect(&core).await;
    for (item_type, item) in gathered(&peer) {
        peer.set(item_type, item).await;
    }
    peer.set("Pulse", peer.pulse("t", json!(1))).await;
    core.wait_until(LIMIT, "the pulse", |core| core.count("Pulse") == 1)
        .await
        .unwrap();
    assert_eq!(core.snapshot().len(), 7);
}

#[tokio::test]
async fn statuses_that_wait_are_offline_when_their_client_left() {
    let core = slow().await;
    let mut peer = Peer::connect(&core).await;
    peer.set("Instance", peer.instance("i")).await;
    for (item_type, item) in gathered(&peer) {
        peer.set(item_type, item).await;
    }
    peer.sync().await;
    core.disconnect_all();
    core.settled().await;
    for item_type in ["TargetStatus", "ActionStatus", "EmitterStatus"] {
        let items = core.items(item_type);
        assert!(
            items.len() == 1 && items.values().all(|item| item["status"] == "offline"),
            "{items:?}"
        );
    }
}

#[tokio::test]
async fn older_servers_apply_everything_in_order() {
    for generation in [Generation::V2023, Generation::V2024] {
        let builder = LocalCore::builder().window(Duration::from_secs(60));
        let core = builder.generation(generation).start().await.unwrap();
        let mut peer = Peer::connect(&core).await;
        peer.set("Target", peer.target("t")).await;
        peer.del("Target", peer.target("t")).await;
        peer.set("Target", peer.target("t")).await;
        peer.sync().await;
        assert_eq!((core.count("Target"), core.drops()), (1, vec![]));
    }
}
