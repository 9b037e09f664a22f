//! Golden frames: every message that an executor reads, in every form in the field.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;

use rship_core::wire::{
    Answer, Command, Exec, Inbound, Member, MemberFault, QueryResponse, Resend, TargetCall, read,
};
use serde_json::{Value, json};

#[track_caller]
fn inbound(text: &str) -> Inbound {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn command(text: &str) -> Command {
    match inbound(text) {
        Inbound::Command(command) => command,
        other => panic!("no command: {other:?}"),
    }
}

fn call(action: &str, target: Option<&str>, instance: Option<&str>, data: Value) -> TargetCall {
    TargetCall {
        tx: None,
        instance_id: instance.map(ToOwned::to_owned),
        target_id: target.map(ToOwned::to_owned),
        action_id: action.to_owned(),
        data,
    }
}

#[test]
fn the_set_id_command_has_a_form_of_2023_and_one_of_2024() {
    for (id, documented) in [("client:setId", true), ("SetClientId", false)] {
        let command = command(&format!(
            r#"{{"event":"ws:m:command","data":{{"commandId":"{id}","command":{{"clientId":"c-1","tx":"t","createdAt":"2023-04-30T19:56:34Z"}}}}}}"#
        ));
        let client_id = "c-1".to_owned();
        assert_eq!(
            command.member,
            Member::SetClientId {
                client_id,
                documented
            }
        );
    }
}

#[test]
fn the_action_command_of_2023_may_carry_the_whole_action_and_names_no_instance() {
    let command = command(
        r##"{"event":"ws:m:command","data":{"commandId":"target:action:exec","command":{"tx":"t","createdAt":"2023-04-30T19:56:34Z","action":{"id":"banana-stand:burn","targetId":"banana-stand","name":"Burn","serviceId":"bluth-company","schema":"{}","hash":"x"},"data":{}}}}"##,
    );
    assert_eq!(command.tx.as_deref(), Some("t"));
    assert_eq!(
        command.member,
        Member::Exec(Exec {
            batch: false,
            calls: vec![Ok(call(
                "banana-stand:burn",
                Some("banana-stand"),
                None,
                json!({})
            ))],
        })
    );
}

#[test]
fn the_action_command_since_2024_names_an_instance_and_2026_leaves_out_the_time() {
    let command = command(
        r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"t","instanceId":"stand-1","action":{"id":"banana-stand:burn","targetId":"banana-stand"},"data":null}}}"#,
    );
    assert_eq!(
        command.member,
        Member::Exec(Exec {
            batch: false,
            calls: vec![Ok(call(
                "banana-stand:burn",
                Some("banana-stand"),
                Some("stand-1"),
                Value::Null
            ))],
        })
    );
}

#[test]
fn a_batch_keeps_its_order_its_own_txs_and_its_unreadable_members() {
    let command = command(
        r#"{"event":"ws:m:command","data":{"commandId":"BatchTargetAction","command":{"tx":"t","actions":[{"instanceId":"i","action":{"id":"a:x","targetId":"a"},"data":{"v":1}},{"instanceId":"i"},{"tx":"own","action":{"id":"b:y"}}]}}}"#,
    );
    let Member::Exec(Exec { batch: true, calls }) = command.member else {
        panic!("no batch: {command:?}");
    };
    assert_eq!(
        calls[0],
        Ok(call("a:x", Some("a"), Some("i"), json!({"v": 1})))
    );
    assert!(matches!(&calls[1], Err(MemberFault { what, .. }) if what == "actions[1]"));
    let own = TargetCall {
        tx: Some("own".into()),
        ..call("b:y", None, None, Value::Null)
    };
    assert_eq!(calls[2], Ok(own));
}

#[test]
fn a_compact_batch_unfolds_into_one_call_for_each_assignment() {
    let command = command(
        r#"{"event":"ws:m:command","data":{"commandId":"CompactBatchTargetAction","command":{"tx":"t","groups":[{"actionId":"a:x","payloads":[{"v":1},{"v":2}],"assignments":[{"instanceId":"i","targetId":"a","payloadIndex":1},{"instanceId":"j","targetId":"a","payloadIndex":7}]},{"assignments":3}]}}}"#,
    );
    let Member::Exec(Exec { batch: true, calls }) = command.member else {
        panic!("no batch: {command:?}");
    };
    assert_eq!(
        calls[0],
        Ok(call("a:x", Some("a"), Some("i"), json!({"v": 2})))
    );
    let fault = calls[1].as_ref().unwrap_err();
    assert_eq!(fault.what, "groups[0].assignments[1]");
    assert_eq!(
        fault.reason,
        "`payloadIndex` 7 is beyond the 2 payloads of the group"
    );
    assert_eq!(calls[2].as_ref().unwrap_err().what, "groups[1]");
}

