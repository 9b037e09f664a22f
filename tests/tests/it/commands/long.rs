//! Long actions: how far they are, how they are cancelled, and answers before they end.

use std::sync::Arc;

use rship_dev::LocalCore;
use rship_runtime::Generation;
use rship_runtime::prelude::*;
use rship_tests::{Gate, LIMIT, Running, Turnstile, core, executor, pulse, within};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// Moves slowly.
#[derive(Target)]
struct Crane {
    #[emitter]
    height: f64,
    /// A run that waits takes one permit.
    gate: Arc<Semaphore>,
    /// A run that blocks its thread waits here.
    turnstile: Turnstile,
    #[target]
    hook: Hook,
}

/// Of the crane.
#[derive(Target, Default)]
struct Hook {
    #[emitter]
    open: bool,
}

/// Says that it is dropped.
struct Dropped(Handle<Crane>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let crane = self.0.clone();
        tokio::spawn(async move { crane.lock().await.height = -1.0 });
    }
}

async fn lift(this: Handle<Crane>, to: f64) -> Result<f64, String> {
    let gate = Arc::clone(&this.lock().await.gate);
    this.progress(0.25);
    gate.acquire().await.unwrap().forget();
    this.progress_with(0.5, "half way");
    gate.acquire().await.unwrap().forget();
    if to < 0.0 {
        return Err("the ground is in the way".to_owned());
    }
    this.lock().await.height = to;
    Ok(to)
}

#[actions]
impl Crane {
    #[action(progress, cancel)]
    async fn lift(this: Handle<Self>, to: f64) -> Result<f64, String> {
        lift(this, to).await
    }

    #[action(progress, restart)]
    async fn swing(this: Handle<Self>, to: f64) -> Result<f64, String> {
        lift(this, to).await
    }

    #[action(progress, cancel, answer = "accepted")]
    async fn survey(this: Handle<Self>, to: f64) -> Result<f64, String> {
        if to > 100.0 {
            return Err("the crane is not that high".to_owned());
        }
        lift(this, to).await
    }

    #[action(progress, cancel)]
    async fn stall(this: Handle<Self>) {
        let turnstile = this.lock().await.turnstile.clone();
        this.progress(0.25);
        turnstile.wait();
    }

    #[action(answer = "accepted", timeout = "200ms")]
    async fn wait_for_wind(this: Handle<Self>) {
        let _dropped = Dropped(this);
        std::future::pending().await
    }

    #[action(cancel)]
    async fn brake(&mut self) -> f64 {
        self.height = 0.5;
        Arc::clone(&self.gate).acquire().await.unwrap().forget();
        self.height
    }

    #[action(cancel)]
    async fn plain(this: Handle<Self>) {
        // Told to nobody: the action has no `progress`.
        this.progress(0.5);
        let _dropped = Dropped(this);
        std::future::pending().await
    }
}

#[actions]
impl Hook {
    #[action(progress)]
    async fn grab(this: Handle<Self>) {
        this.progress(0.5);
        this.lock().await.open = false;
    }
}

struct Setup {
    core: LocalCore,
    crane: Handle<Crane>,
    gate: Arc<Semaphore>,
    stalled: Gate,
    _executor: Executor,
    _running: Running,
}

async fn setup(generation: Generation) -> Setup {
    let core = core(generation).await;
    let executor = executor(&core.url());
    let gate = Arc::new(Semaphore::new(0));
    let stalled = Gate::default();
    let crane = Crane {
        height: 0.0,
        gate: Arc::clone(&gate),
        turnstile: stalled.turnstile(),
        hook: Hook::default(),
    };
    let crane = executor.add("crane", crane).unwrap();
    let running = Running::online(&executor).await;
    Setup {
        core,
        crane,
        gate,
        stalled,
        _executor: executor,
        _running: running,
    }
}

impl Setup {
    /// Waits until the progress of an action is said to be this, as far as it is given.
    async fn progress(&self, action: &str, wanted: Value) -> Value {
        let emitter = format!("crane:{action}-progress");
        let what = format!("{emitter} {wanted}");
        let is = |core: &LocalCore| {
            let now = pulse(core, "stand-1", &emitter).unwrap_or_default();
            let mut wanted = wanted.as_object().unwrap().iter();
            wanted.all(|(key, value)| now[key] == *value)
        };
        let said = self.core.wait_until(LIMIT, &what, is).await;
        let now = pulse(&self.core, "stand-1", &emitter).unwrap_or_default();
        assert!(said.is_ok(), "{what}: it is {now}");
        now
    }

    async fn height(&self, height: f64) {
        let is = |core: &LocalCore| pulse(core, "stand-1", "crane:height") == Some(json!(height));
        self.core.wait_until(LIMIT, "the height", is).await.unwrap();
    }

