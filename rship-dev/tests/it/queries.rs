//! Live queries in each generation's form.

use rship_dev::Generation;
use serde_json::{Value, json};

use crate::peer::{Peer, core, with};

/// The ids in a query-response of any generation.
fn ids(frame: &Value) -> Vec<&str> {
    let list = if frame["data"].is_array() {
        &frame["data"]
    } else {
        &frame["data"]["upserts"]
    };
    let members = list.as_array().expect("an array").iter();
    members
        .map(|member| member["item"]["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn a_2026_query_grows_by_sequence_until_it_is_cancelled() {
    let core = core(Generation::V2026).await;
    let mut executor = Peer::connect(&core).await;
    let mut ui = Peer::connect(&core).await;
    executor.set("Target", executor.target("a")).await;
    executor.sync().await;
    ui.query("q", "GetAllTargets", "Target", json!({})).await;
    let first = ui.recv().await;
    assert_eq!(first["data"]["tx"], "q");
    assert_eq!(
        (&first["data"]["sequence"], &first["data"]["totalCount"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(
        first["data"]["upserts"][0],
        json!({"itemType": "Target", "item": executor.target("a")})
    );
    executor.set("Target", executor.target("b")).await;
    let second = ui.recv().await;
    assert_eq!(
        (&second["data"]["sequence"], ids(&second)),
        (&json!(1), vec!["b"])
    );
    assert_eq!(second["data"]["totalCount"], 2);
    executor.del("Target", executor.target("a")).await;
    let third = ui.recv().await;
    assert_eq!(
        (&third["data"]["sequence"], &third["data"]["deletes"]),
        (&json!(2), &json!(["a"]))
    );
    assert_eq!(third["data"]["totalCount"], 1);
    ui.query("q", "GetAllTargets", "Target", json!({})).await;
    assert_eq!(
        ui.recv().await["data"]["sequence"],
        0,
        "the same tx again is a fresh start"
    );
    ui.send(json!({"event": "ws:m:query-cancel", "data": {"tx": "q"}}))
        .await;
    ui.sync().await;
    executor.set("Target", executor.target("c")).await;
    executor.sync().await;
    assert!(ui.sync().await.is_empty(), "a cancelled query is over");
}

#[tokio::test]
async fn one_batch_is_one_update() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.query("q", "GetAllTargets", "Target", json!({})).await;
    peer.recv().await;
    let members: Vec<_> = ["a", "b"]
        .map(|id| json!({"itemType": "Target", "changeType": "SET", "item": peer.target(id)}))
        .into();
    peer.send(json!({"event": "ws:m:event-batch", "data": members}))
        .await;
    assert_eq!(ids(&peer.recv().await), ["a", "b"]);
}

#[tokio::test]
async fn each_pulse_of_one_emitter_in_a_batch_is_told_in_its_order() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.query("q", "GetAllPulses", "Pulse", json!({})).await;
    peer.recv().await;
    let told = [("a", 1), ("b", 1), ("a", 2), ("a", 2), ("b", 3), ("a", 4)];
    let members: Vec<_> = told
        .map(|(target, data)| {
            json!({"itemType": "Pulse", "changeType": "SET", "item": peer.pulse(target, json!(data))})
        })
        .into();
    peer.send(json!({"event": "ws:m:event-batch", "data": members}))
        .await;
    let mut heard = Vec::new();
    while heard.len() < told.len() {
        let frame = peer.recv().await;
        let upserts = frame["data"]["upserts"].as_array().unwrap();
        heard.extend(upserts.iter().map(|upsert| upsert["item"].clone()));
    }
    let of = |target: &str| -> Vec<i64> {
        let pulse = peer.pulse(target, json!(0));
        let mine = heard
            .iter()
            .filter(|item| item["emitterId"] == pulse["emitterId"]);
        mine.map(|item| item["data"].as_i64().unwrap()).collect()
    };
    assert_eq!((of("a"), of("b")), (vec![1, 2, 2, 4], vec![1, 3]));
}

#[tokio::test]
async fn filters_take_values_and_operators_on_2026_alone() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        for (id, category) in [("a", "x"), ("b", "y"), ("c", "xz")] {
            peer.set("Target", with(peer.target(id), "category", category))
                .await;
        }
        let on_2026 = |ids: &[&'static str]| match generation {
            Generation::V2026 => ids.to_vec(),
            _ => vec![],
        };
        for (query_id, query, expected) in [
            ("GetTargetsByQuery", json!({"category": "x"}), vec!["a"]),
            (
                "GetTargetsByQuery",
                json!({"category": {"$in": ["x", "xz"]}, "serviceId": "bluth"}),
                on_2026(&["a", "c"]),
            ),
            (
                "GetTargetsByQuery",
                json!({"category": {"$startsWith": "x"}}),
                on_2026(&["a", "c"]),
            ),
            (
                "GetTargetsByQuery",
                json!({"category": {"$contains": "z"}}),
                on_2026(&["c"]),
            ),
            ("GetTargetsByIds", json!({"ids": ["b", "none"]}), vec!["b"]),
            ("GetAllTargets", json!({}), vec!["a", "b", "c"]),
            ("GetTargetsOfTheDay", json!({}), vec!["a", "b", "c"]),
        ] {
            peer.query(query_id, query_id, "Target", query.clone())
                .await;
            let frame = peer.recv_event("ws:m:query-response").await;
            assert_eq!(ids(&frame), expected, "{generation} {query_id} {query}");
        }
        assert_eq!(core.drops(), [], "{generation}");
        let doubts = core.warnings();
        assert_eq!(
            doubts.len(),
            3 - on_2026(&["1", "2", "3"]).len(),
            "{doubts:?}"
        );
        for doubt in doubts {
            assert_eq!(doubt.field, "data.query.category");
            assert!(doubt.reason.contains("operator of 2026"), "{doubt}");
        }
    }
}

#[tokio::test]
async fn a_query_that_2026_cannot_read_gets_no_answer_and_is_explained() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    for (query, word) in [
        (json!({"category": ["x", "y"]}), "is an array"),
        (json!({"category": {"$like": "x"}}), "unknown operator"),
        (json!({"category": {"$range": {"min": 1}}}), "`$range`"),
    ] {
        peer.query("q", "GetTargetsByQuery", "Target", query).await;
        assert!(peer.sync().await.is_empty(), "{word}");
        let dropped = core.drops().pop().unwrap();
        assert_eq!(
            (dropped.item_type.as_str(), dropped.id.as_str()),
            ("ws:m:query", "q")
        );
        assert!(
            dropped.field == "data.query.category" && dropped.reason.contains(word),
            "{dropped}"
        );
    }
}

