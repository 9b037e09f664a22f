//! Sub-targets in what existing code keeps them in: maps with numbers, enums, boxes, locks.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use rship_dev::LocalCore;
use rship_runtime::model::{EmitterSpec, ModelBuilder};
use rship_runtime::prelude::*;
use rship_runtime::{Generation, LockError};
use rship_tests::{LIMIT, Running, core, executor, pulse};
use serde_json::{Value, json};

/// A light.
#[derive(Target, Default)]
#[target(key = "number")]
struct Dimmer {
    number: u32,
    #[emitter]
    #[action]
    level: f64,
}

/// A light that moves.
#[derive(Target, Default)]
#[target(key = "number")]
struct Mover {
    number: u32,
    #[emitter]
    #[action]
    pan: f64,
}

#[actions]
impl Mover {
    /// Homes it, a moment later.
    #[action]
    async fn home(this: Handle<Self>) {
        this.lock().await.pan = 0.0;
    }
}

/// Any fixture.
#[derive(Target)]
enum Fixture {
    Dimmer(Dimmer),
    Mover(Box<Mover>),
}

/// The loop of a player, whose type is of another crate.
struct Loop(Range<f64>);

impl Target for Loop {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.name("Loop");
        model.state(EmitterSpec::new("start"), |own: &Self| &own.0.start);
    }
}

/// Everything that hangs.
#[derive(Target, Default)]
struct Rig {
    #[target]
    fixtures: Vec<Fixture>,
    #[target]
    numbered: HashMap<u32, Dimmer>,
    #[target]
    sorted: BTreeMap<i8, Dimmer>,
    #[target]
    boxed: Option<Box<Mover>>,
    #[target]
    shared: Vec<Arc<Mutex<Dimmer>>>,
    #[target]
    loops: Vec<Loop>,
}

fn dimmer(number: u32) -> Dimmer {
    Dimmer { number, level: 0.0 }
}

fn mover(number: u32) -> Mover {
    Mover { number, pan: 0.5 }
}

async fn online(rig: Rig) -> (LocalCore, Handle<Rig>, Running) {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let rig = executor.add("rig", rig).unwrap();
    let running = Running::online(&executor).await;
    (core, rig, running)
}

fn is(emitter: &'static str, value: Value) -> impl Fn(&LocalCore) -> bool {
    move |core| pulse(core, "stand-1", emitter) == Some(value.clone())
}

fn status(core: &LocalCore, target: &str) -> Value {
    let status = core.item("TargetStatus", &format!("stand-1:{target}"));
    status.map_or(Value::Null, |status| status["status"].clone())
}

