//! More commands than a target can take.

use std::collections::HashSet;

use rship_tests::{LIMIT, Running, Stand, core, executor};
use serde_json::{Value, json};

use super::lab::setup;

/// Commands of this many bytes fill a mailbox of 8 MiB soon.
const LARGE: usize = 256 << 10;

/// Far more of them than fit.
const MANY: usize = 60;

fn large() -> Value {
    json!({"text": "x".repeat(LARGE)})
}

#[tokio::test]
async fn a_command_for_a_target_with_a_full_mailbox_is_refused_at_once() {
    let mut setup = setup().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    setup.bench.wait_for_begun().await;
    for number in 0..MANY {
        let tx = format!("t-{number}");
        setup.peer.exec(&tx, "lab:echo", large()).await;
    }
    // Those that do not fit do not wait for the slow one.
    let (tx, outcome) = setup.peer.answer().await;
    let why = outcome.unwrap_err();
    assert!(
        why.contains("too many commands wait") && why.contains("lab:wait"),
        "{why}"
    );
    let mut answered = HashSet::from([tx]);
    setup.bench.open(1);
    while answered.len() < MANY + 1 {
        let (tx, _) = setup.peer.answer().await;
        assert!(answered.insert(tx.clone()), "{tx} was answered twice");
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_run_that_found_the_mailbox_full_does_not_cancel_the_one_before() {
    let mut setup = setup().await;
    setup.peer.exec("first", "lab:fade", json!({"to": 1})).await;
    setup.bench.wait_for_begun().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    setup.bench.wait_for_begun().await;
    for number in 0..MANY {
        let tx = format!("t-{number}");
        setup.peer.exec(&tx, "lab:echo", large()).await;
    }
    let padded = json!({"to": 2, "note": "x".repeat(LARGE)});
    setup.peer.exec("second", "lab:fade", padded).await;
    let mut answers = std::collections::HashMap::new();
    while !answers.contains_key("second") {
        let (tx, outcome) = setup.peer.answer().await;
        assert!(outcome.is_err(), "{tx}");
        answers.insert(tx, outcome);
    }
    setup.bench.open(2);
    while answers.len() < MANY + 3 {
        let (tx, outcome) = setup.peer.answer().await;
        assert!(answers.insert(tx, outcome).is_none());
    }
    assert_eq!(answers["first"], Ok(json!(1)));
}

#[tokio::test]
async fn every_one_of_5000_commands_sent_at_once_is_answered_once() {
    let mut setup = setup().await;
    for number in 0..5000 {
        let target = if number % 2 == 0 { "lab" } else { "other" };
        let action = format!("{target}:echo");
        setup
            .peer
            .exec(&format!("t-{number}"), &action, json!({"text": "x"}))
            .await;
    }
    let mut answered = HashSet::new();
    while answered.len() < 5000 {
        let (tx, outcome) = setup.peer.answer().await;
        if let Err(why) = outcome {
            assert!(why.contains("too many commands wait"), "{why}");
        }
        assert!(answered.insert(tx.clone()), "{tx} was answered twice");
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_core_hears_of_every_command_while_values_change() {
    let core = core(rship_runtime::Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor
        .add(
            "stand",
            Stand {
                stock: 1_000_000,
                ..Stand::full()
            },
        )
        .unwrap();
    let _running = Running::online(&executor).await;
    core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
        .await
        .unwrap();
    let calls = (0..500).map(|_| core.exec(None, "stand:sell", json!({"count": 1})));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(stand.lock().await.stock, 1_000_000 - 500);
    core.wait_until(LIMIT, "the newest stock", |core| {
        rship_tests::pulse(core, "stand-1", "stand:stock") == Some(json!(1_000_000 - 500))
    })
    .await
    .unwrap();
    assert_eq!(core.drops(), []);
}
