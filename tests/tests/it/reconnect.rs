//! Reconnecting: whatever was lost, the server's store is as the device is.

use std::time::Duration;

use rship_dev::LocalCore;
use rship_runtime::{Generation, Handle, Status};
use rship_tests::{
    Door, LIMIT, Lamp, Running, Server, Sign, Stand, builder, core, executor, pipes, pulse, within,
};
use serde_json::{Value, json};

/// The value of each state emitter, as the device itself has it.
async fn values(stand: &Handle<Stand>) -> Vec<(String, Value)> {
    values_of(&*stand.lock().await)
}

fn values_of(stand: &Stand) -> Vec<(String, Value)> {
    let mut values = vec![
        ("stand:cash".to_owned(), json!(stand.cash)),
        ("stand:stock".to_owned(), json!(stand.stock)),
        ("stand:worth".to_owned(), json!(stand.worth())),
        ("stand.register:open".to_owned(), json!(stand.register.open)),
    ];
    for lamp in &stand.lamps {
        values.push((
            format!("stand.lamps.{}:level", lamp.serial),
            json!(lamp.level),
        ));
    }
    for (name, fridge) in &stand.fridges {
        values.push((
            format!("stand.fridges.{name}:celsius"),
            json!(fridge.celsius),
        ));
    }
    if let Some(sign) = &stand.sign {
        values.push(("stand.sign:text".to_owned(), json!(sign.text)));
    }
    values
}

fn has(core: &LocalCore, values: &[(String, Value)]) -> bool {
    values
        .iter()
        .all(|(emitter, value)| pulse(core, "stand-1", emitter).as_ref() == Some(value))
}

fn is_online(core: &LocalCore, target: &str) -> bool {
    let status = core.item("TargetStatus", &format!("stand-1:{target}"));
    status.is_some_and(|status| status["status"] == "online")
}

#[tokio::test]
async fn after_each_of_ten_restarts_the_servers_store_equals_the_executors_state() {
    for generation in Generation::ALL {
        let mut server = core(generation).await;
        let address = server.addr();
        let executor = executor(&server.url());
        let stand = executor.add("stand", Stand::full()).unwrap();
        let _running = Running::online(&executor).await;
        let changing = tokio::spawn({
            let stand = stand.clone();
            async move {
                for number in 0_u32.. {
                    let mut stand = stand.lock().await;
                    stand.stock = number;
                    stand.cash = f64::from(number) / 4.0;
                    stand.fridges.get_mut("left").unwrap().celsius = (number % 50) as i32;
                    stand.sign = (number % 7 < 5).then(|| Sign {
                        text: format!("number {number}"),
                    });
                    if number % 100 == 0 {
                        stand.lamps.push(Lamp::new(&format!("n{number}"), 0.5));
                    }
                    drop(stand);
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
            }
        });
        for round in 0..10 {
            server.shutdown().await;
            let restarted = LocalCore::builder().generation(generation).record(true);
            server = restarted
                .bind(address)
                .start()
                .await
                .expect("the same port");
            // Values change all the while; what the server must come to have is held still for a moment.
            server
                .wait_until(LIMIT, "a session", |core| {
                    pulse(core, "stand-1", "stand:stock").is_some()
                })
                .await
                .unwrap();
            let still = stand.lock().await;
            let values = values_of(&still);
            server
                .wait_until(LIMIT, "all values", |core| has(core, &values))
                .await
                .unwrap();
            drop(still);
            assert_eq!(server.drops(), [], "{generation}, round {round}");
        }
        changing.abort();
        let _ = changing.await;
        stand.lock().await.sign = Some(Sign {
            text: "the end".to_owned(),
        });
        let values = values(&stand).await;
        server
            .wait_until(LIMIT, "all values", |core| has(core, &values))
            .await
            .unwrap();
        for lamp in &stand.lock().await.lamps {
            assert!(is_online(&server, &format!("stand.lamps.{}", lamp.serial)));
        }
        let instance = server.item("Instance", "stand-1").unwrap();
        assert_eq!(instance["status"], "Available");
        assert_eq!(server.drops(), []);
    }
}

#[tokio::test]
async fn after_a_lost_connection_a_server_that_stayed_has_every_value_again() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        // Shut, so that it is offline for long enough to be seen.
        let door = Door::new(true);
        let executor = builder(&core.url()).connect(door.clone()).build().unwrap();
        let stand = executor.add("stand", Stand::full()).unwrap();
        let mut running = Running::online(&executor).await;
        for stock in 1..=5 {
            door.set(false);
            core.disconnect_all();
            running
                .wait("offline", |status| matches!(status, Status::Offline { .. }))
                .await;
            stand.lock().await.stock = stock;
            door.set(true);
            let values = values(&stand).await;
            core.wait_until(LIMIT, "all values", |core| has(core, &values))
                .await
                .unwrap();
            assert!(is_online(&core, "stand.register"));
            running
                .wait("online", |status| matches!(status, Status::Online { .. }))
                .await;
        }
        assert_eq!(core.drops(), []);
        assert!(executor.metrics().sessions >= 6);
    }
}

