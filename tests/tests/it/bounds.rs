//! Bounded in bytes: what waits is limited, what goes over is refused or dropped and counted exactly.

use rship_runtime::prelude::*;
use rship_runtime::{Generation, Item};
use rship_tests::{
    Door, Gate, Hosted, LIMIT, Peer, Running, Server, Turnstile, builder, core, on_two_workers,
    pipes, pulse, until, within,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;

#[derive(Target, Default)]
struct Store {
    #[emitter]
    #[action]
    text: String,
    #[emitter]
    number: u32,
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
        self.number += 1;
        text.len()
    }

    #[action]
    fn echo(&mut self, text: String) -> String {
        self.number += 1;
        text
    }

    #[action]
    fn long_answer(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    #[action]
    fn long_error(&self, bytes: usize) -> Result<(), String> {
        Err("x".repeat(bytes))
    }
}

#[tokio::test]
async fn impulses_are_limited_in_bytes_and_those_dropped_are_counted() {
    let server = Server::bind().await;
    let builder = builder(&server.url()).impulse_bytes(10_000);
    let executor = builder.build().unwrap();
    let store = executor.add("store", Store::default()).unwrap();
    let passed = store.lock().await.passed.clone();
    let mut queued = Vec::new();
    for number in 0..500_u64 {
        match passed.pulse(format!("{number:0100}")) {
            Published::Queued => queued.push(number),
            Published::Dropped => {}
            other => panic!("{other:?}"),
        }
        let dropped = number + 1 - queued.len() as u64;
        assert_eq!(executor.metrics().impulses_dropped, dropped);
    }
    assert!((10..=100).contains(&queued.len()), "{}", queued.len());
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    for number in queued {
        assert_eq!(peer.pulse("store:passed").await, format!("{number:0100}"));
    }
    // There is room again, as much as before.
    within("room", executor.flush()).await;
    assert_eq!(passed.pulse("more".to_owned()), Published::Sent);
    assert_eq!(peer.pulse("store:passed").await, "more");
}

/// Targets `store-0`.. whose first handler is at the gate.
async fn busy(builder: rship_runtime::Builder, server: &Server, stores: usize) -> Busy {
    let executor = builder.build().unwrap();
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
    peer.pulse("zebra:number").await;
    for number in 0..stores {
        let tx = format!("slow-{number}");
        peer.exec(&tx, &format!("store-{number}:wait"), Value::Null)
            .await;
    }
    gate.wait_for(stores).await;
    Busy {
        executor,
        gate,
        peer,
        hosted,
    }
}

struct Busy {
    executor: Executor,
    gate: Gate,
    peer: Peer<TcpStream>,
    hosted: Hosted,
}

impl Busy {
    /// Sends commands of a kilobyte each to one store after the other, lets the handlers go, and says how many
    /// of the commands were carried out; each is answered, and those refused are counted.
    async fn carried_out(mut self, stores: usize, commands: usize) -> usize {
        let text = "x".repeat(1000);
        for number in 0..commands {
            let action = format!("store-{}:take", number % stores);
            let data = json!({"text": text});
            self.peer.exec(&format!("t-{number}"), &action, data).await;
        }
        // Refusals come at once; the other trees go on meanwhile.
        let mut refused = 0;
        self.peer
            .exec("free", "zebra:take", json!({"text": ""}))
            .await;
        loop {
            let (tx, outcome) = self.peer.answer().await;
            match outcome {
                Ok(_) if tx == "free" => break,
                Ok(_) => panic!("{tx} was carried out"),
                Err(why) => {
                    let target = tx[2..].parse::<usize>().unwrap() % stores;
                    assert!(why.contains(&format!("store-{target}")), "{tx}: {why}");
                    refused += 1;
                }
            }
        }
        assert_eq!(self.executor.metrics().commands_refused, refused as u64);
        self.gate.open();
        let (mut slow, mut done) = (0, 0);
        while slow + done < stores + commands - refused {
            let (tx, outcome) = self.peer.answer().await;
            assert!(outcome.is_ok(), "{tx}: {outcome:?}");
            match tx.starts_with("slow") {
                true => slow += 1,
                false => done += 1,
            }
        }
        self.hosted.stop().await;
        done
    }
}

#[tokio::test]
async fn commands_that_wait_for_one_tree_are_limited_in_bytes() {
    let server = Server::bind().await;
    let builder = builder(&server.url()).mailbox_bytes(20_000);
    let busy = busy(builder, &server, 1).await;
    let done = busy.carried_out(1, 200).await;
    assert!((5..=20).contains(&done), "{done} of 200 waited");
}

#[tokio::test]
async fn commands_that_wait_for_all_trees_are_limited_to_three_times_that() {
    let server = Server::bind().await;
    let builder = builder(&server.url()).mailbox_bytes(20_000);
    let busy = busy(builder, &server, 10).await;
    let done = busy.carried_out(10, 1000).await;
    assert!((20..=60).contains(&done), "{done} of 1,000 waited");
}

#[tokio::test]
async fn many_small_commands_wait_where_few_large_ones_would_not() {
    let server = Server::bind().await;
    let mut busy = busy(builder(&server.url()), &server, 1).await;
    for number in 0..10_000 {
        let tx = format!("t-{number}");
        let data = json!({"text": "x"});
        busy.peer.exec(&tx, "store-0:take", data).await;
    }
    busy.peer
        .call("free", "zebra:take", json!({"text": ""}))
        .await
        .unwrap();
    assert_eq!(busy.executor.metrics().commands_refused, 0);
    busy.gate.open();
    assert_eq!(busy.peer.answer().await.0, "slow-0");
    for number in 0..10_000 {
        assert_eq!(
            busy.peer.answer().await,
            (format!("t-{number}"), Ok(json!(1)))
        );
    }
    busy.hosted.stop().await;
}

#[tokio::test]
async fn while_too_many_answers_wait_no_command_is_read_and_none_is_lost() {
    let (connector, mut pipes) = pipes(4 << 10);
    let builder = builder("ws://pipe/myko").connect(connector);
    let executor = builder.reply_bytes(20_000).build().unwrap();
    let store = executor.add("store", Store::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("store:number").await;
    let (commands, text) = (500, "x".repeat(1000));
    let (mut sink, mut stream) = futures_util::StreamExt::split(peer.socket);
    let sending = tokio::spawn(async move {
        for number in 0..commands {
            let action = json!({"id": "store:echo", "targetId": "store"});
            let data = json!({"text": text});
            let command = json!({"tx": format!("t-{number}"), "action": action, "data": data});
            let data = json!({"commandId": "ExecTargetAction", "command": command});
            let frame = json!({"event": "ws:m:command", "data": data}).to_string();
            let sent = futures_util::SinkExt::send(&mut sink, frame.into());
            within("room to send", sent).await.unwrap();
        }
        sink
    });
    // Until the executor stops reading, which has no event: the count stands still.
    let mut before = u64::MAX;
    within("a stop", async {
        while executor.metrics().commands != before || before == 0 {
            before = executor.metrics().commands;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    })
    .await;
    assert!(before < 200, "{before} commands were read, and no answer");
    assert!(!sending.is_finished());
    let mut answered = Vec::new();
    while answered.len() < commands {
        let message = within("frame", futures_util::StreamExt::next(&mut stream)).await;
        let text = message.unwrap().unwrap().into_text().unwrap_or_default();
        if let Ok(frame) = serde_json::from_str::<Value>(&text)
            && frame["event"] == "ws:m:command-response"
        {
            answered.push(frame["data"]["tx"].as_str().unwrap().to_owned());
        }
    }
    let all: Vec<_> = (0..commands).map(|number| format!("t-{number}")).collect();
    assert_eq!(answered, all);
    drop(within("the sender", sending).await.unwrap());
    assert_eq!(store.lock().await.number, 500);
    let metrics = executor.metrics();
    assert_eq!((metrics.sessions, metrics.commands_refused), (1, 0));
    until("all counted", || {
        executor.metrics().commands_answered == 500
    })
    .await;
}

#[tokio::test]
async fn removals_while_offline_are_limited_in_bytes_and_healed_when_they_were_too_many() {
    let core = core(Generation::V2026).await;
    let door = Door::new(true);
    let builder = builder(&core.url()).connect(door.clone());
    let executor = builder.update_bytes(2_000).build().unwrap();
    let stores: Vec<_> = (0..200)
        .map(|number| {
            executor
                .add(&format!("store-{number}"), Store::default())
                .unwrap()
        })
        .collect();
    executor.add("zebra", Store::default()).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "all", |core| core.count("Target") == 201)
        .await
        .unwrap();
    door.set(false);
    core.disconnect_all();
    core.wait_until(LIMIT, "the break", |core| core.clients() == 0)
        .await
        .unwrap();
    for store in stores {
        store.remove().unwrap();
    }
    assert!(executor.metrics().updates_dropped > 0);
    door.set(true);
    core.wait_until(LIMIT, "only the last", |core| {
        core.count("Target") == 1 && core.count("Action") < 10
    })
    .await
    .unwrap();
    assert!(executor.metrics().healed > 0);
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

#[tokio::test]
async fn a_value_over_the_limit_is_refused_where_it_is_published_and_poisons_nothing() {
    let core = core(Generation::V2026).await;
    let builder = builder(&core.url()).message_limit(10_000);
    let executor = builder.build().unwrap();
    let store = executor.add("store", Store::default()).unwrap();
    let passed = store.lock().await.passed.clone();
    let running = Running::online(&executor).await;
    let large = "x".repeat(20_000);

    assert_eq!(passed.pulse(large.clone()), Published::TooLarge);
    assert_eq!(executor.metrics().values_refused, 1);
    let cue = Cue {
        id: "c".to_owned(),
        label: large.clone(),
    };
    let error = executor.publish(&cue).unwrap_err().to_string();
    assert!(error.contains("Cue") && error.contains('c'), "{error}");
    let mut guard = store.lock().await;
    guard.text = large;
    guard.number = 5;
    drop(guard);
    core.wait_until(LIMIT, "the other state", |core| {
        pulse(core, "stand-1", "store:number") == Some(json!(5))
    })
    .await
    .unwrap();
    assert_eq!(pulse(&core, "stand-1", "store:text"), Some(json!("")));
    assert_eq!(executor.metrics().values_refused, 3);
    // Sessions to come are told what can be told.
    core.disconnect_all();
    core.wait_until(LIMIT, "the break", |core| core.clients() == 0)
        .await
        .unwrap();
    store.lock().await.number = 6;
    core.wait_until(LIMIT, "the next session", |core| {
        pulse(core, "stand-1", "store:number") == Some(json!(6))
    })
    .await
    .unwrap();
    store.lock().await.text = "short".to_owned();
    core.wait_until(LIMIT, "a value that fits", |core| {
        pulse(core, "stand-1", "store:text") == Some(json!("short"))
    })
    .await
    .unwrap();
    assert_eq!(executor.metrics().sessions, 2);
    assert_eq!(core.drops(), []);
    running.stop().await;
}

#[tokio::test]
async fn a_state_over_the_limit_before_the_first_session_does_not_keep_it_from_coming() {
    let core = core(Generation::V2026).await;
    let executor = builder(&core.url()).build().unwrap();
    let store = Store {
        // More than what a server takes in one message.
        text: "x".repeat(70 << 20),
        ..Store::default()
    };
    executor.add("store", store).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "the action", |core| {
        core.item("Action", "store:take").is_some()
    })
    .await
    .unwrap();
    core.exec(None, "store:take", json!({"text": "abc"}))
        .await
        .unwrap();
    assert_eq!(executor.metrics().sessions, 1);
    assert_eq!(executor.metrics().values_refused, 1);
    running.stop().await;
}

#[tokio::test]
async fn an_answer_over_the_limit_becomes_an_error() {
    let server = Server::bind().await;
    let builder = builder(&server.url()).message_limit(10_000);
    let executor = builder.build().unwrap();
    executor.add("store", Store::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let large = json!({"bytes": 20_000});
    let refused = peer.call("a", "store:long-answer", large.clone()).await;
    let why = refused.unwrap_err();
    assert!(
        why.len() < 1000 && why.contains("store:long-answer"),
        "{why}"
    );
    let refused = peer.call("b", "store:long-error", large).await;
    assert!(refused.unwrap_err().len() <= 10_000);
    let small = peer
        .call("c", "store:long-answer", json!({"bytes": 5}))
        .await;
    assert_eq!(small, Ok(json!("xxxxx")));
    // A batch whose answers fit one by one, and not together.
    let member = json!({"action": {"id": "store:long-answer"}, "data": {"bytes": 4_000}});
    let members = json!({"tx": "batch", "actions": [member, member, member]});
    peer.command("BatchTargetAction", members).await;
    let (tx, outcome) = peer.answer().await;
    assert_eq!(tx, "batch");
    assert!(outcome.unwrap_err().len() < 10_000);
    assert_eq!(executor.metrics().sessions, 1);
}
