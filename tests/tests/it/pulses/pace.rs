//! Emitters that must not speak more often than they were told to, or of less.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rship_runtime::Executor;
use rship_runtime::prelude::*;
use rship_runtime::testing::TestTarget;
use rship_tests::{Peer, Running, Server, executor};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Its values are shared with others.
#[derive(Target)]
struct Shared {
    #[emitter(deadband = 0.1)]
    gain: Arc<Mutex<f32>>,
    #[emitter(deadband = 2)]
    count: Arc<AtomicU32>,
    #[emitter(deadband = 0.1)]
    peak: watch::Receiver<f64>,
    #[emitter(deadband = 0.1)]
    speed: watch::Sender<f64>,
}

#[derive(Target, Default)]
struct Fader {
    /// Often enough to be seen, and too seldom for all.
    #[emitter(max_rate = "50 Hz")]
    often: u32,
    /// Not again while a test runs.
    #[emitter(max_rate = "0.001 Hz")]
    #[action]
    once: u32,
    #[emitter(deadband = 0.1)]
    level: f64,
    #[emitter]
    names: HashMap<String, u32>,
    #[emitter]
    done: u32,
}

#[actions]
impl Fader {
    #[emitter(max_rate = "0.001 Hz", deadband = 1)]
    fn twice(&self) -> u32 {
        self.once * 2
    }
}

async fn online(executor: &Executor, server: &Server) -> (Running, Peer<TcpStream>) {
    let running = Running::start(executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("fader:twice").await;
    (running, peer)
}

/// The values of `emitter` until another one has the value 1.
async fn values_until_done(peer: &mut Peer<TcpStream>, emitter: &str) -> Vec<Value> {
    let done =
        |change: &Value| change["item"]["emitterId"] == "fader:done" && change["item"]["data"] == 1;
    let changes = peer.changes_until(done).await.into_iter();
    let of = changes.filter(|change| change["item"]["emitterId"] == emitter);
    of.map(|change| change["item"]["data"].clone()).collect()
}

#[tokio::test]
async fn the_newest_value_goes_out_at_most_so_often_and_the_last_one_always() {
    const LAST: u32 = 5_000;
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let fader = executor.add("fader", Fader::default()).unwrap();
    let (_running, mut peer) = online(&executor, &server).await;
    let began = Instant::now();
    let writer = tokio::spawn(async move {
        for value in 1..=LAST {
            fader.lock().await.often = value;
            if value % 100 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let (mut pulses, mut last) = (0, 0);
    while last < u64::from(LAST) {
        let value = peer.pulse("fader:often").await.as_u64().unwrap();
        assert!(value > last, "{value} after {last}");
        (pulses, last) = (pulses + 1, value);
    }
    // The first goes at once, and one more may have been on its way when the clock was read.
    let most = began.elapsed().as_millis() / 20 + 2;
    assert!(pulses <= most, "{pulses} pulses, and {most} are allowed");
    writer.await.unwrap();
}

#[tokio::test]
async fn a_value_that_is_held_goes_to_the_next_session_and_does_not_keep_its_command_waiting() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let fader = executor.add("fader", Fader::default()).unwrap();
    let (running, mut peer) = online(&executor, &server).await;
    for value in [7, 8] {
        peer.exec("t", "fader:set-once", json!(value)).await;
    }
    for _ in 0..2 {
        loop {
            let frame = peer.frame().await;
            if frame["event"] == "ws:m:command-response" {
                break;
            }
            let text = frame.to_string();
            assert!(!text.contains("fader:once"), "{text}");
        }
    }
    assert_eq!(fader.lock().await.once, 8);
    drop(peer);
    let mut peer = server.accept_2026().await;
    assert_eq!(peer.pulse("fader:once").await, 8);
    assert_eq!(peer.pulse("fader:twice").await, 16);
    drop((running, peer));
}

#[tokio::test]
async fn a_value_that_is_held_goes_out_before_the_end() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let fader = executor.add("fader", Fader::default()).unwrap();
    let (_running, mut peer) = online(&executor, &server).await;
    fader.lock().await.once = 9;
    executor.shutdown();
    assert_eq!(peer.pulse("fader:once").await, 9);
    assert_eq!(peer.pulse("fader:twice").await, 18);
}

#[test]
fn a_dead_band_holds_for_what_threads_share() {
    let (peak, receiver) = watch::channel(0.5);
    let (gain, count) = (Arc::new(Mutex::new(0.5)), Arc::new(AtomicU32::new(5)));
    let shared = Shared {
        gain: gain.clone(),
        count: count.clone(),
        peak: receiver,
        speed: watch::Sender::new(0.5),
    };
    let shared = TestTarget::new("shared", shared).unwrap();
    let pulses = |by: f32| {
        let guard = shared.blocking_lock();
        *gain.lock().unwrap() = 0.5 + by;
        count.store(if by < 0.1 { 6 } else { 7 }, Ordering::SeqCst);
        peak.send_replace((0.5 + by).into());
        guard.speed.send_replace((0.5 + by).into());
        drop(guard);
        shared.pulses().len()
    };
    assert_eq!([pulses(0.05), pulses(0.25)], [0, 4]);
}

#[tokio::test]
async fn a_member_that_leaves_takes_its_held_value_with_it() {
    #[derive(Target, Default)]
    struct Desk {
        #[target]
        fader: Option<Fader>,
        #[emitter]
        done: u32,
    }
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let fader = Some(Fader::default());
    let desk = executor.add("desk", Desk { fader, done: 0 }).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("desk.fader:twice").await;
    if let Some(fader) = &mut desk.lock().await.fader {
        fader.once = 1;
    }
    {
        let mut desk = desk.lock().await;
        desk.fader = None;
        desk.done = 1;
    }
    assert_eq!(peer.pulse("desk:done").await, 1);
    // Nothing is held any more, so nothing is waited for.
    peer.reading(executor.flush()).await;
    drop(running);
}

#[tokio::test]
async fn a_number_within_the_dead_band_is_not_told_until_it_is_beyond() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let fader = executor.add("fader", Fader::default()).unwrap();
    let (_running, mut peer) = online(&executor, &server).await;
    for level in [0.05, 0.09, 0.1, 0.15, 0.2, 0.11] {
        fader.lock().await.level = level;
        peer.reading(executor.flush()).await;
    }
    fader.lock().await.done = 1;
    assert_eq!(
        values_until_done(&mut peer, "fader:level").await,
        [0.1, 0.2]
    );
}

#[tokio::test]
async fn a_map_that_is_built_again_in_another_order_is_unchanged() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let names = || (0..50).map(|n| (format!("name {n}"), n)).collect();
    let fader = Fader {
        names: names(),
        ..Fader::default()
    };
    let fader = executor.add("fader", fader).unwrap();
    let (_running, mut peer) = online(&executor, &server).await;
    for _ in 0..20 {
        // Each map has an order of its own.
        fader.lock().await.names = names();
    }
    fader.lock().await.names.insert("name 7".to_owned(), 70);
    fader.lock().await.done = 1;
    let told = values_until_done(&mut peer, "fader:names").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["name 7"], 70);
}
