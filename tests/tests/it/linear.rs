//! Linear: how many targets there are is no matter for the impulses that wait for one of them.

use std::time::{Duration, Instant};

use rship_runtime::{Emitter, Generation, Target};
use rship_tests::{Running, Server, builder, within};

#[derive(Target, Default)]
struct Key {
    #[emitter]
    struck: Emitter<u32>,
}

/// How long a new server waits for all impulses that came before it, on the last of this many targets.
async fn told(generation: Generation, targets: usize, impulses: u32) -> Duration {
    let server = Server::bind().await;
    let builder = builder(&server.url()).impulse_queue(1_000_000);
    let executor = builder.generation(generation).build().unwrap();
    let mut last = Emitter::default();
    for number in 0..targets {
        let key = Key::default();
        last = key.struck.clone();
        executor.add(&format!("key-{number:03}"), key).unwrap();
    }
    for number in 0..impulses {
        last.pulse(number);
    }
    let _running = Running::start(&executor);
    let mut peer = server.accept().await;
    if generation == Generation::V2023 {
        let set_id = serde_json::json!({"clientId": "c-1", "tx": "set-id"});
        peer.command("client:setId", set_id).await;
    }
    let began = Instant::now();
    let mut seen = 0;
    within("all impulses", async {
        while seen < impulses as usize {
            seen += peer.text().await.unwrap().matches("\"Pulse\"").count();
        }
    })
    .await;
    assert_eq!(seen, impulses as usize);
    assert_eq!(executor.metrics().impulses_dropped, 0);
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_impulses_on_the_last_of_100_targets_cost_what_they_cost_on_the_only_one() {
    for generation in [Generation::V2023, Generation::V2026] {
        let mut tries = Vec::new();
        // Other work on the machine may spoil some of them; where the cost grows with the targets, none is right.
        while tries.len() < 3 {
            let only = told(generation, 1, 200_000).await;
            let last = told(generation, 100, 200_000).await;
            if last < only * 4 {
                break;
            }
            tries.push((only, last));
        }
        assert!(
            tries.len() < 3,
            "{generation}, on the only target and on the last of 100: {tries:?}"
        );
    }
}
