//! Faults do what they say, until they are mended.

use std::time::{Duration, Instant};

use rship_runtime::Status;
use rship_tests::{LIMIT, until, within};
use serde_json::{Value, json};

use super::lab::Show;

#[tokio::test]
async fn a_refusal_is_the_answer_until_it_is_mended() {
    let show = Show::lamp().await;
    show.fault("refuse=lamp:set-*=the lamp is too hot");
    let set = || show.call("lamp:set-level", json!(0.5));
    assert_eq!(set().await.unwrap_err(), "the lamp is too hot");
    assert!(show.call("lamp:aim", json!({"points": []})).await.is_ok());
    show.fault("refuse=lamp:fade");
    let error = show.call("lamp:fade", json!({"to": 1})).await.unwrap_err();
    assert!(error.contains("told to refuse"), "{error}");
    // What is wrong with the payload is said first, as by a device.
    let error = show.call("lamp:set-level", json!(2)).await.unwrap_err();
    assert!(error.contains("expected a number from"), "{error}");
    show.playing.mend_all();
    assert_eq!(set().await, Ok(Value::Null));
    show.end().await;
}

#[tokio::test]
async fn a_slow_action_answers_that_much_later() {
    let show = Show::lamp().await;
    show.fault("slow=lamp:set-level:200ms");
    let began = Instant::now();
    assert_eq!(
        show.call("lamp:set-level", json!(0.5)).await,
        Ok(Value::Null)
    );
    assert!(began.elapsed() >= Duration::from_millis(200));
    show.end().await;
}

#[tokio::test]
async fn a_silent_action_hangs_with_its_targets_until_it_is_mended_and_no_others() {
    let show = Show::lamp().await;
    show.fault("silent=lamp:aim");
    let aimed = show.call("lamp:aim", json!({"points": []}));
    let rest = async {
        let called = within("the call", show.playing.called()).await;
        assert_eq!(
            called.fault.map(|fault| fault.to_string()),
            Some("silent=lamp:aim".to_owned())
        );
        // Values of the same tree stand still, and nobody waits for them.
        let moved = tokio::time::timeout(Duration::from_millis(50), show.playing.wander(1000.0));
        assert!(moved.await.is_err());
        show.playing.mend_all();
    };
    let (aimed, ()) = tokio::join!(aimed, rest);
    assert_eq!(aimed, Ok(Value::Null));
    show.end().await;
}

#[tokio::test]
async fn a_target_is_offline_with_all_below_it_until_it_is_mended() {
    let show = Show::lamp().await;
    show.fault("offline=lamp.heads.?");
    let shows = |target: &'static str, status: &'static str| {
        let id = format!("stand-1:{target}");
        show.core.wait_until(LIMIT, target, move |core| {
            let item = core.item("TargetStatus", &id);
            item.is_some_and(|item| item["status"] == status)
        })
    };
    for (target, status) in [
        ("lamp.heads.1", "offline"),
        ("lamp.heads.1.lens", "offline"),
        ("lamp.fan", "online"),
    ] {
        shows(target, status).await.unwrap();
    }
    let error = show
        .call("lamp.heads.1:set-tilt", json!(1))
        .await
        .unwrap_err();
    assert!(error.contains("online"), "{error}");
    show.fault("offline=lamp.heads.1.lens");
    show.playing.mend(&"offline=lamp.heads.?".parse().unwrap());
    shows("lamp.heads.1", "online").await.unwrap();
    shows("lamp.heads.1.lens", "offline").await.unwrap();
    show.playing.mend_all();
    shows("lamp.heads.1.lens", "online").await.unwrap();
    show.end().await;
}

#[tokio::test]
async fn a_connection_is_cut_once_or_again_and_again_and_comes_back() {
    let mut show = Show::lamp().await;
    let sessions = || show.executor.metrics().sessions;
    assert_eq!(sessions(), 1);
    show.playing.cut();
    until("a second session", || sessions() == 2).await;
    show.fault("drop=20ms");
    let cuts = async {
        until("more sessions", || sessions() >= 5).await;
    };
    tokio::select! {
        never = show.playing.cuts() => match never {},
        () = cuts => {}
    }
    show.playing.mend_all();
    show.running
        .wait("online", |status| matches!(status, Status::Online { .. }))
        .await;
    assert_eq!(
        show.call("lamp:set-level", json!(0.5)).await,
        Ok(Value::Null)
    );
    show.end().await;
}

#[tokio::test]
async fn a_fault_of_nothing_says_what_there_is() {
    let show = Show::lamp().await;
    let add = |fault: &str| {
        show.playing
            .add(fault.parse().unwrap())
            .unwrap_err()
            .to_string()
    };
    let error = add("refuse=lamp:fades");
    let words = "there is no action `lamp:fades`; did you mean `lamp:fade`";
    assert!(error.contains(words), "{error}");
    assert!(add("offline=lamp.hat").contains("there is no target `lamp.hat`"));
    show.end().await;
}
