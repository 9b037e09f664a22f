//! Which generation a server is, found out late or against what it says: no value is there twice, nothing is said
//! a hundred times.

use std::net::SocketAddr;
use std::time::Duration;

use rship_runtime::{Generation, Status};
use rship_tests::{
    Direction, LIMIT, Proxy, Running, Server, Stand, Toxic, builder, core, executor, until, within,
};
use serde_json::{Value, json};

/// A link on which everything arrives 400 ms later, each way.
async fn late(server: SocketAddr) -> Proxy {
    let link = Proxy::to(server).await;
    let (delay, jitter) = (Duration::from_millis(400), Duration::ZERO);
    for direction in [Direction::Up, Direction::Down] {
        link.add(direction, Toxic::Latency { delay, jitter });
    }
    link
}

#[tokio::test]
async fn a_clue_that_comes_late_leaves_no_value_under_two_ids() {
    let core = core(Generation::V2026).await;
    let link = late(core.addr()).await;
    let executor = builder(&link.url())
        .handshake_timeout(Duration::from_millis(300))
        .keepalive(Duration::from_millis(100), LIMIT)
        .build()
        .unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let generation = Generation::V2026;
    let known = Status::Online { generation };
    running.wait("the clue", |status| *status == known).await;
    stand.lock().await.cash = 77.0;
    let newest = "the newest value, and no value under two ids";
    let waited = core.wait_until(LIMIT, newest, |core| {
        let pulses = core.items("Pulse");
        let cash = pulses.get("stand:cash:stand-1");
        cash.is_some_and(|pulse| pulse["data"] == 77.0)
            && pulses.keys().all(|id| id.ends_with(":stand-1"))
    });
    waited.await.unwrap_or_else(|error| {
        panic!("{error}: {:?}", core.items("Pulse").keys());
    });
    assert_eq!(core.count("Pulse"), 9);
    assert_eq!(core.drops(), []);
    running.stop().await;
}

#[tokio::test]
async fn a_set_id_that_comes_late_leaves_no_value_under_two_ids() {
    for generation in [Generation::V2023, Generation::V2024] {
        let core = core(generation).await;
        let link = late(core.addr()).await;
        let executor = builder(&link.url())
            .handshake_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        executor.add("stand", Stand::full()).unwrap();
        let mut running = Running::start(&executor);
        let known = Status::Online { generation };
        running.wait("the clue", |status| *status == known).await;
        let waited = core.wait_until(LIMIT, "all values once", |core| {
            let pulses = core.items("Pulse");
            pulses.len() == 9 && pulses.keys().all(|id| !id.ends_with(":stand-1"))
        });
        waited.await.unwrap();
        running.stop().await;
    }
}

#[tokio::test]
async fn a_ping_without_data_does_not_make_a_2026_server_another() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = server.accept().await;
    let pings = [
        json!({"event": "ws:m:ping"}),
        json!({"event": "ws:m:ping", "data": null}),
        json!({"event": "ws:m:ping", "data": {}}),
        json!({"event": "ws:m:ping", "data": "now"}),
    ];
    // Before the echo, and after it.
    for ping in pings.clone() {
        peer.send(ping).await;
    }
    let echo = peer.event("ws:m:ping").await;
    peer.send(echo).await;
    let pulse = |change: &Value| {
        change["itemType"] == "Pulse" && change["item"]["emitterId"] == "stand:cash"
    };
    let told = peer.changes_until(pulse).await;
    assert_eq!(told.last().unwrap()["item"]["id"], "stand:cash:stand-1");
    for ping in pings {
        peer.send(ping).await;
    }
    peer.call("t", "stand:burn", Value::Null).await.unwrap();
    stand.lock().await.cash = 78.0;
    let again = peer.changes_until(pulse).await;
    let last = again.last().unwrap();
    assert_eq!(last["item"]["id"], "stand:cash:stand-1");
    let targets = again.iter().filter(|change| change["itemType"] == "Target");
    assert_eq!(targets.count(), 0, "nothing is registered again");
    let generation = Generation::V2026;
    let online = running.wait("online", |status| matches!(status, Status::Online { .. }));
    let status = peer.reading(online).await;
    assert_eq!(status, Status::Online { generation });
}

#[tokio::test]
async fn a_hundred_set_ids_do_not_register_a_hundred_times() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2023("c-first").await;
    peer.pulse("stand:cash").await;
    for number in 0..100 {
        let set_id = json!({"clientId": format!("c-{number}"), "tx": format!("set-{number}")});
        peer.command("client:setId", set_id).await;
        // So that they are not one to the executor.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut registrations = 0;
    within("the last id", async {
        loop {
            let change = peer.change().await;
            if change["itemType"] == "Instance" {
                registrations += 1;
                if change["item"]["clientId"] == "c-99" {
                    return;
                }
            }
        }
    })
    .await;
    assert!(registrations <= 30, "{registrations} times");
    until("a session", || executor.metrics().sessions >= 1).await;
}
