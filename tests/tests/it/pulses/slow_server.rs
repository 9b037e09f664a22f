//! A server that does not read: newest values are kept, impulses are bounded, nobody waits.

use std::time::{Duration, Instant};

use rship_runtime::prelude::*;
use rship_tests::{Running, Server, builder};

#[derive(Target, Default)]
struct Screen {
    /// So large that a socket takes few of it.
    #[emitter]
    picture: String,
    #[emitter]
    number: u32,
    #[emitter]
    key: Emitter<String>,
}

#[actions]
impl Screen {
    #[action]
    fn nothing(&self) {}
}

#[tokio::test]
async fn while_a_server_does_not_read_the_newest_value_of_a_state_is_kept_and_no_one_waits() {
    let server = Server::bind().await;
    let executor = builder(&server.url()).build().unwrap();
    let screen = executor.add("screen", Screen::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("screen:number").await;

    let updates = 300;
    let began = Instant::now();
    for number in 1..=updates {
        let mut screen = screen.lock().await;
        screen.picture = format!("{}{number:06}", "0".repeat(200_000));
        screen.number = number;
        drop(screen);
        // Others get their turn, as in a device.
        tokio::task::yield_now().await;
    }
    // 60 MB through a socket that nobody reads would take for ever.
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(executor.metrics().states_coalesced > 0);

    let mut pictures = 0;
    loop {
        let change = peer.change().await;
        if change["item"]["emitterId"] == "screen:picture" {
            pictures += 1;
            let last = change["item"]["data"].as_str().unwrap().ends_with("000300");
            assert!(pictures <= 300);
            if last {
                break;
            }
        }
    }
    assert!(pictures < updates, "all {pictures} values were sent");
    peer.call("t", "screen:nothing", serde_json::json!(null))
        .await
        .unwrap();
    let total = u64::from(pictures) + executor.metrics().states_coalesced;
    assert!(total >= u64::from(updates), "{total}");
}

#[tokio::test]
async fn impulses_beyond_the_queue_are_dropped_and_counted_and_the_rest_arrives_in_order() {
    let server = Server::bind().await;
    let executor = builder(&server.url()).impulse_queue(100).build().unwrap();
    let screen = executor.add("screen", Screen::default()).unwrap();
    let key = screen.lock().await.key.clone();
    let mut outcomes = Vec::new();
    for number in 0..250 {
        outcomes.push(key.pulse(number.to_string()));
    }
    assert!(
        outcomes[..100]
            .iter()
            .all(|outcome| *outcome == Published::Queued)
    );
    assert!(
        outcomes[100..]
            .iter()
            .all(|outcome| *outcome == Published::Dropped)
    );
    assert_eq!(executor.metrics().impulses_dropped, 150);

    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    for number in 0..100 {
        assert_eq!(peer.pulse("screen:key").await, number.to_string());
    }
    peer.call("t", "screen:nothing", serde_json::json!(null))
        .await
        .unwrap();
    assert_eq!(key.pulse("more".to_owned()), Published::Sent);
    assert_eq!(peer.pulse("screen:key").await, "more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_pulses_faster_than_the_socket_takes_starves_neither_answers_nor_the_end() {
    let server = Server::bind().await;
    let executor = builder(&server.url()).build().unwrap();
    let screen = executor.add("screen", Screen::default()).unwrap();
    let key = screen.lock().await.key.clone();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("screen:number").await;
    let flooding = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let flood = {
        let flooding = flooding.clone();
        std::thread::spawn(move || {
            while flooding.load(std::sync::atomic::Ordering::Relaxed) {
                key.pulse("flood ".repeat(20));
            }
        })
    };
    peer.call("t", "screen:nothing", serde_json::json!(null))
        .await
        .unwrap();
    let reader = tokio::spawn(async move {
        let mut offline = false;
        while let Ok(text) = peer.text().await {
            offline |= text.contains("Unavailable");
        }
        offline
    });
    running.stop().await;
    let said = rship_tests::within("end of the connection", reader)
        .await
        .unwrap();
    flooding.store(false, std::sync::atomic::Ordering::Relaxed);
    flood.join().unwrap();
    assert!(said, "the executor did not say that it goes offline");
}
