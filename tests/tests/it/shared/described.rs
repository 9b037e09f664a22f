//! Members of types that cannot be annotated: a function describes them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, RwLock};

use rship_dev::LocalCore;
use rship_runtime::Generation;
use rship_runtime::model::{
    ActionSpec, Arg, EmitterSpec, Model, ModelBuilder, ModelError, SubTargetSpec,
};
use rship_runtime::prelude::*;
use rship_tests::{LIMIT, Running, core, executor, pulse};
use serde_json::{Value, json};

/// Stands for another crate, which knows nothing of this one.
mod film {
    #[derive(Default)]
    pub(super) struct Loop {
        pub id: u32,
        pub start: f64,
        pub parts: Vec<Loop>,
    }

    pub(super) trait Lamp: Send {
        fn level(&self) -> f64;
        fn dim(&mut self, level: f64);
    }

    pub(super) struct Halogen(pub f64);

    impl Lamp for Halogen {
        fn level(&self) -> f64 {
            self.0
        }

        fn dim(&mut self, level: f64) {
            self.0 = level;
        }
    }
}

use film::{Lamp, Loop};

fn describe_loop() -> Result<Arc<Model<Loop>>, ModelError> {
    let mut model = ModelBuilder::<Loop>::new("Loop");
    model.name("Loop").category("player");
    model.key(|own: &Loop| &own.id);
    model.state(EmitterSpec::new("start"), |own: &Loop| &own.start);
    let value = Arg::<f64>::new("start").min(0.0);
    let set = ActionSpec::new("set-start");
    model.setter(set, "start", "start", value, |own, start| own.start = start);
    // It holds others of its own type.
    let parts = SubTargetSpec::new("parts");
    model.sub_targets_with(parts, describe_loop, |own| &own.parts, |own| &mut own.parts);
    model.build()
}

/// Its members are told apart by the field that holds them.
fn describe_part() -> Result<Arc<Model<Loop>>, ModelError> {
    let mut model = ModelBuilder::<Loop>::new("Part");
    model.name("Part");
    model.state(EmitterSpec::new("start"), |own: &Loop| &own.start);
    model.build()
}

fn describe_lamp() -> Result<Arc<Model<Box<dyn Lamp>>>, ModelError> {
    let mut model = ModelBuilder::<Box<dyn Lamp>>::new("Lamp");
    model.name("Lamp");
    model.computed(EmitterSpec::new("level"), None, |own| own.level());
    let level = Arg::<f64>::new("level").max(1.0);
    let read = level.reader();
    let dim = ActionSpec::new("dim").arg(&level);
    model.action(dim.sync(move |own: &mut Box<dyn Lamp>, arguments| {
        own.dim(arguments.read(&read)?);
        Ok(Value::Null)
    }));
    model.build()
}

#[derive(Target, Default)]
struct Player {
    #[target(model = "describe_loop", name = "The loop")]
    only: Loop,
    #[target(model = "describe_loop")]
    spare: Option<Box<Loop>>,
    #[target(model = "describe_loop", forget)]
    list: Vec<Loop>,
    #[target(model = "self::describe_part", key = "id")]
    keyed: Vec<Loop>,
    #[target(model = "describe_part", key = "id")]
    shared: Vec<Arc<Mutex<Loop>>>,
    #[target(model = "describe_part")]
    placed: Vec<Loop>,
    #[target(model = "describe_loop", id = "sorted")]
    sorted: BTreeMap<String, Loop>,
    #[target(model = "describe_loop")]
    numbered: HashMap<i8, Arc<RwLock<Box<Loop>>>>,
    #[target(model = "describe_lamp")]
    lamps: Vec<Box<dyn Lamp>>,
}

fn a_loop(id: u32) -> Loop {
    Loop {
        id,
        ..Loop::default()
    }
}

async fn online(player: Player) -> (LocalCore, Handle<Player>, Running) {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let player = executor.add("player", player).unwrap();
    let running = Running::online(&executor).await;
    (core, player, running)
}

fn is(emitter: &'static str, value: Value) -> impl Fn(&LocalCore) -> bool {
    move |core| pulse(core, "stand-1", emitter) == Some(value.clone())
}

async fn shows(core: &LocalCore, emitter: &'static str, value: Value) {
    core.wait_until(LIMIT, emitter, is(emitter, value))
        .await
        .unwrap();
}

