//! What a device's own code does wrong, or too much of: it is told, and nothing else suffers.

use futures_util::future::join_all;
use rship_dev::LocalCore;
use rship_runtime::Generation;
use rship_runtime::prelude::*;
use rship_tests::{LIMIT, Running, core, executor, pulse, within};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Does what it should not.
#[derive(Target)]
struct Rig {
    #[emitter]
    fast: watch::Receiver<u64>,
    #[emitter(with = "shown")]
    fragile: u32,
    #[emitter]
    #[action(set = "dim", max = "loudest")]
    volume: f64,
    #[emitter(every = "1ns")]
    often: u32,
    #[emitter(every = "500000000000y", max_rate = "0.000000000000000001 Hz")]
    seldom: u32,
    presets: Vec<String>,
}

fn shown(fragile: &u32) -> u32 {
    assert!(*fragile < 3, "there is nothing above 2");
    *fragile
}

#[actions]
impl Rig {
    fn new(fast: watch::Receiver<u64>) -> Self {
        Self {
            fast,
            fragile: 0,
            volume: 0.0,
            often: 0,
            seldom: 0,
            presets: Vec::new(),
        }
    }

    fn presets(&self) -> &[String] {
        &self.presets
    }

    fn loudest(&self) -> f64 {
        assert!(self.fragile != 2, "the amplifier does not answer");
        1.0
    }

    fn dim(&mut self, volume: f64) {
        assert!(volume < 0.5, "the dimmer is stuck");
        self.volume = volume;
    }

    #[action(progress, cancel)]
    async fn report(this: Handle<Self>, times: u32) {
        for time in 0..times {
            this.progress(f64::from(time) / f64::from(times));
        }
    }

    #[action(cancel)]
    async fn wait(_this: Handle<Self>) {
        std::future::pending().await
    }

    #[action]
    fn recall(&mut self, #[arg(choices = "presets")] preset: String) -> String {
        preset
    }

    #[action]
    fn set_fragile(&mut self, to: u32) {
        self.fragile = to;
    }
}

/// Does what it should.
#[derive(Target)]
struct Lamp {
    #[emitter]
    level: u32,
}

#[actions]
impl Lamp {
    #[action]
    fn raise(&mut self) -> u32 {
        self.level += 1;
        self.level
    }
}

struct Setup {
    core: LocalCore,
    rig: Handle<Rig>,
    fast: watch::Sender<u64>,
    executor: Executor,
    _running: Running,
}

async fn setup() -> Setup {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let (fast, receiver) = watch::channel(0);
    let rig = executor.add("rig", Rig::new(receiver)).unwrap();
    executor.add("lamp", Lamp { level: 0 }).unwrap();
    let running = Running::online(&executor).await;
    Setup {
        core,
        rig,
        fast,
        executor,
        _running: running,
    }
}

impl Setup {
    async fn exec(&self, action: &str, data: Value) -> Result<Value, String> {
        let answer = within(action, self.core.exec(None, action, data)).await;
        answer.map_err(|error| error.to_string())
    }

    /// The lamp does what it is told, and says so.
    async fn lamp_works(&self) {
        let level = self.exec("lamp:raise", Value::Null).await.unwrap();
        self.shows("lamp:level", level).await;
        assert_eq!(self.executor.metrics().sessions, 1);
    }

    async fn shows(&self, emitter: &str, value: Value) {
        let is = |core: &LocalCore| pulse(core, "stand-1", emitter) == Some(value.clone());
        self.core.wait_until(LIMIT, emitter, is).await.unwrap();
    }
}

#[tokio::test]
async fn a_flood_of_progress_is_told_as_far_as_it_can_be_and_delays_nobody() {
    let setup = setup().await;
    let times = 300_000;
    let report = setup.exec("rig:report", json!({"times": times}));
    let meanwhile = async {
        for _ in 0..10 {
            setup.lamp_works().await;
        }
    };
    let (report, ()) = tokio::join!(report, meanwhile);
    assert_eq!(report, Ok(Value::Null));
    let is_done = |core: &LocalCore| {
        pulse(core, "stand-1", "rig:report-progress").is_some_and(|now| now["state"] == "done")
    };
    let core = &setup.core;
    core.wait_until(LIMIT, "the end", is_done).await.unwrap();
    let metrics = setup.executor.metrics();
    assert!(metrics.states_coalesced > 0, "{metrics:?}");
    assert!(metrics.pulses_out < u64::from(times as u32), "{metrics:?}");
}

