//! Handlers: whatever they do, their command has one answer and nobody else waits.

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use rship_tests::within;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::lab::setup;

#[tokio::test]
async fn an_error_of_a_handler_is_the_answer_in_its_own_words() {
    let mut setup = setup().await;
    let outcome = setup.peer.call("t", "lab:refuse", Value::Null).await;
    assert_eq!(outcome, Err("no bananas today".to_owned()));
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_handler_that_panics_is_an_error_and_its_target_goes_on() {
    let mut setup = setup().await;
    for (action, data) in [
        ("panic-at-once", Value::Null),
        ("panic-before-an-await", json!({"soon": true})),
        ("panic-after-an-await", Value::Null),
        ("panic-on-a-thread", Value::Null),
        ("panic-beside", Value::Null),
    ] {
        let outcome = setup
            .peer
            .call(action, &format!("lab:{action}"), data)
            .await;
        assert!(outcome.unwrap_err().contains("out of bananas"), "{action}");
        setup.nothing_more().await;
    }
    // What was changed before the panic is what it is.
    assert_eq!(setup.lab.lock().await.level, 2);
}

#[tokio::test]
async fn a_slow_handler_delays_neither_another_target_nor_the_socket() {
    let mut setup = setup().await;
    for action in ["wait", "wait-on-a-thread"] {
        setup
            .peer
            .exec("slow", &format!("lab:{action}"), Value::Null)
            .await;
        setup.bench.wait_for_begun().await;
        setup.peer.exec("behind", "lab:nothing", Value::Null).await;
        assert_eq!(
            setup.peer.call("t", "other:nothing", Value::Null).await,
            Ok(Value::Null)
        );
        let ping = Bytes::from_static(b"are you there");
        setup
            .peer
            .socket
            .send(Message::Ping(ping.clone()))
            .await
            .unwrap();
        loop {
            let message = within("pong", setup.peer.socket.next())
                .await
                .unwrap()
                .unwrap();
            if message == Message::Pong(ping.clone()) {
                break;
            }
        }
        setup.bench.open(1);
        assert_eq!(setup.peer.answer().await.0, "slow");
        assert_eq!(setup.peer.answer().await.0, "behind");
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn actions_of_one_target_run_in_the_order_in_which_they_came() {
    let mut setup = setup().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    for number in 0..100 {
        setup
            .peer
            .exec(
                &format!("t-{number}"),
                "lab:note",
                json!({"number": number}),
            )
            .await;
    }
    setup.bench.open(1);
    assert_eq!(setup.peer.answer().await.0, "slow");
    for number in 0..100 {
        assert_eq!(setup.peer.answer().await.0, format!("t-{number}"));
    }
    assert_eq!(setup.bench.notes(), Vec::from_iter(0..100));
}

#[tokio::test]
async fn a_long_action_with_a_handle_runs_beside_the_others() {
    let mut setup = setup().await;
    setup
        .peer
        .exec("long-1", "lab:wait-beside", json!({"to": 5}))
        .await;
    setup
        .peer
        .exec("long-2", "lab:wait-beside", json!({"to": 5}))
        .await;
    setup.bench.wait_for_begun().await;
    setup.bench.wait_for_begun().await;
    assert_eq!(
        setup.peer.call("t", "lab:echo", json!({"text": "x"})).await,
        Ok(json!("x"))
    );
    setup.bench.open(2);
    assert_eq!(setup.peer.pulse("lab:level").await, 5);
    for _ in 0..2 {
        assert_eq!(setup.peer.answer().await.1, Ok(json!(5)));
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn commands_that_wait_for_a_target_that_is_removed_are_refused_and_not_carried_out() {
    let mut setup = setup().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    setup.bench.wait_for_begun().await;
    setup
        .peer
        .exec("behind", "lab:note", json!({"number": 1}))
        .await;
    // The reader has had it when a command that came later is answered.
    assert_eq!(
        setup.peer.call("t", "other:nothing", Value::Null).await,
        Ok(Value::Null)
    );
    setup.lab.remove().unwrap();
    setup.bench.open(1);
    assert_eq!(setup.peer.answer().await.0, "slow");
    let (tx, outcome) = setup.peer.answer().await;
    assert_eq!(tx, "behind");
    assert!(outcome.unwrap_err().contains("no longer there"));
    assert!(setup.bench.notes().is_empty());
}