#[test]
fn a_compact_batch_whose_payloads_would_fill_the_memory_is_cut() {
    let payload = "x".repeat(1 << 20);
    let assignment = r#"{"instanceId":"i","targetId":"a","payloadIndex":0}"#;
    let assignments = vec![assignment; 200].join(",");
    let command = command(&format!(
        r#"{{"event":"ws:m:command","data":{{"commandId":"CompactBatchTargetAction","command":{{"tx":"t","groups":[{{"actionId":"a:x","payloads":["{payload}"],"assignments":[{assignments}]}}]}}}}}}"#
    ));
    let Member::Exec(Exec { batch: true, calls }) = command.member else {
        panic!("no batch");
    };
    assert_eq!(calls.len(), 200);
    assert_eq!(calls.iter().filter(|call| call.is_ok()).count(), 63);
    let fault = calls[63].as_ref().unwrap_err();
    assert_eq!(
        fault.reason,
        "the payloads of the command come to more than 67108864 bytes"
    );
}

#[test]
fn a_resend_comes_as_a_command_or_as_an_event() {
    let resend = Resend {
        instance_id: Some("i".into()),
        emitter_id: "a:e".into(),
    };
    let command = command(
        r#"{"event":"ws:m:command","data":{"commandId":"ResendEmitterValue","command":{"tx":"t","instanceId":"i","emitterId":"a:e"}}}"#,
    );
    assert_eq!(command.member, Member::Resend(resend.clone()));
    let event = inbound(
        r#"{"event":"ws:m:event","data":{"itemType":"ResendEmitterValue","changeType":"SET","item":{"id":"r","instanceId":"i","emitterId":"a:e"}}}"#,
    );
    assert_eq!(event, Inbound::Resend(resend));
}

#[test]
fn pings_with_an_id_are_echoes_and_those_with_a_time_alone_are_the_servers_own() {
    for text in [
        r#"{"event":"ws:m:ping","data":{"id":"p","timestamp":1}}"#,
        r#"{"event":"ws:m:ping","data":{"id":"p","ts":1}}"#,
    ] {
        assert_eq!(inbound(text), Inbound::Echo("p".into()), "{text}");
    }
    for ping in [json!({"ts": 1}), json!({"ts": "now", "id": 5})] {
        let text = json!({"event": "ws:m:ping", "data": ping}).to_string();
        assert_eq!(inbound(&text), Inbound::Ping(ping));
    }
}

