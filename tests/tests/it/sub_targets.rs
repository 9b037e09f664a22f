//! Sub-targets from outside, and parents from inside.

use rship_dev::LocalCore;
use rship_runtime::prelude::*;
use rship_runtime::{Error, Generation, LockError, Member, Position, SubTarget};
use rship_tests::{LIMIT, Lamp, Register, Running, Stand, core, executor, pulse, within};
use serde_json::{Value, json};

/// A hub.
#[derive(Target)]
struct Hub {
    #[emitter]
    limit: f64,
    #[target(key = "number")]
    outputs: Vec<Output>,
    #[target]
    master: Output,
    hidden: Output,
    #[target]
    marks: Vec<Mark>,
}

/// An output of the hub.
#[derive(Target)]
struct Output {
    number: u32,
    #[emitter]
    level: f64,
    #[target]
    taps: Vec<Tap>,
}

/// A tap of an output.
#[derive(Target, Default)]
struct Tap {
    #[emitter]
    open: bool,
}

/// Takes no memory.
#[derive(Target)]
struct Mark {}

#[actions]
impl Output {
    /// Never above the limit of its hub.
    #[action]
    async fn set(this: Handle<Self>, level: f64) -> Result<f64, Error> {
        let limit = this.parent::<Hub>().await?.limit;
        let mut output = this.lock().await;
        output.level = level.min(limit);
        Ok(output.level)
    }

    /// Asks for a parent that it does not have.
    #[action]
    async fn lost(this: Handle<Self>) -> Result<(), Error> {
        this.parent::<Stand>().await.map(drop)
    }

    /// Holds its parent and itself at once, which are one tree.
    #[action]
    async fn greedy(this: Handle<Self>) -> f64 {
        let hub = this.parent::<Hub>().await.unwrap();
        hub.limit + this.lock().await.level
    }
}

#[actions]
impl Tap {
    /// Reads what is two levels up.
    #[action]
    async fn limit(this: Handle<Self>) -> Result<f64, Error> {
        Ok(this.parent::<Hub>().await?.limit)
    }
}

fn output(number: u32) -> Output {
    Output {
        number,
        level: 0.0,
        taps: vec![Tap::default()],
    }
}

fn hub() -> Hub {
    Hub {
        limit: 0.5,
        outputs: (0..4).map(output).collect(),
        master: output(100),
        hidden: output(101),
        marks: vec![Mark {}, Mark {}],
    }
}

async fn online(core: &LocalCore) -> (Executor, Handle<Hub>, Running) {
    let executor = executor(&core.url());
    let hub = executor.add("hub", hub()).unwrap();
    let running = Running::online(&executor).await;
    (executor, hub, running)
}

async fn told(core: &LocalCore, emitter: &str, value: Value) {
    let has = |core: &LocalCore| pulse(core, "stand-1", emitter).as_ref() == Some(&value);
    core.wait_until(LIMIT, emitter, has).await.unwrap();
}

#[tokio::test]
async fn a_sub_target_is_locked_renamed_placed_and_taken_offline_from_outside() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (_executor, hub, _running) = online(&core).await;
        let third = hub.lock().await.sub_target(|hub| hub.outputs.get(3));
        let third = third.unwrap();
        assert_eq!(third.id(), "hub.outputs.3");
        third.lock().await.unwrap().level = 0.25;
        told(&core, "hub.outputs.3:level", json!(0.25)).await;
        third.rename("Balcony");
        third.set_online(false);
        third.set_available(Member::action("set"), false).unwrap();
        third.set_position(Position {
            x: 1.0,
            y: 2.0,
            z: 3.0,
        });
        third.set_role("loudspeaker");
        let known = |core: &LocalCore| {
            let target = core.item("Target", "hub.outputs.3").unwrap();
            let status = core.item("TargetStatus", "stand-1:hub.outputs.3").unwrap();
            target["name"] == "Balcony" && status["status"] == "offline"
        };
        core.wait_until(LIMIT, "name and status", known)
            .await
            .unwrap();
        let no_member = third.set_available(Member::action("fly"), false);
        assert!(matches!(no_member, Err(Error::NoMember { .. })));
        // The others are as they were.
        let other = core.item("TargetStatus", "stand-1:hub.outputs.2").unwrap();
        assert_eq!(other["status"], "online");
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_sub_target_is_found_by_its_id_with_its_type() {
    let executor = executor("ws://127.0.0.1:1");
    let hub = executor.add("hub", hub()).unwrap();
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let tap: SubTarget<Tap> = hub.sub_target_by_id("hub.outputs.2.taps.0").unwrap();
    tap.lock().await.unwrap().open = true;
    assert!(hub.lock().await.outputs[2].taps[0].open);
    let output: SubTarget<Output> = hub.sub_target_by_id("hub.outputs.2").unwrap();
    assert!(
        output
            .sub_target_by_id::<Tap>("hub.outputs.2.taps.0")
            .is_ok()
    );

    let said = |id| hub.sub_target_by_id::<Lamp>(id).unwrap_err().to_string();
    let another = said("hub.outputs.2");
    assert!(another.contains("::Output`, and a `"), "{another}");
    for elsewhere in ["hub", "hub.outputs.9", "stand.lamps.a"] {
        let said = said(elsewhere);
        assert!(said.contains(&format!("`{elsewhere}`")), "{said}");
    }
    let of_another = output.sub_target_by_id::<Tap>("hub.outputs.1.taps.0");
    assert!(of_another.is_err());
}

