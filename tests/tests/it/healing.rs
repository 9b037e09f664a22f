//! The executor reads back: what a server lost, changed or kept of it is put right.

use std::time::Duration;

use rship_dev::LocalCore;
use rship_runtime::{Executor, Generation};
use rship_tests::{
    Hosted, LIMIT, Lamp, Register, Running, Stand, builder, core, differences, on_two_workers,
    pulse,
};
use serde_json::{Value, json};

const OFTEN: Duration = Duration::from_millis(300);

async fn started(core: &LocalCore, every: Option<Duration>) -> (Executor, Running) {
    let executor = builder(&core.url()).read_back(every).build().unwrap();
    executor.add("stand", Stand::full()).unwrap();
    executor.add("register", Register::default()).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "all", |core| {
        differences(core, &executor).is_empty() && core.count("Pulse") == 10
    })
    .await
    .unwrap();
    (executor, running)
}

/// What a server may do to each type of entity, and what it is afterwards.
const CASES: [(&str, &str); 6] = [
    ("Instance", "stand-1"),
    ("Target", "stand.lamps.a"),
    ("TargetStatus", "stand-1:register"),
    ("Action", "stand:sell"),
    ("Emitter", "stand:stock"),
    ("Pulse", "stand:stock:stand-1"),
];

#[tokio::test]
async fn what_a_server_loses_is_told_again() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, Some(OFTEN)).await;
    for (item_type, id) in CASES {
        let before = core.item(item_type, id).unwrap();
        let healed = executor.metrics().healed;
        assert!(core.lose(item_type, id), "{item_type} {id}");
        core.wait_until(LIMIT, item_type, |core| core.item(item_type, id).is_some())
            .await
            .unwrap();
        let after = core.item(item_type, id).unwrap();
        for field in ["id", "name", "status", "data", "targetId", "category"] {
            assert_eq!(after.get(field), before.get(field), "{item_type}.{field}");
        }
        assert!(executor.metrics().healed > healed, "{item_type}");
    }
    assert_eq!(core.drops(), []);
    running.stop().await;
}

#[tokio::test]
async fn what_a_server_has_otherwise_is_told_again() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, Some(OFTEN)).await;
    let changes: [(&str, &str, &str, Value); 7] = [
        ("Instance", "stand-1", "status", json!("Unavailable")),
        ("Instance", "stand-1", "name", json!("somebody")),
        ("Target", "stand.lamps.a", "name", json!("something")),
        (
            "TargetStatus",
            "stand-1:register",
            "status",
            json!("offline"),
        ),
        ("Action", "stand:sell", "name", json!("Buy")),
        ("Emitter", "stand:stock", "name", json!("Debt")),
        ("Pulse", "stand:stock:stand-1", "data", json!(-5)),
    ];
    for (item_type, id, field, wrong) in changes {
        let before = core.item(item_type, id).unwrap()[field].clone();
        let healed = executor.metrics().healed;
        core.overwrite(item_type, id, json!({field: wrong}));
        core.wait_until(LIMIT, item_type, |core| {
            core.item(item_type, id)
                .is_some_and(|item| item[field] == before)
        })
        .await
        .unwrap();
        assert!(executor.metrics().healed > healed, "{item_type}.{field}");
    }
    running.stop().await;
}

#[tokio::test]
async fn an_instance_that_came_later_is_watched_like_the_first() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, Some(OFTEN)).await;
    let second = executor.instance("stand-2").unwrap();
    second.add("lamp", Lamp::new("x", 0.5)).unwrap();
    let available = |core: &LocalCore| {
        core.item("Instance", "stand-2")
            .is_some_and(|instance| instance["status"] == "Available")
    };
    for _ in 0..2 {
        core.wait_until(LIMIT, "the second instance", available)
            .await
            .unwrap();
        // What reading back found until now is no part of it.
        core.overwrite("Instance", "stand-2", json!({"status": "Unavailable"}));
    }
    core.wait_until(LIMIT, "the second instance again", available)
        .await
        .unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_target_that_the_server_kept_goes() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, Some(OFTEN)).await;
    let lamp = executor.add("lamp", Lamp::new("a", 0.5)).unwrap();
    core.wait_until(LIMIT, "the lamp", |core| {
        core.item("Target", "lamp").is_some()
    })
    .await
    .unwrap();
    let kept: Vec<_> = [
        ("Target", "lamp"),
        ("Action", "lamp:set-level"),
        ("Emitter", "lamp:level"),
    ]
    .into_iter()
    .map(|(item_type, id)| (item_type, id, core.item(item_type, id).unwrap()))
    .collect();
    lamp.remove().unwrap();
    core.wait_until(LIMIT, "the end", |core| {
        core.item("Target", "lamp").is_none()
    })
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for (item_type, id, item) in kept {
        core.overwrite(item_type, id, item);
    }
    core.wait_until(LIMIT, "the end of what was kept", |core| {
        differences(core, &executor).is_empty()
    })
    .await
    .unwrap();
    assert!(executor.metrics().healed >= 1);
    running.stop().await;
}