#[test]
fn a_ping_that_says_nothing_tells_nothing_of_the_server() {
    for data in [
        "",
        r#","data":null"#,
        r#","data":{}"#,
        r#","data":[{"ts":1}]"#,
    ] {
        let text = format!(r#"{{"event":"ws:m:ping"{data}}}"#);
        assert_eq!(inbound(&text), Inbound::Ignored, "{text}");
    }
    assert_eq!(
        inbound(r#"{"event":"ws:m:ping","data":"ts"}"#),
        Inbound::Ignored
    );
}

#[test]
fn answers_carry_their_tx_at_the_top_or_inside() {
    let response = Answer {
        tx: "t".into(),
        result: Ok(json!("stand-1")),
    };
    for text in [
        r#"{"event":"ws:m:command-response","tx":"t","data":"stand-1"}"#,
        r#"{"event":"ws:m:command-response","tx":"t","data":{"response":"stand-1"}}"#,
        r#"{"event":"ws:m:command-response","data":{"tx":"t","response":"stand-1"}}"#,
    ] {
        assert_eq!(inbound(text), Inbound::Answer(response.clone()));
    }
    let error = Answer {
        tx: "t".into(),
        result: Err("Command handler not found".into()),
    };
    for text in [
        r#"{"event":"ws:m:command-error","tx":"t","message":"Command handler not found"}"#,
        r#"{"event":"ws:m:command-error","data":{"tx":"t","commandId":"x","message":"Command handler not found"}}"#,
    ] {
        assert_eq!(inbound(text), Inbound::Answer(error.clone()));
    }
}

#[test]
fn the_answer_to_a_query_has_a_form_in_each_generation() {
    let found = |text: &str| match inbound(text) {
        Inbound::Found(found) => found,
        other => panic!("nothing found: {other:?}"),
    };
    let lamp = ("lamp".to_owned(), json!({"id": "lamp", "name": "Lamp"}));
    let first = QueryResponse {
        tx: "q".into(),
        fresh: true,
        upserts: vec![lamp.clone()],
        deletes: vec![],
    };
    assert_eq!(
        found(
            r#"{"event":"ws:m:query-response","data":{"tx":"q","sequence":0,"upserts":[{"itemType":"Target","item":{"id":"lamp","name":"Lamp"}}],"deletes":[],"totalCount":1}}"#
        ),
        first
    );
    assert_eq!(
        found(
            r#"{"event":"ws:m:query-response","tx":"q","data":[{"itemType":"Target","item":{"id":"lamp","name":"Lamp"}}]}"#
        ),
        first
    );
    assert_eq!(
        found(
            r#"{"event":"ws:m:query-response","tx":"q","data":{"upserts":[{"id":"lamp","name":"Lamp"}],"deletes":["fan",{"id":"fog"}]}}"#
        ),
        QueryResponse {
            fresh: false,
            deletes: vec!["fan".into(), "fog".into()],
            ..first
        }
    );
}

#[test]
fn parts_of_an_answer_bring_what_was_known_up_to_date() {
    let part = |fresh, upserts: &[&str], deletes: &[&str]| QueryResponse {
        tx: "q".into(),
        fresh,
        upserts: upserts
            .iter()
            .map(|id| ((*id).to_owned(), json!({"id": id})))
            .collect(),
        deletes: deletes.iter().map(|id| (*id).to_owned()).collect(),
    };
    let mut known = BTreeMap::new();
    part(true, &["a", "b"], &[]).apply(&mut known);
    part(false, &["c"], &["a"]).apply(&mut known);
    assert_eq!(known.keys().collect::<Vec<_>>(), ["b", "c"]);
    part(true, &["d"], &[]).apply(&mut known);
    assert_eq!(known.keys().collect::<Vec<_>>(), ["d"]);
}

#[test]
fn a_command_that_cannot_be_read_is_still_a_command_to_answer() {
    let deep = format!(
        r#"{{"tx":"t","data":{}{}}}"#,
        "[".repeat(130),
        "]".repeat(130)
    );
    for (id, content) in [
        ("ExecTargetAction", deep.as_str()),
        ("ExecTargetAction", r#"{"tx":"t","data":1e400}"#),
        ("ExecTargetAction", r#"{"data":"\ud800","tx":"t"}"#),
        ("ExecTargetAction", r#"{"tx":"t"}"#),
        ("ExecTargetAction", r#"{"tx":"t","action":{"id":5}}"#),
        ("BatchTargetAction", r#"{"tx":"t","actions":{}}"#),
        ("CompactBatchTargetAction", r#"{"tx":"t"}"#),
        ("ResendEmitterValue", r#"{"tx":"t","emitterId":null}"#),
    ] {
        let command = command(&format!(
            r#"{{"event":"ws:m:command","data":{{"commandId":"{id}","command":{content}}}}}"#
        ));
        assert_eq!(command.tx.as_deref(), Some("t"), "{id}");
        assert!(
            matches!(command.member, Member::Unreadable(_)),
            "{command:?}"
        );
    }
}

#[test]
fn unknown_commands_are_known_to_be_unknown_and_unknown_fields_are_ignored() {
    let unknown = command(
        r#"{"event":"ws:m:command","data":{"commandId":"make:tea","command":{"tx":"t"},"extra":1},"more":[]}"#,
    );
    assert_eq!(
        (unknown.id.as_str(), &unknown.member),
        ("make:tea", &Member::Unknown)
    );
    let bare = command(r#"{"event":"ws:m:command","data":{"commandId":"make:tea"}}"#);
    assert_eq!(bare.tx, None);
    let beside = command(r#"{"event":"ws:m:command","data":{"commandId":"make:tea","tx":"t"}}"#);
    assert_eq!(beside.tx.as_deref(), Some("t"));
}

#[test]
fn frames_of_no_use_are_ignored_and_texts_that_are_no_frames_are_errors() {
    for text in [
        r#"{"event":"ws:m:query-response","data":{"sequence":0,"upserts":[],"deletes":[]}}"#,
        r#"{"event":"something:new","data":[1,2,3]}"#,
        r#"{"event":"ws:m:event"}"#,
        r#"{"event":"ws:m:command-response","data":{"response":1}}"#,
    ] {
        assert_eq!(inbound(text), Inbound::Ignored, "{text}");
    }
    for text in [
        "Error parsing message",
        "",
        "{}",
        "[]",
        "null",
        r#"{"event":5}"#,
        r#"{"event":"ws:m:command"}"#,
        r#"{"event":"ws:m:command","data":{"command":{}}}"#,
        r#"["ws:m:command",null,null,{"commandId":"x","tx":"t"}]"#,
        r#"{"event":"ws:m:event","data":{"itemType":"ResendEmitterValue"}}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}
