//! What is stored, what is dropped, and what is said about it.

use rship_dev::{Change, Generation, Verdict};
use serde_json::{Value, json};

use crate::peer::{LIMIT, Peer, core, emitter, event, status, with, within, without};

#[tokio::test]
async fn a_device_registers_without_a_word_in_every_generation() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        peer.set("Pulse", peer.pulse("stand", json!(250_000))).await;
        peer.sync().await;
        assert_eq!(
            (core.drops(), core.warnings()),
            (vec![], vec![]),
            "{generation}"
        );
        let stored = core.snapshot();
        let types: Vec<_> = stored.keys().map(String::as_str).collect();
        assert_eq!(
            types,
            [
                "Action",
                "Emitter",
                "Instance",
                "Pulse",
                "Target",
                "TargetStatus"
            ],
            "{generation}"
        );
        assert_eq!(stored["Pulse"]["stand:cash"]["data"], 250_000);
        peer.del("Target", peer.target("stand")).await;
        peer.sync().await;
        assert!(core.items("Target").is_empty(), "{generation}");
        assert_eq!(core.drops(), []);
    }
}

#[tokio::test]
async fn each_bold_field_is_needed_and_explained() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let bold: [(&str, Value, &[&str]); 6] = [
        (
            "Instance",
            peer.instance("i"),
            &[
                "id",
                "name",
                "serviceId",
                "serviceTypeCode",
                "color",
                "machineId",
                "status",
            ],
        ),
        (
            "Target",
            peer.target("t"),
            &["id", "name", "serviceId", "category"],
        ),
        (
            "TargetStatus",
            status("i", "t"),
            &["id", "targetId", "instanceId", "status"],
        ),
        (
            "Action",
            peer.action("t"),
            &["id", "name", "targetId", "serviceId"],
        ),
        (
            "Emitter",
            emitter("t"),
            &["id", "name", "targetId", "serviceId"],
        ),
        (
            "Pulse",
            peer.pulse("t", json!(1)),
            &["id", "emitterId", "data"],
        ),
    ];
    for (item_type, item, fields) in bold {
        for field in fields {
            peer.set(item_type, without(item.clone(), &[field])).await;
            assert!(peer.sync().await.is_empty(), "a drop is silent on the wire");
            let dropped = core.drops().pop().unwrap();
            assert_eq!(
                (dropped.item_type.as_str(), dropped.field.as_str()),
                (item_type, *field)
            );
            let text = dropped.to_string();
            assert!(
                text.contains("was dropped") && text.contains("is missing, a 2026 server wants"),
                "{text}"
            );
            assert!(
                core.items(item_type).is_empty(),
                "{item_type} without {field} was stored"
            );
        }
        peer.set(item_type, item).await;
        peer.sync().await;
        assert_eq!(core.items(item_type).len(), 1, "{item_type}");
    }
}

#[tokio::test]
async fn null_in_an_italic_field_is_dropped() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let machine = json!({"id": "m"});
    let topology = json!({"id": "i:t", "targetId": "t", "instanceId": "i"});
    for (item_type, item, field) in [
        ("Instance", peer.instance("i"), "coordinateSpace"),
        ("Instance", peer.instance("i"), "colorScaling"),
        ("Target", peer.target("t"), "parentTargets"),
        ("TargetTopology", topology, "ephemeralParentTargetIds"),
        ("Machine", machine, "addresses"),
    ] {
        peer.set(item_type, with(item.clone(), field, Value::Null))
            .await;
        peer.sync().await;
        assert!(core.items(item_type).is_empty(), "{item_type}.{field}");
        assert_eq!(core.drops().last().unwrap().field, field);
        peer.set(item_type, without(item.clone(), &[field])).await;
        peer.sync().await;
        assert_eq!(
            core.items(item_type).len(),
            1,
            "{item_type} without {field}"
        );
        peer.del(item_type, without(item, &[field])).await;
    }
}

