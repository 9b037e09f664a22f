//! Names that follow the value, and members that are forgotten.

use std::collections::BTreeMap;

use rship_dev::LocalCore;
use rship_runtime::prelude::*;
use rship_runtime::{Error, Generation};
use rship_tests::{LIMIT, Running, core, executor, pulse};
use serde_json::{Value, json};

/// A router whose inputs are called what somebody calls them.
#[derive(Target, Default)]
#[target(name_field = "label")]
struct Router {
    label: String,
    /// Of the router.
    #[target(key = "number", name = "Input")]
    inputs: Vec<Input>,
    #[target(forget)]
    guests: BTreeMap<String, Guest>,
}

/// An input.
#[derive(Target)]
#[target(name_field = "title")]
struct Input {
    number: u32,
    #[emitter]
    #[action]
    label: String,
}

/// Comes and goes.
#[derive(Target)]
struct Guest {
    #[emitter]
    #[action]
    mood: String,
    #[target]
    bag: Option<Bag>,
}

/// Of a guest.
#[derive(Target)]
struct Bag {
    #[emitter]
    weight: f64,
}

impl Input {
    fn title(&self) -> String {
        assert!(self.label != "panic", "this label cannot be shown");
        if self.label.is_empty() {
            return String::new();
        }
        format!("{}: {}", self.number, self.label)
    }
}

#[actions]
impl Router {
    #[action]
    fn call_it(&mut self, label: String) {
        self.label = label;
    }
}

fn router() -> Router {
    let input = |number| Input {
        number,
        label: String::new(),
    };
    Router {
        label: "House".to_owned(),
        inputs: vec![input(1), input(2)],
        ..Router::default()
    }
}

fn guest() -> Guest {
    Guest {
        mood: "fine".to_owned(),
        bag: Some(Bag { weight: 1.0 }),
    }
}

async fn named(core: &LocalCore, target: &str, name: &str) {
    let what = format!("{target} named {name}");
    let is = |core: &LocalCore| {
        let target = core.item("Target", target);
        target.is_some_and(|target| target["name"] == name)
    };
    core.wait_until(LIMIT, &what, is).await.unwrap();
}

#[tokio::test]
async fn a_name_is_told_whenever_the_value_gives_another() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let router = executor.add("router", router()).unwrap();
        let manifest = &executor.manifest()["instances"][0]["targets"][0];
        assert_eq!(manifest["name"], "House");
        let _running = Running::online(&executor).await;
        named(&core, "router", "House").await;
        // With no name of its own, it has the one that it would have without.
        named(&core, "router.inputs.1", "Input 1").await;

        router.lock().await.label = "Barn".to_owned();
        named(&core, "router", "Barn").await;
        let call = core.exec(None, "router:call-it", json!({"label": "Ship"}));
        call.await.unwrap();
        named(&core, "router", "Ship").await;
        let set = core.exec(None, "router.inputs.1:set-label", json!("Camera"));
        set.await.unwrap();
        named(&core, "router.inputs.1", "1: Camera").await;
        named(&core, "router.inputs.2", "Input 2").await;
        let set = core.exec(None, "router.inputs.1:set-label", json!(""));
        set.await.unwrap();
        named(&core, "router.inputs.1", "Input 1").await;
        let new = Input {
            number: 3,
            label: "Deck".to_owned(),
        };
        router.lock().await.inputs.push(new);
        named(&core, "router.inputs.3", "3: Deck").await;
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_name_that_is_the_same_is_not_told_again_and_one_that_panics_stops_nothing() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let router = executor.add("router", router()).unwrap();
    let _running = Running::online(&executor).await;
    named(&core, "router.inputs.2", "Input 2").await;
    // Renamed by hand, until the value gives another name.
    router.rename("By hand");
    named(&core, "router", "By hand").await;
    let set = core.exec(None, "router.inputs.1:set-label", json!("panic"));
    set.await.unwrap();
    let told =
        |core: &LocalCore| pulse(core, "stand-1", "router.inputs.1:label") == Some(json!("panic"));
    core.wait_until(LIMIT, "the label", told).await.unwrap();
    named(&core, "router", "By hand").await;
    router.lock().await.label = "House 2".to_owned();
    named(&core, "router", "House 2").await;
}

/// Everything of a guest that a core has.
fn of_guest(core: &LocalCore, id: &str) -> Vec<String> {
    let all = core.snapshot().into_values();
    let ids = all.flat_map(BTreeMap::into_keys);
    ids.filter(|known| known.contains(id)).collect()
}

#[tokio::test]
async fn a_member_that_leaves_a_field_with_forget_is_deleted_on_the_server_and_may_come_back() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let router = executor.add("router", router()).unwrap();
        let _running = Running::online(&executor).await;
        for mood in ["good", "bad", "gone"] {
            let guest = Guest {
                mood: mood.to_owned(),
                ..guest()
            };
            router.lock().await.guests.insert("ann".to_owned(), guest);
            let told = |core: &LocalCore| {
                pulse(core, "stand-1", "router.guests.ann:mood") == Some(json!(mood))
            };
            core.wait_until(LIMIT, "the guest", told).await.unwrap();
            let bag = |core: &LocalCore| core.item("Target", "router.guests.ann.bag").is_some();
            core.wait_until(LIMIT, "the bag", bag).await.unwrap();
            router.lock().await.guests.clear();
            let gone = |core: &LocalCore| of_guest(core, "router.guests.ann").is_empty();
            let forgotten = core.wait_until(LIMIT, "nothing left", gone).await;
            assert!(
                forgotten.is_ok(),
                "{:?}",
                of_guest(&core, "router.guests.ann")
            );
        }
        let router = core.item("Target", "router").unwrap();
        let children = router["subTargets"].as_array().unwrap();
        assert!(
            !children.contains(&json!("router.guests.ann")),
            "{children:?}"
        );
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[derive(Target)]
struct Wrong {
    #[target(forget)]
    guest: Guest,
}

#[tokio::test]
async fn a_field_that_always_holds_its_sub_target_has_nothing_to_forget() {
    let executor = executor("ws://127.0.0.1:1");
    let wrong = executor.add("wrong", Wrong { guest: guest() });
    let error = wrong.map(drop).unwrap_err();
    assert!(matches!(error, Error::Model(_)), "{error}");
    assert!(error.to_string().contains("field `guest`"), "{error}");
    assert_eq!(
        executor.manifest()["instances"][0]["targets"],
        Value::Array(Vec::new())
    );
}