#[tokio::test]
async fn each_member_of_an_enum_has_what_its_variant_has() {
    let fixtures = vec![Fixture::Dimmer(dimmer(7)), Fixture::Mover(mover(8).into())];
    let (core, rig, _running) = online(Rig {
        fixtures,
        ..Rig::default()
    })
    .await;
    core.wait_until(LIMIT, "pan", is("rig.fixtures.8:pan", json!(0.5)))
        .await
        .unwrap();
    assert_eq!(
        core.item("Target", "rig.fixtures.7").unwrap()["name"],
        "Dimmer 7"
    );
    assert_eq!(
        core.item("Target", "rig.fixtures.8").unwrap()["name"],
        "Mover 8"
    );
    core.exec(None, "rig.fixtures.7:set-level", json!(0.25))
        .await
        .unwrap();
    core.exec(None, "rig.fixtures.8:set-pan", json!(0.75))
        .await
        .unwrap();
    core.wait_until(LIMIT, "pan", is("rig.fixtures.8:pan", json!(0.75)))
        .await
        .unwrap();
    // A handle reaches what stands in the variant, in its box.
    core.exec(None, "rig.fixtures.8:home", Value::Null)
        .await
        .unwrap();
    core.wait_until(LIMIT, "home", is("rig.fixtures.8:pan", json!(0.0)))
        .await
        .unwrap();
    assert!(
        core.exec(None, "rig.fixtures.7:set-pan", json!(1))
            .await
            .is_err()
    );
    // Another variant comes in the place of one.
    rig.lock().await.fixtures[0] = Fixture::Mover(mover(7).into());
    let known = is("rig.fixtures.7:pan", json!(0.5));
    core.wait_until(LIMIT, "another", known).await.unwrap();
    let renamed =
        |core: &LocalCore| core.item("Target", "rig.fixtures.7").unwrap()["name"] == "Mover 7";
    core.wait_until(LIMIT, "its name", renamed).await.unwrap();
    core.exec(None, "rig.fixtures.7:set-pan", json!(1))
        .await
        .unwrap();
    let online = |core: &LocalCore| status(core, "rig.fixtures.7") == "online";
    core.wait_until(LIMIT, "online", online).await.unwrap();
    // And they are told apart by the key of their variants.
    rig.lock().await.fixtures.swap(0, 1);
    core.exec(None, "rig.fixtures.8:set-pan", json!(0.125))
        .await
        .unwrap();
    match &rig.lock().await.fixtures[0] {
        Fixture::Mover(mover) => assert_eq!(mover.pan, 0.125),
        Fixture::Dimmer(_) => panic!("another one"),
    }
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn keys_may_be_numbers_and_the_order_of_a_hash_map_does_not_matter() {
    let mut numbered = HashMap::new();
    for number in 0..50 {
        numbered.insert(number, dimmer(number));
    }
    let sorted = BTreeMap::from([(-1, dimmer(0)), (12, dimmer(1))]);
    let (core, rig, _running) = online(Rig {
        numbered,
        sorted,
        ..Rig::default()
    })
    .await;
    for action in ["rig.numbered.49:set-level", "rig.sorted.-1:set-level"] {
        core.exec(None, action, json!(0.5)).await.unwrap();
    }
    assert_eq!(rig.lock().await.numbered[&49].level, 0.5);
    assert_eq!(rig.lock().await.sorted[&-1].level, 0.5);
    let children = core.item("Target", "rig").unwrap()["subTargets"].clone();
    if let Some(children) = children.as_array().filter(|all| !all.is_empty()) {
        assert_eq!(children[2], "rig.numbered.2");
    }
    // It grows, so that its order becomes another; only one goes.
    for number in 50..500 {
        rig.lock().await.numbered.insert(number, dimmer(number));
    }
    rig.lock().await.numbered.remove(&3);
    let gone = |core: &LocalCore| status(core, "rig.numbered.3") == "offline";
    core.wait_until(LIMIT, "one that left", gone).await.unwrap();
    let all = |core: &LocalCore| status(core, "rig.numbered.499") == "online";
    core.wait_until(LIMIT, "the last", all).await.unwrap();
    assert_eq!(status(&core, "rig.numbered.4"), "online");
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn boxes_locks_and_described_types_are_members_as_any_other() {
    let shared = Arc::new(Mutex::new(dimmer(5)));
    let (core, rig, _running) = online(Rig {
        boxed: Some(mover(1).into()),
        shared: vec![shared.clone()],
        loops: vec![Loop(1.0..2.0)],
        ..Rig::default()
    })
    .await;
    core.wait_until(LIMIT, "a loop", is("rig.loops.0:start", json!(1.0)))
        .await
        .unwrap();
    core.exec(None, "rig.boxed:home", Value::Null)
        .await
        .unwrap();
    assert_eq!(rig.lock().await.boxed.as_ref().unwrap().pan, 0.0);
    core.exec(None, "rig.shared.5:set-level", json!(0.5))
        .await
        .unwrap();
    assert_eq!(shared.lock().unwrap().level, 0.5);
    // By the clock, because others hold it, too.
    shared.lock().unwrap().level = 0.75;
    core.wait_until(LIMIT, "the level", is("rig.shared.5:level", json!(0.75)))
        .await
        .unwrap();
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn an_enum_can_be_added_itself() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let fixture = Fixture::Mover(mover(1).into());
    let fixture = executor.add("fixture", fixture).unwrap();
    let _running = Running::online(&executor).await;
    core.exec(None, "fixture:set-pan", json!(0.25))
        .await
        .unwrap();
    core.wait_until(LIMIT, "pan", is("fixture:pan", json!(0.25)))
        .await
        .unwrap();
    match &*fixture.lock().await {
        Fixture::Mover(mover) => assert_eq!(mover.pan, 0.25),
        Fixture::Dimmer(_) => panic!("another one"),
    }
    // What it is not any more cannot be called.
    *fixture.lock().await = Fixture::Dimmer(dimmer(1));
    let refused = core.exec(None, "fixture:set-pan", json!(0.5)).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("Mover` in its place any more"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_member_has_a_handle_from_outside_whatever_it_stands_in() {
    let (core, rig, _running) = online(Rig {
        fixtures: vec![Fixture::Dimmer(dimmer(7)), Fixture::Mover(mover(8).into())],
        boxed: Some(mover(9).into()),
        shared: vec![Arc::new(Mutex::new(dimmer(10)))],
        ..Rig::default()
    })
    .await;
    let mut guard = rig.lock().await;
    let fixture = guard.sub_target(|rig| rig.fixtures.last()).unwrap();
    let boxed = guard.sub_target(|rig| rig.boxed.as_deref()).unwrap();
    let shared = guard.sub_target(|rig| rig.shared.first()).unwrap();
    drop(guard);
    assert_eq!(fixture.id(), "rig.fixtures.8");
    let mover = rig.sub_target_by_id::<Mover>(fixture.id()).unwrap();
    mover.lock().await.unwrap().pan = 0.75;
    boxed.lock().await.unwrap().pan = 0.25;
    shared.lock().await.unwrap().lock().unwrap().level = 1.0;
    for (emitter, value) in [
        ("rig.fixtures.8:pan", 0.75),
        ("rig.boxed:pan", 0.25),
        ("rig.shared.10:level", 1.0),
    ] {
        core.wait_until(LIMIT, emitter, is(emitter, json!(value)))
            .await
            .unwrap();
    }
    // A guard cannot hold a lock of the device's own.
    let behind = rig.sub_target_by_id::<Dimmer>(shared.id()).unwrap();
    let refused = behind.lock().await.err().unwrap();
    assert!(matches!(refused, LockError::Behind(_)), "{refused}");
    // Another variant under the same key.
    *fixture.lock().await.unwrap() = Fixture::Dimmer(dimmer(8));
    let gone = mover.lock().await.err().unwrap();
    assert!(matches!(gone, LockError::Gone(_)), "{gone}");
    match &*fixture.lock().await.unwrap() {
        Fixture::Dimmer(dimmer) => assert_eq!(dimmer.number, 8),
        Fixture::Mover(_) => panic!("another one"),
    }
}
