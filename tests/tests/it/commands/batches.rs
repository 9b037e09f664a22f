//! Batches: one bad member does not stop the others, and names itself in the one answer.

use serde_json::{Value, json};

use super::lab::setup;

fn member(action: &str, data: Value) -> Value {
    json!({"instanceId": "stand-1", "action": {"id": action, "targetId": "lab"}, "data": data})
}

fn with_tx(mut member: Value, tx: &str) -> Value {
    member["tx"] = tx.into();
    member
}

#[tokio::test]
async fn a_batch_is_answered_once_with_all_responses_in_its_order() {
    let mut setup = setup().await;
    let actions = json!([
        member("lab:echo", json!({"text": "a"})),
        member("lab:nothing", Value::Null),
        {"action": {"id": "other:echo"}, "data": {"text": "b"}},
    ]);
    setup
        .peer
        .command("BatchTargetAction", json!({"tx": "b", "actions": actions}))
        .await;
    assert_eq!(
        setup.peer.answer().await,
        ("b".to_owned(), Ok(json!(["a", null, "b"])))
    );
    setup
        .peer
        .command("BatchTargetAction", json!({"tx": "e", "actions": []}))
        .await;
    assert_eq!(setup.peer.answer().await, ("e".to_owned(), Ok(json!([]))));
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_bad_member_of_a_batch_names_itself_and_stops_no_other() {
    let mut setup = setup().await;
    let actions = json!([
        member("lab:note", json!({"number": 1})),
        member("lab:note", json!({"number": "two"})),
        "no member",
        member("lab:dance", Value::Null),
        member("lab:panic-at-once", Value::Null),
        member("lab:note", json!({"number": 3})),
    ]);
    setup
        .peer
        .command("BatchTargetAction", json!({"tx": "b", "actions": actions}))
        .await;
    let (tx, outcome) = setup.peer.answer().await;
    let message = outcome.unwrap_err();
    assert_eq!(tx, "b");
    for part in ["4 of 6", "number", "actions[2]", "dance", "out of bananas"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(setup.bench.notes(), [1, 3]);
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_member_with_a_tx_of_its_own_is_answered_under_that_as_well() {
    let mut setup = setup().await;
    let actions = json!([
        with_tx(member("lab:echo", json!({"text": "a"})), "m-1"),
        with_tx(member("lab:refuse", Value::Null), "m-2"),
        member("lab:nothing", Value::Null),
    ]);
    setup
        .peer
        .command("BatchTargetAction", json!({"tx": "b", "actions": actions}))
        .await;
    assert_eq!(
        setup.peer.answer().await,
        ("m-1".to_owned(), Ok(json!("a")))
    );
    assert_eq!(
        setup.peer.answer().await,
        ("m-2".to_owned(), Err("no bananas today".to_owned()))
    );
    let (tx, outcome) = setup.peer.answer().await;
    assert_eq!(tx, "b");
    assert!(outcome.unwrap_err().contains("1 of 3"));
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_member_that_cannot_be_read_is_answered_under_its_own_tx_as_well() {
    let mut setup = setup().await;
    let actions = json!([{"tx": "m-1", "action": 5}]);
    setup
        .peer
        .command("BatchTargetAction", json!({"tx": "b", "actions": actions}))
        .await;
    for expected in ["m-1", "b"] {
        let (tx, outcome) = setup.peer.answer().await;
        assert_eq!(tx, expected);
        outcome.unwrap_err();
    }
    let groups = json!([{"actionId": "lab:nothing", "payloads": [],
        "assignments": [{"tx": "m-2", "payloadIndex": 3}]}]);
    setup
        .peer
        .command(
            "CompactBatchTargetAction",
            json!({"tx": "c", "groups": groups}),
        )
        .await;
    for expected in ["m-2", "c"] {
        let (tx, outcome) = setup.peer.answer().await;
        assert_eq!(tx, expected);
        outcome.unwrap_err();
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn members_that_carry_the_tx_of_their_batch_or_of_each_other_are_answered_once() {
    let mut setup = setup().await;
    let actions = json!([
        with_tx(member("lab:echo", json!({"text": "a"})), "b"),
        with_tx(member("lab:echo", json!({"text": "b"})), "m"),
        with_tx(member("lab:echo", json!({"text": "c"})), "m"),
    ]);
    setup
        .peer
        .command("BatchTargetAction", json!({"tx": "b", "actions": actions}))
        .await;
    assert_eq!(setup.peer.answer().await, ("m".to_owned(), Ok(json!("b"))));
    assert_eq!(
        setup.peer.answer().await,
        ("b".to_owned(), Ok(json!(["a", "b", "c"])))
    );
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_compact_batch_shares_payloads_and_names_an_index_that_is_beyond_them() {
    let mut setup = setup().await;
    let groups = json!([
        {
            "actionId": "lab:echo",
            "payloads": [{"text": "a"}, {"text": "b"}],
            "assignments": [
                {"instanceId": "stand-1", "targetId": "lab", "payloadIndex": 1},
                {"instanceId": "stand-1", "targetId": "lab", "payloadIndex": 0},
            ],
        },
        {"actionId": "lab:nothing", "assignments": [{"targetId": "lab"}]},
    ]);
    setup
        .peer
        .command(
            "CompactBatchTargetAction",
            json!({"tx": "c", "groups": groups}),
        )
        .await;
    assert_eq!(
        setup.peer.answer().await,
        ("c".to_owned(), Ok(json!(["b", "a", null])))
    );

    let groups = json!([
        {
            "actionId": "lab:note",
            "payloads": [{"number": 1}],
            "assignments": [
                {"targetId": "lab", "payloadIndex": 0},
                {"targetId": "lab", "payloadIndex": 4},
                {"targetId": "other", "payloadIndex": 0},
            ],
        },
        {"payloads": []},
    ]);
    setup
        .peer
        .command(
            "CompactBatchTargetAction",
            json!({"tx": "d", "groups": groups}),
        )
        .await;
    let (tx, outcome) = setup.peer.answer().await;
    let message = outcome.unwrap_err();
    assert_eq!(tx, "d");
    for part in [
        "3 of 4",
        "payloadIndex",
        "groups[0].assignments[1]",
        "does not belong",
        "groups[1]",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(setup.bench.notes(), [1]);
    setup.nothing_more().await;
}
