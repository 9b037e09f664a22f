//! Targets that are added, renamed, taken offline and removed while connected.

use rship_dev::LocalCore;
use rship_runtime::{Error, Executor, Generation, Handle, Ids};
use rship_tests::{LIMIT, Lamp, Running, Sale, Stand, builder, core, executor, pulse};
use serde_json::{Value, json};

async fn online(core: &LocalCore) -> (Executor, Handle<Stand>, Running) {
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
        .await
        .unwrap();
    (executor, stand, running)
}

fn status(core: &LocalCore, target: &str) -> Value {
    let status = core.item("TargetStatus", &format!("stand-1:{target}"));
    status.map_or(Value::Null, |status| status["status"].clone())
}

#[tokio::test]
async fn a_target_that_is_added_while_connected_is_registered_and_can_be_called() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (executor, _stand, _running) = online(&core).await;
        let lamp = executor.add("lamp", Lamp::new("x", 0.5)).unwrap();
        let known = |core: &LocalCore| pulse(core, "stand-1", "lamp:level") == Some(json!(0.5));
        core.wait_until(LIMIT, "its value", known).await.unwrap();
        core.exec(None, "lamp:set-level", json!(0.75))
            .await
            .unwrap();
        assert_eq!(lamp.lock().await.level, 0.75);
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_new_name_is_told() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (_executor, stand, _running) = online(&core).await;
        stand.rename("The Other Stand");
        let named =
            |core: &LocalCore| core.item("Target", "stand").unwrap()["name"] == "The Other Stand";
        core.wait_until(LIMIT, "the name", named).await.unwrap();
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_target_taken_offline_says_so_with_all_below_it_and_refuses_commands() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (_executor, stand, _running) = online(&core).await;
        stand.set_online(false);
        let offline = |core: &LocalCore| {
            ["stand", "stand.register", "stand.lamps.a"]
                .iter()
                .all(|id| status(core, id) == "offline")
        };
        core.wait_until(LIMIT, "offline", offline).await.unwrap();
        let command = json!({"action": {"id": "stand:burn", "targetId": "stand"}, "data": null});
        let refused = core
            .command(Some("stand-1"), "ExecTargetAction", command)
            .await;
        assert!(refused.unwrap_err().to_string().contains("offline"));
        // Its values are told all the same.
        stand.lock().await.stock = 1;
        let told = |core: &LocalCore| pulse(core, "stand-1", "stand:stock") == Some(json!(1));
        core.wait_until(LIMIT, "the stock", told).await.unwrap();
        stand.set_online(true);
        let online = |core: &LocalCore| status(core, "stand.lamps.a") == "online";
        core.wait_until(LIMIT, "online", online).await.unwrap();
        core.exec(None, "stand:burn", Value::Null).await.unwrap();
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_target_that_is_removed_leaves_nothing_and_may_be_added_again() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (executor, stand, _running) = online(&core).await;
        for stock in 1..=3 {
            let last = executor.add("last", Lamp::default()).unwrap();
            let there = |core: &LocalCore| core.item("Target", "last").is_some();
            core.wait_until(LIMIT, "the other", there).await.unwrap();
            let known = executor
                .add(
                    "known",
                    Stand {
                        stock,
                        ..Stand::full()
                    },
                )
                .unwrap();
            let told =
                |core: &LocalCore| pulse(core, "stand-1", "known:stock") == Some(json!(stock));
            core.wait_until(LIMIT, "its value", told).await.unwrap();
            known.remove().unwrap();
            last.remove().unwrap();
            let gone = |core: &LocalCore| core.item("Target", "last").is_none();
            core.wait_until(LIMIT, "deletion", gone).await.unwrap();
            for (of, items) in core.snapshot() {
                assert!(
                    !items.keys().any(|id| id.contains("known")),
                    "{generation}: {of} {items:?}"
                );
            }
            assert!(matches!(known.remove(), Err(Error::Removed(_))));
            known.rename("told to nobody");
            known.set_online(true);
            // The value lives on with its handle.
            assert_eq!(known.lock().await.stock, stock);
        }
        assert_eq!(core.count("Target"), 7);
        stand.lock().await.stock = 1;
        let told = |core: &LocalCore| pulse(core, "stand-1", "stand:stock") == Some(json!(1));
        core.wait_until(LIMIT, "the stock", told).await.unwrap();
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn targets_that_are_added_and_removed_at_once_leave_nothing_behind() {
    let core = core(Generation::V2026).await;
    let (executor, _stand, _running) = online(&core).await;
    for _ in 0..300 {
        let lamp = executor.add("moth", Lamp::default()).unwrap();
        lamp.lock().await.level = 1.0;
        lamp.remove().unwrap();
        tokio::task::yield_now().await;
    }
    let lamp = executor.add("last", Lamp::default()).unwrap();
    let told = |core: &LocalCore| pulse(core, "stand-1", "last:level").is_some();
    core.wait_until(LIMIT, "the last", told).await.unwrap();
    lamp.remove().unwrap();
    // Another has the id now; what is said of the one before is not said of it.
    let other = executor.add("last", Lamp::default()).unwrap();
    lamp.rename("Moth");
    let manifest = executor.manifest().to_string();
    assert!(!manifest.contains("Moth"), "{manifest}");
    other.remove().unwrap();
    core.wait_until(LIMIT, "deletion", |core| {
        core.item("Target", "last").is_none()
    })
    .await
    .unwrap();
    for (of, items) in core.snapshot() {
        assert!(
            !items.keys().any(|id| id.contains("moth")),
            "{of}: {items:?}"
        );
    }
    assert_eq!(core.drops(), []);
}

