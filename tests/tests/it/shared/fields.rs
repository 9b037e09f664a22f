//! Fields behind locks, atomics and channels.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use rship_runtime::Generation;
use rship_runtime::descriptor::EmitterKind;
use rship_runtime::prelude::*;
use rship_tests::{LIMIT, Running, core, executor, pulse};
use serde_json::{Value, json};
use tokio::sync::watch;

/// A sensor whose values come from elsewhere.
#[derive(Target)]
struct Sensor {
    #[emitter(every = "5ms")]
    level: Arc<Mutex<f64>>,
    #[emitter(every = "5ms")]
    #[action]
    names: Arc<RwLock<Vec<String>>>,
    #[emitter]
    #[action(max = 10)]
    count: Arc<AtomicU32>,
    #[emitter]
    #[action(min = 0, max = 1)]
    gain: Arc<Mutex<f32>>,
    #[emitter]
    own: AtomicBool,
    /// Told by the channel.
    #[emitter]
    picture: watch::Receiver<String>,
    #[emitter]
    speed: watch::Sender<u32>,
}

struct Device {
    level: Arc<Mutex<f64>>,
    names: Arc<RwLock<Vec<String>>>,
    count: Arc<AtomicU32>,
    gain: Arc<Mutex<f32>>,
    picture: watch::Sender<String>,
    speed: watch::Sender<u32>,
}

#[actions]
impl Sensor {
    /// Goes on with another picture.
    #[action]
    fn plug(&mut self) {
        let (sender, picture) = watch::channel("other".to_owned());
        self.picture = picture;
        // A sender that is gone tells of no change, and keeps nobody from the last value.
        drop(sender);
    }

    #[emitter]
    fn length(&self) -> usize {
        self.picture.borrow().len()
    }

    #[action]
    fn nothing(&self) {}
}

fn sensor() -> (Sensor, Device) {
    let (picture, receiver) = watch::channel("none".to_owned());
    let device = Device {
        level: Arc::default(),
        names: Arc::default(),
        count: Arc::default(),
        gain: Arc::default(),
        picture,
        speed: watch::Sender::new(1),
    };
    let sensor = Sensor {
        level: Arc::clone(&device.level),
        names: Arc::clone(&device.names),
        count: Arc::clone(&device.count),
        gain: Arc::clone(&device.gain),
        own: AtomicBool::new(true),
        picture: receiver,
        speed: device.speed.clone(),
    };
    (sensor, device)
}

#[test]
fn what_is_shared_has_the_schema_of_what_is_in_it() {
    let descriptor = Sensor::descriptor().unwrap();
    let schema = |id: &str| descriptor.emitter(id).unwrap().schema["type"].clone();
    assert_eq!(schema("level"), "number");
    assert_eq!(schema("names"), "array");
    assert_eq!(schema("count"), "integer");
    assert_eq!(schema("own"), "boolean");
    assert_eq!(schema("picture"), "string");
    let set = descriptor.action("set-gain").unwrap();
    assert_eq!(set.schema["maximum"], json!(1.0));
    let told = EmitterKind::Shared { every: None };
    assert_eq!(descriptor.emitter("picture").unwrap().kind, told);
}