    async fn exec(&self, action: &str, data: Value) -> Result<Value, String> {
        let action = format!("crane:{action}");
        let done = within("an answer", self.core.exec(None, &action, data)).await;
        done.map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn a_run_says_how_far_it_is_and_how_it_ended() {
    for generation in Generation::ALL {
        let setup = setup(generation).await;
        setup
            .progress("lift", json!({"run": 0, "state": "idle"}))
            .await;
        let lift = setup.exec("lift", json!({"to": 3}));
        let watch = async {
            let now = setup
                .progress("lift", json!({"run": 1, "progress": 0.25}))
                .await;
            assert_eq!(
                (&now["state"], &now["text"]),
                (&json!("running"), &json!(""))
            );
            setup.gate.add_permits(1);
            setup
                .progress("lift", json!({"progress": 0.5, "text": "half way"}))
                .await;
            setup.gate.add_permits(1);
        };
        let (lifted, ()) = tokio::join!(lift, watch);
        assert_eq!(lifted, Ok(json!(3.0)));
        setup
            .progress("lift", json!({"run": 1, "state": "done", "progress": 1.0}))
            .await;

        setup.gate.add_permits(2);
        setup.exec("lift", json!({"to": -1})).await.unwrap_err();
        let why = "the ground is in the way";
        setup
            .progress("lift", json!({"run": 2, "state": "failed", "text": why}))
            .await;
        setup
            .core
            .exec(None, "crane.hook:grab", Value::Null)
            .await
            .unwrap();
        let grabbed = pulse(&setup.core, "stand-1", "crane.hook:grab-progress").unwrap();
        assert_eq!(grabbed["state"], "done", "told before the answer");
        assert_eq!(setup.core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn several_runs_say_which_they_are() {
    let setup = setup(Generation::V2026).await;
    let first = setup.exec("lift", json!({"to": 1}));
    let second = async {
        setup
            .progress("lift", json!({"run": 1, "progress": 0.25}))
            .await;
        let second = setup.exec("lift", json!({"to": 2}));
        let watch = async {
            let now = setup
                .progress("lift", json!({"run": 2, "progress": 0.25}))
                .await;
            assert_eq!(now["others"][0]["run"], 1);
            assert_eq!(now["others"][0]["state"], "running");
            setup.gate.add_permits(4);
        };
        tokio::join!(second, watch).0
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first, second), (Ok(json!(1.0)), Ok(json!(2.0))));
    let now = setup
        .progress("lift", json!({"run": 2, "state": "done"}))
        .await;
    assert_eq!(now["others"][0]["state"], "done");
}

#[tokio::test]
async fn a_newer_run_that_takes_over_does_not_hide_how_the_older_one_ended() {
    let setup = setup(Generation::V2026).await;
    let first = setup.exec("swing", json!({"to": 1}));
    let second = async {
        setup
            .progress("swing", json!({"run": 1, "progress": 0.25}))
            .await;
        setup.exec("swing", json!({"to": 2})).await
    };
    let watch = async {
        setup
            .progress("swing", json!({"run": 2, "progress": 0.25}))
            .await;
        setup.gate.add_permits(2);
    };
    let (first, second, ()) = tokio::join!(first, second, watch);
    assert!(first.unwrap_err().contains("took over"));
    assert_eq!(second, Ok(json!(2.0)));
    let now = setup
        .progress("swing", json!({"run": 2, "state": "done"}))
        .await;
    assert_eq!(now["others"][0]["state"], "cancelled", "{now}");
}

#[tokio::test]
async fn a_command_cancels_what_runs_and_what_waits_and_says_whether_there_was_something() {
    for generation in Generation::ALL {
        let setup = setup(generation).await;
        assert_eq!(
            setup.exec("lift-cancel", Value::Null).await,
            Ok(json!(false))
        );
        let lift = setup.exec("lift", json!({"to": 3}));
        let cancel = async {
            setup
                .progress("lift", json!({"run": 1, "progress": 0.25}))
                .await;
            setup.exec("lift-cancel", json!({})).await
        };
        let (lifted, cancelled) = tokio::join!(lift, cancel);
        assert_eq!(cancelled, Ok(json!(true)));
        assert!(lifted.unwrap_err().contains("cancelled by `lift-cancel`"));
        setup
            .progress("lift", json!({"run": 1, "state": "cancelled"}))
            .await;
        // It has ended: there is nothing left to cancel, and it changes nothing any more.
        assert_eq!(
            setup.exec("lift-cancel", Value::Null).await,
            Ok(json!(false))
        );
        setup.gate.add_permits(2);
        setup.height(0.0).await;
        let refused = setup.exec("lift-cancel", json!({"to": 1})).await;
        assert_eq!(
            refused,
            Ok(json!(false)),
            "an unknown argument is a warning"
        );
        assert_eq!(setup.core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn an_action_that_holds_its_tree_is_cancelled_and_its_tree_goes_on() {
    let setup = setup(Generation::V2026).await;
    // It may be cancelled before it has begun; once it has, it holds the tree.
    while setup.crane.lock().await.height < 0.5 {
        let running = setup.exec("brake", Value::Null);
        let cancel =
            async { while setup.exec("brake-cancel", Value::Null).await != Ok(json!(true)) {} };
        let (running, ()) = tokio::join!(running, cancel);
        assert!(running.unwrap_err().contains("cancelled by `brake-cancel`"));
    }
    setup.height(0.5).await;
    setup.crane.lock().await.height = 0.75;
    setup.height(0.75).await;
}

#[tokio::test]
async fn a_cancelled_run_ends_by_being_dropped() {
    let setup = setup(Generation::V2026).await;
    let plain = setup.exec("plain", Value::Null);
    let cancel =
        async { while setup.exec("plain-cancel", Value::Null).await != Ok(json!(true)) {} };
    let (plain, ()) = tokio::join!(plain, cancel);
    assert!(plain.unwrap_err().contains("cancelled"));
}

#[tokio::test]
async fn a_command_that_is_cancelled_at_once_does_nothing() {
    let setup = setup(Generation::V2026).await;
    // In one batch, so that nothing comes between them.
    let call = |action: &str, data: Value| {
        json!({
            "instanceId": "stand-1",
            "action": {"id": format!("crane:{action}"), "targetId": "crane"},
            "data": data,
        })
    };
    setup.gate.add_permits(200);
    for _ in 0..50 {
        let calls = [
            call("lift", json!({"to": 9})),
            call("lift-cancel", Value::Null),
        ];
        let batch = json!({ "actions": calls });
        let answer = setup.core.command(None, "BatchTargetAction", batch);
        let answer = within("an answer", answer).await.unwrap_err().to_string();
        assert!(answer.contains("1 of 2 actions failed"), "{answer}");
    }
    setup.height(0.0).await;
}

#[tokio::test]
async fn an_accepted_run_is_answered_when_it_has_begun_and_tells_its_end_by_its_progress() {
    let setup = setup(Generation::V2026).await;
    let accepted = setup.exec("survey", json!({"to": 3})).await;
    assert_eq!(accepted, Ok(json!({"accepted": true, "run": 1})));
    setup.gate.add_permits(2);
    setup
        .progress("survey", json!({"run": 1, "state": "done"}))
        .await;
    setup.height(3.0).await;
    // What is wrong before it waits for anything is an error like any other.
    let refused = setup.exec("survey", json!({"to": 300})).await.unwrap_err();
    assert!(refused.contains("not that high"), "{refused}");
    let accepted = setup.exec("survey", json!({"to": -1})).await;
    assert_eq!(accepted, Ok(json!({"accepted": true, "run": 3})));
    setup.gate.add_permits(2);
    let why = "the ground is in the way";
    setup
        .progress("survey", json!({"run": 3, "state": "failed", "text": why}))
        .await;
    setup.exec("survey", json!({"to": 1})).await.unwrap();
    assert_eq!(
        setup.exec("survey-cancel", Value::Null).await,
        Ok(json!(true))
    );
    setup
        .progress("survey", json!({"run": 4, "state": "cancelled"}))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_told_as_cancelled_before_the_cancel_is_answered_even_while_its_thread_blocks() {
    for generation in Generation::ALL {
        let setup = setup(generation).await;
        let stall = setup.exec("stall", Value::Null);
        let cancel = async {
            setup.stalled.wait_for(1).await;
            let answer = setup.exec("stall-cancel", Value::Null).await;
            let now = pulse(&setup.core, "stand-1", "crane:stall-progress").unwrap();
            setup.stalled.open();
            (answer, now)
        };
        let (stalled, (cancelled, now)) = tokio::join!(stall, cancel);
        assert_eq!(cancelled, Ok(json!(true)));
        assert_eq!(
            (&now["run"], &now["state"]),
            (&json!(1), &json!("cancelled"))
        );
        // What all were told is what its own sender is told, although it came to its end.
        assert!(stalled.unwrap_err().contains("cancelled by `stall-cancel`"));
        let now = pulse(&setup.core, "stand-1", "crane:stall-progress").unwrap();
        assert_eq!(now["state"], json!("cancelled"), "{generation}");
    }
}

#[tokio::test]
async fn an_accepted_run_has_its_time_out_all_the_same() {
    let setup = setup(Generation::V2026).await;
    let accepted = setup.exec("wait-for-wind", Value::Null).await;
    assert_eq!(accepted, Ok(json!({"accepted": true})));
    setup.height(-1.0).await;
}

#[tokio::test]
async fn what_an_executor_that_ends_breaks_off_is_said_to_be_cancelled() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let crane = Crane {
        height: 0.0,
        gate: Arc::new(Semaphore::new(0)),
        turnstile: Turnstile::default(),
        hook: Hook::default(),
    };
    let _crane = executor.add("crane", crane).unwrap();
    let running = Running::online(&executor).await;
    core.exec(None, "crane:survey", json!({"to": 1}))
        .await
        .unwrap();
    let mut events = core.events();
    running.stop().await;
    let told = async {
        loop {
            let event = events.recv().await.unwrap();
            if format!("{event:?}").contains("the executor ends") {
                return;
            }
        }
    };
    within("the end of the run", told).await;
}
