//! Locking a target from within its own actions: an error that says so, never a wait for itself.

use serde_json::{Value, json};

use super::lab::setup;

#[tokio::test]
async fn a_handler_that_locks_the_target_it_is_inside_gets_an_error_that_says_so() {
    let mut setup = setup().await;
    for action in [
        "lock-itself",
        "lock-itself-after-an-await",
        "try-to-lock-itself",
        "lock-itself-on-a-thread",
    ] {
        let outcome = setup
            .peer
            .call(action, &format!("lab:{action}"), Value::Null)
            .await;
        let message = outcome.expect_err(action);
        assert!(message.contains("already inside"), "{action}: {message}");
        setup.nothing_more().await;
    }
}

#[tokio::test]
async fn a_long_action_that_locks_its_target_twice_is_told_which_guard_to_use() {
    let mut setup = setup().await;
    let action = "lab:lock-twice-beside";
    let outcome = setup.peer.call("t", action, Value::Null).await;
    let message = outcome.unwrap_err();
    let advice = "use the guard that was locked at ";
    let (_, place) = message.split_once(advice).expect(&message);
    assert!(place.contains("lab.rs:"), "{message}");
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_long_action_may_lock_its_target_again_after_it_let_go() {
    let mut setup = setup().await;
    let outcome = setup
        .peer
        .call("t", "lab:lock-one-after-the-other", Value::Null)
        .await;
    assert_eq!(outcome, Ok(json!(2)));
}

#[tokio::test]
async fn try_lock_of_a_target_that_an_action_holds_says_that_it_is_in_use() {
    let mut setup = setup().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    setup.bench.wait_for_begun().await;
    let error = setup.lab.try_lock().map(drop).unwrap_err();
    assert_eq!(error, rship_runtime::LockError::Busy("lab".to_owned()));
    setup.bench.open(1);
    assert_eq!(setup.peer.answer().await, ("slow".to_owned(), Ok(json!(0))));
}