#[tokio::test]
async fn what_others_change_is_published_by_the_clock_or_when_the_channel_tells() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let (sensor, device) = sensor();
    let sensor = executor.add("sensor", sensor).unwrap();
    let _running = Running::online(&executor).await;
    let is = |emitter: &'static str, value: Value| {
        move |core: &rship_dev::LocalCore| pulse(core, "stand-1", emitter) == Some(value.clone())
    };
    for (emitter, value) in [
        ("sensor:level", json!(0.0)),
        ("sensor:names", json!([])),
        ("sensor:count", json!(0)),
        ("sensor:own", json!(true)),
        ("sensor:picture", json!("none")),
        ("sensor:speed", json!(1)),
    ] {
        let first = is(emitter, value);
        core.wait_until(LIMIT, "a first value", first)
            .await
            .unwrap();
    }
    // Nobody touches the target.
    *device.level.lock().unwrap() = 0.5;
    device.names.write().unwrap().push("a".to_owned());
    let level = is("sensor:level", json!(0.5));
    core.wait_until(LIMIT, "the level", level).await.unwrap();
    let names = is("sensor:names", json!(["a"]));
    core.wait_until(LIMIT, "the names", names).await.unwrap();
    for picture in ["one", "two"] {
        device.picture.send(picture.to_owned()).unwrap();
        let told = is("sensor:picture", json!(picture));
        core.wait_until(LIMIT, "the picture", told).await.unwrap();
    }
    let length = is("sensor:length", json!(3));
    core.wait_until(LIMIT, "what follows", length)
        .await
        .unwrap();
    device.speed.send_replace(7);
    let speed = is("sensor:speed", json!(7));
    core.wait_until(LIMIT, "the speed", speed).await.unwrap();
    // An atomic without a clock is looked at when the target changed.
    device.count.store(3, Ordering::SeqCst);
    core.exec(None, "sensor:nothing", Value::Null)
        .await
        .unwrap();
    let count = is("sensor:count", json!(3));
    core.wait_until(LIMIT, "the count", count).await.unwrap();
    // Another channel in the place of the one before.
    core.exec(None, "sensor:plug", Value::Null).await.unwrap();
    let other = is("sensor:picture", json!("other"));
    core.wait_until(LIMIT, "another picture", other)
        .await
        .unwrap();
    let (sender, receiver) = watch::channel("new".to_owned());
    sensor.lock().await.picture = receiver;
    sender.send("newer".to_owned()).unwrap();
    let newer = is("sensor:picture", json!("newer"));
    core.wait_until(LIMIT, "a newer picture", newer)
        .await
        .unwrap();
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn what_is_set_goes_where_the_others_see_it() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let (sensor, device) = sensor();
    let _sensor = executor.add("sensor", sensor).unwrap();
    let _running = Running::online(&executor).await;
    for (action, value) in [
        ("sensor:set-names", json!(["x", "y"])),
        ("sensor:set-count", json!(9)),
        ("sensor:set-gain", json!(0.1)),
    ] {
        core.exec(None, action, value).await.unwrap();
    }
    assert_eq!(*device.names.read().unwrap(), ["x", "y"]);
    assert_eq!(device.count.load(Ordering::SeqCst), 9);
    assert_eq!(*device.gain.lock().unwrap(), 0.1);
    for (action, value) in [("sensor:set-count", 11), ("sensor:set-gain", 2)] {
        let refused = core.exec(None, action, json!(value)).await.unwrap_err();
        assert!(refused.to_string().contains("to 1"), "{refused}");
    }
    // A lock that a panic has poisoned is whole again when its value was set.
    let gain = Arc::clone(&device.gain);
    let panicked = std::thread::spawn(move || {
        let _held = gain.lock().unwrap();
        panic!("while it is locked");
    });
    assert!(panicked.join().is_err());
    core.exec(None, "sensor:set-gain", json!(0.25))
        .await
        .unwrap();
    assert_eq!(*device.gain.lock().unwrap(), 0.25);
}

/// What a driver sends: not a value that can be shown.
struct Raw(u32);

/// Shows what it makes of a driver's channels.
#[derive(Target)]
struct Meter {
    #[emitter(with = "received")]
    level: watch::Receiver<Raw>,
    #[emitter(with = "sent", max_rate = "1000 Hz")]
    peak: watch::Sender<Raw>,
}

fn received(level: &watch::Receiver<Raw>) -> u32 {
    level.borrow().0
}

fn sent(peak: &watch::Sender<Raw>) -> u32 {
    peak.borrow().0
}

#[tokio::test]
async fn what_a_function_makes_of_a_channel_is_published_when_the_channel_tells() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let (level, receiver) = watch::channel(Raw(1));
    let peak = watch::Sender::new(Raw(1));
    let meter = Meter {
        level: receiver,
        peak: peak.clone(),
    };
    let _meter = executor.add("meter", meter).unwrap();
    let _running = Running::online(&executor).await;
    // Nobody touches the target.
    for value in 1..4 {
        level.send_replace(Raw(value));
        peak.send_replace(Raw(value));
        for emitter in ["meter:level", "meter:peak"] {
            let is =
                |core: &rship_dev::LocalCore| pulse(core, "stand-1", emitter) == Some(json!(value));
            core.wait_until(LIMIT, emitter, is).await.unwrap();
        }
    }
}