#[tokio::test]
async fn what_belongs_to_others_is_left_alone() {
    let core = core(Generation::V2026).await;
    let other = rship_runtime::Executor::builder("sitwell")
        .url(core.url())
        .instance_id("sitwell-1")
        .build()
        .unwrap();
    other.add("wig", Register::default()).unwrap();
    let others = Hosted::start(&other, on_two_workers);
    core.wait_until(LIMIT, "the wig", |core| {
        pulse(core, "sitwell-1", "wig:open").is_some()
    })
    .await
    .unwrap();
    let (executor, running) = started_beside(&core).await;
    let before = core.item("Target", "wig");
    core.lose("Target", "stand.lamps.a");
    core.wait_until(LIMIT, "a round of healing", |core| {
        core.item("Target", "stand.lamps.a").is_some()
    })
    .await
    .unwrap();
    assert_eq!(core.item("Target", "wig"), before);
    assert!(pulse(&core, "sitwell-1", "wig:open").is_some());
    assert!(executor.metrics().healed >= 1);
    running.stop().await;
    others.stop().await;
}

async fn started_beside(core: &LocalCore) -> (Executor, Running) {
    let executor = builder(&core.url()).read_back(Some(OFTEN)).build().unwrap();
    executor.add("stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "all", |core| {
        core.item("Target", "stand.lamps.a").is_some() && core.count("Pulse") == 10
    })
    .await
    .unwrap();
    (executor, running)
}

#[tokio::test]
async fn nothing_is_read_back_where_that_is_turned_off() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, None).await;
    core.lose("Action", "stand:sell");
    tokio::time::sleep(OFTEN * 5).await;
    assert_eq!(core.item("Action", "stand:sell"), None);
    assert_eq!(executor.metrics().healed, 0);
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_holds_everything_is_told_nothing_again_and_keeps_no_query() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, Some(OFTEN)).await;
    let told = |core: &LocalCore| {
        let frames = core.frames();
        frames
            .iter()
            .filter(|frame| frame.contains("\"SET\""))
            .count()
    };
    let before = told(&core);
    let asked = |core: &LocalCore| {
        let frames = core.frames();
        frames
            .iter()
            .filter(|frame| frame.contains("ws:m:query\""))
            .count()
    };
    core.wait_until(LIMIT, "some rounds", |core| asked(core) >= 12)
        .await
        .unwrap();
    assert_eq!(executor.metrics().healed, 0);
    assert_eq!(told(&core), before, "what is there is not told again");
    running.stop().await;
    let frames = core.frames();
    let cancelled = frames.iter().filter(|frame| frame.contains("query-cancel"));
    let (cancelled, asked) = (cancelled.count(), asked(&core));
    assert!(
        cancelled + 8 >= asked,
        "{asked} queries, {cancelled} cancelled"
    );
}

#[tokio::test]
async fn a_state_that_changes_all_the_time_is_not_taken_for_one_that_was_lost() {
    let core = core(Generation::V2026).await;
    let (executor, running) = started(&core, Some(OFTEN)).await;
    let lamp = executor.add("lamp", Lamp::new("a", 0.0)).unwrap();
    let healed = executor.metrics().healed;
    for change in 0..150 {
        lamp.lock().await.level = f64::from(change);
        tokio::time::sleep(Duration::from_millis(16)).await;
    }
    assert_eq!(executor.metrics().healed, healed);
    running.stop().await;
}
