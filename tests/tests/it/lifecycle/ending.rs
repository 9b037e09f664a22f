//! How an executor ends.

use std::time::{Duration, Instant};

use rship_runtime::prelude::*;
use rship_runtime::{Error, Generation, Status};
use rship_tests::{LIMIT, Running, Server, Stand, builder, core, executor, within};
use serde_json::{Value, json};

#[tokio::test]
async fn an_executor_that_ends_says_so_and_sends_what_waits_before() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand.sign:text").await;
    stand.lock().await.stock = 7;
    let end = tokio::spawn(running.stop());
    assert_eq!(peer.pulse("stand:stock").await, 7);
    let changes = peer
        .changes_until(|change| {
            change["itemType"] == "Instance" && change["item"]["status"] == "Unavailable"
        })
        .await;
    let offline = changes
        .iter()
        .filter(|change| change["itemType"] == "TargetStatus");
    let offline: Vec<_> = offline
        .map(|change| change["item"]["status"].clone())
        .collect();
    assert_eq!(offline, ["offline"; 7]);
    // And closes, as a WebSocket is closed.
    assert!(matches!(peer.text().await, Err(None)));
    drop(peer);
    within("the end", end).await.unwrap();
}

#[tokio::test]
async fn every_generation_is_left_with_all_offline() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let _stand = executor.add("stand", Stand::full()).unwrap();
        let running = Running::online(&executor).await;
        running.stop().await;
        core.wait_until(LIMIT, "the end", |core| core.clients() == 0)
            .await
            .unwrap();
        assert_eq!(
            core.item("Instance", "stand-1").unwrap()["status"],
            "Unavailable"
        );
        let statuses = core.items("TargetStatus");
        assert_eq!(statuses.len(), 7);
        assert!(
            statuses
                .values()
                .all(|status| status["status"] == "offline")
        );
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn an_executor_runs_once() {
    let executor = executor("ws://127.0.0.1:1");
    let mut running = Running::start(&executor);
    running
        .wait("begin", |status| *status != Status::Idle)
        .await;
    let again = within("refusal", executor.run_until(std::future::pending())).await;
    assert!(matches!(again, Err(Error::Running)));
    running.stop().await;
    let again = within("refusal", executor.run()).await;
    assert!(matches!(again, Err(Error::Running)));
}

#[tokio::test]
async fn an_executor_that_was_shut_down_before_it_ran_ends_at_once() {
    let executor = executor("ws://127.0.0.1:1");
    executor.shutdown();
    within("the end", executor.run_until(std::future::pending()))
        .await
        .unwrap();
    assert_eq!(*executor.status().borrow(), Status::Stopped);
}

#[tokio::test]
async fn an_executor_whose_clones_are_all_dropped_runs_on_with_its_targets() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    let run = tokio::spawn(async move { executor.run_until(async { drop(end.await) }).await });
    core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
        .await
        .unwrap();
    core.exec(None, "stand:set-stock", json!(3)).await.unwrap();
    assert_eq!(stand.lock().await.stock, 3);
    drop(ended);
    within("the end", run).await.unwrap().unwrap();
    // The executor is gone; the value is not.
    stand.lock().await.stock = 4;
    assert_eq!(
        stand.lock().await.publish(),
        rship_runtime::Changes::default()
    );
    stand.rename("told to nobody");
}

#[tokio::test]
async fn a_run_that_is_dropped_is_at_its_end() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let mut status = executor.status();
    let run = tokio::spawn({
        let executor = executor.clone();
        async move { executor.run_until(std::future::pending()).await }
    });
    let online = status.wait_for(|status| matches!(status, Status::Online { .. }));
    within("online", online).await.map(drop).unwrap();
    run.abort();
    let stopped = status.wait_for(|status| *status == Status::Stopped);
    within("the end", stopped).await.map(drop).unwrap();
    let mut guard = stand.lock().await;
    guard.stock = 3;
    assert_eq!(guard.publish().sent, 0);
}

