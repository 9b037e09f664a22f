//! What was dropped and why, the frames, the sessions.

use futures_util::SinkExt as _;
use rship_tests::{LIMIT, within};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::show::looked_at;

#[tokio::test]
async fn what_was_dropped_is_explained() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    // Somebody else says something that no 2026 server stores.
    let (mut other, _) = within("a socket", connect_async(show.core.url()))
        .await
        .unwrap();
    let item = json!({
        "id": "booth:fog", "targetId": "booth", "serviceId": "bluth", "name": "Fog", "hash": "h",
        "schema": "thick",
    });
    let event = json!({
        "event": "ws:m:event",
        "data": {"changeType": "SET", "itemType": "Emitter", "item": item, "createdAt": "2026-01-01T00:00:00Z", "tx": "t"},
    });
    other.send(Message::text(event.to_string())).await.unwrap();
    let dropped = |core: &rship_dev::LocalCore| !core.drops().is_empty();
    show.core
        .wait_until(LIMIT, "a drop", dropped)
        .await
        .unwrap();
    page.by("tab", "Diagnosis").click().await;
    let panel = page.by("tabpanel", "Diagnosis");
    panel.says("booth:fog").await;
    let drop = show.core.drops().remove(0);
    panel.says(&drop.reason).await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn frames_are_listed_with_their_direction_and_can_be_filtered_and_paused() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    page.by("tab", "Wire").click().await;
    let panel = page.by("tabpanel", "Wire");
    show.booth.lock().await.celsius = 11.125;
    panel.says("ws:m:event").await;
    panel.by("searchbox", "Filter frames").fill("celsius").await;
    show.booth.lock().await.celsius = 11.25;
    panel.says("celsius").await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn sessions_tell_who_is_there_and_in_which_generation() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    page.by("tab", "Sessions").click().await;
    let panel = page.by("tabpanel", "Sessions");
    panel.says("stand-1").await;
    panel.says("2026").await;
    page.clean();
    show.stop().await;
}
