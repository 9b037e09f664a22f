//! More commands than a target can take.

use std::collections::{BTreeSet, HashMap, HashSet};

use rship_tests::{LIMIT, Running, Stand, core, executor};
use serde_json::{Value, json};

use super::lab::{Setup, setup, setup_with};

/// More commands than fit into this mailbox, whatever each of them counts for.
const MANY: usize = 1000;

async fn setup_small() -> Setup {
    setup_with(|builder| builder.mailbox_bytes(20_000)).await
}

/// Sends commands until those that wait leave no room, and returns which of them were refused.
async fn fill(setup: &mut Setup) -> BTreeSet<usize> {
    for number in 0..MANY {
        let data = json!({"number": number});
        setup.peer.exec(&number.to_string(), "lab:note", data).await;
    }
    setup.peer.exec("fence", "other:nothing", Value::Null).await;
    let mut refused = BTreeSet::new();
    loop {
        let (tx, outcome) = setup.peer.answer().await;
        if tx == "fence" {
            return refused;
        }
        assert!(outcome.unwrap_err().contains("lab:note"), "{tx}");
        assert!(refused.insert(tx.parse().unwrap()));
    }
}

#[tokio::test]
async fn a_command_for_a_target_with_a_full_mailbox_is_refused_at_once() {
    let mut setup = setup_small().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    setup.bench.wait_for_begun().await;
    let refused = fill(&mut setup).await;
    assert!(!refused.is_empty() && refused.len() < MANY);
    setup.bench.open(1);
    assert_eq!(setup.peer.answer().await.0, "slow");
    for number in (0..MANY).filter(|number| !refused.contains(number)) {
        let answer = (number.to_string(), Ok(Value::Null));
        assert_eq!(setup.peer.answer().await, answer);
    }
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_run_that_found_the_mailbox_full_does_not_cancel_the_one_before() {
    let mut setup = setup_small().await;
    setup.peer.exec("first", "lab:fade", json!({"to": 1})).await;
    setup.bench.wait_for_begun().await;
    setup.peer.exec("slow", "lab:wait", Value::Null).await;
    setup.bench.wait_for_begun().await;
    let refused = fill(&mut setup).await;
    let large = json!({"to": 2, "why": "x".repeat(20_000)});
    let second = setup.peer.call("second", "lab:fade", large).await;
    assert!(second.is_err());
    setup.bench.open(2);
    let mut answers = HashMap::new();
    while answers.len() < 2 + MANY - refused.len() {
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
        assert_eq!(outcome, Ok(json!("x")), "{tx}");
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
