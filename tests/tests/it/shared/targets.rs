//! Targets behind locks of the device's own.

use std::sync::{Arc, Mutex, RwLock, mpsc};
use std::time::Duration;

use rship_runtime::model::{ModelBuilder, Unreached};
use rship_runtime::prelude::*;
use rship_runtime::{Error, Generation};
use rship_tests::{LIMIT, Running, core, executor, pulse};
use serde_json::{Value, json};

/// Plays films; threads of its own move it on.
#[derive(Target, Default)]
struct Player {
    /// Seconds.
    #[emitter]
    position: f64,
    #[emitter]
    #[action(min = 0, max = 1)]
    volume: f64,
    #[emitter]
    ended: Emitter<String>,
    #[target(key = "name")]
    tracks: Vec<Track>,
}

/// One track.
#[derive(Target, Default)]
struct Track {
    name: String,
    #[emitter]
    #[action]
    muted: bool,
}

#[actions]
impl Player {
    #[action]
    fn seek(&mut self, #[arg(min = 0, max = "length")] to: f64) -> f64 {
        self.position = to;
        self.ended.pulse("seek".to_owned());
        to
    }

    fn length(&self) -> f64 {
        self.tracks.len() as f64 * 10.0
    }

    #[emitter]
    fn audible(&self) -> usize {
        self.tracks.iter().filter(|track| !track.muted).count()
    }

    #[action]
    fn panics(&mut self) {
        panic!("no film")
    }
}

fn player() -> Arc<Mutex<Player>> {
    let track = |name: &str| Track {
        name: name.to_owned(),
        muted: false,
    };
    Arc::new(Mutex::new(Player {
        tracks: vec![track("left"), track("right")],
        ..Player::default()
    }))
}

fn is(emitter: &'static str, value: Value) -> impl Fn(&rship_dev::LocalCore) -> bool {
    move |core| pulse(core, "stand-1", emitter) == Some(value.clone())
}

#[tokio::test]
async fn a_target_that_threads_share_is_added_as_it_is() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let shared = player();
        let player = executor.add("player", shared.clone()).unwrap();
        let _running = Running::online(&executor).await;
        core.wait_until(LIMIT, "two tracks", is("player:audible", json!(2)))
            .await
            .unwrap();
        // Actions take the lock of the device, also those of sub-targets.
        let to = core.exec(None, "player:seek", json!({"to": 20})).await;
        assert_eq!(to.unwrap(), json!(20.0));
        assert_eq!(shared.lock().unwrap().position, 20.0);
        let too_far = core.exec(None, "player:seek", json!({"to": 21})).await;
        assert!(too_far.unwrap_err().to_string().contains("to 20.0"));
        core.exec(None, "player:set-volume", json!(0.5))
            .await
            .unwrap();
        core.exec(None, "player.tracks.right:set-muted", json!(true))
            .await
            .unwrap();
        assert!(shared.lock().unwrap().tracks[1].muted);
        for (emitter, value) in [
            ("player:position", json!(20.0)),
            ("player:volume", json!(0.5)),
            ("player.tracks.right:muted", json!(true)),
            ("player:audible", json!(1)),
            ("player:ended", json!("seek")),
        ] {
            core.wait_until(LIMIT, emitter, is(emitter, value))
                .await
                .unwrap();
        }
        // What other threads change is seen by the clock, members that come and go as well.
        let device = shared.clone();
        std::thread::spawn(move || {
            let mut player = device.lock().unwrap();
            player.position = 21.5;
            player.tracks.remove(0);
        })
        .join()
        .unwrap();
        let moved = is("player:position", json!(21.5));
        core.wait_until(LIMIT, "the position", moved).await.unwrap();
        let left = |core: &rship_dev::LocalCore| {
            let status = core.item("TargetStatus", "stand-1:player.tracks.left");
            status.is_some_and(|status| status["status"] == "offline")
        };
        core.wait_until(LIMIT, "a track that left", left)
            .await
            .unwrap();
        // Through the handle it can be locked as well.
        player.lock().await.lock().unwrap().volume = 0.75;
        core.wait_until(LIMIT, "the volume", is("player:volume", json!(0.75)))
            .await
            .unwrap();
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn the_device_says_that_something_changed_without_waiting() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let shared = player();
    let player = executor.add("player", shared.clone()).unwrap();
    // Never by the clock.
    player.look_every(Duration::from_secs(86_400));
    let _running = Running::online(&executor).await;
    core.wait_until(LIMIT, "a position", is("player:position", json!(0.0)))
        .await
        .unwrap();
    // With the lock held, from a thread without a runtime.
    let (device, handle) = (shared.clone(), player.clone());
    std::thread::spawn(move || {
        let mut player = device.lock().unwrap();
        player.position = 3.0;
        handle.changed();
        player.volume = 0.5;
    })
    .join()
    .unwrap();
    core.wait_until(LIMIT, "the volume", is("player:volume", json!(0.5)))
        .await
        .unwrap();
    assert_eq!(pulse(&core, "stand-1", "player:position"), Some(json!(3.0)));
}