#[tokio::test]
async fn an_id_that_is_given_twice_or_cannot_be_used_is_an_error() {
    let executor = executor("ws://127.0.0.1:1");
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let twice = executor.add("stand", Stand::full()).map(drop).unwrap_err();
    assert!(matches!(twice, Error::DuplicateTarget { .. }), "{twice}");
    let of_a_child = executor
        .add("stand.register", Lamp::default())
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(of_a_child, Error::DuplicateTarget { .. }),
        "{of_a_child}"
    );
    for id in ["", "a:b"] {
        let error = executor.add(id, Lamp::default()).map(drop).unwrap_err();
        assert!(matches!(error, Error::Id { .. }), "{error}");
    }
    // What failed left nothing behind.
    assert_eq!(
        executor.manifest()["instances"][0]["targets"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let of_a_child = executor.add("register", Stand::full()).map(drop);
    of_a_child.unwrap();
}

#[tokio::test]
async fn a_scoped_target_goes_offline_with_its_guard_and_a_plain_one_outlives_its_handles() {
    let core = core(Generation::V2026).await;
    let (executor, stand, _running) = online(&core).await;
    drop(stand);
    let scoped = executor.add_scoped("guest", Lamp::default()).unwrap();
    let handle = (*scoped).clone();
    core.wait_until(LIMIT, "online", |core| status(core, "guest") == "online")
        .await
        .unwrap();
    drop(scoped);
    core.wait_until(LIMIT, "offline", |core| status(core, "guest") == "offline")
        .await
        .unwrap();
    assert_eq!(handle.lock().await.level, 0.0);
    core.exec(None, "stand:burn", Value::Null).await.unwrap();
    assert_eq!(status(&core, "stand"), "online");
}

#[tokio::test]
async fn ids_of_the_service_begin_with_it() {
    let core = core(Generation::V2026).await;
    let executor = builder(&core.url()).ids(Ids::Service).build().unwrap();
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::online(&executor).await;
    core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
        .await
        .unwrap();
    for (of, items) in core.snapshot() {
        if matches!(of.as_str(), "Target" | "Action" | "Emitter" | "Pulse") {
            assert!(
                items.keys().all(|id| id.starts_with("bluth:stand")),
                "{of}: {items:?}"
            );
        }
    }
    core.exec(None, "bluth:stand.register:set-open", json!(true))
        .await
        .unwrap();
    assert_eq!(core.drops(), []);
}

/// A shelf with a stand in it.
#[derive(rship_runtime::Target, Default)]
struct Shelf {
    #[target]
    stand: Option<Stand>,
}

#[tokio::test]
async fn what_comes_below_a_target_that_is_offline_is_offline_to_its_last_member() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let shelf = executor.add("shelf", Shelf::default()).unwrap();
    let _running = Running::online(&executor).await;
    shelf.set_online(false);
    shelf.lock().await.stand = Some(Stand::full());
    core.wait_until(LIMIT, "the lamp", |core| {
        core.item("Target", "shelf.stand.lamps.a").is_some()
    })
    .await
    .unwrap();
    for target in ["shelf", "shelf.stand", "shelf.stand.lamps.a"] {
        assert_eq!(status(&core, target), "offline", "{target}");
    }
}

#[tokio::test]
async fn impulses_that_go_with_their_target_are_counted_as_dropped() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    for count in 0..10 {
        stand.lock().await.sold.pulse(Sale { count });
    }
    stand.remove().unwrap();
    assert_eq!(executor.metrics().impulses_dropped, 10);
}

#[tokio::test]
async fn the_last_impulse_of_a_target_goes_with_it() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (_executor, stand, _running) = online(&core).await;
        stand.lock().await.sold.pulse(Sale { count: 3 });
        core.wait_until(LIMIT, "the impulse", |core| core.count("Pulse") == 10)
            .await
            .unwrap();
        stand.remove().unwrap();
        core.wait_until(LIMIT, "nothing", |core| core.count("Pulse") == 0)
            .await
            .unwrap();
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_command_that_waits_for_a_target_which_is_removed_is_refused() {
    let core = core(Generation::V2026).await;
    let (executor, stand, _running) = online(&core).await;
    let guard = stand.lock().await;
    let before = executor.metrics().commands;
    let asked = core.exec(None, "stand:set-stock", json!({"stock": 7}));
    let removed = async {
        rship_tests::until("read", || executor.metrics().commands > before).await;
        stand.remove().unwrap();
        drop(guard);
    };
    let (answered, ()) = tokio::join!(asked, removed);
    let refused = answered.unwrap_err().to_string();
    assert!(refused.contains("no longer there"), "{refused}");
    assert_eq!(stand.lock().await.stock, 100);
}
