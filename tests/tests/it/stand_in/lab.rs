//! A device, what stands in for it, and a core that both know.

use std::time::Duration;

use rship_dev::LocalCore;
use rship_dev::simulate::{Playing, StandIn};
use rship_runtime::Generation;
use rship_runtime::prelude::*;
use rship_tests::{LIMIT, Running, core, executor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A lamp with heads.
#[derive(Target)]
#[target(category = "light", bg_color = "#ffcc00")]
pub(super) struct Lamp {
    /// How bright it is.
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
    #[emitter]
    celsius: f32,
    #[emitter]
    mode: Mode,
    #[target]
    fan: Fan,
    #[target(key = "number", forget)]
    heads: Vec<Head>,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
pub(super) enum Mode {
    Day,
    Night,
}

#[derive(Target)]
struct Fan {
    #[emitter]
    speed: u8,
}

#[derive(Target)]
struct Head {
    number: u8,
    #[emitter]
    #[action]
    tilt: i16,
    #[target]
    lens: Option<Lens>,
}

#[derive(Target)]
struct Lens {
    #[emitter]
    open: bool,
}

#[actions]
impl Lamp {
    /// Fades.
    #[action(writes = "level", progress, cancel)]
    async fn fade(
        this: Handle<Self>,
        #[arg(min = 0, max = 1)] to: f64,
        #[arg(max = 60, default = 1.0, section = "Time")] seconds: f64,
    ) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        this.lock().await.level = to;
    }

    #[action]
    fn aim(&mut self, points: Vec<Point>, mode: Option<Mode>) -> usize {
        self.mode = mode.unwrap_or(self.mode);
        points.len()
    }
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Point {
    #[expect(dead_code, reason = "only decoded")]
    x: f64,
    #[expect(dead_code, reason = "only decoded")]
    y: Option<u8>,
}

pub(super) fn lamp(url: &str) -> Executor {
    let executor = executor(url);
    let lamp = Lamp {
        level: 0.0,
        celsius: 20.0,
        mode: Mode::Day,
        fan: Fan { speed: 0 },
        heads: Vec::new(),
    };
    executor.add("lamp", lamp).expect("a target");
    executor
}

pub(super) fn manifest() -> Value {
    lamp("ws://127.0.0.1:1").manifest()
}

/// A stand-in at work.
pub(super) struct Show {
    pub(super) core: LocalCore,
    pub(super) executor: Executor,
    pub(super) playing: Playing,
    pub(super) running: Running,
}

impl Show {
    pub(super) async fn of(stand_in: StandIn) -> Self {
        let core = core(Generation::V2026).await;
        let builder = stand_in.builder().url(core.url());
        let backoff = Duration::from_millis(5);
        let builder = builder.backoff(backoff, 10 * backoff);
        let executor = builder.build().expect("an executor");
        let playing = stand_in.join(&executor).expect("its targets");
        let running = Running::online(&executor).await;
        Self {
            core,
            executor,
            playing,
            running,
        }
    }

    pub(super) async fn lamp() -> Self {
        Self::of(StandIn::of(&manifest()).expect("a manifest")).await
    }

    pub(super) fn fault(&self, fault: &str) {
        let fault = fault.parse().expect("a fault");
        self.playing.add(fault).expect("something that fails");
    }

    pub(super) async fn call(&self, action: &str, payload: Value) -> Result<Value, String> {
        let answer = self.core.exec(None, action, payload).await;
        answer.map_err(|error| error.to_string())
    }

    pub(super) fn value(&self, emitter: &str) -> Value {
        self.core.value(emitter).unwrap_or_default()
    }

    /// Waits until an emitter has a value.
    pub(super) async fn shows(&self, emitter: &str, value: Value) {
        let waited = self.core.wait_until(LIMIT, emitter, |core| {
            core.value::<Value>(emitter) == Some(value.clone())
        });
        waited.await.expect("the value");
    }

    pub(super) async fn end(self) {
        self.running.stop().await;
        self.core.shutdown().await;
    }
}

#[tokio::test]
async fn what_a_stand_in_has_is_what_its_manifest_says() {
    let manifest = manifest();
    let stand_in = StandIn::of(&manifest).unwrap().members(0);
    let executor = stand_in.builder().build().unwrap();
    stand_in.join(&executor).unwrap();
    assert_eq!(executor.manifest(), manifest);
    let stand_in = stand_in.members(3);
    let executor = stand_in.builder().build().unwrap();
    let playing = stand_in.join(&executor).unwrap();
    // The lamp, its fan, and three heads with a lens each.
    assert_eq!(playing.targets(), 8);
    let now = executor.manifest();
    assert_eq!(rship_dev::compat::compare(&manifest, &now).unwrap(), []);
    let head = &now["instances"][0]["targets"][0]["targets"][2];
    assert_eq!(head["name"], "Head 1");
    assert_eq!(head["targets"][0]["id"], "lamp.heads.1.lens");
    assert_eq!(
        head["actions"][0]["writesTo"]["emitterId"],
        "lamp.heads.1:tilt"
    );
}

#[tokio::test]
async fn setters_echo_and_long_actions_say_how_far_they_are() {
    let manifest = manifest();
    let stand_in = StandIn::of(&manifest)
        .unwrap()
        .long(Duration::from_millis(50));
    let show = Show::of(stand_in).await;
    assert_eq!(
        show.call("lamp:set-level", json!(0.25)).await,
        Ok(Value::Null)
    );
    show.shows("lamp:level", json!(0.25)).await;
    assert_eq!(
        show.call("lamp:set-level", json!({"level": 0.5})).await,
        Ok(Value::Null)
    );
    show.shows("lamp:level", json!(0.5)).await;
    assert_eq!(
        show.call("lamp.heads.1:set-tilt", json!(-7)).await,
        Ok(Value::Null)
    );
    show.shows("lamp.heads.1:tilt", json!(-7)).await;
    assert_eq!(show.value("lamp:fade-progress")["state"], "idle");
    let faded = show.call("lamp:fade", json!({"to": 1.0, "seconds": 0.5}));
    assert_eq!(faded.await, Ok(Value::Null));
    show.shows("lamp:level", json!(1.0)).await;
    let progress = show.value("lamp:fade-progress");
    assert_eq!(
        (&progress["run"], &progress["state"]),
        (&json!(1), &json!("done"))
    );
    assert_eq!(
        show.call("lamp:fade-cancel", Value::Null).await,
        Ok(json!(false))
    );
    let called = show.playing.called().await;
    assert_eq!(
        (called.action.as_str(), called.payload),
        ("lamp:set-level", json!(0.25))
    );
    show.end().await;
}

#[tokio::test]
async fn a_long_action_can_be_cancelled() {
    let stand_in = StandIn::of(&manifest()).unwrap().long(LIMIT);
    let show = Show::of(stand_in).await;
    let fade = show.call("lamp:fade", json!({"to": 1.0}));
    let cancel = async {
        let running = |core: &LocalCore| {
            let progress: Option<Value> = core.value("lamp:fade-progress");
            progress.is_some_and(|progress| progress["state"] == "running")
        };
        let waited = show.core.wait_until(LIMIT, "the fade", running);
        waited.await.expect("a run");
        show.call("lamp:fade-cancel", Value::Null).await
    };
    let (faded, cancelled) = tokio::join!(fade, cancel);
    assert!(faded.unwrap_err().contains("cancelled by `fade-cancel`"));
    assert_eq!(cancelled, Ok(json!(true)));
    show.end().await;
}
