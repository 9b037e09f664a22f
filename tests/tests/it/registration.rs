//! Registration: what a server is told when a session begins, in every generation.

use std::collections::BTreeSet;
use std::time::Duration;

use rship_dev::LocalCore;
use rship_runtime::{Generation, Status};
use rship_tests::{LIMIT, Running, Server, Stand, builder, core, executor, ids, pulse, stored};
use serde_json::{Value, json};

/// The changes in the frames that a core got, in order, batches taken apart.
fn changes(core: &LocalCore) -> Vec<Value> {
    let frames = core.frames().into_iter();
    let frames = frames.map(|frame| serde_json::from_str::<Value>(&frame).unwrap());
    let changes = frames.flat_map(|mut frame| match frame["event"].as_str() {
        Some("ws:m:event") => vec![frame["data"].take()],
        Some("ws:m:event-batch") => frame["data"].as_array().unwrap().clone(),
        _ => Vec::new(),
    });
    changes.collect()
}

#[tokio::test]
async fn every_entity_arrives_and_none_is_dropped_whether_the_generation_is_forced_or_found_out() {
    for generation in Generation::ALL {
        for forced in [false, true] {
            let core = core(generation).await;
            let mut builder = builder(&core.url());
            if forced {
                builder = builder.generation(generation);
            }
            let executor = builder.build().unwrap();
            let _stand = executor.add("stand", Stand::full()).unwrap();
            let mut running = Running::start(&executor);
            let online = Status::Online { generation };
            running.wait("online", |status| *status == online).await;
            core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
                .await
                .unwrap();

            let all = ids(&executor);
            assert_eq!(stored(&core), all, "{generation}, forced: {forced}");
            assert_eq!(all["Target"].len(), 7);
            assert_eq!(core.drops(), [], "{generation}, forced: {forced}");
            let statuses = core.items("TargetStatus").into_values();
            assert!(
                statuses
                    .map(|status| status["status"].clone())
                    .all(|status| status == "online")
            );
            let value = |emitter| pulse(&core, "stand-1", emitter).unwrap();
            assert_eq!(value("stand:cash"), 10.0);
            assert_eq!(value("stand:worth"), 1010.0);
            assert_eq!(value("stand.lamps.b:level"), 0.5);
            assert_eq!(value("stand.fridges.right:celsius"), -18);
            assert_eq!(value("stand.sign:text"), "open");
            running.stop().await;
            assert_eq!(core.drops(), []);
        }
    }
}

#[tokio::test]
async fn each_entity_is_said_once_parents_first_and_all_before_any_pulse() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let _stand = executor.add("stand", Stand::full()).unwrap();
        let _running = Running::online(&executor).await;
        core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
            .await
            .unwrap();

        let changes = changes(&core);
        let mut seen = BTreeSet::new();
        let mut pulses = false;
        for change in &changes {
            let (of, item) = (change["itemType"].as_str().unwrap(), &change["item"]);
            assert_eq!(change["changeType"], "SET");
            if of == "Pulse" {
                pulses = true;
                let emitter = item["emitterId"].as_str().unwrap().to_owned();
                assert!(
                    seen.contains(&("Emitter", emitter)),
                    "{item} before its emitter"
                );
                continue;
            }
            assert!(!pulses, "{generation}: {of} {item} after a pulse");
            let needs = |of, id: &Value| {
                let id = id.as_str().unwrap_or_default().to_owned();
                assert!(seen.contains(&(of, id.clone())), "{item} before {of} {id}");
            };
            match of {
                "Instance" => {}
                "Target" => {
                    for parent in item["parentTargets"].as_array().into_iter().flatten() {
                        needs("Target", parent);
                    }
                }
                _ => needs("Target", &item["targetId"]),
            }
            let id = item["id"].as_str().unwrap().to_owned();
            let of = ["Instance", "Target", "TargetStatus", "Action", "Emitter"]
                .into_iter()
                .find(|known| *known == of)
                .unwrap();
            assert!(seen.insert((of, id)), "{generation}: {item} was said twice");
        }
        assert!(pulses);
        let all: usize = ids(&executor).values().map(BTreeSet::len).sum();
        assert_eq!(seen.len(), all);
    }
}

#[tokio::test]
async fn batches_go_to_2026_servers_alone_and_no_frame_is_larger_than_64_kib() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        for number in 0..60 {
            executor
                .add(&format!("stand-{number}"), Stand::full())
                .unwrap();
        }
        let _running = Running::online(&executor).await;
        core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 60 * 9)
            .await
            .unwrap();
        let frames = core.frames();
        let batches = frames
            .iter()
            .filter(|frame| frame.contains("ws:m:event-batch"))
            .count();
        assert_eq!(batches > 0, generation == Generation::V2026, "{generation}");
        if generation == Generation::V2026 {
            assert!(frames.len() < 40, "{} frames", frames.len());
        }
        assert!(frames.iter().all(|frame| frame.len() <= 64 << 10));
        assert_eq!(core.count("Target"), 60 * 7);
        assert_eq!(core.drops(), []);
    }
}

