//! Every action ends: what waits for a lock that does not come free is answered, with who holds it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rship_runtime::prelude::*;
use rship_tests::{Gate, Peer, Running, Server, Turnstile, builder, until};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Barrier;

/// A device whose handlers wait for themselves and each other.
#[derive(Target, Default)]
struct Knot {
    #[emitter]
    level: u32,
    own: Option<Handle<Knot>>,
    other: Option<Handle<Knot>>,
    both: Option<Arc<Barrier>>,
    turnstile: Turnstile,
}

#[actions]
impl Knot {
    #[action]
    fn nothing(&self) {}

    #[action]
    async fn lock_in_a_task(&mut self) {
        let own = self.own.clone().unwrap();
        let task = tokio::spawn(async move { own.lock().await.level });
        task.await.unwrap();
    }

    #[action]
    fn lock_on_a_thread(&mut self) {
        let own = self.own.clone().unwrap();
        thread::spawn(move || own.blocking_lock().level)
            .join()
            .unwrap();
    }

    #[action(blocking)]
    fn lock_with_block_on(&mut self) {
        let own = self.own.clone().unwrap();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(async { own.lock().await.level })
        });
        thread.join().unwrap();
    }

    #[action]
    async fn lock_the_other(&mut self) {
        self.both.clone().unwrap().wait().await;
        let other = self.other.clone().unwrap();
        other.lock().await.level += 1;
    }

    #[action]
    async fn wait_for_ever(&mut self) {
        std::future::pending().await
    }

    #[action]
    fn wait_at_the_gate(&mut self) {
        self.turnstile.wait();
        self.level += 1;
    }

    #[action(timeout = "100ms")]
    async fn wait_for_100_ms(&mut self) {
        self.level += 1;
        std::future::pending().await
    }

    #[action]
    async fn wait_beside(_: Handle<Self>) {
        std::future::pending().await
    }

    #[action(timeout = "100ms")]
    async fn wait_beside_for_100_ms(_: Handle<Self>) {
        std::future::pending().await
    }
}

struct Setup {
    peer: Peer<TcpStream>,
    executor: rship_runtime::Executor,
    knot: Handle<Knot>,
    _running: Running,
}

/// Two targets, `knot` and `other`, whose actions are answered after a moment.
async fn setup(timeout: Duration) -> Setup {
    let server = Server::bind().await;
    let builder = builder(&server.url()).action_timeout(timeout);
    let executor = builder.build().unwrap();
    let knot = executor.add("knot", Knot::default()).unwrap();
    let other = executor.add("other", Knot::default()).unwrap();
    let both = Arc::new(Barrier::new(2));
    for (own, other) in [(&knot, &other), (&other, &knot)] {
        let mut locked = own.lock().await;
        locked.own = Some(own.clone());
        locked.other = Some(other.clone());
        locked.both = Some(both.clone());
    }
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("other:level").await;
    Setup {
        peer,
        executor,
        knot,
        _running: running,
    }
}

const SOON: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_waits_for_itself_in_any_way_is_answered_and_named() {
    for action in [
        "lock-in-a-task",
        "lock-on-a-thread",
        "lock-with-block-on",
        "wait-for-ever",
    ] {
        let mut setup = setup(SOON).await;
        let id = format!("knot:{action}");
        let message = setup.peer.call("t", &id, Value::Null).await.unwrap_err();
        assert!(message.contains(&id), "{message}");
        // Those that come after it learn who is in their way.
        let behind = setup.peer.call("behind", "knot:nothing", Value::Null).await;
        let behind = behind.unwrap_err();
        for part in ["knot:nothing", &id] {
            assert!(behind.contains(part), "{part} in {behind}");
        }
        assert_eq!(setup.executor.metrics().actions_timed_out, 2);
        let free = setup.peer.call("free", "other:nothing", Value::Null).await;
        assert_eq!(free, Ok(Value::Null), "after {action}");
    }
}

#[tokio::test]
async fn two_targets_that_lock_each_other_are_both_answered_with_the_holder() {
    let mut setup = setup(SOON).await;
    for target in ["knot", "other"] {
        let action = format!("{target}:lock-the-other");
        setup.peer.exec(target, &action, Value::Null).await;
    }
    for _ in 0..2 {
        let (tx, outcome) = setup.peer.answer().await;
        let message = outcome.unwrap_err();
        for part in ["knot:lock-the-other", "other:lock-the-other"] {
            assert!(message.contains(part), "{tx}: {part} in {message}");
        }
    }
}

#[tokio::test]
async fn commands_behind_a_guard_that_is_never_dropped_are_answered() {
    let mut setup = setup(SOON).await;
    std::mem::forget(setup.knot.lock().await);
    for tx in ["a", "b", "c"] {
        setup.peer.exec(tx, "knot:nothing", Value::Null).await;
    }
    for _ in 0..3 {
        let message = setup.peer.answer().await.1.unwrap_err();
        for part in ["knot:nothing", "guard"] {
            assert!(message.contains(part), "{part} in {message}");
        }
    }
    let free = setup.peer.call("free", "other:nothing", Value::Null).await;
    assert_eq!(free, Ok(Value::Null));
}

#[tokio::test]
async fn endless_long_actions_stop_no_other_and_the_one_too_many_is_answered() {
    let mut setup = setup(SOON).await;
    for number in 0..300 {
        let tx = format!("long-{number}");
        setup.peer.exec(&tx, "knot:wait-beside", Value::Null).await;
    }
    setup.peer.exec("short", "knot:nothing", Value::Null).await;
    let (mut refused, mut answered) = (0, false);
    while refused < 300 - 256 || !answered {
        let (tx, outcome) = setup.peer.answer().await;
        match outcome {
            Ok(_) => {
                assert_eq!(tx, "short");
                answered = true;
            }
            Err(why) => {
                assert!(why.contains("long"), "{tx}: {why}");
                refused += 1;
            }
        }
    }
}

#[tokio::test]
async fn an_action_with_a_timeout_of_its_own_is_cancelled_and_its_tree_goes_on() {
    let mut setup = setup(rship_tests::LIMIT).await;
    for (number, action) in ["wait-for-100-ms", "wait-beside-for-100-ms"]
        .into_iter()
        .enumerate()
    {
        let id = format!("knot:{action}");
        let message = setup.peer.call("t", &id, Value::Null).await.unwrap_err();
        assert!(message.contains(&id), "{message}");
        if action.contains("beside") {
            let by_whom = "has not ended within its timeout of 0.1 s, and was cancelled";
            assert!(message.ends_with(by_whom), "{message}");
        }
        let next = setup.peer.call("next", "knot:nothing", Value::Null).await;
        assert_eq!(next, Ok(Value::Null), "after {action}");
        let all = number as u64 + 1;
        until("all counted", || {
            setup.executor.metrics().actions_timed_out == all
        })
        .await;
    }
    // What it had done is published all the same.
    assert_eq!(setup.knot.lock().await.level, 1);
}

#[tokio::test]
async fn a_handler_that_was_answered_for_its_time_goes_on_and_publishes() {
    let mut setup = setup(SOON).await;
    let gate = Gate::default();
    setup.knot.lock().await.turnstile = gate.turnstile();
    let late = "knot:wait-at-the-gate";
    let message = setup.peer.call("late", late, Value::Null).await;
    assert!(message.unwrap_err().contains(late));
    gate.open();
    assert_eq!(setup.peer.pulse("knot:level").await, 1);
    let next = setup.peer.call("next", "knot:nothing", Value::Null).await;
    assert_eq!(next, Ok(Value::Null));
}