#[tokio::test]
async fn a_flood_in_a_channel_ends_with_its_newest_value_and_delays_nobody() {
    let setup = setup().await;
    let fast = setup.fast.clone();
    let flood = std::thread::spawn(move || {
        for value in 1..=1_000_000 {
            fast.send_replace(value);
        }
    });
    while !flood.is_finished() {
        setup.lamp_works().await;
    }
    flood.join().unwrap();
    setup.shows("rig:fast", json!(1_000_000)).await;
    setup.lamp_works().await;
}

#[tokio::test]
async fn choices_beyond_all_measure_are_refused_by_name_until_there_are_fewer() {
    let setup = setup().await;
    for presets in [
        vec!["a preset".to_owned(); 1_000_000],
        vec!["x".repeat(4 << 20)],
    ] {
        setup.rig.lock().await.presets = presets;
        let refused = setup.exec("rig:recall", json!({"preset": "x"})).await;
        let refused = refused.unwrap_err();
        let part = "action `rig:recall`: argument `preset`: the device has more choices";
        assert!(refused.contains(part), "{refused}");
        setup.lamp_works().await;
    }
    let schema = |core: &LocalCore| {
        let action = core.item("Action", "rig:recall").unwrap_or_default();
        action["schema"].to_string()
    };
    let says_so = |core: &LocalCore| schema(core).contains("too many choices");
    let core = &setup.core;
    core.wait_until(LIMIT, "the remark", says_so).await.unwrap();
    setup.rig.lock().await.presets = vec!["warm".to_owned()];
    let recalled = setup.exec("rig:recall", json!({"preset": "warm"})).await;
    assert_eq!(recalled, Ok(json!("warm")));
    let known = |core: &LocalCore| schema(core).contains("warm");
    core.wait_until(LIMIT, "choices", known).await.unwrap();
}

#[tokio::test]
async fn methods_that_panic_are_an_error_of_their_action_and_of_nothing_else() {
    let setup = setup().await;
    let stuck = setup.exec("rig:set-volume", json!(0.75)).await.unwrap_err();
    assert!(stuck.contains("the dimmer is stuck"), "{stuck}");
    assert_eq!(
        setup.exec("rig:set-volume", json!(0.25)).await,
        Ok(Value::Null)
    );
    setup.shows("rig:volume", json!(0.25)).await;
    // Now the bound panics, and the value does not.
    setup
        .exec("rig:set-fragile", json!({"to": 2}))
        .await
        .unwrap();
    setup.shows("rig:fragile", json!(2)).await;
    let silent = setup.exec("rig:set-volume", json!(0.3)).await.unwrap_err();
    let part = "action `rig:set-volume`: the handler panicked: the amplifier does not answer";
    assert!(silent.contains(part), "{silent}");
    // And now the value.
    setup
        .exec("rig:set-fragile", json!({"to": 3}))
        .await
        .unwrap();
    assert_eq!(
        setup.exec("rig:set-volume", json!(0.4)).await,
        Ok(Value::Null)
    );
    setup.shows("rig:volume", json!(0.4)).await;
    setup.shows("rig:fragile", json!(2)).await;
    setup
        .exec("rig:set-fragile", json!({"to": 1}))
        .await
        .unwrap();
    setup.shows("rig:fragile", json!(1)).await;
    setup.lamp_works().await;
}

#[tokio::test]
async fn clocks_of_no_time_and_of_all_time_stop_no_other_clock() {
    let setup = setup().await;
    for value in 1..3 {
        let mut rig = setup.rig.lock().await;
        (rig.often, rig.seldom) = (value, value);
        drop(rig);
        setup.shows("rig:often", json!(value)).await;
    }
    // Once, and not again in anybody's life.
    setup.shows("rig:seldom", json!(0)).await;
    setup.lamp_works().await;
}

#[tokio::test]
async fn a_flood_of_cancels_is_answered_one_by_one() {
    let setup = setup().await;
    let (wait, cancels) = tokio::join!(setup.exec("rig:wait", Value::Null), async {
        let cancels = (0..2000).map(|_| setup.exec("rig:wait-cancel", Value::Null));
        let mut all = join_all(cancels).await;
        // The run may begin after them.
        while !all.contains(&Ok(json!(true))) {
            all.push(setup.exec("rig:wait-cancel", Value::Null).await);
        }
        all
    });
    assert!(wait.is_err(), "{wait:?}");
    let hit = cancels.iter().filter(|answer| **answer == Ok(json!(true)));
    assert_eq!(hit.count(), 1);
    let missed = cancels.iter().filter(|answer| **answer == Ok(json!(false)));
    assert_eq!(missed.count(), cancels.len() - 1);
    setup.lamp_works().await;
}
