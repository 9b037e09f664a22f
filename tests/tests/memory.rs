//! Memory: what waits for a server is bounded in bytes, and given back. Measures the whole process, so its tests
//! run one at a time, each in a process of its own.
#![cfg(target_os = "linux")]

use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::{Generation, Item, Query, Status};
use rship_tests::{
    Door, Gate, Hosted, LIMIT, Memory, Running, Server, Turnstile, alone, builder, core, executor,
    on_two_workers, pipes, within,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

/// What may wait is 64 MiB in all; allocators and this test itself need some more.
const BOUNDED: usize = 200 << 20;
/// What is left of a burst that is over.
const GIVEN_BACK: usize = 64 << 20;
/// What many small things may leave.
const SMALL: usize = 24 << 20;

alone! {
    impulses_of_1_mb_while_offline_are_bounded_and_given_back => impulses,
    payloads_of_1_mb_behind_a_stuck_handler_are_bounded_and_given_back => payloads,
    payloads_of_1_mb_behind_many_stuck_handlers_are_bounded => payloads_for_many,
    replies_of_1_mb_to_a_peer_that_does_not_read_are_bounded_and_given_back => replies,
    errors_of_1_mb_to_a_peer_that_does_not_read_are_bounded => errors,
    one_batch_with_replies_of_1_mb_is_bounded => batch,
    items_published_and_deleted_while_offline_leave_nothing => items,
    queries_dropped_while_offline_leave_nothing => queries_offline,
    queries_dropped_at_a_peer_that_does_not_read_leave_nothing => queries,
    commands_given_up_while_online_leave_nothing => commands,
    targets_added_and_removed_at_a_peer_that_never_pongs_leave_nothing => targets,
    targets_added_and_removed_while_offline_leave_nothing => targets_offline,
    targets_with_a_slow_clock_leave_nothing_when_they_go => clocks,
}

#[derive(Target, Default)]
struct Store {
    #[emitter]
    taken: u32,
    #[emitter]
    passed: Emitter<String>,
    turnstile: Turnstile,
}

#[actions]
impl Store {
    #[action]
    fn wait(&self) {
        self.turnstile.wait();
    }

    #[action]
    fn take(&mut self, text: String) -> usize {
        self.taken += 1;
        text.len()
    }

    #[action]
    fn give(&mut self) -> String {
        self.taken += 1;
        "x".repeat(1 << 20)
    }

    #[action]
    fn fail(&mut self) -> Result<(), String> {
        self.taken += 1;
        Err("x".repeat(1 << 20))
    }
}

const MANY: usize = 600;

async fn impulses() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let store = executor.add("store", Store::default()).unwrap();
    let passed = store.lock().await.passed.clone();
    let memory = Memory::start();
    let mut dropped = 0;
    for _ in 0..MANY {
        let outcome = passed.pulse("x".repeat(1 << 20));
        dropped += u64::from(outcome == Published::Dropped);
    }
    memory.grew_at_most(BOUNDED, "impulses that wait");
    assert_eq!(executor.metrics().impulses_dropped, dropped);
    assert!(dropped > 0 && dropped < MANY as u64);
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    for _ in 0..MANY as u64 - dropped {
        peer.pulse("store:passed").await;
    }
    drop(peer);
    memory
        .is_back_at(GIVEN_BACK, "impulses that were sent")
        .await;
    running.stop().await;
}

/// A hosted executor with these stores, each with a handler at the gate.
async fn stuck(stores: usize) -> (Gate, Hosted, rship_tests::Peer<tokio::net::TcpStream>) {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let gate = Gate::default();
    for number in 0..stores {
        let store = Store {
            turnstile: gate.turnstile(),
            ..Store::default()
        };
        executor.add(&format!("store-{number}"), store).unwrap();
    }
    executor.add("zebra", Store::default()).unwrap();
    let hosted = Hosted::start(&executor, on_two_workers);
    let mut peer = server.accept_2026().await;
    peer.pulse("zebra:taken").await;
    for number in 0..stores {
        let tx = format!("slow-{number}");
        peer.exec(&tx, &format!("store-{number}:wait"), Value::Null)
            .await;
    }
    gate.wait_for(stores).await;
    (gate, hosted, peer)
}

async fn payloads() {
    payloads_behind(1).await;
}

