//! Golden frames: every message that an executor writes, to the byte, for every generation of server.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use bytes::BytesMut;
use rship_core::entity::{
    Action, ActionStatus, Emitter, EmitterStatus, Instance, InstanceStatus, Item, LayoutField,
    Machine, Position, Status, Target, TargetLayout, TargetStatus, TargetTopology, WritesTo,
};
use rship_core::wire::{
    self, Change, Encoding, Frame, Frames, Generation, Pulse, PulseSource, Query, Stamp, Writer,
};
use serde_json::json;

const STAMP: Stamp<'static> = Stamp {
    created_at: "2023-04-30T19:56:34.000Z",
    tx: "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
};

/// What every event begins with, for a server that gave no client id.
const OPEN: &str = r#"{"itemType":"TYPE","changeType":"SET","createdAt":"2023-04-30T19:56:34.000Z","tx":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","item":"#;

fn writer(generation: Generation) -> Writer {
    // As each generation tells its clients apart: a 2026 server says nothing.
    let client_id = (generation != Generation::V2026).then(|| "c-1".to_owned());
    Writer::new(generation, client_id)
}

fn written(write: impl FnOnce(&mut BytesMut)) -> String {
    let mut out = BytesMut::new();
    write(&mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

/// An event as it must be: `ITEM` without its hash, which is checked apart and may be anything of the
/// right form here.
#[track_caller]
fn assert_event(event: &str, item_type: &str, item: &str, client_id: Option<&str>) {
    let mut open = OPEN.replace("TYPE", item_type);
    if let Some(client_id) = client_id {
        open = open.replace(
            r#","item":"#,
            &format!(r#","clientId":"{client_id}","item":"#),
        );
    }
    let rest = event
        .strip_prefix(&open)
        .unwrap_or_else(|| panic!("{event}\nopens not as\n{open}"));
    let (content, hash) = rest
        .rsplit_once(r#","hash":""#)
        .expect("a hash stands last");
    assert_eq!(format!("{content}}}"), item);
    let digits = hash.strip_suffix("\"}}").expect("the hash ends the item");
    assert!(
        digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{digits}"
    );
}

fn client_id(generation: Generation) -> Option<&'static str> {
    (generation != Generation::V2026).then_some("c-1")
}

#[track_caller]
fn assert_same_in_all<I: Item>(item: &I, expected: &str) {
    for generation in Generation::ALL {
        let event = written(|out| writer(generation).event(Change::Set, item, STAMP, out));
        assert_event(&event, I::TYPE, expected, client_id(generation));
    }
}

fn instance() -> Instance {
    Instance {
        id: "stand-1".into(),
        name: "Stand 1".into(),
        service_id: "bluth-company".into(),
        service_type_code: "retail".into(),
        color: "#ffff00".into(),
        machine_id: "sudden-valley".into(),
        status: InstanceStatus::Available,
        client_id: None,
        cluster_id: None,
        message: None,
    }
}

fn action() -> Action {
    Action {
        id: "banana-stand:burn".into(),
        name: "Burn it down".into(),
        target_id: "banana-stand".into(),
        service_id: "bluth-company".into(),
        schema: json!({"type": "object", "properties": {}}),
        writes_to: Some(WritesTo {
            emitter_id: "banana-stand:cash".into(),
            role: "aux",
        }),
        schema_layout: vec![LayoutField {
            path: "now".into(),
            label: Some("At once".into()),
            section: None,
        }],
    }
}

fn emitter() -> Emitter {
    Emitter {
        id: "banana-stand:cash".into(),
        name: "Cash".into(),
        target_id: "banana-stand".into(),
        service_id: "bluth-company".into(),
        schema: json!({"type": "number", "format": "double"}),
    }
}

#[test]
fn an_instance_carries_the_client_id_of_its_connection_where_the_server_gave_one() {
    for generation in Generation::ALL {
        let event = written(|out| {
            writer(generation).instance(Change::Set, &instance(), STAMP, out);
        });
        let own = client_id(generation)
            .map(|id| format!(r#","clientId":"{id}""#))
            .unwrap_or_default();
        let item = format!(
            r##"{{"id":"stand-1","name":"Stand 1","serviceId":"bluth-company","serviceTypeCode":"retail","color":"#ffff00","machineId":"sudden-valley","status":"Available"{own}}}"##
        );
        assert_event(&event, "Instance", &item, client_id(generation));
    }
}

#[test]
fn an_instance_writes_what_only_2026_servers_know_when_it_was_set() {
    let full = Instance {
        cluster_id: Some("stands".into()),
        message: Some("open".into()),
        status: InstanceStatus::Starting,
        ..instance()
    };
    let event = written(|out| {
        writer(Generation::V2026).instance(Change::Set, &full, STAMP, out);
    });
    assert!(
        event.contains(r#""status":"Starting","clusterId":"stands","message":"open","#),
        "{event}"
    );
}

#[test]
fn a_target_is_the_superset_of_all_generations() {
    let target = Target {
        id: "banana-stand".into(),
        name: "The Banana Stand".into(),
        service_id: "bluth-company".into(),
        category: "retail".into(),
        action_ids: vec!["banana-stand:burn".into()],
        emitter_ids: vec!["banana-stand:cash".into()],
        sub_targets: vec!["cash-register".into()],
        parent_targets: vec![],
        bg_color: "#ffff00".into(),
        fg_color: "#000000".into(),
        root_level: true,
        last_updated: "2023-04-30T19:56:34.000Z".into(),
    };
    assert_same_in_all(
        &target,
        r##"{"id":"banana-stand","name":"The Banana Stand","serviceId":"bluth-company","category":"retail","actionIds":["banana-stand:burn"],"emitterIds":["banana-stand:cash"],"subTargets":["cash-register"],"parentTargets":[],"bgColor":"#ffff00","fgColor":"#000000","rootLevel":true,"lastUpdated":"2023-04-30T19:56:34.000Z"}"##,
    );
}

#[test]
fn statuses_have_the_ids_that_2026_servers_look_for() {
    assert_same_in_all(
        &TargetStatus::new("stand-1", "banana-stand", Status::Online),
        r#"{"id":"stand-1:banana-stand","targetId":"banana-stand","instanceId":"stand-1","status":"online"}"#,
    );
    assert_same_in_all(
        &ActionStatus::new("stand-1", "banana-stand:burn", Status::Offline),
        r#"{"id":"7:stand-1:banana-stand:burn","actionId":"banana-stand:burn","instanceId":"stand-1","status":"offline"}"#,
    );
    assert_same_in_all(
        &EmitterStatus::new("stand-1", "banana-stand:cash", Status::Online),
        r#"{"id":"7:stand-1:banana-stand:cash","emitterId":"banana-stand:cash","instanceId":"stand-1","status":"online"}"#,
    );
}

#[test]
fn layout_and_topology_are_of_one_instance() {
    let position = Position {
        x: 1.0,
        y: 2.5,
        z: -3.0,
    };
    assert_same_in_all(
        &TargetLayout::new("stand-1", "banana-stand", position),
        r#"{"id":"stand-1:banana-stand","targetId":"banana-stand","instanceId":"stand-1","position":{"x":1.0,"y":2.5,"z":-3.0}}"#,
    );
    let parents = vec!["pier".to_owned()];
    assert_same_in_all(
        &TargetTopology::new("stand-1", "banana-stand", parents, Some("shop".into())),
        r#"{"id":"stand-1:banana-stand","targetId":"banana-stand","instanceId":"stand-1","ephemeralParentTargetIds":["pier"],"role":"shop"}"#,
    );
}

#[test]
fn a_query_asks_for_a_type_by_the_names_that_servers_derive() {
    assert_eq!(
        Query::all("TargetStatus").frame("q-1", STAMP.created_at),
        r#"{"data":{"query":{"createdAt":"2023-04-30T19:56:34.000Z","tx":"q-1"},"queryId":"GetAllTargetStatuss","queryItemType":"TargetStatus"},"event":"ws:m:query"}"#
    );
    assert_eq!(
        Query::by_ids("Target", ["a", "b"]).frame("q-1", STAMP.created_at),
        r#"{"data":{"query":{"createdAt":"2023-04-30T19:56:34.000Z","ids":["a","b"],"tx":"q-1"},"queryId":"GetTargetsByIds","queryItemType":"Target"},"event":"ws:m:query"}"#
    );
    assert_eq!(
        Query::matching("Pulse")
            .field("emitterId", "a:e")
            .frame("q-1", STAMP.created_at),
        r#"{"data":{"query":{"createdAt":"2023-04-30T19:56:34.000Z","emitterId":"a:e","tx":"q-1"},"queryId":"GetPulsesByQuery","queryItemType":"Pulse"},"event":"ws:m:query"}"#
    );
    assert_eq!(
        Query::matching("Action")
            .any_of("targetId", ["a", "b"])
            .frame("q-1", STAMP.created_at),
        r#"{"data":{"query":{"createdAt":"2023-04-30T19:56:34.000Z","targetId":{"$in":["a","b"]},"tx":"q-1"},"queryId":"GetActionsByQuery","queryItemType":"Action"},"event":"ws:m:query"}"#
    );
    assert_eq!(
        Query::cancel("q-1"),
        r#"{"data":{"tx":"q-1"},"event":"ws:m:query-cancel","tx":"q-1"}"#
    );
}

#[test]
fn a_machine_has_names_and_addresses() {
    let machine = Machine {
        id: "sudden-valley".into(),
        name: "sudden-valley".into(),
        dns_name: "sudden-valley.local".into(),
        exec_name: "stand".into(),
        addresses: vec!["192.0.2.7".into()],
    };
    assert_same_in_all(
        &machine,
        r#"{"id":"sudden-valley","name":"sudden-valley","dnsName":"sudden-valley.local","execName":"stand","addresses":["192.0.2.7"]}"#,
    );
}

#[test]
fn the_schema_of_an_action_is_a_text_for_2023_and_an_object_for_the_others() {
    let head = r#"{"id":"banana-stand:burn","name":"Burn it down","targetId":"banana-stand","serviceId":"bluth-company","schema":"#;
    let tail = r#","writesTo":{"emitterId":"banana-stand:cash","role":"aux"},"schemaLayout":[{"path":"now","label":"At once"}]}"#;
    for (generation, schema) in [
        (
            Generation::V2023,
            r#""{\"properties\":{},\"type\":\"object\"}""#,
        ),
        (Generation::V2024, r#"{"properties":{},"type":"object"}"#),
        (Generation::V2026, r#"{"properties":{},"type":"object"}"#),
    ] {
        let event = written(|out| writer(generation).action(Change::Set, &action(), STAMP, out));
        assert_event(
            &event,
            "Action",
            &format!("{head}{schema}{tail}"),
            client_id(generation),
        );
    }
}

#[test]
fn the_schema_of_an_emitter_goes_to_servers_since_2024() {
    let head = r#"{"id":"banana-stand:cash","name":"Cash","targetId":"banana-stand","serviceId":"bluth-company""#;
    let schema = r#","schema":{"format":"double","type":"number"}"#;
    for (generation, schema) in [
        (Generation::V2023, ""),
        (Generation::V2024, schema),
        (Generation::V2026, schema),
    ] {
        let event = written(|out| writer(generation).emitter(Change::Set, &emitter(), STAMP, out));
        assert_event(
            &event,
            "Emitter",
            &format!("{head}{schema}}}"),
            client_id(generation),
        );
    }
}

fn pulse(generation: Generation, nonce: Option<u64>, data: &str) -> String {
    written(|out| {
        let writer = writer(generation);
        let source = PulseSource::new("banana-stand:cash", "stand-1");
        let pulse = Pulse {
            source: &source,
            data: data.as_bytes(),
            nonce,
        };
        writer.pulse(Change::Set, &pulse, STAMP, out);
    })
}

#[test]
fn the_id_of_a_pulse_names_the_instance_for_2026_alone() {
    for (generation, id, client) in [
        (
            Generation::V2023,
            "banana-stand:cash",
            r#","clientId":"c-1""#,
        ),
        (
            Generation::V2024,
            "banana-stand:cash",
            r#","clientId":"c-1""#,
        ),
        (Generation::V2026, "banana-stand:cash:stand-1", ""),
    ] {
        let item =
            format!(r#"{{"id":"{id}","emitterId":"banana-stand:cash","data":250000.0{client}}}"#);
        assert_event(
            &pulse(generation, None, "250000.0"),
            "Pulse",
            &item,
            client_id(generation),
        );
    }
}

#[test]
fn null_is_data_and_is_written() {
    let item = r#"{"id":"banana-stand:cash:stand-1","emitterId":"banana-stand:cash","data":null}"#;
    assert_event(&pulse(Generation::V2026, None, "null"), "Pulse", item, None);
}

#[test]
fn the_hash_of_a_state_follows_its_value_and_that_of_an_impulse_is_always_new() {
    let state = |data| pulse(Generation::V2023, None, data);
    assert_eq!(state("1"), state("1"));
    assert_ne!(state("1"), state("2"));
    let impulse = |nonce| pulse(Generation::V2023, Some(nonce), "1");
    assert_ne!(impulse(1), impulse(2));
}

#[test]
fn the_hash_of_an_entity_does_not_depend_on_when_it_was_written() {
    let target = |last_updated: &str| {
        let target = Target {
            id: "t".into(),
            name: "t".into(),
            service_id: "s".into(),
            category: "c".into(),
            action_ids: vec![],
            emitter_ids: vec![],
            sub_targets: vec![],
            parent_targets: vec![],
            bg_color: "#000000".into(),
            fg_color: "#ffffff".into(),
            root_level: true,
            last_updated: last_updated.into(),
        };
        let event =
            written(|out| writer(Generation::V2023).event(Change::Set, &target, STAMP, out));
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        event["item"]["hash"].clone()
    };
    assert_eq!(
        target("2023-04-30T19:56:34.000Z"),
        target("2026-01-01T00:00:00.000Z")
    );
}

#[test]
fn ids_with_characters_that_json_escapes_stay_whole() {
    let event = written(|out| {
        let writer = writer(Generation::V2026);
        let source = PulseSource::new("a\"b\\c:e", "in\"st");
        let pulse = Pulse {
            source: &source,
            data: b"1",
            nonce: None,
        };
        writer.pulse(Change::Set, &pulse, STAMP, out);
    });
    let event: serde_json::Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["item"]["id"], "a\"b\\c:e:in\"st");
    assert_eq!(event["item"]["emitterId"], "a\"b\\c:e");
}

#[test]
fn a_deletion_carries_the_whole_item() {
    let event = written(|out| {
        writer(Generation::V2026).action(Change::Delete, &action(), STAMP, out);
    });
    let event: serde_json::Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["changeType"], "DEL");
    for field in ["id", "name", "targetId", "serviceId", "schema", "hash"] {
        assert!(!event["item"][field].is_null(), "{field}");
    }
}

#[test]
fn an_event_alone_is_a_frame_and_several_are_a_batch_where_that_is_read() {
    let status = TargetStatus::new("i", "t", Status::Online);
    let event = |generation: Generation| {
        written(|out| writer(generation).event(Change::Set, &status, STAMP, out))
    };
    for generation in Generation::ALL {
        let one = event(generation);
        let single = format!(r#"{{"event":"ws:m:event","data":{one}}}"#);
        let mut frames = Frames::new(generation, Encoding::Json);
        for _ in 0..2 {
            frames.event(|out| out.extend_from_slice(one.as_bytes()));
        }
        let expected = if generation == Generation::V2026 {
            vec![format!(
                r#"{{"event":"ws:m:event-batch","data":[{one},{one}]}}"#
            )]
        } else {
            vec![single.clone(), single]
        };
        let made: Vec<_> = std::iter::from_fn(|| frames.take()).collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|text| Frame::Text(text.into()))
            .collect();
        assert_eq!(made, expected);
    }
}

#[test]
fn answers_are_in_the_form_that_all_generations_take() {
    assert_eq!(
        wire::response("t-1", "null"),
        r#"{"data":{"response":null,"tx":"t-1"},"event":"ws:m:command-response","tx":"t-1"}"#
    );
    assert_eq!(
        wire::response("t-1", r#"{"price":30.0}"#),
        r#"{"data":{"response":{"price":30.0},"tx":"t-1"},"event":"ws:m:command-response","tx":"t-1"}"#
    );
    assert_eq!(
        wire::error("t-1", "ExecTargetAction", "no bananas"),
        r#"{"data":{"commandId":"ExecTargetAction","message":"no bananas","tx":"t-1"},"event":"ws:m:command-error","message":"no bananas","tx":"t-1"}"#
    );
}

#[test]
fn a_ping_has_a_text_id_and_a_whole_number_of_milliseconds() {
    assert_eq!(
        wire::ping("p-1", 1_682_884_594_000),
        r#"{"data":{"id":"p-1","timestamp":1682884594000},"event":"ws:m:ping"}"#
    );
    assert_eq!(
        wire::echo(&json!({"ts": 5})),
        r#"{"data":{"ts":5},"event":"ws:m:ping"}"#
    );
}

#[test]
fn a_2026_server_makes_the_machine_when_the_instance_is_registered_by_command() {
    let frame = wire::register_instance("t-1", STAMP.created_at, &instance());
    let frame: serde_json::Value = serde_json::from_str(&frame).unwrap();
    assert_eq!(
        frame,
        json!({
            "event": "ws:m:command",
            "data": {
                "commandId": "RegisterInstance",
                "command": {
                    "tx": "t-1",
                    "createdAt": STAMP.created_at,
                    "instance": {
                        "id": "stand-1", "name": "Stand 1", "serviceId": "bluth-company",
                        "serviceTypeCode": "retail", "color": "#ffff00",
                        "machineId": "sudden-valley", "status": "Available",
                    },
                },
            },
        })
    );
}
