//! Actions that cancel their own previous run.

use serde_json::{Value, json};

use super::lab::setup;

#[tokio::test]
async fn a_newer_run_cancels_one_that_runs_beside_and_both_are_answered() {
    let mut setup = setup().await;
    setup.peer.exec("first", "lab:fade", json!({"to": 1})).await;
    setup.bench.wait_for_begun().await;
    setup
        .peer
        .exec("second", "lab:fade", json!({"to": 2}))
        .await;
    let (tx, outcome) = setup.peer.answer().await;
    assert_eq!(tx, "first");
    assert!(outcome.unwrap_err().contains("took over"));
    setup.bench.open(2);
    assert_eq!(
        setup.peer.answer().await,
        ("second".to_owned(), Ok(json!(2)))
    );
    assert_eq!(setup.lab.lock().await.level, 2);
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_newer_run_cancels_one_that_holds_the_target_and_those_that_wait_for_it() {
    let mut setup = setup().await;
    setup
        .peer
        .exec("running", "lab:sweep", json!({"to": 1}))
        .await;
    setup.bench.wait_for_begun().await;
    setup.peer.exec("block", "lab:wait", Value::Null).await;
    setup
        .peer
        .exec("queued", "lab:sweep", json!({"to": 2}))
        .await;
    let (tx, outcome) = setup.peer.answer().await;
    assert_eq!(tx, "running");
    assert!(outcome.unwrap_err().contains("took over"));
    setup.bench.wait_for_begun().await;
    setup
        .peer
        .exec("newest", "lab:sweep", json!({"to": 3}))
        .await;
    assert_eq!(
        setup.peer.call("t", "other:nothing", Value::Null).await,
        Ok(Value::Null)
    );
    setup.bench.open(2);
    assert_eq!(setup.peer.answer().await.0, "block");
    let (tx, outcome) = setup.peer.answer().await;
    assert_eq!(tx, "queued");
    assert!(outcome.unwrap_err().contains("took over"));
    assert_eq!(
        setup.peer.answer().await,
        ("newest".to_owned(), Ok(json!(3)))
    );
    setup.nothing_more().await;
}

#[tokio::test]
async fn one_target_does_not_cancel_the_run_of_another() {
    let mut setup = setup().await;
    setup.peer.exec("lab", "lab:fade", json!({"to": 1})).await;
    setup.bench.wait_for_begun().await;
    setup
        .peer
        .exec("other", "other:fade", json!({"to": 1}))
        .await;
    setup.bench.wait_for_begun().await;
    setup.bench.open(2);
    for _ in 0..2 {
        assert_eq!(setup.peer.answer().await.1, Ok(json!(1)));
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_run_that_is_refused_for_its_payload_does_not_cancel_the_one_before() {
    let mut setup = setup().await;
    setup.peer.exec("first", "lab:fade", json!({"to": 1})).await;
    setup.bench.wait_for_begun().await;
    let refused = setup
        .peer
        .call("bad", "lab:fade", json!({"to": "up"}))
        .await;
    assert!(refused.unwrap_err().contains("`to`"));
    setup.bench.open(1);
    assert_eq!(
        setup.peer.answer().await,
        ("first".to_owned(), Ok(json!(1)))
    );
    setup.nothing_more().await;
}
