//! Handlers that block their threads: whatever they do, the connection and all other trees go on.

use rship_runtime::{Error, Executor, Handle, Target, actions};
use rship_tests::{
    Gate, Host, Hosted, Peer, Server, Turnstile, builder, on_current_thread, on_two_workers,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::net::TcpStream;

/// A device that makes its threads wait.
#[derive(Target, Default)]
struct Slow {
    #[emitter]
    turns: u32,
    turnstile: Turnstile,
}

#[actions]
impl Slow {
    #[action]
    fn block(&mut self) {
        self.turnstile.wait();
        self.turns += 1;
    }

    #[action]
    async fn block_in_async(&mut self) {
        tokio::task::yield_now().await;
        self.turnstile.wait();
        self.turns += 1;
    }

    #[action]
    async fn block_beside(this: Handle<Self>) {
        let turnstile = this.lock().await.turnstile.clone();
        turnstile.wait();
        this.lock().await.turns += 1;
    }

    #[action(blocking)]
    fn block_on_a_thread(&mut self) {
        self.turnstile.wait();
        self.turns += 1;
    }

    #[action]
    fn turn(&mut self) -> u32 {
        self.turns += 1;
        self.turns
    }
}

struct Setup {
    gate: Gate,
    executor: Executor,
    peer: Peer<TcpStream>,
    free: Handle<Slow>,
    hosted: Hosted,
}

/// An executor with this many targets that have a handler at the gate, `least` of which are there, and one free one.
async fn blocked(host: Host, handlers: usize, action: &str, least: usize) -> Setup {
    let gate = Gate::default();
    let server = Server::bind().await;
    let builder = builder(&server.url()).keepalive(Duration::from_millis(20), rship_tests::LIMIT);
    let executor = builder.build().unwrap();
    for number in 0..handlers {
        let slow = Slow {
            turnstile: gate.turnstile(),
            ..Slow::default()
        };
        executor.add(&format!("slow-{number}"), slow).unwrap();
    }
    let free = executor.add("free", Slow::default()).unwrap();
    let hosted = Hosted::start(&executor, host);
    let mut peer = server.accept_2026().await;
    peer.pulse("free:turns").await;
    for number in 0..handlers {
        let action = format!("slow-{number}:{action}");
        peer.exec(&format!("slow-{number}"), &action, Value::Null)
            .await;
    }
    gate.wait_for(least).await;
    Setup {
        gate,
        executor,
        peer,
        free,
        hosted,
    }
}

/// All that has to go on while handlers are at the gate; then lets them go, and all of them are answered.
async fn all_else_goes_on(mut setup: Setup, handlers: usize) {
    let (peer, waiting) = (&mut setup.peer, setup.gate.waiting());
    peer.ping("now").await;
    peer.pinged(3).await;
    let free = setup.free.clone();
    let change = std::thread::spawn(move || free.blocking_lock().turns += 1);
    assert_eq!(peer.pulse("free:turns").await, 1);
    change.join().unwrap();
    assert_eq!(peer.call("t", "free:turn", Value::Null).await, Ok(json!(2)));
    assert!(setup.gate.waiting() >= waiting, "nobody was let go");

    setup.gate.open();
    let mut answered = BTreeSet::new();
    while answered.len() < handlers {
        let (tx, outcome) = peer.answer().await;
        assert_eq!(outcome, Ok(Value::Null), "{tx}");
        assert!(answered.insert(tx));
    }
    assert_eq!(setup.executor.metrics().sessions, 1);
    setup.hosted.stop().await;
}

/// Every kind of handler, as many as there are workers and more, in this host.
pub(crate) async fn every_kind_of_handler_may_block(host: Host) {
    for action in ["block", "block-on-a-thread"] {
        for handlers in [1, 2, 64] {
            // Each has a thread, so none of them waits for another.
            let setup = blocked(host, handlers, action, handlers).await;
            all_else_goes_on(setup, handlers).await;
        }
    }
    for action in ["block-in-async", "block-beside"] {
        for handlers in [1, 2, 64] {
            let setup = blocked(host, handlers, action, 1).await;
            all_else_goes_on(setup, handlers).await;
        }
    }
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_slow_handler_behind_it() {
    const TREES: usize = 3;
    let Setup {
        gate,
        mut peer,
        hosted,
        ..
    } = blocked(on_current_thread, TREES, "turn", 0).await;
    let first: Vec<_> = (0..TREES).map(|number| format!("slow-{number}")).collect();
    for _ in &first {
        peer.answer().await.1.unwrap();
    }
    // All of them come at once, so that each answer is given while more is to be done.
    let member = |target: &str, action: &str| json!({"tx": format!("{target}:{action}"), "action": {"id": format!("{target}:{action}")}});
    let members = first
        .iter()
        .flat_map(|target| ["turn", "block"].map(|action| member(target, action)));
    let batch = json!({"tx": "all", "actions": members.collect::<Vec<_>>()});
    peer.command("BatchTargetAction", batch).await;
    let mut answered = BTreeSet::new();
    for _ in &first {
        let (tx, outcome) = peer.answer().await;
        assert_eq!(outcome, Ok(json!(2)), "{tx}");
        answered.insert(tx);
    }
    let expected = first.iter().map(|target| format!("{target}:turn"));
    assert_eq!(answered, expected.collect());
    gate.wait_for(TREES).await;
    gate.open();
    for _ in 0..=TREES {
        peer.answer().await.1.unwrap();
    }
    hosted.stop().await;
}

#[tokio::test]
async fn handlers_that_block_the_only_thread_of_a_runtime_stop_nothing_else() {
    every_kind_of_handler_may_block(on_current_thread).await;
}

#[tokio::test]
async fn handlers_that_block_all_workers_of_a_runtime_stop_nothing_else() {
    every_kind_of_handler_may_block(on_two_workers).await;
}

/// A program whose own code blocks the runtime that the executor was given.
fn on_a_runtime_that_is_blocked(executor: &Executor) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let runner = executor.clone();
    runtime.block_on(async {
        let run = tokio::spawn(async move { runner.run_until(std::future::pending()).await });
        let is_registered =
            |status: &rship_runtime::Status| matches!(status, rship_runtime::Status::Online { .. });
        executor.status().wait_for(is_registered).await.unwrap();
        let calls = executor.metrics().commands;
        while executor.metrics().commands == calls {
            std::thread::sleep(Duration::from_millis(1));
        }
        run.await.unwrap()
    })
}

#[tokio::test]
async fn a_program_that_blocks_its_own_runtime_does_not_stop_the_connection() {
    let server = Server::bind().await;
    let executor = builder(&server.url())
        .keepalive(Duration::from_millis(20), rship_tests::LIMIT)
        .build()
        .unwrap();
    let free = executor.add("free", Slow::default()).unwrap();
    let mut hosted = Hosted::start(&executor, on_a_runtime_that_is_blocked);
    let mut peer = server.accept_2026().await;
    peer.pulse("free:turns").await;
    let online = hosted.wait("online", |status| {
        matches!(status, rship_runtime::Status::Online { .. })
    });
    peer.reading(online).await;
    peer.ping("blocked").await;
    peer.pinged(3).await;
    let change = std::thread::spawn(move || free.blocking_lock().turns += 1);
    assert_eq!(peer.pulse("free:turns").await, 1);
    change.join().unwrap();
    assert_eq!(peer.call("t", "free:turn", Value::Null).await, Ok(json!(2)));
    hosted.stop().await;
}