#[tokio::test]
async fn an_executor_can_ask_for_all_that_it_owns() {
    let core = core(Generation::V2026).await;
    let mut other = Peer::connect(&core).await;
    other.register("stand-2", "stand-b").await;
    other.set("Pulse", other.pulse("stand-b", json!(2))).await;
    other.sync().await;
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand-a").await;
    peer.set("Pulse", peer.pulse("stand-a", json!(1))).await;
    peer.sync().await;
    let client = core.item("Instance", "stand-1").unwrap()["clientId"].clone();
    for (query_id, item_type, query, expected) in [
        (
            "GetInstancesByIds",
            "Instance",
            json!({"ids": ["stand-1"]}),
            "stand-1",
        ),
        (
            "GetTargetStatussByQuery",
            "TargetStatus",
            json!({"instanceId": "stand-1"}),
            "stand-1:stand-a",
        ),
        (
            "GetActionsByQuery",
            "Action",
            json!({"serviceId": "bluth", "targetId": {"$in": ["stand-a"]}}),
            "stand-a:burn",
        ),
        (
            "GetEmittersByQuery",
            "Emitter",
            json!({"targetId": {"$in": ["stand-a"]}}),
            "stand-a:cash",
        ),
        (
            "GetPulsesByQuery",
            "Pulse",
            json!({"clientId": client}),
            "stand-a:cash",
        ),
    ] {
        peer.query(query_id, query_id, item_type, query).await;
        let frame = peer.recv_event("ws:m:query-response").await;
        assert_eq!(
            (&frame["data"]["tx"], &frame["data"]["sequence"]),
            (&json!(query_id), &json!(0))
        );
        assert_eq!(ids(&frame), [expected], "{query_id}");
        peer.send(json!({"event": "ws:m:query-cancel", "data": {"tx": query_id}}))
            .await;
    }
    peer.set("Pulse", peer.pulse("stand-a", json!(3))).await;
    assert!(peer.sync().await.is_empty(), "all are cancelled");
}

