//! Sub-targets that come and go.

use rship_dev::LocalCore;
use rship_runtime::prelude::*;
use rship_runtime::{Executor, Generation};
use rship_tests::{Fridge, LIMIT, Lamp, Running, Server, Sign, Stand, core, executor, pulse};
use serde_json::json;

async fn status_of(core: &LocalCore, target: &str, status: &str) {
    let id = format!("stand-1:{target}");
    let what = format!("{target} {status}");
    let has = |core: &LocalCore| {
        core.item("TargetStatus", &id)
            .is_some_and(|item| item["status"] == status)
    };
    core.wait_until(LIMIT, &what, has).await.unwrap();
}

async fn value_of(core: &LocalCore, emitter: &str, value: serde_json::Value) {
    let what = format!("{emitter} {value}");
    let has = |core: &LocalCore| pulse(core, "stand-1", emitter).as_ref() == Some(&value);
    core.wait_until(LIMIT, &what, has).await.unwrap();
}

fn executor_with(core: &LocalCore) -> (Executor, rship_runtime::Handle<Stand>) {
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    (executor, stand)
}

#[tokio::test]
async fn a_member_that_comes_is_registered_and_one_that_goes_is_offline_until_it_is_back() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (executor, stand) = executor_with(&core);
        let _running = Running::online(&executor).await;
        value_of(&core, "stand.sign:text", json!("open")).await;

        let mut sign = None;
        {
            let mut stand = stand.lock().await;
            stand.lamps.push(Lamp::new("c", 0.75));
            stand
                .fridges
                .insert("middle".to_owned(), Fridge { celsius: 7 });
            std::mem::swap(&mut stand.sign, &mut sign);
        }
        value_of(&core, "stand.lamps.c:level", json!(0.75)).await;
        value_of(&core, "stand.fridges.middle:celsius", json!(7)).await;
        status_of(&core, "stand.lamps.c", "online").await;
        status_of(&core, "stand.sign", "offline").await;
        // The server keeps what shows refer to.
        assert!(core.item("Target", "stand.sign").is_some());
        assert!(core.item("Action", "stand.sign:set-text").is_some());
        let refused = core
            .command(
                Some("stand-1"),
                "ExecTargetAction",
                json!({
                    "action": {"id": "stand.sign:set-text", "targetId": "stand.sign"}, "data": "hi",
                }),
            )
            .await;
        assert!(refused.unwrap_err().to_string().contains("stand.sign"));

        stand.lock().await.sign = Some(Sign {
            text: "back".to_owned(),
        });
        status_of(&core, "stand.sign", "online").await;
        value_of(&core, "stand.sign:text", json!("back")).await;
        let set = core
            .exec(None, "stand.sign:set-text", json!("closed"))
            .await;
        set.unwrap();
        assert_eq!(stand.lock().await.sign.as_ref().unwrap().text, "closed");
        assert_eq!(core.drops(), [], "{generation}");
    }
}

/// Rings.
#[derive(Target, Default)]
struct House {
    #[target]
    bells: Vec<Bell>,
}

/// Rings.
#[derive(Target, Default)]
struct Bell {
    #[emitter]
    rung: Emitter<u32>,
}

#[actions]
impl House {
    #[action]
    fn hang(&mut self, times: u32) {
        let bell = Bell::default();
        for number in 1..=times {
            bell.rung.pulse(number);
        }
        self.bells.push(bell);
    }
}

#[tokio::test]
async fn what_a_new_member_pulses_under_the_guard_that_made_it_is_told_in_order() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let house = executor.add("house", House::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    {
        let mut house = house.lock().await;
        house.bells.push(Bell::default());
        assert_eq!(house.bells[0].rung.pulse(1), Published::Queued);
        assert_eq!(house.bells[0].rung.pulse(2), Published::Queued);
    }
    for number in 1..=2 {
        assert_eq!(peer.pulse("house.bells.0:rung").await, number);
    }
    peer.exec("t", "house:hang", json!({"times": 3})).await;
    for number in 1..=3 {
        assert_eq!(peer.pulse("house.bells.1:rung").await, number);
    }
}

#[tokio::test]
async fn members_are_told_apart_by_their_key_however_they_are_ordered() {
    let core = core(Generation::V2026).await;
    let (executor, stand) = executor_with(&core);
    let _running = Running::online(&executor).await;
    value_of(&core, "stand.lamps.b:level", json!(0.5)).await;
    stand.lock().await.lamps.swap(0, 1);
    core.exec(None, "stand.lamps.b:set-level", json!(1.0))
        .await
        .unwrap();
    assert_eq!(stand.lock().await.lamps[0].level, 1.0);
    value_of(&core, "stand.lamps.b:level", json!(1.0)).await;
    value_of(&core, "stand.lamps.a:level", json!(0.25)).await;
    stand.lock().await.lamps.remove(0);
    status_of(&core, "stand.lamps.b", "offline").await;
    status_of(&core, "stand.lamps.a", "online").await;
}

