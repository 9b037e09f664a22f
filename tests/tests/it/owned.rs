//! Every task has an owner: after the end of the executor no handler goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rship_runtime::{Executor, Handle, Target, actions};
use rship_tests::{LIMIT, Peer, Running, Server, builder, until, within};
use serde_json::Value;
use tokio::net::TcpStream;

/// A device whose moves are seen.
#[derive(Target, Default)]
struct Motor {
    #[emitter]
    position: u32,
    moves: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
}

/// Counts the end of a run, however it ends.
struct Run(Arc<AtomicU32>);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[actions]
impl Motor {
    #[action]
    async fn go_beside(this: Handle<Self>) {
        let (moves, _run) = {
            let motor = this.lock().await;
            (Arc::clone(&motor.moves), Run(Arc::clone(&motor.ended)))
        };
        loop {
            moves.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[action]
    async fn go(&mut self) {
        let _run = Run(Arc::clone(&self.ended));
        loop {
            self.moves.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[emitter(every = "5ms")]
    fn looks(&self) -> u32 {
        self.moves.fetch_add(1, Ordering::SeqCst)
    }
}

struct Setup {
    executor: Executor,
    peer: Peer<TcpStream>,
    moves: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
    _server: Server,
}

fn device() -> (Motor, Arc<AtomicU32>, Arc<AtomicU32>) {
    let motor = Motor::default();
    let (moves, ended) = (Arc::clone(&motor.moves), Arc::clone(&motor.ended));
    (motor, moves, ended)
}

async fn setup() -> (Setup, Running) {
    let server = Server::bind().await;
    let builder = builder(&server.url()).shutdown_timeout(Duration::from_millis(300));
    let executor = builder.build().unwrap();
    let (motor, moves, ended) = device();
    executor.add("motor", motor).unwrap();
    executor.add("other", device().0).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("motor:position").await;
    let setup = Setup {
        executor,
        peer,
        moves,
        ended,
        _server: server,
    };
    (setup, running)
}

impl Setup {
    async fn nothing_goes_on(self, runs: u32) {
        until("the end of all runs", || {
            self.ended.load(Ordering::SeqCst) == runs
        })
        .await;
        let moves = self.moves.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(self.moves.load(Ordering::SeqCst), moves, "it goes on");
    }
}

#[tokio::test]
async fn after_the_end_no_handler_and_no_clock_goes_on() {
    for action in ["go", "go-beside"] {
        let (mut setup, running) = setup().await;
        for number in 0..8 {
            let tx = format!("t-{number}");
            setup
                .peer
                .exec(&tx, &format!("motor:{action}"), Value::Null)
                .await;
        }
        until("all read", || setup.executor.metrics().commands == 8).await;
        let began = if action == "go" { 1 } else { 8 };
        until("a move", || setup.moves.load(Ordering::SeqCst) > 20).await;
        let reads = tokio::spawn(async move {
            while setup.peer.text().await.is_ok() {}
            (
                setup.executor,
                setup.moves,
                setup.ended,
                setup._server,
                setup.peer,
            )
        });
        running.stop().await;
        let (executor, moves, ended, _server, peer) = within("the end", reads).await.unwrap();
        // Ended by the time that `run` returned, not some time later.
        assert_eq!(ended.load(Ordering::SeqCst), began, "{action}");
        let setup = Setup {
            executor,
            peer,
            moves,
            ended,
            _server,
        };
        setup.nothing_goes_on(began).await;
    }
}

#[tokio::test]
async fn a_run_whose_future_is_dropped_leaves_no_handler_behind() {
    let (mut setup, running) = setup().await;
    for number in 0..8 {
        let tx = format!("t-{number}");
        setup.peer.exec(&tx, "motor:go-beside", Value::Null).await;
    }
    until("a move", || setup.moves.load(Ordering::SeqCst) > 20).await;
    drop(running);
    let Setup { ref ended, .. } = setup;
    until("the end of all", || ended.load(Ordering::SeqCst) == 8).await;
    setup.nothing_goes_on(8).await;
}

#[tokio::test]
async fn after_the_end_nobody_holds_a_target_any_more() {
    let (setup, running) = setup().await;
    let mut peer = setup.peer;
    let reads = tokio::spawn(async move { while peer.text().await.is_ok() {} });
    running.stop().await;
    within("the reader", reads).await.unwrap();
    drop(setup.executor);
    // The test's own, and no other.
    until("the last", || Arc::strong_count(&setup.moves) == 1).await;
}

/// What the handler of a command that comes late would ring.
#[derive(Target, Default)]
struct Bell {
    #[emitter]
    rung: u32,
    turnstile: rship_tests::Turnstile,
}

#[actions]
impl Bell {
    #[action]
    fn ring(&mut self) {
        self.rung += 1;
    }

    #[action(blocking)]
    fn hold(&self) {
        self.turnstile.wait();
    }
}

#[tokio::test]
async fn a_command_that_comes_while_the_executor_ends_is_refused() {
    let gate = rship_tests::Gate::default();
    let server = rship_tests::Server::bind().await;
    let executor = builder(&server.url())
        .shutdown_timeout(LIMIT)
        .build()
        .unwrap();
    let turnstile = gate.turnstile();
    let held = Bell { rung: 0, turnstile };
    executor.add("held", held).unwrap();
    let free = executor.add("free", Bell::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("free:rung").await;
    peer.exec("held", "held:hold", serde_json::Value::Null)
        .await;
    gate.wait_for(1).await;
    executor.shutdown();
    // The handler that cannot be cancelled is answered for, and the end waits for it.
    assert_eq!(peer.answer().await.0, "held");
    let refused = peer
        .call("late", "free:ring", serde_json::Value::Null)
        .await;
    assert!(refused.unwrap_err().contains("the executor ends"));
    gate.open();
    let end = tokio::spawn(running.stop());
    while peer.text().await.is_ok() {}
    drop(peer);
    within("the end", end).await.unwrap();
    assert_eq!(free.lock().await.rung, 0);
}