#[tokio::test]
async fn schemas_of_actions_are_texts_for_2023_servers_and_objects_for_later_ones() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let _stand = executor.add("stand", Stand::full()).unwrap();
        let _running = Running::online(&executor).await;
        let known = |core: &LocalCore| core.item("Action", "stand:sell").is_some();
        core.wait_until(LIMIT, "the action", known).await.unwrap();
        let schema = core.item("Action", "stand:sell").unwrap()["schema"].clone();
        let schema = match schema {
            Value::String(text) if generation == Generation::V2023 => {
                serde_json::from_str(&text).unwrap()
            }
            schema => schema,
        };
        assert_eq!(schema["properties"]["count"]["maximum"], 12, "{generation}");
    }
}

#[tokio::test]
async fn a_set_id_that_comes_late_has_everything_told_again_in_the_form_of_its_server() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let before = peer
        .changes_until(|change| change["item"]["emitterId"] == "stand.sign:text")
        .await;
    let burn = |changes: &[Value]| {
        let mut changes = changes.iter();
        let burn = changes.find(|change| change["item"]["id"] == "stand:burn");
        burn.expect("the action")["item"].clone()
    };
    assert!(burn(&before)["schema"].is_object());
    peer.command("client:setId", json!({"clientId": "c-9", "tx": "late"}))
        .await;
    // What was told in the other form is taken back first.
    let after = peer
        .changes_until(|change| {
            change["changeType"] == "SET" && change["item"]["emitterId"] == "stand.sign:text"
        })
        .await;
    assert!(burn(&after)["schema"].is_string());
    let instance = after
        .iter()
        .find(|change| change["itemType"] == "Instance")
        .unwrap();
    assert_eq!(instance["item"]["clientId"], "c-9");
    let last = after.last().unwrap();
    assert_eq!(
        (&last["item"]["clientId"], &last["item"]["id"]),
        (&json!("c-9"), &json!("stand.sign:text"))
    );
    peer.exec("t-1", "stand:burn", Value::Null).await;
    // The set-id command is a command with a tx, and answered as such; once.
    let mut answered = BTreeSet::new();
    for _ in 0..2 {
        let (tx, outcome) = peer.answer().await;
        assert_eq!(outcome, Ok(Value::Null));
        assert!(answered.insert(tx));
    }
    assert_eq!(
        answered,
        BTreeSet::from(["late".to_owned(), "t-1".to_owned()])
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_and_echoes_nothing_is_told_what_all_later_ones_read() {
    let server = Server::bind().await;
    let executor = builder(&server.url())
        .handshake_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept().await;
    loop {
        let frame = peer.frame().await;
        assert_ne!(frame["event"], "ws:m:event-batch");
        if frame["data"]["itemType"] == "Action" {
            assert!(frame["data"]["item"]["schema"].is_object());
        }
        if frame["data"]["item"]["id"] == "stand.sign:text" && frame["data"]["itemType"] == "Pulse"
        {
            return;
        }
    }
}

#[tokio::test]
async fn an_executor_forced_to_2023_waits_for_its_client_id() {
    let server = Server::bind().await;
    let executor = builder(&server.url())
        .generation(Generation::V2023)
        .build()
        .unwrap();
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept().await;
    let ping = peer.frame().await;
    assert_eq!(ping["event"], "ws:m:ping");
    peer.send(ping).await;
    peer.command("SetClientId", json!({"clientId": "c-1"}))
        .await;
    let first = peer.change().await;
    assert_eq!(
        (&first["itemType"], &first["clientId"]),
        (&json!("Instance"), &json!("c-1"))
    );
}

#[tokio::test]
async fn a_ping_of_a_2024_server_is_answered_with_what_it_sent() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _running = Running::start(&executor);
    let mut peer = server.accept().await;
    peer.event("ws:m:ping").await;
    peer.send(json!({"event": "ws:m:ping", "data": {"ts": 17}}))
        .await;
    assert_eq!(peer.event("ws:m:ping").await["data"], json!({"ts": 17}));
}

#[test]
fn the_future_of_a_run_can_be_spawned_and_move_between_threads() {
    fn spawnable<F: Future + Send>(_: F) {}
    let executor = executor("ws://127.0.0.1:1");
    spawnable(executor.run());
    spawnable(executor.run_until(std::future::pending()));
}
