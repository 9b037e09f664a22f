//! Sessions have an epoch: what one server asked for is neither begun for the next nor answered to it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rship_runtime::{Executor, Handle, Target, actions};
use rship_tests::{Gate, Hosted, Peer, Server, Turnstile, executor, on_two_workers, until};
use serde_json::{Value, json};
use tokio::net::TcpStream;

#[derive(Target, Default)]
struct Motor {
    #[emitter]
    position: u32,
    moves: Arc<Mutex<Vec<u32>>>,
    turnstile: Turnstile,
}

#[actions]
impl Motor {
    #[action]
    fn wait(&mut self) {
        self.turnstile.wait();
        self.position += 1000;
    }

    #[action]
    async fn wait_beside(this: Handle<Self>) {
        let turnstile = this.lock().await.turnstile.clone();
        while !turnstile.is_open() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        this.lock().await.position += 1;
    }

    #[action(blocking)]
    fn wait_on_a_thread(&mut self) {
        self.turnstile.wait();
        self.position += 1000;
    }

    #[action]
    fn go(&mut self, to: u32) {
        self.moves.lock().unwrap().push(to);
        self.position = to;
    }

    #[action]
    fn nothing(&self) {}
}

struct Setup {
    server: Server,
    executor: Executor,
    motor: Handle<Motor>,
    moves: Arc<Mutex<Vec<u32>>>,
    gate: Gate,
    hosted: Hosted,
}

async fn setup() -> (Setup, Peer<TcpStream>) {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let (gate, moves) = (Gate::default(), Arc::default());
    let motor = Motor {
        moves: Arc::clone(&moves),
        turnstile: gate.turnstile(),
        ..Motor::default()
    };
    let motor = executor.add("motor", motor).unwrap();
    executor.add("other", Motor::default()).unwrap();
    let hosted = Hosted::start(&executor, on_two_workers);
    let mut peer = server.accept_2026().await;
    peer.pulse("other:position").await;
    let setup = Setup {
        server,
        executor,
        motor,
        moves,
        gate,
        hosted,
    };
    (setup, peer)
}

/// The next server asks for one thing, and gets one answer.
async fn the_next_server_gets_what_it_asked_for(setup: &Setup) {
    let mut next = setup.server.accept_2026().await;
    next.pulse("other:position").await;
    setup.gate.open();
    let call = next.call("mine", "motor:nothing", Value::Null).await;
    assert_eq!(call, Ok(Value::Null));
    let call = next.call("last", "other:nothing", Value::Null).await;
    assert_eq!(call, Ok(Value::Null));
}

#[tokio::test]
async fn commands_behind_a_slow_one_are_dropped_when_their_session_ends() {
    for slow in ["wait", "wait-on-a-thread"] {
        let (setup, mut peer) = setup().await;
        peer.exec("slow", &format!("motor:{slow}"), Value::Null)
            .await;
        setup.gate.wait_for(1).await;
        for to in 0..60 {
            let tx = format!("t-{to}");
            peer.exec(&tx, "motor:go", json!({"to": to})).await;
        }
        until("all read", || setup.executor.metrics().commands >= 61).await;
        drop(peer);
        the_next_server_gets_what_it_asked_for(&setup).await;
        let moves = setup.moves.lock().unwrap().clone();
        assert!(moves.is_empty(), "after {slow} nobody asked for {moves:?}");
        setup.hosted.stop().await;
    }
}

#[tokio::test]
async fn a_command_that_waits_for_a_guard_is_dropped_when_its_session_ends() {
    let (setup, mut peer) = setup().await;
    let guard = setup.motor.lock().await;
    peer.exec("waits", "motor:go", json!({"to": 1})).await;
    until("read", || setup.executor.metrics().commands >= 1).await;
    // What was read before it is answered, so it is first in line.
    let call = peer.call("behind", "other:nothing", Value::Null).await;
    assert_eq!(call, Ok(Value::Null));
    drop(peer);
    until("dropped", || setup.executor.metrics().commands_dropped >= 1).await;
    drop(guard);
    the_next_server_gets_what_it_asked_for(&setup).await;
    let moves = setup.moves.lock().unwrap().clone();
    assert!(moves.is_empty(), "nobody asked for {moves:?}");
    setup.hosted.stop().await;
}

#[tokio::test]
async fn members_of_a_batch_behind_a_slow_one_are_dropped_when_their_session_ends() {
    let (setup, mut peer) = setup().await;
    let member = |action: &str, data: Value| json!({"action": {"id": format!("motor:{action}"), "targetId": "motor"}, "data": data});
    let mut members = vec![member("wait", Value::Null)];
    members.extend((0..60).map(|to| member("go", json!({"to": to}))));
    let batch = json!({"tx": "batch", "actions": members});
    peer.command("BatchTargetAction", batch).await;
    setup.gate.wait_for(1).await;
    drop(peer);
    the_next_server_gets_what_it_asked_for(&setup).await;
    let moves = setup.moves.lock().unwrap().clone();
    assert!(moves.is_empty(), "nobody asked for {moves:?}");
    setup.hosted.stop().await;
}

#[tokio::test]
async fn an_answer_that_comes_after_its_session_goes_to_nobody() {
    let (setup, mut peer) = setup().await;
    for number in 0..10 {
        let tx = format!("t-{number}");
        peer.exec(&tx, "motor:wait-beside", Value::Null).await;
    }
    peer.call("all read", "motor:nothing", Value::Null)
        .await
        .unwrap();
    drop(peer);
    the_next_server_gets_what_it_asked_for(&setup).await;
    setup.hosted.stop().await;
}

#[tokio::test]
async fn commands_of_many_sessions_in_a_row_are_all_dropped() {
    let (setup, mut peer) = setup().await;
    peer.exec("slow", "motor:wait", Value::Null).await;
    setup.gate.wait_for(1).await;
    for session in 0..5 {
        let before = setup.executor.metrics().commands;
        for to in 0..20 {
            let tx = format!("t-{session}-{to}");
            peer.exec(&tx, "motor:go", json!({"to": to})).await;
        }
        until("all read", || {
            setup.executor.metrics().commands >= before + 20
        })
        .await;
        drop(peer);
        peer = setup.server.accept_2026().await;
        peer.pulse("other:position").await;
    }
    peer.exec("mine", "motor:go", json!({"to": 7})).await;
    until("read", || setup.executor.metrics().commands >= 102).await;
    setup.gate.open();
    let answers = BTreeSet::from([peer.answer().await.0]);
    assert!(answers.contains("mine"), "{answers:?}");
    assert_eq!(*setup.moves.lock().unwrap(), [7]);
    setup.hosted.stop().await;
}
