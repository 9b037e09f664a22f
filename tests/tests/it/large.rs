//! Large devices: a registration of many frames keeps nobody waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rship_core::wire::FRAME_LIMIT;
use rship_runtime::{Generation, Handle, Target, actions};
use rship_tests::{LIMIT, Peer, Running, builder, core, pipes, until, within};
use serde_json::Value;
use tokio::io::DuplexStream;

/// One of many.
#[derive(Target)]
struct Channel {
    #[emitter]
    level: u32,
}

#[actions]
impl Channel {
    #[action]
    fn touch(&self) {}
}

/// Reads frames, and changes the ticker after each, until the last channel is told of. Returns what the
/// frames between two pulses of the ticker came to, in bytes.
async fn register(peer: &mut Peer<DuplexStream>, ticker: &Handle<Channel>) -> Vec<usize> {
    let (mut between, mut since, mut ticked, mut told) = (Vec::new(), 0, false, 0);
    while told < CHANNELS {
        ticker.lock().await.level += 1;
        let text = within("frame", peer.text()).await.unwrap();
        assert!(text.len() <= FRAME_LIMIT, "{} bytes", text.len());
        let frame: Value = serde_json::from_str(&text).unwrap();
        let one = std::slice::from_ref(&frame["data"]);
        let changes = frame["data"].as_array().map_or(one, Vec::as_slice);
        let is_tick = |change: &&Value| change["item"]["emitterId"] == "ticker:level";
        let targets = |change: &&Value| change["itemType"] == "Target";
        told += changes.iter().filter(targets).count();
        if changes.iter().any(|change| is_tick(&change)) {
            if ticked {
                between.push(since);
            }
            (since, ticked) = (0, true);
        } else {
            since += text.len();
        }
    }
    between
}

/// With the ticker.
const CHANNELS: usize = 1_000;

#[tokio::test]
async fn pulses_do_not_wait_for_the_end_of_a_registration() {
    let (connect, mut pipes) = pipes(1024);
    let executor = builder("ws://nowhere.example/myko")
        .connect(connect)
        .build()
        .unwrap();
    for number in 1..CHANNELS {
        let id = format!("channel-{number}");
        executor.add(&id, Channel { level: 0 }).unwrap();
    }
    // The last to be added would be the last to be told.
    let ticker = executor.add("ticker", Channel { level: 0 }).unwrap();
    let _running = Running::start(&executor);
    for session in 0..3 {
        let mut peer = pipes.open().await;
        let between = register(&mut peer, &ticker).await;
        assert!(between.len() >= 5, "session {session}: {between:?}");
        // What is on its way to the socket already, and one part of the registration.
        let most = between.iter().max().unwrap();
        assert!(*most <= 2 * FRAME_LIMIT, "session {session}: {between:?}");
    }
}

#[tokio::test]
async fn a_target_that_has_something_to_say_is_told_before_its_turn_and_once() {
    let (connect, mut pipes) = pipes(1024);
    let executor = builder("ws://nowhere.example/myko")
        .connect(connect)
        .build()
        .unwrap();
    let mut channels = Vec::new();
    for number in 0..CHANNELS {
        let id = format!("channel-{number}");
        channels.push(executor.add(&id, Channel { level: 0 }).unwrap());
    }
    let _running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.change().await;
    channels[CHANNELS - 2].lock().await.level = 7;
    let last = format!("channel-{}:level", CHANNELS - 1);
    let changes = peer
        .changes_until(|change| {
            change["itemType"] == "Pulse" && change["item"]["emitterId"] == *last
        })
        .await;
    let early = format!("channel-{}", CHANNELS - 2);
    let of_early = |item_type: &str, field: &str, id: &str| {
        let of_it = changes
            .iter()
            .enumerate()
            .filter(|(_, change)| change["itemType"] == item_type && change["item"][field] == id);
        of_it.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let told = of_early("Target", "id", &early);
    let emitter = of_early("Emitter", "id", &format!("{early}:level"));
    let pulses = of_early("Pulse", "emitterId", &format!("{early}:level"));
    assert_eq!((told.len(), emitter.len(), pulses.len()), (1, 1, 1));
    assert!(told < emitter && emitter < pulses);
    assert!(
        pulses[0] < changes.len() / 2,
        "{pulses:?} of {}",
        changes.len()
    );
    assert_eq!(changes[pulses[0]]["item"]["data"], 7);
}

#[tokio::test]
async fn an_executor_that_ends_while_it_registers_tells_all_and_takes_it_offline() {
    let (connect, mut pipes) = pipes(1024);
    let executor = builder("ws://nowhere.example/myko")
        .connect(connect)
        .shutdown_timeout(LIMIT)
        .build()
        .unwrap();
    for number in 0..CHANNELS {
        let id = format!("channel-{number}");
        executor.add(&id, Channel { level: 0 }).unwrap();
    }
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.change().await;
    executor.shutdown();
    let last = |change: &Value| {
        change["itemType"] == "Instance" && change["item"]["status"] == "Unavailable"
    };
    let changes = peer.changes_until(last).await;
    let count = |item_type: &str| {
        let of_type = changes
            .iter()
            .filter(|change| change["itemType"] == item_type);
        of_type.count()
    };
    assert_eq!((count("Target"), count("Pulse")), (CHANNELS, CHANNELS));
    let offline = changes
        .iter()
        .filter(|change| change["item"]["status"] == "offline");
    assert_eq!(offline.count(), CHANNELS);
    drop(peer);
    running.stop().await;
    // Nothing can be waited for any more.
    within("flush", executor.flush()).await;
}

#[tokio::test]
async fn removals_of_many_are_all_told_before_the_end() {
    let core = core(Generation::V2026).await;
    let executor = builder(&core.url())
        .shutdown_timeout(LIMIT)
        .build()
        .unwrap();
    let running = Running::online(&executor).await;
    let mut channels = Vec::new();
    for number in 0..CHANNELS {
        let id = format!("channel-{number}");
        channels.push(executor.add(&id, Channel { level: 0 }).unwrap());
    }
    within("flush", executor.flush()).await;
    for channel in channels {
        channel.remove().unwrap();
    }
    running.stop().await;
    until("the last removal", || core.count("Target") == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_answered_while_values_are_published_without_pause() {
    let core = core(Generation::V2026).await;
    let executor = builder(&core.url()).build().unwrap();
    let channel = executor.add("channel", Channel { level: 0 }).unwrap();
    let _running = Running::online(&executor).await;
    // What is on the wire need not have been read.
    until("action", || core.count("Action") == 1).await;
    let stop = Arc::new(AtomicBool::new(false));
    let publisher = std::thread::spawn({
        let (channel, stop) = (channel.clone(), Arc::clone(&stop));
        move || {
            while !stop.load(Ordering::Relaxed) {
                channel.blocking_lock().level += 1;
            }
        }
    });
    for _ in 0..20 {
        let answer = core.exec(None, "channel:touch", Value::Null);
        assert_eq!(within("answer", answer).await.unwrap(), Value::Null);
    }
    stop.store(true, Ordering::Relaxed);
    publisher.join().unwrap();
}
