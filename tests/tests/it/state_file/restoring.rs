//! What a device is given back, and what a show sees of that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rship_runtime::Generation;
use rship_runtime::prelude::*;
use rship_tests::{
    Gate, LIMIT, Lamp, Peer, Register, Running, Sign, Stand, Turnstile, builder, core, pulse,
    within,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Place, while_running};

/// A device whose setters have minds of their own.
#[derive(Target, Default)]
struct Moody {
    #[emitter]
    #[action(set = "set_first")]
    first: u32,
    #[emitter]
    #[action(set = "set_slowly")]
    slow: u32,
    #[emitter]
    #[action(set = "set_never")]
    never: u32,
    #[emitter]
    #[action(set = "set_and_panic")]
    panics: u32,
    #[emitter]
    #[action(max = 10)]
    last: u32,
}

impl Moody {
    fn set_first(&mut self, value: u32) -> Result<(), String> {
        if value == 13 {
            return Err("thirteen is not for me".to_owned());
        }
        self.first = value;
        Ok(())
    }

    async fn set_slowly(&mut self, value: u32) {
        sleep(Duration::from_secs(2)).await;
        self.slow = value;
    }

    async fn set_never(&mut self, value: u32) {
        std::future::pending::<()>().await;
        self.never = value;
    }

    fn set_and_panic(&mut self, value: u32) {
        assert!(value == 0, "no {value} today");
        self.panics = value;
    }
}

/// Changes up to the first pulse of an emitter, as (type, id or emitter, value).
async fn seen<S>(peer: &mut Peer<S>, emitter: &str) -> Vec<(String, String, Value)>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let is_it = |change: &Value| change["item"]["emitterId"] == emitter;
    let changes = peer.changes_until(is_it).await;
    let of = |change: &Value| {
        let item = &change["item"];
        let id = item["emitterId"].as_str().or(item["id"].as_str());
        (
            change["itemType"].as_str().unwrap_or_default().to_owned(),
            id.unwrap_or_default().to_owned(),
            item["data"].clone(),
        )
    };
    changes.iter().map(of).collect()
}