#[tokio::test]
async fn a_member_whose_key_changes_is_another_one() {
    let core = core(Generation::V2026).await;
    let (executor, stand) = executor_with(&core);
    let _running = Running::online(&executor).await;
    stand.lock().await.lamps[0].serial = "z".to_owned();
    status_of(&core, "stand.lamps.z", "online").await;
    status_of(&core, "stand.lamps.a", "offline").await;
    value_of(&core, "stand.lamps.z:level", json!(0.25)).await;
    let target = core.item("Target", "stand").unwrap();
    let children = target["subTargets"].as_array().unwrap();
    assert!(children.contains(&json!("stand.lamps.z")), "{children:?}");
    assert!(!children.contains(&json!("stand.lamps.a")), "{children:?}");
    assert_eq!(core.drops(), []);
}

/// A lamp that may be given another number.
#[derive(Target, Default)]
struct Numbered {
    #[emitter]
    #[action]
    number: u32,
    #[emitter]
    level: f64,
}

#[derive(Target, Default)]
struct Rig {
    #[target(key = "number")]
    lamps: Vec<Numbered>,
}

#[tokio::test]
async fn a_member_that_changes_its_own_key_is_told_at_once() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let lamps = [1, 2].map(|number| Numbered { number, level: 0.5 });
    let rig = Rig {
        lamps: lamps.into(),
    };
    let _rig = executor.add("rig", rig).unwrap();
    let _running = Running::online(&executor).await;
    value_of(&core, "rig.lamps.1:number", json!(1)).await;
    let set = core.exec(None, "rig.lamps.1:set-number", json!(7)).await;
    set.unwrap();
    // Nobody locks the rig.
    status_of(&core, "rig.lamps.7", "online").await;
    status_of(&core, "rig.lamps.1", "offline").await;
    value_of(&core, "rig.lamps.7:number", json!(7)).await;
    value_of(&core, "rig.lamps.7:level", json!(0.5)).await;
    let set = core.exec(None, "rig.lamps.2:set-number", json!(1)).await;
    set.unwrap();
    status_of(&core, "rig.lamps.1", "online").await;
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn a_member_with_an_empty_key_is_an_error_at_first_and_left_out_later() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let mut stand = Stand::full();
    stand.lamps.push(Lamp::new("", 0.5));
    let refused = executor.add("refused", stand).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a member of field `lamps` of target `refused` has an empty key: its id would end with a dot"
    );
    let stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::online(&executor).await;
    stand.lock().await.lamps.push(Lamp::new("", 0.5));
    stand.lock().await.lamps[2].serial.push('c');
    value_of(&core, "stand.lamps.c:level", json!(0.5)).await;
    assert!(core.item("Target", "stand.lamps.").is_none());
}

#[tokio::test]
async fn of_two_members_with_one_key_the_second_is_left_out() {
    let core = core(Generation::V2026).await;
    let (executor, stand) = executor_with(&core);
    let _running = Running::online(&executor).await;
    stand.lock().await.lamps.push(Lamp::new("a", 0.9));
    stand.lock().await.cash = 77.0;
    value_of(&core, "stand:cash", json!(77.0)).await;
    value_of(&core, "stand.lamps.a:level", json!(0.25)).await;
    // The first goes, and the other is the only one of that key.
    stand.lock().await.lamps.remove(0);
    value_of(&core, "stand.lamps.a:level", json!(0.9)).await;
    status_of(&core, "stand.lamps.a", "online").await;
}

#[tokio::test]
async fn a_member_that_comes_below_an_offline_target_is_offline_too() {
    let core = core(Generation::V2026).await;
    let (executor, stand) = executor_with(&core);
    let _running = Running::online(&executor).await;
    stand.set_online(false);
    stand.lock().await.lamps.push(Lamp::new("c", 0.75));
    value_of(&core, "stand.lamps.c:level", json!(0.75)).await;
    status_of(&core, "stand.lamps.c", "offline").await;
    stand.set_online(true);
    status_of(&core, "stand.lamps.c", "online").await;
}

#[tokio::test]
async fn a_thousand_members_that_come_and_go_leave_every_entity_in_order() {
    let core = core(Generation::V2026).await;
    let (executor, stand) = executor_with(&core);
    let _running = Running::online(&executor).await;
    for number in 0..1000 {
        let mut stand = stand.lock().await;
        stand.lamps.push(Lamp::new(&format!("n{number}"), 0.1));
        if number % 3 > 0 {
            stand.lamps.remove(0);
        }
    }
    let last = "stand.lamps.n999:level";
    value_of(&core, last, json!(0.1)).await;
    for lamp in &stand.lock().await.lamps {
        status_of(&core, &format!("stand.lamps.{}", lamp.serial), "online").await;
    }
    assert_eq!(core.drops(), []);
    // Nothing is pulsed that was not registered.
    for pulse in core.items("Pulse").values() {
        let emitter = pulse["emitterId"].as_str().unwrap();
        assert!(core.item("Emitter", emitter).is_some(), "{emitter}");
    }
}
