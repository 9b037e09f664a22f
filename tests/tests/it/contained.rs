//! What a device does wrong stays with that device: panics in `Drop`, guards that move, handles of what is gone.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rship_runtime::prelude::*;
use rship_tests::{Gate, Running, Server, Turnstile, executor, within};
use serde_json::{Value, json};

type Kept = Arc<Mutex<Vec<Handle<Part>>>>;

/// A device that can be dropped only once and badly, with a part that can be taken out.
#[derive(Target, Default)]
struct Fragile {
    #[emitter]
    level: u32,
    #[target]
    part: Option<Part>,
    turnstile: Turnstile,
    _bomb: Bomb,
}

/// Whether dropping it panics.
#[derive(Default)]
struct Bomb(bool);

#[derive(Target, Default)]
struct Part {
    #[emitter]
    level: u32,
    kept: Kept,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 {
            panic!("out of bananas");
        }
    }
}

#[actions]
impl Fragile {
    #[action]
    fn nothing(&self) {}

    #[action]
    fn wait(&self) {
        self.turnstile.wait();
    }

    #[action]
    fn take_the_part_out(&mut self) {
        self.part = None;
    }

    /// Gives its guard away, and locks again while somebody else holds it.
    #[action]
    async fn hand_over(this: Handle<Self>) -> u32 {
        let mut guard = this.lock().await;
        let other = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            guard.level += 1;
            drop(guard);
        });
        let level = this.lock().await.level;
        other.await.unwrap();
        level
    }
}

#[actions]
impl Part {
    #[action]
    async fn keep(this: Handle<Self>) {
        let kept = this.lock().await.kept.clone();
        kept.lock().unwrap().push(this);
    }
}

/// The least time that 40 commands took of several times, so that other work on the machine does not count.
async fn pace(peer: &mut rship_tests::Peer<tokio::net::TcpStream>) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..8 {
        let began = Instant::now();
        for _ in 0..40 {
            peer.call("t", "good:nothing", Value::Null).await.unwrap();
        }
        least = least.min(began.elapsed());
    }
    least
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_whose_drop_panics_slows_no_command_that_follows() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    executor.add("good", Fragile::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("good:level").await;
    let before = pace(&mut peer).await;
    for number in 0..20 {
        let gate = Gate::default();
        let id = format!("bad-{number}");
        let bad = Fragile {
            turnstile: gate.turnstile(),
            _bomb: Bomb(true),
            ..Fragile::default()
        };
        let bad = executor.add(&id, bad).unwrap();
        peer.exec(&id, &format!("{id}:wait"), Value::Null).await;
        gate.wait_for(1).await;
        bad.remove().unwrap();
        drop(bad);
        // The handler is the last that holds it.
        gate.open();
        assert_eq!(peer.answer().await.0, id);
    }
    let after = pace(&mut peer).await;
    assert!(
        after < before * 8 + Duration::from_millis(5),
        "40 commands took {before:?}, and {after:?} once a `Drop` had panicked"
    );
}

#[tokio::test]
async fn a_guard_that_was_moved_to_another_task_is_not_ones_own() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    executor.add("good", Fragile::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let outcome = peer.call("t", "good:hand-over", Value::Null).await;
    assert_eq!(outcome, Ok(json!(1)));
}

#[tokio::test]
async fn a_thread_that_locks_a_sub_target_which_is_gone_ends_with_a_message() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let kept = Kept::default();
    let part = Part {
        kept: kept.clone(),
        ..Part::default()
    };
    let fragile = Fragile {
        part: Some(part),
        ..Fragile::default()
    };
    executor.add("good", fragile).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.call("keep", "good.part:keep", Value::Null)
        .await
        .unwrap();
    peer.call("out", "good:take-the-part-out", Value::Null)
        .await
        .unwrap();
    let part = kept.lock().unwrap().pop().unwrap();
    assert!(part.try_lock().is_err());
    let thread = std::thread::spawn(move || part.blocking_lock().level);
    let joined = tokio::task::spawn_blocking(move || thread.join());
    let panic = within("end of the thread", joined)
        .await
        .unwrap()
        .unwrap_err();
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .expect("a panic with a message");
    assert!(message.contains("good.part"), "{message}");
}
