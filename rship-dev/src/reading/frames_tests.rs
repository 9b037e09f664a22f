//! Frames of all generations, well formed and not.

use rship_core::wire::Generation::{self, V2023, V2024, V2026};
use serde_json::json;

use super::*;

fn refused(generation: Generation, frame: Value) -> Refused {
    match read(generation, frame.clone()) {
        Err(refused) => refused,
        Ok(read) => panic!("{generation} reads {frame} as {read:?}"),
    }
}

fn field(generation: Generation, frame: Value) -> String {
    refused(generation, frame).problem.field
}

#[test]
fn events_need_a_type_a_change_and_an_item() {
    let good = json!({"event": "ws:m:event", "data": {"itemType": "Target", "changeType": "DEL", "item": {"id": "t"}, "more": 1}});
    for generation in Generation::ALL {
        let Ok(Inbound::Event(event)) = read(generation, good.clone()) else {
            panic!("{generation}")
        };
        assert_eq!(
            (event.item_type.as_str(), event.change),
            ("Target", Change::Del)
        );
        for (path, says) in [
            ("itemType", "data.itemType"),
            ("changeType", "data.changeType"),
            ("item", "data.item"),
        ] {
            let mut bad = good.clone();
            bad["data"].as_object_mut().unwrap().remove(path);
            assert_eq!(field(generation, bad), says);
        }
    }
    let mut upsert = good.clone();
    upsert["data"]["changeType"] = json!("UPSERT");
    let told = refused(V2026, upsert);
    assert_eq!((told.item_type.as_str(), told.id.as_str()), ("Target", "t"));
    assert!(told.problem.reason.contains("`SET` or `DEL`"));
    let mut timed = good;
    timed["data"]["createdAt"] = json!(5);
    assert_eq!(field(V2026, timed), "data.createdAt");
}

#[test]
fn batches_are_of_2024_and_2026_and_each_member_stands_for_itself() {
    let event = json!({"itemType": "Target", "changeType": "SET", "item": {"id": "t"}});
    let frame = json!({"event": "ws:m:event-batch", "data": [event, 3]});
    assert_eq!(field(V2023, frame.clone()), "event");
    for generation in [V2024, V2026] {
        let Ok(Inbound::Batch(members)) = read(generation, frame.clone()) else {
            panic!("{generation}")
        };
        assert!(members[0].is_ok() && members[1].is_err());
    }
}

#[test]
fn pings_need_an_id_and_a_whole_timestamp() {
    let ping = |data: Value| json!({"event": "ws:m:ping", "data": data});
    for generation in [V2023, V2026] {
        assert!(matches!(
            read(generation, ping(json!({"id": "a", "timestamp": 1}))),
            Ok(Inbound::Ping(_))
        ));
        assert_eq!(field(generation, ping(json!({"timestamp": 1}))), "data.id");
        assert_eq!(
            field(generation, ping(json!({"id": 1, "timestamp": 1}))),
            "data.id"
        );
        assert_eq!(
            field(generation, ping(json!({"id": "a"}))),
            "data.timestamp"
        );
        assert_eq!(
            field(generation, ping(json!({"id": "a", "timestamp": 1.5}))),
            "data.timestamp"
        );
    }
    assert!(matches!(
        read(V2024, ping(json!({"ts": 1}))),
        Ok(Inbound::Ping(_))
    ));
}

#[test]
fn answers_carry_their_tx_where_the_generation_looks() {
    let beside = json!({"event": "ws:m:command-response", "tx": "t", "data": 5});
    let inside = json!({"event": "ws:m:command-response", "data": {"tx": "t", "response": 5}});
    let both =
        json!({"event": "ws:m:command-response", "tx": "t", "data": {"tx": "t", "response": 5}});
    let five = Inbound::Answer {
        tx: "t".into(),
        answer: Ok(json!(5)),
    };
    assert_eq!(
        read(V2023, beside.clone()),
        Ok(Inbound::Answer {
            tx: "t".into(),
            answer: Ok(json!(5))
        })
    );
    assert_eq!(field(V2024, beside.clone()), "data.tx");
    assert_eq!(field(V2026, beside), "data.tx");
    assert_eq!(field(V2023, inside.clone()), "tx");
    assert_eq!(read(V2026, inside), Ok(five));
    for generation in Generation::ALL {
        assert_eq!(
            read(generation, both.clone()),
            Ok(Inbound::Answer {
                tx: "t".into(),
                answer: Ok(json!(5))
            })
        );
    }
    let without = json!({"event": "ws:m:command-response", "tx": "t", "data": {"tx": "t"}});
    assert_eq!(field(V2026, without), "data.response");
}

#[test]
fn errors_need_their_command_in_2026() {
    let superset = json!({"event": "ws:m:command-error", "tx": "t", "message": "m", "data": {"tx": "t", "commandId": "c", "message": "m"}});
    for generation in Generation::ALL {
        let expected = Refusal {
            command_id: Some("c".into()),
            message: "m".into(),
        };
        assert_eq!(
            read(generation, superset.clone()),
            Ok(Inbound::Answer {
                tx: "t".into(),
                answer: Err(expected)
            })
        );
    }
    let old = json!({"event": "ws:m:command-error", "tx": "t", "message": "m"});
    assert!(matches!(
        read(V2023, old.clone()),
        Ok(Inbound::Answer { answer: Err(_), .. })
    ));
    let told = refused(V2026, old);
    assert_eq!(
        (told.item_type.as_str(), told.id.as_str()),
        ("ws:m:command-error", "t")
    );
    let mut nameless = superset;
    nameless["data"]
        .as_object_mut()
        .unwrap()
        .remove("commandId");
    assert_eq!(field(V2026, nameless), "data.commandId");
}

#[test]
fn queries_and_cancels_are_read() {
    let query = json!({"event": "ws:m:query", "data": {"queryId": "GetAllTargets", "queryItemType": "Target", "query": {"tx": "q"}}});
    let cancel = json!({"event": "ws:m:query-cancel", "tx": "q", "data": {"tx": "q"}});
    for generation in Generation::ALL {
        assert!(
            matches!(read(generation, query.clone()), Ok(Inbound::Query { tx, .. }) if tx == "q")
        );
        assert_eq!(
            read(generation, cancel.clone()),
            Ok(Inbound::Cancel { tx: "q".into() })
        );
    }
    let mut untyped = query.clone();
    untyped["data"]
        .as_object_mut()
        .unwrap()
        .remove("queryItemType");
    assert_eq!(field(V2026, untyped), "data.queryItemType");
    let mut by_ids = query;
    by_ids["data"]["queryId"] = json!("GetTargetsByIds");
    assert_eq!(field(V2026, by_ids), "data.query.ids");
}

#[test]
fn what_is_not_a_frame_is_told_as_such() {
    assert_eq!(refused(V2026, json!([1])).item_type, "frame");
    assert_eq!(field(V2026, json!({"data": {}})), "event");
    assert_eq!(refused(V2026, json!({"event": "hello"})).item_type, "hello");
    let command = json!({"event": "ws:m:command", "data": {"commandId": "c", "command": {}}});
    assert_eq!(field(V2026, command), "data.command.tx");
}