#[tokio::test]
async fn the_closure_may_point_at_any_sub_target_and_at_nothing_else() {
    let executor = executor("ws://127.0.0.1:1");
    let hub = executor.add("hub", hub()).unwrap();
    let mut guard = hub.lock().await;
    let id = |found: Result<SubTarget<Tap>, Error>| found.unwrap().id().to_owned();
    let tap = guard.sub_target(|hub| hub.outputs.get(2)?.taps.first());
    assert_eq!(id(tap), "hub.outputs.2.taps.0");
    let tap = guard.sub_target(|hub| hub.master.taps.first());
    assert_eq!(id(tap), "hub.master.taps.0");
    let master = guard.sub_target(|hub| Some(&hub.master)).unwrap();
    assert_eq!(master.id(), "hub.master");

    let none = guard.sub_target(|hub| hub.outputs.get(9)).unwrap_err();
    assert!(none.to_string().contains("found none"), "{none}");
    let hidden = guard.sub_target(|hub| Some(&hub.hidden)).unwrap_err();
    assert!(hidden.to_string().contains("#[target]"), "{hidden}");
    let itself = guard.sub_target(|hub| Some(hub)).unwrap_err();
    assert!(matches!(itself, Error::NoSubTarget { .. }), "{itself}");
    // Both marks are at one address.
    let mark = guard.sub_target(|hub| hub.marks.get(1)).unwrap_err();
    assert!(mark.to_string().contains("by its id"), "{mark}");
    // Of two with one key, the second is not on the show.
    guard.outputs.push(output(1));
    let second = guard.sub_target(|hub| hub.outputs.last()).unwrap_err();
    assert!(second.to_string().contains("key is taken"), "{second}");
}

#[tokio::test]
async fn a_member_that_was_just_put_in_has_a_handle_and_one_that_moved_keeps_its_own() {
    let core = core(Generation::V2026).await;
    let (_executor, hub, _running) = online(&core).await;
    let new = {
        let mut guard = hub.lock().await;
        guard.outputs.insert(0, output(77));
        guard.outputs.swap(1, 3);
        guard.sub_target(|hub| hub.outputs.first()).unwrap()
    };
    assert_eq!(new.id(), "hub.outputs.77");
    hub.lock().await.outputs.reverse();
    new.lock().await.unwrap().level = 0.7;
    told(&core, "hub.outputs.77:level", json!(0.7)).await;
}

#[tokio::test]
async fn a_member_that_is_gone_is_an_error_that_names_it_until_it_is_back() {
    let executor = executor("ws://127.0.0.1:1");
    let hub = executor.add("hub", hub()).unwrap();
    let third = hub.lock().await.sub_target(|hub| hub.outputs.get(3));
    let third = third.unwrap();
    let taken = hub.lock().await.outputs.remove(3);
    let gone = || Err(LockError::Gone("hub.outputs.3".to_owned()));
    assert_eq!(third.lock().await.map(drop), gone());
    assert_eq!(third.try_lock().map(drop), gone());
    let on_a_thread = third.clone();
    let blocking = tokio::task::spawn_blocking(move || on_a_thread.blocking_lock().map(drop));
    assert_eq!(within("the thread", blocking).await.unwrap(), gone());
    third.rename("told to nobody");
    hub.lock().await.outputs.insert(0, taken);
    third.lock().await.unwrap().level = 0.9;
    assert_eq!(hub.lock().await.outputs[0].level, 0.9);
}

#[tokio::test]
async fn an_action_of_a_sub_target_reads_its_parents() {
    let core = core(Generation::V2026).await;
    let (executor, hub, _running) = online(&core).await;
    let set = |level: f64| core.exec(None, "hub.outputs.1:set", json!({ "level": level }));
    assert_eq!(set(0.9).await.unwrap(), json!(0.5));
    hub.lock().await.limit = 0.75;
    assert_eq!(set(0.9).await.unwrap(), json!(0.75));
    let limit = core.exec(None, "hub.outputs.1.taps.0:limit", Value::Null);
    assert_eq!(limit.await.unwrap(), json!(0.75));

    let lost = core.exec(None, "hub.outputs.1:lost", Value::Null).await;
    let lost = lost.unwrap_err().to_string();
    assert!(
        lost.contains("no target above `hub.outputs.1` is a `"),
        "{lost}"
    );
    let _alone = executor.add("alone", output(5)).unwrap();
    let known = |core: &LocalCore| core.item("Action", "alone:set").is_some();
    core.wait_until(LIMIT, "the other", known).await.unwrap();
    let alone = core.exec(None, "alone:set", json!({"level": 1})).await;
    assert!(alone.unwrap_err().to_string().contains("`alone`"));
}

#[tokio::test]
async fn an_action_that_holds_its_parent_and_asks_for_itself_is_answered() {
    let core = core(Generation::V2026).await;
    let (_executor, _hub, _running) = online(&core).await;
    let greedy = core.exec(None, "hub.outputs.1:greedy", Value::Null).await;
    let greedy = greedy.unwrap_err().to_string();
    assert!(
        greedy.contains("use the guard that was locked at"),
        "{greedy}"
    );
    // The tree goes on.
    let set = core.exec(None, "hub.outputs.1:set", json!({"level": 0.1}));
    assert_eq!(set.await.unwrap(), json!(0.1));
}

#[tokio::test]
async fn a_handle_that_outlives_its_action_becomes_one_that_has_an_error() {
    let executor = executor("ws://127.0.0.1:1");
    let stand = executor.add("stand", Stand::full()).unwrap();
    let register: SubTarget<Register> = stand.sub_target_by_id("stand.register").unwrap();
    register.lock().await.unwrap().open = true;
    let as_one = SubTarget::from(stand.clone());
    assert!(as_one.lock().await.unwrap().register.open);
}