#[tokio::test]
async fn each_shape_of_field_holds_members_that_a_function_describes() {
    let shared = Arc::new(Mutex::new(a_loop(4)));
    let numbered = Arc::new(RwLock::new(Box::new(a_loop(0))));
    let (core, player, _running) = online(Player {
        spare: Some(a_loop(1).into()),
        list: vec![Loop {
            parts: vec![a_loop(20)],
            ..a_loop(2)
        }],
        keyed: vec![a_loop(3)],
        shared: vec![shared.clone()],
        placed: vec![a_loop(5)],
        sorted: BTreeMap::from([("a".to_owned(), a_loop(6))]),
        numbered: HashMap::from([(-7, numbered.clone())]),
        ..Player::default()
    })
    .await;
    for target in [
        "player.only",
        "player.spare",
        "player.list.2",
        "player.list.2.parts.20",
        "sorted.a",
        "player.numbered.-7",
    ] {
        let action = format!("{target}:set-start");
        core.exec(None, &action, json!(1.5)).await.unwrap();
        let emitter = format!("{target}:start");
        let known = |core: &LocalCore| pulse(core, "stand-1", &emitter) == Some(json!(1.5));
        core.wait_until(LIMIT, &emitter, known).await.unwrap();
    }
    let only = core.item("Target", "player.only").unwrap();
    assert_eq!(only["name"], "The loop");
    assert_eq!(only["category"], "player");
    assert_eq!(numbered.read().unwrap().start, 1.5);
    assert_eq!(player.lock().await.list[0].parts[0].start, 1.5);
    // The key is the model's, or that of the field, or the position.
    player.lock().await.keyed[0].start = 3.0;
    shows(&core, "player.keyed.3:start", json!(3.0)).await;
    player.lock().await.placed[0].start = 5.0;
    shows(&core, "player.placed.0:start", json!(5.0)).await;
    // By the clock, because others hold it, too.
    shared.lock().unwrap().start = 4.0;
    shows(&core, "player.shared.4:start", json!(4.0)).await;
    // What is refused is refused in the description's words.
    let refused = core.exec(None, "player.only:set-start", json!(-1)).await;
    assert!(refused.unwrap_err().to_string().contains('0'));
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn described_members_come_and_go_and_have_handles_from_outside() {
    let (core, player, _running) = online(Player::default()).await;
    player.lock().await.list.extend([a_loop(1), a_loop(2)]);
    shows(&core, "player.list.2:start", json!(0.0)).await;
    player.lock().await.list.swap(0, 1);
    let mut guard = player.lock().await;
    let first = guard.sub_target(|player| player.list.first()).unwrap();
    drop(guard);
    assert_eq!(first.id(), "player.list.2");
    first.lock().await.unwrap().start = 2.5;
    shows(&core, "player.list.2:start", json!(2.5)).await;
    let same = player.sub_target_by_id::<Loop>("player.list.2").unwrap();
    assert_eq!(same.lock().await.unwrap().start, 2.5);
    player.lock().await.list.remove(1);
    let gone = |core: &LocalCore| core.item("Target", "player.list.1").is_none();
    core.wait_until(LIMIT, "one that left", gone).await.unwrap();
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn trait_objects_are_members_by_what_their_trait_has() {
    let lamp: Box<dyn Lamp> = Box::new(film::Halogen(0.25));
    let lamps = vec![lamp];
    let (core, player, _running) = online(Player {
        lamps,
        ..Player::default()
    })
    .await;
    shows(&core, "player.lamps.0:level", json!(0.25)).await;
    core.exec(None, "player.lamps.0:dim", json!({"level": 0.75}))
        .await
        .unwrap();
    shows(&core, "player.lamps.0:level", json!(0.75)).await;
    assert_eq!(player.lock().await.lamps[0].level(), 0.75);
    assert_eq!(core.drops(), []);
}

#[test]
fn the_manifest_shows_what_described_members_will_be() {
    let executor = executor("ws://127.0.0.1:1");
    executor.add("player", Player::default()).unwrap();
    let manifest = executor.manifest();
    let targets = manifest["instances"][0]["targets"].as_array().unwrap();
    let members = targets[0]["members"].as_array().unwrap();
    let members = members.iter().map(|member| {
        let emitter = &member["target"]["emitters"][0]["id"];
        json!([member["shape"], emitter])
    });
    assert_eq!(
        members.collect::<Vec<_>>(),
        [
            json!(["optional", "player.spare:start"]),
            json!(["list", "player.list.*:start"]),
            json!(["list", "player.keyed.*:start"]),
            json!(["list", "player.shared.*:start"]),
            json!(["list", "player.placed.*:start"]),
            json!(["map", "sorted.*:start"]),
            json!(["map", "player.numbered.*:start"]),
            json!(["list", "player.lamps.*:level"]),
        ]
    );
}

#[derive(Target)]
struct Broken {
    #[target(model = "describe_nothing")]
    it: Loop,
}

fn describe_nothing() -> Result<Arc<Model<Loop>>, ModelError> {
    let mut model = ModelBuilder::<Loop>::new("Loop");
    model.bg_color("black");
    model.build()
}

#[test]
fn a_description_that_cannot_be_used_is_an_error_where_its_holder_is_added() {
    let executor = executor("ws://127.0.0.1:1");
    let refused = executor.add("broken", Broken { it: a_loop(1) });
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("is `black`, which is not a color"),
        "{refused}"
    );
}