#[tokio::test]
async fn a_lock_that_is_held_for_long_stops_neither_the_connection_nor_other_trees() {
    let core = Arc::new(core(Generation::V2026).await);
    let executor = executor(&core.url());
    let (shared, other) = (player(), player());
    let _player = executor.add("player", shared.clone()).unwrap();
    let _other = executor.add("other", other).unwrap();
    let _running = Running::online(&executor).await;
    let (held, holds) = mpsc::channel();
    let (free, freed) = mpsc::channel::<()>();
    let holder = std::thread::spawn({
        let shared = shared.clone();
        move || {
            let _held = shared.lock().unwrap();
            held.send(()).unwrap();
            freed.recv_timeout(LIMIT).unwrap();
        }
    });
    holds.recv_timeout(LIMIT).unwrap();
    let waiting = tokio::spawn({
        let core = Arc::clone(&core);
        async move { core.exec(None, "player:seek", json!({"to": 1})).await }
    });
    for to in 1..=5 {
        core.exec(None, "other:seek", json!({"to": to}))
            .await
            .unwrap();
        let position = is("other:position", json!(f64::from(to)));
        core.wait_until(LIMIT, "the other", position).await.unwrap();
    }
    assert!(!waiting.is_finished());
    free.send(()).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), json!(1.0));
    holder.join().unwrap();
}

#[tokio::test]
async fn a_poisoned_lock_is_said_in_the_answer_and_where_the_target_is_added() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let shared = player();
    let _player = executor.add("player", shared.clone()).unwrap();
    let _running = Running::online(&executor).await;
    let panicked = core.exec(None, "player:panics", Value::Null).await;
    assert!(panicked.unwrap_err().to_string().contains("no film"));
    assert!(shared.is_poisoned());
    for (action, data) in [
        ("player:panics", Value::Null),
        ("player.tracks.left:set-muted", json!(true)),
    ] {
        let refused = core.exec(None, action, data).await.unwrap_err();
        let expected = "its lock is poisoned, because a thread panicked while it held it";
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    let refused = executor.add("again", shared.clone()).unwrap_err();
    assert!(matches!(refused, Error::Unreached { .. }), "{refused}");
    // The device mends it.
    shared.clear_poison();
    core.exec(None, "player:seek", json!({"to": 2}))
        .await
        .unwrap();
}

/// Cannot be behind a lock.
#[derive(Target, Default)]
struct Slow;

#[actions]
impl Slow {
    #[action]
    async fn go(&mut self) {}

    #[action]
    async fn beside(this: Handle<Self>) {
        drop(this);
    }
}

#[derive(Target, Default)]
struct Slows {
    #[target]
    slow: Option<Slow>,
}

#[tokio::test]
async fn an_action_that_awaits_in_what_is_behind_a_lock_is_an_error_where_its_target_is_added() {
    let executor = executor("ws://127.0.0.1:1");
    // Of an action of its own, it does not compile.
    let slows = Slows { slow: Some(Slow) };
    let refused = executor.add("slows", Arc::new(RwLock::new(slows)));
    let refused = refused.unwrap_err().to_string();
    let named = "action `slows.slow:go` is `async`";
    assert!(refused.contains(named), "{refused}");
    executor.add("slow", Slow).unwrap();
}

/// A lock that this crate knows nothing of.
#[derive(Clone)]
struct Foreign(Arc<tokio::sync::RwLock<Player>>);

impl Target for Foreign {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.behind::<Player>(|lock, work| match lock.0.try_write() {
            Ok(mut player) => {
                work(&mut player);
                Ok(())
            }
            Err(_) => Err(Unreached("it is in use".to_owned())),
        });
    }
}

#[tokio::test]
async fn any_lock_will_do() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let lock = Foreign(Arc::default());
    let player = executor.add("player", lock.clone()).unwrap();
    let _running = Running::online(&executor).await;
    core.exec(None, "player:set-volume", json!(0.5))
        .await
        .unwrap();
    assert_eq!(lock.0.read().await.volume, 0.5);
    lock.0.write().await.position = 2.0;
    player.changed();
    core.wait_until(LIMIT, "the position", is("player:position", json!(2.0)))
        .await
        .unwrap();
    let held = lock.0.write().await;
    let refused = core.exec(None, "player:set-volume", json!(1)).await;
    assert!(refused.unwrap_err().to_string().contains("it is in use"));
    drop(held);
}