fn nothing_of(core: &LocalCore, target: &str) -> bool {
    let left = core
        .snapshot()
        .into_iter()
        .filter(|(of, _)| of != "Instance" && of != "Machine");
    !left
        .into_iter()
        .flat_map(|(_, items)| items.into_keys())
        .any(|id| id.contains(target))
}

#[tokio::test]
async fn a_target_that_was_removed_while_offline_is_deleted_after_the_reconnect() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let _kept = executor.add("kept", Stand::full()).unwrap();
        let gone = executor.add("gone", Stand::full()).unwrap();
        let mut running = Running::online(&executor).await;
        core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 18)
            .await
            .unwrap();
        // In the same turn as the loss, so that the executor is surely offline, or about to be.
        core.disconnect_all();
        gone.remove().unwrap();
        running
            .wait("offline", |status| matches!(status, Status::Offline { .. }))
            .await;
        core.wait_until(LIMIT, "deletion", |core| nothing_of(core, "gone"))
            .await
            .unwrap();
        core.wait_until(LIMIT, "the rest", |core| core.count("Pulse") == 9)
            .await
            .unwrap();
        assert_eq!(core.count("Target"), 7);
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_removal_that_was_on_its_way_when_the_connection_broke_is_said_again() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let gone = executor.add("gone", Stand::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("gone.register:open").await;
    gone.remove().unwrap();
    // The server had it on the wire, but it broke before anyone knew of it.
    peer.changes_until(|change| change["changeType"] == "DEL")
        .await;
    drop(peer);
    let mut peer = server.accept_2026().await;
    let changes = peer
        .changes_until(|change| change["itemType"] == "Target" && change["item"]["id"] == "gone")
        .await;
    assert_eq!(changes.last().unwrap()["changeType"], "DEL");
}

#[tokio::test]
async fn a_connection_of_another_kind_than_tcp_works_the_same() {
    let (connect, mut pipes) = pipes(4096);
    let executor = builder("ws://nowhere.example/myko")
        .connect(connect)
        .build()
        .unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    for stock in 1..=3 {
        stand.lock().await.stock = stock;
        let mut peer = pipes.open().await;
        assert_eq!(peer.pulse("stand:stock").await, stock);
        peer.pulse("stand.sign:text").await;
        assert_eq!(
            peer.call("t", "stand:burn", Value::Null).await,
            Ok(Value::Null)
        );
    }
}

#[tokio::test]
async fn what_is_added_while_the_registration_is_on_its_way_is_told_with_its_values() {
    let (connect, mut pipes) = pipes(1024);
    let executor = builder("ws://nowhere.example/myko")
        .connect(connect)
        .build()
        .unwrap();
    for number in 0..20 {
        let id = format!("stand-{number}");
        executor.add(&id, Stand::full()).unwrap();
    }
    let _running = Running::start(&executor);
    let mut peer = pipes.open().await;
    // The registration is several frames and far larger than the pipe: it has begun and cannot have ended.
    peer.change().await;
    let late = executor
        .add(
            "late",
            Stand {
                stock: 7,
                ..Stand::default()
            },
        )
        .unwrap();
    let changes = peer
        .changes_until(|change| change["item"]["emitterId"] == "late:worth")
        .await;
    let stock = changes
        .iter()
        .find(|change| change["item"]["emitterId"] == "late:stock");
    assert_eq!(stock.expect("a value")["item"]["data"], 7);
    late.lock().await.stock = 8;
    assert_eq!(peer.pulse("late:stock").await, 8);
}

#[tokio::test]
async fn the_status_says_how_the_connection_is_doing() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    assert_eq!(*executor.status().borrow(), Status::Idle);
    let mut running = Running::start(&executor);
    running
        .wait("connecting", |status| *status == Status::Connecting)
        .await;
    let mut peer = server.accept_2026().await;
    let online = Status::Online {
        generation: Generation::V2026,
    };
    let waited = running.wait("online", |status| *status == online);
    peer.reading(waited).await;
    drop(peer);
    let offline = running
        .wait("offline", |status| matches!(status, Status::Offline { .. }))
        .await;
    let Status::Offline { reason, retry_in } = offline else {
        unreachable!()
    };
    assert!(
        !reason.is_empty() && retry_in <= Duration::from_millis(50),
        "{reason} {retry_in:?}"
    );
    let mut peer = server.accept_2023("c-1").await;
    let online = Status::Online {
        generation: Generation::V2023,
    };
    let waited = running.wait("online", |status| *status == online);
    peer.reading(waited).await;
    let status = executor.status();
    let end = tokio::spawn(running.stop());
    while peer.text().await.is_ok() {}
    within("the end", end).await.unwrap();
    assert_eq!(*status.borrow(), Status::Stopped);
}
