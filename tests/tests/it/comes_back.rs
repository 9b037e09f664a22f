//! What goes and comes back at once is there in the end, on a server that gathers changes for 100 ms.

use std::time::Duration;

use rship_runtime::{Generation, Handle};
use rship_tests::{
    Door, LIMIT, Lamp, Register, Running, Sign, Stand, builder, core, differences, executor, pulse,
};
use serde_json::json;

/// Waits until the store is what the executor is.
async fn agree(core: &rship_dev::LocalCore, executor: &rship_runtime::Executor, what: &str) {
    let waited = core.wait_until(LIMIT, what, |core| differences(core, executor).is_empty());
    let waited = waited.await;
    assert!(waited.is_ok(), "{what}: {:?}", differences(core, executor));
    // What a window still holds is applied by now, and what the executor holds back was told.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(
        differences(core, executor),
        [""; 0],
        "{what}, a while later"
    );
}

#[tokio::test]
async fn a_target_removed_and_added_again_at_once_is_there_with_its_newest_value() {
    for pause in [0, 50, 90, 150] {
        let core = core(Generation::V2026).await;
        let executor = executor(&core.url());
        let first = executor.add("lamp", Lamp::new("a", 0.1)).unwrap();
        let running = Running::online(&executor).await;
        agree(&core, &executor, "the first").await;
        first.remove().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let again = executor.add("lamp", Lamp::new("a", 0.2)).unwrap();
        again.lock().await.level = 0.3;
        agree(&core, &executor, "the second").await;
        core.wait_until(LIMIT, "the newest value", |core| {
            pulse(core, "stand-1", "lamp:level") == Some(json!(0.3))
        })
        .await
        .unwrap_or_else(|error| panic!("after {pause} ms: {error}"));
        core.exec(None, "lamp:set-level", json!(0.5)).await.unwrap();
        running.stop().await;
    }
}

#[tokio::test]
async fn a_sub_target_that_goes_and_comes_back_many_times_ends_as_it_is() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;
    for turn in 0..21 {
        let mut stand = stand.lock().await;
        let text = format!("turn {turn}");
        stand.sign = (turn % 2 == 0).then_some(Sign { text });
        drop(stand);
        tokio::time::sleep(Duration::from_millis(turn * 7 % 40)).await;
    }
    agree(&core, &executor, "the sign").await;
    core.wait_until(LIMIT, "its text", |core| {
        pulse(core, "stand-1", "stand.sign:text") == Some(json!("turn 20"))
    })
    .await
    .unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_deletion_that_was_not_sent_is_withdrawn_when_its_id_comes_back() {
    let core = core(Generation::V2026).await;
    let door = Door::new(true);
    let executor = builder(&core.url()).connect(door.clone()).build().unwrap();
    let lamp = executor.add("lamp", Lamp::new("a", 0.1)).unwrap();
    let running = Running::online(&executor).await;
    agree(&core, &executor, "the first").await;
    door.set(false);
    core.disconnect_all();
    core.wait_until(LIMIT, "the break", |core| core.clients() == 0)
        .await
        .unwrap();
    lamp.remove().unwrap();
    executor.add("lamp", Lamp::new("a", 0.2)).unwrap();
    let frames = core.frames().len();
    door.set(true);
    core.wait_until(LIMIT, "the second", |core| {
        pulse(core, "stand-1", "lamp:level") == Some(json!(0.2))
    })
    .await
    .unwrap();
    agree(&core, &executor, "the second").await;
    let deletions = core.frames().split_off(frames);
    let deletions = deletions.iter().filter(|frame| frame.contains("\"DEL\""));
    assert_eq!(deletions.count(), 0);
    running.stop().await;
}

#[tokio::test]
async fn after_random_turns_the_store_is_what_the_executor_is() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    executor.add("always", Register::default()).unwrap();
    let running = Running::online(&executor).await;
    let mut random = fastrand::Rng::with_seed(8);
    let mut lamps: Vec<Option<Handle<Lamp>>> = vec![None; 6];
    for round in 0..20 {
        for _ in 0..random.usize(3..15) {
            let index = random.usize(..lamps.len());
            let level = f64::from(random.u32(..1000)) / 1000.0;
            match lamps[index].take() {
                None => {
                    let lamp = executor.add(&format!("lamp-{index}"), Lamp::new("x", level));
                    lamps[index] = Some(lamp.unwrap());
                }
                Some(lamp) if random.bool() => lamp.remove().unwrap(),
                Some(lamp) => {
                    lamp.lock().await.level = level;
                    if random.u32(..4) == 0 {
                        lamp.rename(format!("lamp {level}"));
                    }
                    lamps[index] = Some(lamp);
                }
            }
            match random.u32(..4) {
                0 => tokio::time::sleep(Duration::from_millis(random.u64(..120))).await,
                1 => tokio::task::yield_now().await,
                _ => {}
            }
            if random.u32(..40) == 0 {
                core.disconnect_all();
            }
        }
        agree(&core, &executor, &format!("round {round}")).await;
        for (index, lamp) in lamps.iter().enumerate() {
            let Some(lamp) = lamp else { continue };
            let level = lamp.lock().await.level;
            let id = format!("lamp-{index}:level");
            core.wait_until(LIMIT, &id, |core| {
                pulse(core, "stand-1", &id) == Some(json!(level))
            })
            .await
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
    running.stop().await;
}
