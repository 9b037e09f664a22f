//! Fields that are set by a method of their target's, which may refuse.

use std::time::Duration;

use rship_runtime::prelude::*;
use rship_tests::{Running, Server, executor};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

#[derive(Target, Default)]
struct Lamp {
    #[emitter]
    #[action(min = 0, max = 1, set = "dim")]
    level: f32,
    #[emitter]
    #[action(set = "warm_up")]
    heat: u32,
    #[emitter(with = "seconds")]
    #[action(min = 0, max = 10, set = "fade_in")]
    fade: Duration,
    is_locked: bool,
    /// What the hardware was told.
    told: Vec<f32>,
}

fn seconds(fade: &Duration) -> f64 {
    fade.as_secs_f64()
}

impl Lamp {
    fn dim(&mut self, level: f32) -> Result<(), String> {
        if self.is_locked {
            return Err("the lamp is locked".to_owned());
        }
        self.told.push(level);
        self.level = level;
        Ok(())
    }

    async fn warm_up(&mut self, heat: u32) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if heat > 90 {
            return Err(format!("{heat} is too hot"));
        }
        self.heat = heat;
        Ok(())
    }

    fn fade_in(&mut self, seconds: f64) {
        self.fade = Duration::from_secs_f64(seconds);
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its names are what counts")]
struct Cue {
    number: u32,
}

#[actions]
impl Lamp {
    #[action]
    fn go(&mut self, #[arg(flatten)] _cue: Cue, after: Option<f64>) -> Option<f64> {
        after
    }

    #[action]
    fn tenth(&self) -> f32 {
        0.1
    }
}

#[tokio::test]
async fn a_setter_with_a_method_is_checked_first_and_may_refuse() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let lamp = executor.add("lamp", Lamp::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    assert_eq!(peer.pulse("lamp:fade").await, 0.0);

    let refused = peer
        .call("t", "lamp:set-level", json!(1.5))
        .await
        .unwrap_err();
    assert!(
        refused.contains("expected a number from 0.0 to 1.0"),
        "{refused}"
    );
    assert_eq!(lamp.lock().await.told, [0.0_f32; 0]);
    peer.exec("t", "lamp:set-level", json!(0.7)).await;
    assert_eq!(peer.pulse("lamp:level").await, 0.7);
    assert_eq!(peer.answer().await, ("t".to_owned(), Ok(json!(null))));
    let set = peer
        .call("t", "lamp:set-level", json!({"level": 0.1}))
        .await;
    set.unwrap();
    lamp.lock().await.is_locked = true;
    let refused = peer
        .call("u", "lamp:set-level", json!(0.5))
        .await
        .unwrap_err();
    assert!(refused.ends_with("the lamp is locked"), "{refused}");
    assert_eq!(lamp.lock().await.told, [0.7, 0.1]);

    let refused = peer
        .call("t", "lamp:set-heat", json!(91))
        .await
        .unwrap_err();
    assert!(refused.ends_with("91 is too hot"), "{refused}");
    peer.exec("t", "lamp:set-heat", json!(90.0)).await;
    assert_eq!(peer.pulse("lamp:heat").await, 90);
}

#[tokio::test]
async fn a_value_that_is_made_of_its_field_is_set_by_what_it_is_published_as() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let lamp = executor.add("lamp", Lamp::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    assert_eq!(peer.pulse("lamp:fade").await, 0.0);
    peer.exec("t", "lamp:set-fade", json!(2.5)).await;
    assert_eq!(peer.pulse("lamp:fade").await, 2.5);
    assert_eq!(peer.answer().await.1, Ok(json!(null)));
    let refused = peer
        .call("t", "lamp:set-fade", json!(11))
        .await
        .unwrap_err();
    assert!(refused.contains("from 0 to 10"), "{refused}");
    assert_eq!(lamp.lock().await.fade, Duration::from_millis(2500));
}

#[tokio::test]
async fn a_flattened_struct_that_refuses_unknown_fields_still_does() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _lamp = executor.add("lamp", Lamp::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("lamp:fade").await;
    let cue = json!({"number": 1, "after": 2});
    assert_eq!(peer.call("t", "lamp:go", cue).await, Ok(json!(2.0)));
    let cue = json!({"number": 1, "nmber": 2});
    let refused = peer.call("t", "lamp:go", cue).await.unwrap_err();
    assert!(refused.contains("argument `nmber` is unknown"), "{refused}");
}

#[tokio::test]
async fn an_f32_is_answered_as_it_is_published() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _lamp = executor.add("lamp", Lamp::default()).unwrap();
    let _running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("lamp:fade").await;
    assert_eq!(
        peer.call("t", "lamp:tenth", json!(null)).await,
        Ok(json!(0.1))
    );
}
