//! Values that are computed every so often.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rship_runtime::model::{EmitterSpec, ModelBuilder};
use rship_runtime::prelude::*;
use rship_tests::{Running, Server, executor, until};

#[derive(Target, Default)]
struct Sensor {
    name: String,
    fast: Arc<AtomicU32>,
    slow: Arc<AtomicU32>,
}

#[actions]
impl Sensor {
    #[emitter(every = "20ms")]
    fn fast(&self) -> u32 {
        self.fast.fetch_add(1, Ordering::Relaxed)
    }

    #[emitter(every = "40ms")]
    fn slow(&self) -> u32 {
        self.slow.fetch_add(1, Ordering::Relaxed)
    }
}

#[derive(Target, Default)]
struct Room {
    #[target(key = "name")]
    sensors: Vec<Sensor>,
}

#[tokio::test]
async fn a_value_computed_by_the_clock_is_pulsed_without_anyone_touching_its_target() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _sensor = executor.add("sensor", Sensor::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let mut last = None;
    for _ in 0..5 {
        let value = peer.pulse("sensor:fast").await.as_u64();
        assert!(value > last, "{value:?} after {last:?}");
        last = value;
    }
}

#[tokio::test]
async fn two_periods_of_one_target_do_not_take_each_others_turn() {
    let executor = executor("ws://127.0.0.1:1");
    let sensor = Sensor::default();
    let (fast, slow) = (Arc::clone(&sensor.fast), Arc::clone(&sensor.slow));
    let _sensor = executor.add("sensor", sensor).unwrap();
    let _running = Running::start(&executor);
    until("fifty looks of the faster one", || {
        fast.load(Ordering::Relaxed) >= 50
    })
    .await;
    // Half as many are due; a machine that is busy may fall behind with both.
    let slow = slow.load(Ordering::Relaxed);
    assert!(slow >= 12, "{slow} looks of the slower one");
}

#[tokio::test]
async fn a_member_that_came_later_is_looked_at_by_the_clock_as_well() {
    let executor = executor("ws://127.0.0.1:1");
    let room = executor.add("room", Room::default()).unwrap();
    let first = Sensor::default();
    let firsts = Arc::clone(&first.fast);
    let _first = executor.add("first", first).unwrap();
    let _running = Running::start(&executor);
    // The clock is at work before the member comes.
    until("looks at another target", || {
        firsts.load(Ordering::Relaxed) >= 3
    })
    .await;
    let sensor = Sensor {
        name: "new".to_owned(),
        ..Sensor::default()
    };
    let (fast, slow) = (Arc::clone(&sensor.fast), Arc::clone(&sensor.slow));
    room.lock().await.sensors.push(sensor);
    until("looks at both", || {
        fast.load(Ordering::Relaxed) >= 3 && slow.load(Ordering::Relaxed) >= 3
    })
    .await;
}

#[tokio::test]
async fn a_target_that_is_held_does_not_gather_looks_by_the_clock() {
    let executor = executor("ws://127.0.0.1:1");
    let sensor = Sensor::default();
    let fast = Arc::clone(&sensor.fast);
    let held = executor.add("held", sensor).unwrap();
    let other = Sensor::default();
    let others = Arc::clone(&other.fast);
    let _other = executor.add("other", other).unwrap();
    let _running = Running::start(&executor);
    let guard = held.lock().await;
    let before = fast.load(Ordering::Relaxed);
    let start = others.load(Ordering::Relaxed);
    until("many periods", || {
        others.load(Ordering::Relaxed) >= start + 20
    })
    .await;
    drop(guard);
    until("a look", || fast.load(Ordering::Relaxed) > before).await;
    let made_up = fast.load(Ordering::Relaxed) - before;
    assert!(made_up < 15, "{made_up} looks were made up for");
}

#[tokio::test]
async fn a_period_of_nothing_is_a_short_one_and_stops_nobody() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let looks = Arc::new(AtomicU32::new(0));
    let mut model = ModelBuilder::<Arc<AtomicU32>>::new("Counter");
    let count = |looks: &Arc<AtomicU32>| looks.fetch_add(1, Ordering::Relaxed);
    model.computed(EmitterSpec::new("looks"), Some(Duration::ZERO), count);
    let model = model.build().unwrap();
    let _counter = executor
        .add_described("counter", Arc::clone(&looks), model)
        .unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    for _ in 0..5 {
        peer.pulse("counter:looks").await;
    }
}
