//! Payloads: as servers send them, and what is said of bad ones.

use serde_json::{Value, json};

use super::lab::setup;

#[tokio::test]
async fn a_bad_payload_is_answered_with_the_argument_and_what_was_expected() {
    let mut setup = setup().await;
    let table = [
        ("count", json!({"count": "three"}), ["`count`", "three"]),
        ("count", json!({}), ["`count`", "missing"]),
        ("count", Value::Null, ["`count`", "missing"]),
        ("count", json!({"count": 0}), ["`count`", "1"]),
        ("count", json!({"count": 13}), ["`count`", "12"]),
        ("count", json!({"count": -1}), ["`count`", "1"]),
        ("count", json!({"count": 2.5}), ["`count`", "2.5"]),
        ("count", json!({"count": null}), ["`count`", "null"]),
        ("count", json!([3]), ["object", "array"]),
        ("count", json!("3"), ["object", "string \"3\""]),
        ("count", json!({"count": 1, "note": 5}), ["`note`", "string"]),
        ("ratio", json!({"value": 1.5}), ["`value`", "1"]),
        ("ratio", json!({"value": true}), ["`value`", "number"]),
        (
            "shape",
            json!({"size": {"width": "x"}, "names": [], "on": true}),
            ["`size.width`", "integer"],
        ),
        (
            "shape",
            json!({"size": {}, "names": [], "on": true}),
            ["`size.width`", "missing"],
        ),
        (
            "shape",
            json!({"size": {"width": 1}, "names": ["a", 2], "on": true}),
            ["`names[1]`", "string"],
        ),
        (
            "shape",
            json!({"size": {"width": 1}, "names": [], "on": 1}),
            ["`on`", "got 1"],
        ),
        ("set-level", json!("high"), ["an integer", "high"]),
        ("set-level", json!(-1), ["-1", "0"]),
        ("echo", json!({"text": 1}), ["`text`", "got 1"]),
    ];
    for (number, (action, data, expected)) in table.into_iter().enumerate() {
        let tx = format!("t-{number}");
        let outcome = setup
            .peer
            .call(&tx, &format!("lab:{action}"), data.clone())
            .await;
        let message = outcome.expect_err("a refusal");
        for part in expected {
            assert!(
                message.contains(part),
                "{part} of {action} {data}: {message}"
            );
        }
    }
    assert_eq!(setup.lab.lock().await.level, 0);
    setup.nothing_more().await;
}

#[tokio::test]
async fn payloads_are_taken_as_servers_send_them() {
    let mut setup = setup().await;
    let table = [
        ("count", json!({"count": 3}), json!([3, null])),
        ("count", json!({"count": 3.0}), json!([3, null])),
        ("count", json!({"count": 3, "note": null}), json!([3, null])),
        ("count", json!({"count": 3, "note": "x"}), json!([3, "x"])),
        // An argument that nobody knows is a warning in the log.
        (
            "count",
            json!({"count": 12, "colour": "red"}),
            json!([12, null]),
        ),
        ("ratio", json!({"value": 1}), json!(1.0)),
        ("nothing", Value::Null, Value::Null),
        ("nothing", json!({}), Value::Null),
        ("set-level", json!(5), Value::Null),
        ("set-level", json!(6.0), Value::Null),
        ("set-level", json!({"level": 7}), Value::Null),
    ];
    for (number, (action, data, expected)) in table.into_iter().enumerate() {
        let tx = format!("t-{number}");
        let outcome = setup
            .peer
            .call(&tx, &format!("lab:{action}"), data.clone())
            .await;
        assert_eq!(outcome, Ok(expected), "{action} {data}");
    }
    assert_eq!(setup.lab.lock().await.level, 7);
}

#[tokio::test]
async fn a_command_whose_data_is_left_out_is_a_payload_of_null() {
    let mut setup = setup().await;
    let action = json!({"id": "lab:nothing", "targetId": "lab"});
    setup
        .peer
        .command("ExecTargetAction", json!({"tx": "t", "action": action}))
        .await;
    assert_eq!(setup.peer.answer().await, ("t".to_owned(), Ok(Value::Null)));
}