#[tokio::test]
async fn a_server_that_does_not_read_does_not_keep_an_executor_from_ending() {
    let server = Server::bind().await;
    let executor = builder(&server.url())
        .shutdown_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:cash").await;
    // More than the sockets between them hold.
    for letter in ["a", "b", "c", "d"] {
        let mut stand = stand.lock().await;
        if let Some(sign) = &mut stand.sign {
            sign.text = letter.repeat(8 << 20);
        }
        drop(stand);
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(peer);
}

#[tokio::test]
async fn commands_that_are_not_done_when_the_executor_ends_are_answered_with_that() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _sleeper = executor.add("sleeper", Sleeper::default()).unwrap();
    let _awake = executor.add("awake", Sleeper::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("awake:naps").await;
    peer.exec("asleep", "sleeper:sleep", Value::Null).await;
    peer.exec("behind", "sleeper:sleep", Value::Null).await;
    assert_eq!(
        peer.call("t", "awake:look", Value::Null).await,
        Ok(Value::Null)
    );
    let end = tokio::spawn(running.stop());
    let mut ended = Vec::new();
    for _ in 0..2 {
        let (tx, outcome) = peer.answer().await;
        assert!(outcome.unwrap_err().contains("ends"));
        ended.push(tx);
    }
    ended.sort();
    assert_eq!(ended, ["asleep", "behind"]);
    while peer.text().await.is_ok() {}
    drop(peer);
    within("the end", end).await.unwrap();
}

/// Sleeps for ever.
#[derive(Target, Default)]
struct Sleeper {
    #[emitter]
    naps: u32,
}

#[actions]
impl Sleeper {
    #[action]
    async fn sleep(&mut self) {
        std::future::pending().await
    }

    #[action]
    async fn look(_: Handle<Self>) {}
}

#[cfg(unix)]
mod signals {
    use std::process::Stdio;

    use rship_tests::{LIMIT, Running, Stand, core, executor, within};
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    use tokio::process::Command;

    /// The device of the next test, when it is started as a program of its own.
    #[tokio::test]
    #[ignore = "is run by another test, as a program of its own"]
    async fn a_device_of_its_own() {
        let executor = executor(&std::env::var("RSHIP_TEST_CORE").unwrap());
        let _stand = executor.add("stand", Stand::full()).unwrap();
        let mut status = executor.status();
        let said = tokio::spawn(async move {
            let online = |status: &rship_runtime::Status| {
                matches!(status, rship_runtime::Status::Online { .. })
            };
            drop(status.wait_for(online).await);
            println!("\nonline");
        });
        executor.run().await.unwrap();
        said.abort();
        println!("ended cleanly");
        let _: Option<Running> = None;
    }

    #[tokio::test]
    async fn ctrl_c_and_sigterm_end_a_run_cleanly() {
        for signal in ["INT", "TERM"] {
            let core = core(rship_runtime::Generation::V2026).await;
            let mut device = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--ignored",
                    "--exact",
                    "--nocapture",
                    "lifecycle::ending::signals::a_device_of_its_own",
                ])
                .env("RSHIP_TEST_CORE", core.url())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(device.stdout.take().unwrap()).lines();
            while within("line", lines.next_line()).await.unwrap().unwrap() != "online" {}
            let pid = device.id().unwrap().to_string();
            let sent = Command::new("kill")
                .args([&format!("-{signal}"), &pid])
                .status();
            assert!(within("kill", sent).await.unwrap().success());
            let mut clean = false;
            while let Some(line) = within("line", lines.next_line()).await.unwrap() {
                clean |= line == "ended cleanly";
            }
            assert!(clean, "{signal}");
            assert!(within("the end", device.wait()).await.unwrap().success());
            core.wait_until(LIMIT, "the farewell", |core| core.clients() == 0)
                .await
                .unwrap();
            assert_eq!(
                core.item("Instance", "stand-1").unwrap()["status"],
                "Unavailable"
            );
            assert_eq!(core.drops(), []);
        }
    }
}