#[tokio::test]
async fn an_entity_that_leaves_the_filter_is_deleted_for_its_watcher() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.query("q", "GetTargetsByQuery", "Target", json!({"category": "x"}))
        .await;
    assert!(ids(&peer.recv().await).is_empty());
    peer.set("Target", with(peer.target("a"), "category", "x"))
        .await;
    assert_eq!(ids(&peer.recv().await), ["a"]);
    peer.set("Target", with(peer.target("a"), "category", "y"))
        .await;
    assert_eq!(peer.recv().await["data"]["deletes"], json!(["a"]));
}

#[tokio::test]
async fn a_2023_query_is_answered_whole_each_time() {
    let core = core(Generation::V2023).await;
    let mut executor = Peer::connect(&core).await;
    let mut ui = Peer::connect(&core).await;
    ui.query("q", "GetAllTargets", "Target", json!({})).await;
    assert_eq!(
        ui.recv().await,
        json!({"event": "ws:m:query-response", "tx": "q", "data": []})
    );
    for (count, id) in ["a", "b"].into_iter().enumerate() {
        executor.set("Target", executor.target(id)).await;
        let frame = ui.recv().await;
        assert_eq!(ids(&frame).len(), count + 1);
        assert_eq!(
            frame["data"][count],
            json!({"itemType": "Target", "item": executor.target(id)})
        );
    }
    ui.send(json!({"event": "ws:m:query-cancel", "tx": "q"}))
        .await;
    ui.sync().await;
    executor.set("Target", executor.target("c")).await;
    executor.sync().await;
    assert!(ui.sync().await.is_empty());
}

#[tokio::test]
async fn a_2024_query_carries_what_changed_beside_its_tx() {
    let core = core(Generation::V2024).await;
    let mut peer = Peer::connect(&core).await;
    peer.query("q", "GetAllTargets", "Target", json!({})).await;
    let empty =
        json!({"event": "ws:m:query-response", "tx": "q", "data": {"upserts": [], "deletes": []}});
    assert_eq!(peer.recv().await, empty);
    peer.set("Target", peer.target("a")).await;
    let frame = peer.recv().await;
    assert_eq!((&frame["tx"], ids(&frame)), (&json!("q"), vec!["a"]));
}

#[tokio::test]
async fn an_unchanged_hash_hides_the_update_before_2026() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut executor = Peer::connect(&core).await;
        let mut ui = Peer::connect(&core).await;
        let pulse = executor.pulse("t", json!(1));
        executor.set("Pulse", pulse.clone()).await;
        executor.sync().await;
        ui.query("q", "GetAllPulses", "Pulse", json!({})).await;
        ui.recv().await;
        executor.set("Pulse", pulse.clone()).await;
        executor.sync().await;
        let told = ui.sync().await.len();
        assert_eq!(
            told,
            usize::from(generation == Generation::V2026),
            "{generation}"
        );
        executor
            .set("Pulse", with(pulse, "hash", "another each time"))
            .await;
        executor.sync().await;
        assert_eq!(
            ui.sync().await.len(),
            1,
            "{generation}: a new hash shows the same data again"
        );
    }
}