async fn payloads_for_many() {
    payloads_behind(20).await;
}

async fn payloads_behind(stores: usize) {
    let (gate, hosted, mut peer) = stuck(stores).await;
    let memory = Memory::start();
    for number in 0..MANY {
        let action = format!("store-{}:take", number % stores);
        let data = json!({"text": "x".repeat(1 << 20)});
        peer.exec(&format!("t-{number}"), &action, data).await;
    }
    // Read all the same: this one is for a tree that is free.
    peer.exec("free", "zebra:take", json!({"text": ""})).await;
    let mut refused = 0;
    while peer.answer().await.0 != "free" {
        refused += 1;
    }
    memory.grew_at_most(BOUNDED, "payloads that wait");
    assert!(refused > 0 && refused < MANY, "{refused} were refused");
    gate.open();
    for _ in 0..MANY - refused + stores {
        peer.answer().await.1.unwrap();
    }
    memory
        .is_back_at(GIVEN_BACK, "payloads that were taken")
        .await;
    hosted.stop().await;
}

async fn replies() {
    to_a_peer_that_does_not_read("give").await;
}

async fn errors() {
    to_a_peer_that_does_not_read("fail").await;
}

async fn to_a_peer_that_does_not_read(action: &'static str) {
    let (connector, mut pipes) = pipes(4 << 10);
    let executor = builder("ws://pipe/myko")
        .connect(connector)
        .build()
        .unwrap();
    executor.add("store", Store::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("store:taken").await;
    let memory = Memory::start();
    let (mut sink, mut stream) = futures_util::StreamExt::split(peer.socket);
    let sending = tokio::spawn(async move {
        for number in 0..MANY {
            let action = json!({"id": format!("store:{action}"), "targetId": "store"});
            let command = json!({"tx": format!("t-{number}"), "action": action, "data": null});
            let data = json!({"commandId": "ExecTargetAction", "command": command});
            let frame = json!({"event": "ws:m:command", "data": data}).to_string();
            let sent = futures_util::SinkExt::send(&mut sink, frame.into());
            within("room to send", sent).await.unwrap();
        }
        sink
    });
    // Until it reads no more commands, which has no event: their number stands still.
    let mut before = 0;
    while executor.metrics().commands != before || before == 0 {
        before = executor.metrics().commands;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    memory.grew_at_most(BOUNDED, "replies that wait");
    let mut answers = 0;
    while answers < MANY {
        let message = within("frame", futures_util::StreamExt::next(&mut stream)).await;
        let text = message.unwrap().unwrap().into_text().unwrap_or_default();
        answers += usize::from(text.contains("ws:m:command-"));
    }
    drop(within("the sender", sending).await.unwrap());
    memory
        .is_back_at(GIVEN_BACK, "replies that were sent")
        .await;
    running.stop().await;
}

async fn batch() {
    let (connector, mut pipes) = pipes(4 << 10);
    let executor = builder("ws://pipe/myko")
        .connect(connector)
        .build()
        .unwrap();
    let store = executor.add("store", Store::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("store:taken").await;
    let memory = Memory::start();
    let member = |number| {
        let action = json!({"id": "store:give", "targetId": "store"});
        json!({"tx": format!("m-{number}"), "action": action, "data": null})
    };
    let members: Vec<Value> = (0..MANY).map(member).collect();
    let command = json!({"tx": "batch", "actions": members});
    peer.command("BatchTargetAction", command).await;
    // As many as are carried out while nobody reads.
    let (mut before, mut now) = (u32::MAX, 0);
    while now != before || now == 0 {
        before = now;
        tokio::time::sleep(Duration::from_millis(500)).await;
        now = match store.try_lock() {
            Ok(store) => store.taken,
            Err(_) => now,
        };
    }
    memory.grew_at_most(BOUNDED, "replies of a batch that wait");
    let mut answered = 0;
    while answered <= MANY {
        let _ = peer.answer().await;
        answered += 1;
    }
    running.stop().await;
}

#[derive(Serialize)]
struct Cue {
    id: String,
    label: String,
}

impl Item for Cue {
    const TYPE: &'static str = "Cue";

    fn id(&self) -> &str {
        &self.id
    }
}

async fn items() {
    let executor = executor("ws://127.0.0.1:9/myko");
    let memory = Memory::start();
    for number in 0..200_000 {
        let cue = Cue {
            id: format!("cue-{number}"),
            label: "a label of some length".to_owned(),
        };
        executor.publish(&cue).unwrap();
        assert!(executor.delete::<Cue>(&cue.id));
    }
    memory.is_back_at(SMALL, "items that are gone").await;
}

async fn queries_offline() {
    let executor = executor("ws://127.0.0.1:9/myko");
    let running = Running::start(&executor);
    let memory = Memory::start();
    ask_and_forget(&executor).await;
    memory.is_back_at(SMALL, "queries that are dropped").await;
    running.stop().await;
}

async fn queries() {
    let (connector, mut pipes) = pipes(4 << 10);
    let executor = builder("ws://pipe/myko")
        .connect(connector)
        .build()
        .unwrap();
    executor.add("store", Store::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("store:taken").await;
    let memory = Memory::start();
    ask_and_forget(&executor).await;
    memory.grew_at_most(SMALL, "queries that are dropped");
    drop(peer);
    running.stop().await;
}

async fn ask_and_forget(executor: &Executor) {
    for number in 0..300_000 {
        drop(executor.query(Query::by_ids("Cue", [format!("cue-{number}")])));
        if number % 1000 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

async fn commands() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    executor.add("store", Store::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("store:taken").await;
    peer.reading(within("a session", executor.flush())).await;
    let reads = tokio::spawn(async move { while peer.text().await.is_ok() {} });
    let memory = Memory::start();
    for number in 0..20_000 {
        let content = json!({"cue": "x".repeat(1000), "number": number});
        let command = executor.command("PlayCue", &content);
        let _ = tokio::time::timeout(Duration::ZERO, command).await;
        if number % 100 == 0 {
            executor.flush().await;
        }
    }
    executor.flush().await;
    memory
        .is_back_at(SMALL, "commands that nobody waits for")
        .await;
    running.stop().await;
    within("the reader", reads).await.unwrap();
}

async fn targets() {
    come_and_go(Store::default).await;
}

/// Targets that a peer is told of, and of their end; it reads, and says nothing: neither a pong nor anything else.
async fn come_and_go<T: Target>(make: impl Fn() -> T) {
    let server = Server::bind().await;
    let builder = builder(&server.url()).keepalive(LIMIT, LIMIT * 10);
    let executor = builder.build().unwrap();
    executor.add("store", Store::default()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let online = running.wait("online", |status| matches!(status, Status::Online { .. }));
    peer.reading(online).await;
    let (mut reader, _writer) = tokio::io::split(peer.socket.into_inner());
    let reads = tokio::spawn(async move {
        let mut chunk = vec![0; 64 << 10];
        while matches!(reader.read(&mut chunk).await, Ok(1..)) {}
    });
    let mut memory = Memory::start();
    for round in 0..500 {
        let all: Vec<_> = (0..100)
            .map(|number| {
                executor
                    .add(&format!("target-{round}-{number}"), make())
                    .unwrap()
            })
            .collect();
        within("room", executor.flush()).await;
        for target in all {
            target.remove().unwrap();
        }
        within("room", executor.flush()).await;
        if round == 50 {
            memory = Memory::start();
        }
    }
    memory.is_back_at(SMALL, "targets that are gone").await;
    drop(running);
    within("the reader", reads).await.unwrap();
}

async fn targets_offline() {
    let core = core(Generation::V2026).await;
    let door = Door::new(false);
    let executor = builder(&core.url()).connect(door.clone()).build().unwrap();
    let running = Running::start(&executor);
    let memory = Memory::start();
    for number in 0..100_000 {
        let store = executor.add(&format!("store-{number}"), Store::default());
        store.unwrap().remove().unwrap();
    }
    memory.is_back_at(SMALL, "targets that are gone").await;
    executor.add("last", Store::default()).unwrap();
    door.set(true);
    core.wait_until(LIMIT, "the last", |core| core.count("Target") == 1)
        .await
        .unwrap();
    running.stop().await;
}

#[derive(Target, Default)]
struct Clock;

#[actions]
impl Clock {
    #[emitter(every = "1h")]
    fn hours(&self) -> u32 {
        1
    }
}

async fn clocks() {
    come_and_go(|| Clock).await;
}
