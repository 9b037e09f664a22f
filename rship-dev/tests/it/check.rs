//! `rship-dev check`: manifests good and bad, run as a user runs it.

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::peer::{with, within, without};

async fn check(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rship-dev"))
        .arg("check")
        .args(arguments)
        .env_remove("RUST_LOG")
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut pipe = child.stdin.take().expect("a pipe");
    // One that reads a file may have ended by now.
    drop(pipe.write_all(stdin.as_bytes()).await);
    drop(pipe);
    within("end of the command", child.wait_with_output())
        .await
        .expect("an end")
}

fn status(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    (output.status.code(), text)
}

fn instance() -> Value {
    json!({
        "id": "stand-1", "name": "Stand 1", "serviceId": "bluth", "serviceTypeCode": "bluth", "color": "#ffff00",
        "machineId": "pier", "status": "Available",
    })
}

fn target(id: &str, actions: Value, emitters: Value, targets: Value) -> Value {
    json!({
        "id": id, "name": "Stand", "serviceId": "bluth", "category": "retail", "actionIds": [], "emitterIds": [],
        "subTargets": [], "parentTargets": [], "rootLevel": true, "bgColor": "#ffff00", "fgColor": "#000000",
        "lastUpdated": "2023-04-30T19:56:34.000Z", "description": "Sells bananas.",
        "actions": actions, "emitters": emitters, "targets": targets,
    })
}

fn member(id: &str, schema: Value) -> Value {
    json!({"id": id, "name": id, "targetId": "stand", "serviceId": "bluth", "schema": schema})
}

fn manifest(targets: Value) -> String {
    json!({"serviceId": "bluth", "instances": [{"instance": instance(), "targets": targets}]})
        .to_string()
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

#[tokio::test]
async fn a_device_that_every_server_can_use_is_a_line_for_each_entity() {
    let number = json!({"type": "number"});
    let many: serde_json::Map<_, _> = (1..=8).map(|n| (format!("n{n}"), number.clone())).collect();
    let actions = json!([
        member("stand:burn", object(json!({}))),
        member(
            "stand:paint",
            object(json!({"color": object(json!({"r": number, "g": number, "b": number}))}))
        ),
        member("stand:tune", object(many.into())),
    ]);
    let register = target("register", json!([]), json!([]), json!([]));
    let stand = target(
        "stand",
        actions,
        json!([member("stand:cash", number)]),
        json!([register]),
    );
    let output = check(&[], &manifest(json!([stand]))).await;
    let expected = "\
ok          instance  stand-1
ok          target    stand
ok          action    stand:burn
ok          action    stand:paint  color: color
ok          action    stand:tune   n1: number, n2: number, n3: number, n4: number, n5: number, n6: number, and 2 more
ok          emitter   stand:cash   number
ok          target    register
7 entities: 7 ok with every server
";
    assert_eq!(status(&output), (Some(0), expected.to_owned()));
    assert_eq!(output.stderr, b"");
}

#[tokio::test]
async fn what_is_dropped_and_what_cannot_be_bound_is_said_with_the_reason() {
    let map = json!({"type": "object", "additionalProperties": {"type": "number"}});
    let actions = json!([
        member(
            "stand:sell",
            object(json!({"tip": {"type": ["number", "null"]}, "count": {"type": "integer"}}))
        ),
        member(
            "stand:mix",
            object(json!({"parts": map, "count": {"type": "integer"}}))
        ),
        without(member("stand:burn", Value::Null), &["name"]),
    ]);
    let stand = with(
        target("stand", actions, json!([]), json!([])),
        "bgColor",
        "yellow",
    );
    let output = check(&["-"], &manifest(json!([stand]))).await;
    let expected = "\
ok          instance  stand-1
remark      target    stand
            all servers: `bgColor` is `yellow`: a color is written `#rrggbb`, and is not shown otherwise
DROPPED     action    stand:sell
            2026: `schema.properties.tip.type` is the array `[\"number\",\"null\"]`, a 2026 server wants one type as a string
UNBINDABLE  action    stand:mix   count: integer, parts: none
            2026: `schema.properties.parts` is a map (`additionalProperties`): a 2026 server shows no field to bind
DROPPED     action    stand:burn
            2023: `name` is missing, a 2023 server wants a string
            2024: `name` is missing, a 2024 server wants a string
            2026: `name` is missing, a 2026 server wants a string
5 entities: 1 ok with every server, 1 with a remark, 1 that a show cannot bind, 2 that some server drops
";
    assert_eq!(status(&output), (Some(1), expected.to_owned()));
}

#[tokio::test]
async fn a_remark_alone_is_not_a_failure() {
    let stand = with(
        target("stand", json!([]), json!([]), json!([])),
        "fgColor",
        "black",
    );
    assert_eq!(
        check(&[], &manifest(json!([stand]))).await.status.code(),
        Some(0)
    );
}

#[tokio::test]
async fn one_document_a_line_says_the_same() {
    let choice = json!({"type": "string", "enum": ["a"], "oneOf": [{"const": "a", "title": "A"}]});
    let actions = json!([member(
        "stand:set",
        object(json!({"mode": choice, "raw": true}))
    )]);
    let emitters = json!([member("stand:mode", choice)]);
    let stand = target("stand", actions, emitters, json!([]));
    let (code, text) = status(&check(&["--json"], &manifest(json!([stand]))).await);
    assert_eq!(code, Some(1));
    let documents: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(documents.len(), 4);
    assert_eq!(
        documents[2],
        json!({
            "kind": "action", "id": "stand:set", "verdict": "dropped",
            "servers": {"2023": "ok", "2024": "ok", "2026": "dropped"},
            "reasons": [{
                "servers": ["2026"], "verdict": "dropped", "field": "schema.properties.raw",
                "reason": "`schema.properties.raw` is the boolean `true`, a 2026 server wants an object there (`{}` for any value)",
            }],
            "fields": [],
        })
    );
    assert_eq!(
        (&documents[3]["verdict"], &documents[3]["fields"]),
        (
            &json!("ok"),
            &json!([{"path": "", "kind": "choice", "choices": ["a"]}])
        )
    );
}

#[tokio::test]
async fn a_manifest_may_be_a_file() {
    let file = std::env::temp_dir().join(format!("rship-dev-check-{}.json", std::process::id()));
    std::fs::write(&file, manifest(json!([]))).unwrap();
    let output = check(&[file.to_str().unwrap()], "").await;
    std::fs::remove_file(&file).unwrap();
    let expected = "ok          instance  stand-1\n1 entity: 1 ok with every server\n";
    assert_eq!(status(&output), (Some(0), expected.to_owned()));
}

#[tokio::test]
async fn what_is_not_a_manifest_ends_with_status_2() {
    for (stdin, words) in [
        ("", "this is not JSON"),
        ("{\"instances\": 3}", "`instances` is not an array"),
        ("[]", "`instances` is missing"),
    ] {
        let output = check(&[], stdin).await;
        assert_eq!(status(&output), (Some(2), String::new()));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(words) && said.contains("--manifest"),
            "{said}"
        );
    }
    let output = check(&["/nowhere/manifest.json"], "").await;
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cannot read /nowhere/manifest.json"),
        "{said}"
    );
}
