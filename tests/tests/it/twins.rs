//! Two programs with one instance id: when one leaves, the other is on the show again.

use rship_runtime::{Executor, Generation, Status};
use rship_tests::{
    Hosted, LIMIT, Stand, builder, core, differences, executor, on_two_workers, pulse,
};
use serde_json::json;

async fn started(url: &str) -> (Executor, Hosted) {
    let executor = executor(url);
    executor.add("stand", Stand::full()).unwrap();
    let mut hosted = Hosted::start(&executor, on_two_workers);
    let online = |status: &Status| matches!(status, Status::Online { .. });
    hosted.wait("online", online).await;
    (executor, hosted)
}

#[tokio::test]
async fn the_one_that_stays_registers_again_when_the_other_leaves() {
    // The older one leaves, as in a rolling restart; then the younger one.
    for leaves in [0, 1] {
        let core = core(Generation::V2026).await;
        let mut programs = vec![started(&core.url()).await];
        core.wait_until(LIMIT, "the first", |core| core.count("Pulse") == 9)
            .await
            .unwrap();
        programs.push(started(&core.url()).await);
        let (_, leaving) = programs.remove(leaves);
        leaving.stop().await;
        let (staying, hosted) = programs.pop().unwrap();
        let waited = core.wait_until(LIMIT, "all of the one that stays", |core| {
            differences(core, &staying).is_empty() && core.count("Pulse") == 9
        });
        let waited = waited.await;
        assert!(
            waited.is_ok(),
            "{leaves}: {:?}",
            differences(&core, &staying)
        );
        core.exec(None, "stand:set-stock", json!(7)).await.unwrap();
        core.wait_until(LIMIT, "its value", |core| {
            pulse(core, "stand-1", "stand:stock") == Some(json!(7))
        })
        .await
        .unwrap();
        hosted.stop().await;
    }
}

#[tokio::test]
async fn a_twin_that_crashes_takes_nobody_off_the_show() {
    let core = core(Generation::V2026).await;
    let (staying, hosted) = started(&core.url()).await;
    let link = rship_tests::Proxy::to(core.addr()).await;
    let (_crashing, other) = started(&link.url()).await;
    // The network between them goes, and never comes back.
    drop(link);
    core.wait_until(LIMIT, "the end of the twin", |core| core.clients() == 1)
        .await
        .unwrap();
    let waited = core.wait_until(LIMIT, "all of the one that stays", |core| {
        differences(core, &staying).is_empty() && core.count("Pulse") == 9
    });
    let waited = waited.await;
    assert!(waited.is_ok(), "{:?}", differences(&core, &staying));
    hosted.stop().await;
    drop(other);
}

#[tokio::test]
async fn two_that_say_different_things_of_one_instance_do_not_outbid_each_other() {
    let core = core(Generation::V2026).await;
    let mut programs = Vec::new();
    for machine in ["pier", "dock"] {
        let executor = builder(&core.url()).machine_id(machine).build().unwrap();
        executor.add("stand", Stand::full()).unwrap();
        let mut hosted = Hosted::start(&executor, on_two_workers);
        let online = |status: &Status| matches!(status, Status::Online { .. });
        hosted.wait("online", online).await;
        programs.push((executor, hosted));
    }
    core.settled().await;
    // Long enough for thousands of frames, if each of them told its own for ever.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let healed = programs.iter().map(|(own, _)| own.metrics().healed);
    assert!(healed.sum::<u64>() < 20);
    for (_, hosted) in programs {
        hosted.stop().await;
    }
}
