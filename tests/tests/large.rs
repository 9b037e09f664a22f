//! Large devices: a registration of many frames keeps nobody waiting.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use rship_core::wire::FRAME_LIMIT;
use rship_runtime::{Handle, Target};
use rship_tests::{Peer, Running, builder, pipes, within};
use serde_json::Value;
use tokio::io::DuplexStream;

/// One of many.
#[derive(Target)]
struct Channel {
    #[emitter]
    level: u32,
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