#[tokio::test]
async fn a_schema_is_a_string_in_2023_and_an_object_since() {
    let object = json!({"type": "object"});
    let text = Value::from(object.to_string());
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        let (good, bad) = if generation == Generation::V2023 {
            (&text, &object)
        } else {
            (&object, &text)
        };
        peer.set("Action", with(peer.action("t"), "schema", bad.clone()))
            .await;
        peer.sync().await;
        assert!(core.items("Action").is_empty(), "{generation}");
        let said = core.drops()[0].to_string();
        let expected = if generation == Generation::V2023 {
            "the Action `t:burn` was dropped: `schema` is an object, a 2023 server wants a JSON Schema as a string or null".to_owned()
        } else {
            format!(
                "the Action `t:burn` was dropped: `schema` is a string, a {generation} server wants an object or null"
            )
        };
        assert_eq!(said, expected);
        for schema in [good.clone(), Value::Null] {
            peer.set("Action", with(peer.action("t"), "schema", schema.clone()))
                .await;
            peer.sync().await;
            assert_eq!(core.item("Action", "t:burn").unwrap()["schema"], schema);
        }
    }
}

#[tokio::test]
async fn schemas_that_2026_cannot_parse_take_the_action_with_them() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let recursive = json!({"properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}}}}});
    for (schema, field) in [
        (
            json!({"properties": {"a": {"type": ["number", "null"]}}}),
            "schema.properties.a.type",
        ),
        (json!({"properties": {"a": true}}), "schema.properties.a"),
        (json!({"$defs": {}, "definitions": {}}), "schema"),
        (json!({"title": 1}), "schema.title"),
        (json!({"type": "array", "items": false}), "schema.items"),
        (recursive, "schema.properties.n.properties.n"),
    ] {
        peer.set("Action", with(peer.action("t"), "schema", schema.clone()))
            .await;
        peer.sync().await;
        assert!(core.items("Action").is_empty(), "{schema}");
        assert_eq!(core.drops().last().unwrap().field, field, "{schema}");
    }
    assert!(core.drops().last().unwrap().reason.contains("aborts"));
    let optional = json!({"properties": {"a": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}}, "$defs": {"A": {"type": "object"}}});
    peer.set("Action", with(peer.action("t"), "schema", optional))
        .await;
    peer.sync().await;
    assert_eq!(
        core.items("Action").len(),
        1,
        "what a show cannot bind is still stored"
    );
    let warning = core.warnings().pop().unwrap();
    assert_eq!(
        (warning.verdict, warning.field.as_str()),
        (Verdict::Kept, "schema.properties.a.anyOf")
    );
}

#[tokio::test]
async fn a_deletion_by_id_alone_is_dropped_in_2026() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.set("Target", peer.target("t")).await;
        peer.del("Target", json!({"id": "t"})).await;
        peer.sync().await;
        let kept = generation == Generation::V2026;
        assert_eq!(
            core.items("Target").len(),
            usize::from(kept),
            "{generation}"
        );
        assert_eq!(!core.drops().is_empty(), kept, "{generation}");
    }
}

#[tokio::test]
async fn batches_are_stored_and_their_bad_members_dropped_alone() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        let members: Vec<_> = [peer.target("a"), json!({"id": "b"}), peer.target("c")]
            .into_iter()
            .map(|item| event("Target", "SET", item)["data"].clone())
            .collect();
        peer.send(json!({"event": "ws:m:event-batch", "data": members}))
            .await;
        peer.sync().await;
        let ids: Vec<_> = core.items("Target").into_keys().collect();
        if generation == Generation::V2023 {
            assert!(ids.is_empty());
            assert_eq!(core.drops()[0].item_type, "ws:m:event-batch");
        } else {
            assert_eq!(ids, ["a", "c"]);
            assert!(core.drops().iter().all(|dropped| dropped.id == "b"));
        }
    }
}

#[tokio::test]
async fn a_2026_server_stamps_the_client_and_strips_nuls() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let instance = with(with(peer.instance("i"), "clientId", "mine"), "name", "a\0b");
    peer.set("Instance", instance).await;
    peer.set(
        "Pulse",
        with(
            peer.pulse("t", json!({"deep": ["\0x"]})),
            "clientId",
            "mine",
        ),
    )
    .await;
    peer.sync().await;
    let stored = core.item("Instance", "i").unwrap();
    assert_eq!(stored["name"], "ab");
    assert_ne!(stored["clientId"], "mine");
    let pulse = core.item("Pulse", "t:cash").unwrap();
    assert_eq!(pulse["data"], json!({"deep": ["x"]}));
    assert_eq!(pulse["clientId"], stored["clientId"]);
}

