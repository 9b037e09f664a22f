//! Several instances of one executor.

use rship_dev::LocalCore;
use rship_runtime::{Error, Executor, Generation, Handle};
use rship_tests::{LIMIT, Lamp, Running, Stand, core, executor, pulse};
use serde_json::{Value, json};

struct Two {
    _executor: Executor,
    first: Handle<Stand>,
    second: Handle<Stand>,
    _running: Running,
}

async fn two(core: &LocalCore) -> Two {
    let executor = executor(&core.url());
    let first = executor
        .add(
            "stand",
            Stand {
                stock: 1,
                ..Stand::default()
            },
        )
        .unwrap();
    let other = executor.instance("stand-2").unwrap();
    let second = other
        .add(
            "stand",
            Stand {
                stock: 2,
                ..Stand::default()
            },
        )
        .unwrap();
    let running = Running::online(&executor).await;
    let known = |core: &LocalCore| {
        core.item("TargetStatus", "stand-2:stand.register")
            .is_some()
            && pulse(core, "stand-2", "stand.register:open").is_some()
    };
    core.wait_until(LIMIT, "both", known).await.unwrap();
    Two {
        _executor: executor,
        first,
        second,
        _running: running,
    }
}

#[tokio::test]
async fn one_target_lives_in_two_instances_with_a_value_of_its_own_in_each() {
    let core = core(Generation::V2026).await;
    let two = two(&core).await;
    let value = |instance| pulse(&core, instance, "stand:stock").unwrap();
    assert_eq!((value("stand-1"), value("stand-2")), (json!(1), json!(2)));
    two.second.lock().await.stock = 7;
    let told = |core: &LocalCore| pulse(core, "stand-2", "stand:stock") == Some(json!(7));
    core.wait_until(LIMIT, "the stock", told).await.unwrap();
    assert_eq!(value("stand-1"), 1);
    let instances: Vec<_> = core.items("Instance").into_keys().collect();
    assert_eq!(instances, ["stand-1", "stand-2"]);
    assert_eq!(core.count("Target"), 2);
    assert_eq!(core.count("TargetStatus"), 4);
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn a_command_goes_to_the_instance_that_it_names() {
    let core = core(Generation::V2026).await;
    let two = two(&core).await;
    let set = core
        .exec(Some("stand-2"), "stand:set-stock", json!(20))
        .await;
    assert_eq!(set.unwrap(), Value::Null);
    assert_eq!(two.first.lock().await.stock, 1);
    assert_eq!(two.second.lock().await.stock, 20);
}

#[tokio::test]
async fn a_command_that_names_no_instance_goes_to_all_that_are_online_and_has_one_answer() {
    let core = core(Generation::V2023).await;
    let two = two(&core).await;
    let sold = core
        .exec(None, "stand:sell", json!({"count": 1}))
        .await
        .unwrap();
    assert_eq!(sold, json!({"stand-1": 10.0, "stand-2": 10.0}));
    // The first has none left: its error names it, and the other sold all the same.
    let refused = core
        .exec(None, "stand:sell", json!({"count": 1}))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("in instance `stand-1`"),
        "{refused}"
    );
    assert_eq!(two.second.lock().await.stock, 0);
    two.first.set_online(false);
    core.wait_until(LIMIT, "offline", |core| {
        core.item("TargetStatus", "stand-1:stand").unwrap()["status"] == "offline"
    })
    .await
    .unwrap();
    two.second.lock().await.stock = 5;
    assert_eq!(
        core.exec(None, "stand:sell", json!({"count": 1}))
            .await
            .unwrap(),
        10.0
    );
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn a_target_that_is_removed_from_one_instance_stays_in_the_other() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let two = two(&core).await;
        two.first.remove().unwrap();
        let gone = |core: &LocalCore| core.item("TargetStatus", "stand-1:stand").is_none();
        core.wait_until(LIMIT, "deletion", gone).await.unwrap();
        assert_eq!(core.count("Target"), 2);
        core.exec(Some("stand-2"), "stand:set-stock", json!(9))
            .await
            .unwrap();
        assert_eq!(two.second.lock().await.stock, 9);
        two.second.remove().unwrap();
        core.wait_until(LIMIT, "deletion", |core| core.count("Target") == 0)
            .await
            .unwrap();
        assert_eq!((core.count("Action"), core.count("Emitter")), (0, 0));
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn an_instance_that_is_made_while_connected_is_told() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let _running = Running::online(&executor).await;
    let late = executor.instance("late").unwrap();
    assert_eq!(late.id(), "late");
    late.add("lamp", Lamp::default()).unwrap();
    let known = |core: &LocalCore| core.item("TargetStatus", "late:lamp").is_some();
    core.wait_until(LIMIT, "its target", known).await.unwrap();
    assert_eq!(
        core.item("Instance", "late").unwrap()["status"],
        "Available"
    );
    core.exec(Some("late"), "lamp:set-level", json!(1.0))
        .await
        .unwrap();
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn one_id_cannot_be_of_two_types_in_two_instances() {
    let executor = executor("ws://127.0.0.1:1");
    executor.add("stand", Stand::default()).unwrap();
    let other = executor.instance("stand-2").unwrap();
    let error = other.add("stand", Lamp::default()).map(drop).unwrap_err();
    assert!(matches!(error, Error::OtherType { .. }), "{error}");
    let same = executor.instance("stand-2").unwrap();
    assert_eq!(same.id(), other.id());
    assert!(matches!(
        executor.instance("a:b"),
        Ok(_) | Err(Error::Id { .. })
    ));
}