fn pulses(seen: &[(String, String, Value)], emitter: &str) -> Vec<Value> {
    let own = seen
        .iter()
        .filter(|(of, id, _)| of == "Pulse" && id == emitter);
    own.map(|(.., data)| data.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_value_that_a_show_sees_is_the_one_from_before() {
    let place = Place::new();
    let executor = place.executor();
    let lamp = executor.add("lamp", Lamp::new("a", 0.25)).unwrap();
    while_running(&executor, async {
        lamp.lock().await.level = 0.75;
    })
    .await;
    for generation in [Generation::V2023, Generation::V2026] {
        let (builder, mut pipes) = place.served();
        let executor = builder.generation(generation).build().unwrap();
        let lamp = executor.add("lamp", Lamp::new("a", 0.25)).unwrap();
        assert_eq!(lamp.lock().await.level, 0.75, "before it runs");
        let running = Running::start(&executor);
        let mut peer = if generation == Generation::V2026 {
            pipes.open().await
        } else {
            let mut peer = Peer::open(pipes.next().await).await;
            let id = json!({"clientId": "c", "tx": "set-id"});
            peer.command("client:setId", id).await;
            peer
        };
        let seen = seen(&mut peer, "lamp:level").await;
        assert_eq!(pulses(&seen, "lamp:level"), [json!(0.75)]);
        assert!(
            seen.iter()
                .any(|(of, id, _)| of == "Target" && id == "lamp")
        );
        drop(peer);
        running.stop().await;
    }
    assert_eq!(place.said(), "");
}

#[tokio::test(start_paused = true)]
async fn a_target_with_a_slow_setter_waits_and_no_other_does() {
    let place = Place::new();
    place.put_targets(json!({"moody": {"slow": 7, "last": 3}, "lamp": {"level": 0.5}}));
    let (builder, mut pipes) = place.served();
    let executor = builder.build().unwrap();
    let began = Instant::now();
    let moody = executor.add("moody", Moody::default()).unwrap();
    let _lamp = executor.add("lamp", Lamp::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    let before = seen(&mut peer, "lamp:level").await;
    assert_eq!(pulses(&before, "lamp:level"), [json!(0.5)]);
    assert!(began.elapsed() < Duration::from_secs(1));
    let after = seen(&mut peer, "moody:last").await;
    assert_eq!(began.elapsed().as_secs(), 2);
    assert!(!before.iter().any(|(_, id, _)| id.starts_with("moody")));
    assert_eq!(pulses(&after, "moody:slow"), [json!(7)]);
    assert_eq!(pulses(&after, "moody:last"), [json!(3)]);
    assert_eq!(moody.lock().await.slow, 7);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_setter_that_does_not_end_is_named_and_the_target_announced_without() {
    let place = Place::new();
    place.put_targets(json!({"moody": {"first": 1, "never": 2, "last": 3}}));
    let (builder, mut pipes) = place.served();
    let executor = builder.build().unwrap();
    let began = Instant::now();
    let _moody = executor.add("moody", Moody::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    let seen = seen(&mut peer, "moody:last").await;
    assert_eq!(began.elapsed().as_secs(), 5);
    let values = ["first", "never", "last"].map(|id| pulses(&seen, &format!("moody:{id}")));
    assert_eq!(values, [[json!(1)], [json!(0)], [json!(3)]]);
    let said = place.said();
    assert!(
        said.contains("the saved value 2 of emitter `moody:never` is not restored"),
        "{said}"
    );
    assert!(
        said.contains("`moody:set-never`: it has not ended 5 s after"),
        "{said}"
    );
    // It is a target like any other.
    assert_eq!(
        peer.call("1", "moody:set-last", json!(4)).await,
        Ok(Value::Null)
    );
    running.stop().await;
    let saved = &place.saved()["targets"]["moody"];
    assert_eq!(
        *saved,
        json!({"first": 1, "never": 2, "last": 4}),
        "for the next time"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_setter_refuses_is_named_and_the_rest_is_restored() {
    let place = Place::new();
    let values = json!({"first": 13, "slow": "fast", "panics": 5, "last": 11, "gone": 1});
    place.put_targets(json!({"moody": values, "lamp": {"level": 0.5}}));
    let executor = place.executor();
    let moody = executor
        .add(
            "moody",
            Moody {
                last: 1,
                ..Moody::default()
            },
        )
        .unwrap();
    let lamp = executor.add("lamp", Lamp::default()).unwrap();
    {
        let moody = moody.lock().await;
        assert_eq!(
            (moody.first, moody.slow, moody.panics, moody.last),
            (0, 0, 0, 1)
        );
    }
    assert_eq!(lamp.lock().await.level, 0.5);
    let said = place.said();
    for words in [
        "saved value 13 of emitter `moody:first` is not restored: thirteen is not for me",
        "saved value \"fast\" of emitter `moody:slow` is not restored: action `moody:set-slow`:",
        "saved value 5 of emitter `moody:panics` is not restored: action `moody:set-panics`: the handler \
         panicked: no 5 today",
        "saved value 11 of emitter `moody:last` is not restored: action `moody:set-last`: the payload: \
         expected an integer from 0 to 10, got 11",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert_eq!(said.matches("WARN").count(), 4, "{said}");
    // What is not told again is not lost for a device that was only not ready.
    while_running(&executor, async {
        lamp.lock().await.level = 0.6;
    })
    .await;
    assert_eq!(place.saved()["targets"]["moody"], values);
}

#[derive(Target)]
enum Fixture {
    Dimmer(Lamp),
    Sign(Sign),
}

#[derive(Target, Default)]
struct Rig {
    #[emitter]
    #[action(set = "resize")]
    count: usize,
    #[target]
    shared: Arc<Mutex<Register>>,
    #[target]
    fixtures: BTreeMap<String, Fixture>,
    #[target]
    many: Vec<Lamp>,
    #[target(forget)]
    cues: BTreeMap<String, Register>,
}

impl Rig {
    fn resize(&mut self, count: usize) {
        self.count = count;
        self.many.resize_with(count, Lamp::default);
    }
}

fn lamp(level: f64) -> Fixture {
    Fixture::Dimmer(Lamp::new("", level))
}

#[tokio::test(start_paused = true)]
async fn every_shape_of_sub_target_comes_back_where_it_was() {
    let place = Place::new();
    let make = || {
        let mut rig = Rig::default();
        rig.fixtures.insert("one".to_owned(), lamp(0.0));
        let text = String::new();
        rig.fixtures
            .insert("two".to_owned(), Fixture::Sign(Sign { text }));
        rig
    };
    let executor = place.executor();
    let handle = executor.add("rig", make()).unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    while_running(&executor, async {
        let mut rig = handle.lock().await;
        rig.resize(3);
        rig.shared.lock().unwrap().open = true;
        rig.fixtures.insert("one".to_owned(), lamp(0.1));
        let text = "two".to_owned();
        rig.fixtures
            .insert("two".to_owned(), Fixture::Sign(Sign { text }));
        drop(rig);
        // What it has when it comes is its own.
        handle.lock().await.many[2].level = 0.2;
        let mut stand = stand.lock().await;
        (stand.stock, stand.lamps[1].level) = (1, 0.125);
        stand.register.open = true;
        stand.fridges.get_mut("left").unwrap().celsius = 7;
        stand.sign.as_mut().unwrap().text = "closed".to_owned();
    })
    .await;

    let executor = place.executor();
    let rig = executor.add("rig", make()).unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    while_running(&executor, async {
        // The members that a setter of their parent has made come after it.
        sleep(Duration::from_millis(10)).await;
        let rig = rig.lock().await;
        let levels: Vec<_> = rig.many.iter().map(|lamp| lamp.level).collect();
        assert_eq!((rig.count, levels), (3, vec![0.0, 0.0, 0.2]));
        assert!(rig.shared.lock().unwrap().open);
        assert!(matches!(&rig.fixtures["one"], Fixture::Dimmer(lamp) if lamp.level == 0.1));
        assert!(matches!(&rig.fixtures["two"], Fixture::Sign(sign) if sign.text == "two"));
        drop(rig);
        let stand = stand.lock().await;
        assert_eq!(
            (stand.stock, stand.lamps[1].level, stand.cash),
            (1, 0.125, 10.0)
        );
        assert_eq!((stand.lamps[0].level, stand.register.open), (0.25, true));
        assert_eq!(stand.fridges["left"].celsius, 7);
        assert_eq!(stand.sign.as_ref().unwrap().text, "closed");
    })
    .await;
    assert_eq!(place.said(), "");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_plugged_in_later_comes_with_what_it_was() {
    let place = Place::new();
    place.put_targets(json!({"rig.fixtures.one": {"level": 0.5}}));
    let (builder, mut pipes) = place.served();
    let executor = builder.build().unwrap();
    let rig = executor.add("rig", Rig::default()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.reading(running.wait("online", |status| {
        matches!(status, rship_runtime::Status::Online { .. })
    }))
    .await;
    rig.lock()
        .await
        .fixtures
        .insert("one".to_owned(), lamp(0.0));
    let emitter = "rig.fixtures.one:level";
    let first = seen(&mut peer, emitter).await;
    assert_eq!(pulses(&first, emitter), [json!(0.5)]);
    // It goes with another value, and comes back with that.
    rig.lock()
        .await
        .fixtures
        .insert("one".to_owned(), lamp(0.75));
    rig.lock().await.fixtures.clear();
    rig.lock()
        .await
        .fixtures
        .insert("one".to_owned(), lamp(0.0));
    let wanted = |change: &Value| {
        change["item"]["emitterId"] == emitter && change["item"]["data"] == json!(0.75)
    };
    peer.changes_until(wanted).await;
    within("value", async {
        while !matches!(&rig.lock().await.fixtures["one"], Fixture::Dimmer(lamp) if lamp.level == 0.75)
        {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    drop(peer);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_removed_keeps_its_values_and_one_that_is_forgotten_does_not() {
    let place = Place::new();
    let executor = place.executor();
    let register = executor.add("register", Register::default()).unwrap();
    let rig = executor.add("rig", Rig::default()).unwrap();
    while_running(&executor, async {
        register.lock().await.open = true;
        register.remove().unwrap();
        let register = executor.add("register", Register::default()).unwrap();
        assert!(register.lock().await.open);
        let cue = || ("1".to_owned(), Register::default());
        rig.lock().await.cues.extend([cue()]);
        rig.lock().await.cues.get_mut("1").unwrap().open = true;
        rig.lock().await.cues.clear();
        rig.lock().await.cues.extend([cue()]);
        sleep(Duration::from_millis(10)).await;
        assert!(!rig.lock().await.cues["1"].open);
    })
    .await;
    assert_eq!(
        place.saved()["targets"],
        json!({"register": {"open": true}})
    );
}

#[tokio::test(start_paused = true)]
async fn instances_have_values_of_their_own_and_the_first_has_them_on_any_machine() {
    let place = Place::new();
    let executor = place.executor();
    let first = executor.add("lamp", Lamp::default()).unwrap();
    let other = executor.instance("stand-2").unwrap();
    let second = other.add("lamp", Lamp::default()).unwrap();
    while_running(&executor, async {
        first.lock().await.level = 0.1;
        second.lock().await.level = 0.2;
    })
    .await;
    let executor = place.builder().instance_id("elsewhere").build().unwrap();
    let other = executor.instance("stand-2").unwrap();
    let second = other.add("lamp", Lamp::default()).unwrap();
    let first = executor.add("lamp", Lamp::default()).unwrap();
    let levels = (first.lock().await.level, second.lock().await.level);
    assert_eq!(levels, (0.1, 0.2));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_targets_come_back_and_are_announced_with_what_they_were() {
    let place = Place::new();
    let id = |number: usize| format!("lamp-{number}");
    let level = |number: usize| number as f64 / 1000.0;
    let executor = place.executor();
    let add = |executor: &Executor| -> Vec<_> {
        let lamps = (0..1000).map(|number| executor.add(&id(number), Lamp::default()).unwrap());
        lamps.collect()
    };
    let lamps = add(&executor);
    while_running(&executor, async {
        for (number, lamp) in lamps.iter().enumerate() {
            lamp.lock().await.level = level(number);
        }
    })
    .await;
    assert_eq!(executor.metrics().state_writes, 1);
    let (builder, mut pipes) = place.served();
    let executor = builder.build().unwrap();
    let lamps = add(&executor);
    for (number, lamp) in lamps.iter().enumerate() {
        assert_eq!(lamp.lock().await.level, level(number));
    }
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    let seen = seen(&mut peer, "lamp-999:level").await;
    for number in 0..1000 {
        let emitter = format!("lamp-{number}:level");
        assert_eq!(pulses(&seen, &emitter), [json!(level(number))]);
    }
    drop(peer);
    running.stop().await;
    assert_eq!(executor.metrics().state_writes, 0, "nothing has changed");
}

#[derive(Target)]
struct Blocked {
    #[emitter]
    #[action(set = "wait")]
    level: u32,
    gate: Turnstile,
}

impl Blocked {
    fn wait(&mut self, level: u32) {
        self.gate.wait();
        self.level = level;
    }
}

/// With threads and time as they are.
#[tokio::test]
async fn a_setter_that_blocks_its_thread_keeps_a_program_for_five_seconds_and_no_show_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let targets = json!({"blocked": {"level": 7}, "lamp": {"level": 0.5}});
    let state = json!({"rship_state": 1, "targets": targets});
    std::fs::write(&path, state.to_string()).unwrap();
    let core = core(Generation::V2026).await;
    let executor = builder(&core.url()).state_file(path).build().unwrap();
    let gate = Gate::default();
    let blocked = Blocked {
        level: 0,
        gate: gate.turnstile(),
    };
    let began = std::time::Instant::now();
    let blocked = executor.add("blocked", blocked).unwrap();
    assert!(began.elapsed() >= Duration::from_secs(5));
    let _lamp = executor.add("lamp", Lamp::default()).unwrap();
    let running = Running::online(&executor).await;
    assert_eq!(pulse(&core, "stand-1", "lamp:level"), Some(json!(0.5)));
    let there = |core: &rship_dev::LocalCore| core.item("Target", "blocked").is_some();
    core.wait_until(LIMIT, "the target", there).await.unwrap();
    assert_eq!(
        pulse(&core, "stand-1", "blocked:level"),
        None,
        "nobody knows it yet"
    );
    gate.open();
    let value = |core: &rship_dev::LocalCore| pulse(core, "stand-1", "blocked:level");
    let came = core.wait_until(LIMIT, "the value", |core| value(core) == Some(json!(7)));
    came.await.unwrap();
    assert_eq!(blocked.lock().await.level, 7);
    running.stop().await;
}