#[tokio::test]
async fn a_2023_server_insists_on_its_client_id() {
    let core = core(Generation::V2023).await;
    let mut peer = Peer::connect(&core).await;
    peer.set(
        "Instance",
        with(peer.instance("i"), "clientId", "of an earlier connection"),
    )
    .await;
    peer.set("Pulse", without(peer.pulse("t", json!(1)), &["clientId"]))
        .await;
    peer.sync().await;
    let drops = core.drops();
    assert_eq!(
        drops
            .iter()
            .map(|dropped| dropped.field.as_str())
            .collect::<Vec<_>>(),
        ["clientId", "clientId"]
    );
    assert!(drops[0].reason.contains(&peer.client_id), "{}", drops[0]);
    assert!(core.snapshot().is_empty());
}

#[tokio::test]
async fn a_2023_status_without_an_id_is_found_under_the_usual_one() {
    let core = core(Generation::V2023).await;
    let mut peer = Peer::connect(&core).await;
    peer.set("TargetStatus", without(status("i", "t"), &["id"]))
        .await;
    peer.sync().await;
    assert_eq!(core.item("TargetStatus", "i:t"), Some(status("i", "t")));
    assert!(core.drops().is_empty());
}

#[tokio::test]
async fn a_hash_that_does_not_follow_the_content_is_explained() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.set("Target", with(peer.target("t"), "hash", "constant"))
            .await;
        peer.set(
            "Target",
            with(with(peer.target("t"), "hash", "constant"), "name", "Other"),
        )
        .await;
        peer.sync().await;
        let name = core.item("Target", "t").unwrap()["name"].clone();
        if generation == Generation::V2026 {
            assert_eq!((name, core.drops()), (json!("Other"), vec![]));
        } else {
            assert_eq!(
                (name, core.drops()[0].field.as_str()),
                (json!("Stand"), "hash")
            );
        }
    }
}

#[tokio::test]
async fn events_tell_every_set_the_unchanged_ones_too() {
    let core = core(Generation::V2026).await;
    let mut events = core.events();
    let mut peer = Peer::connect(&core).await;
    peer.set("Target", peer.target("t")).await;
    peer.set("Target", peer.target("t")).await;
    peer.del("Target", peer.target("t")).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let event = within("event", events.recv()).await.unwrap();
        assert!(event.client_id.is_some());
        told.push((event.change, event.id, event.unchanged));
    }
    let t = || "t".to_owned();
    assert_eq!(
        told,
        [
            (Change::Set, t(), false),
            (Change::Set, t(), true),
            (Change::Del, t(), false)
        ]
    );
}

#[tokio::test]
async fn the_same_drop_is_counted_and_can_be_queried() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    for _ in 0..3 {
        peer.set("Target", without(peer.target("t"), &["category"]))
            .await;
    }
    peer.query("d", "GetAllDrops", rship_dev::DROP_TYPE, json!({}))
        .await;
    let frame = peer.recv().await;
    let upserts = frame["data"]["upserts"].as_array().unwrap();
    assert_eq!(upserts.len(), 1);
    let item = &upserts[0]["item"];
    assert_eq!(
        (&item["count"], &item["itemType"], &item["itemId"]),
        (&json!(3), &json!("Target"), &json!("t"))
    );
    assert_eq!(item["text"], core.drops()[0].to_string());
    assert!(
        core.snapshot().is_empty(),
        "the core's own types are not part of it"
    );
}

#[tokio::test]
async fn a_wait_that_fails_says_what_was_there() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.set("Target", peer.target("t")).await;
    peer.set("Target", json!({"id": "bad"})).await;
    peer.sync().await;
    let error = core
        .wait_until(std::time::Duration::from_millis(20), "an Action", |core| {
            !core.items("Action").is_empty()
        })
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("waited 20ms in vain for: an Action\n"),
        "{error}"
    );
    assert!(
        error.contains("1 Target: t") && error.contains("the Target `bad` was dropped"),
        "{error}"
    );
    core.wait_until(LIMIT, "the Target", |core| {
        core.items("Target").contains_key("t")
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_last_value_of_an_emitter_is_there_with_its_type() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        assert_eq!(core.value::<f64>("stand:cash"), None);
        for cash in [1.5, 2.5] {
            peer.set("Pulse", peer.pulse("stand", json!(cash))).await;
        }
        peer.sync().await;
        assert_eq!(core.value("stand:cash"), Some(2.5), "{generation}");
        assert_eq!(core.value::<String>("stand:cash"), None, "it is a number");
        assert_eq!(core.value::<f64>("stand:cas"), None);
    }
}
