//! The testing kit: actions of a target without a socket, a core or a thread.

use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::testing::TestTarget;
use rship_tests::within;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// A router of two outputs.
#[derive(Target, Default)]
struct Hub {
    #[emitter]
    #[action]
    label: String,
    #[emitter]
    routed: Emitter<u32>,
    #[target]
    outputs: Vec<Output>,
}

#[derive(Target, Default)]
struct Output {
    #[emitter]
    #[action(min = 0, max = 9)]
    input: u32,
}

#[actions]
impl Hub {
    #[action]
    fn route(&mut self, #[arg(min = 1, max = 4)] input: u32) -> Result<u32, String> {
        if input == 4 {
            return Err("input 4 has no signal".to_owned());
        }
        self.routed.pulse(input);
        for output in &mut self.outputs {
            output.input = input;
        }
        Ok(input)
    }

    /// Counts, one a second, beside the others.
    #[action(restart)]
    async fn count(this: Handle<Self>, to: u32) -> u32 {
        for number in 1..=to {
            sleep(Duration::from_secs(1)).await;
            this.lock().await.label = number.to_string();
        }
        to
    }

    #[action]
    async fn hold(&mut self, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
        self.label = format!("held for {seconds} s");
    }

    #[action(timeout = "5s")]
    async fn give_up(&mut self) {
        sleep(Duration::from_secs(60)).await;
    }

    /// Seconds.
    #[emitter(every = "1s")]
    fn looks(&self) -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering};
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        LOOKS.fetch_add(1, Ordering::Relaxed)
    }
}

fn hub() -> TestTarget<Hub> {
    let outputs = vec![Output::default(), Output::default()];
    let hub = Hub {
        outputs,
        ..Hub::default()
    };
    TestTarget::new("hub", hub).unwrap()
}

fn pulse(emitter: &str, value: impl Into<Value>) -> (String, Value) {
    (emitter.to_owned(), value.into())
}

#[tokio::test]
async fn an_action_goes_through_its_real_checks_and_its_pulses_come_in_order() {
    let hub = hub();
    assert_eq!(hub.pulses(), [], "what it is at first is no news");
    // As servers send it.
    assert_eq!(hub.call("route", json!({"input": 3.0})).await, Ok(json!(3)));
    let expected = [
        pulse("hub:routed", 3),
        pulse("hub.outputs.0:input", 3),
        pulse("hub.outputs.1:input", 3),
    ];
    assert_eq!(hub.pulses(), expected);
    assert_eq!(hub.value("hub.outputs.1:input"), Some(3_u32));
    assert_eq!(hub.value("label"), Some(String::new()));
    assert_eq!(hub.value::<u32>("label"), None, "it is no number");

    let refused = hub.call("route", json!({"input": 5})).await.unwrap_err();
    assert_eq!(
        refused,
        "action `hub:route`: argument `input`: expected an integer from 1 to 4, got 5"
    );
    let refused = hub.call("route", json!({"input": 4})).await;
    assert_eq!(refused, Err("input 4 has no signal".to_owned()));
    let unknown = hub.call("rout", Value::Null).await.unwrap_err();
    assert!(unknown.contains("has no action `rout`"), "{unknown}");
    hub.call("hub.outputs.0:set-input", json!(7)).await.unwrap();
    hub.lock().await.outputs[1].input = 8;
    assert_eq!(
        hub.pulses(),
        [
            pulse("hub.outputs.0:input", 7),
            pulse("hub.outputs.1:input", 8)
        ]
    );
    hub.set_online(false);
    let offline = hub.call("route", json!({"input": 1})).await;
    assert_eq!(offline, Err("target `hub` is offline".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn time_that_is_paused_passes_at_once_for_all_that_waits() {
    let (began, real) = (Instant::now(), std::time::Instant::now());
    let hub = hub();
    let counting = hub.call("count", json!({"to": 100}));
    let others = async {
        sleep(Duration::from_millis(3500)).await;
        // It is not in the way.
        hub.call("route", json!({"input": 1})).await.unwrap();
        hub.value::<String>("label")
    };
    let (counted, label) = tokio::join!(counting, others);
    assert_eq!((counted, label.as_deref()), (Ok(json!(100)), Some("3")));
    let second = Duration::from_secs(1);
    let took = began.elapsed();
    assert!((second * 100..second * 101).contains(&took), "{took:?}");
    assert!(real.elapsed() < second * 60);
    let pulses = hub.pulses();
    let looks = pulses.iter().filter(|(emitter, _)| emitter == "hub:looks");
    assert!((99..=101).contains(&looks.count()), "one a second");
    let labels = pulses.iter().filter(|(emitter, _)| emitter == "hub:label");
    assert_eq!(labels.count(), 100);
}

#[tokio::test(start_paused = true)]
async fn actions_wait_for_each_other_and_end_in_time() {
    let hub = hub();
    let calls = async {
        tokio::join!(
            hub.call("hold", json!({"seconds": 10})),
            hub.call("route", json!({"input": 2})),
        )
    };
    let (held, routed) = within("both", calls).await;
    assert_eq!((held, routed), (Ok(Value::Null), Ok(json!(2))));
    let order: Vec<_> = hub
        .pulses()
        .into_iter()
        .map(|(emitter, _)| emitter)
        .collect();
    let place = |emitter: &str| order.iter().position(|one| one == emitter);
    assert!(place("hub:label") < place("hub:routed"), "{order:?}");

    let began = Instant::now();
    let cancelled = hub.call("give-up", Value::Null).await.unwrap_err();
    assert!(cancelled.contains("`hub:give-up`"), "{cancelled}");
    assert_eq!(began.elapsed().as_secs(), 5);
    let late = hub.call("hold", json!({"seconds": 40})).await.unwrap_err();
    assert!(late.contains("has not ended"), "{late}");
    assert_eq!(began.elapsed().as_secs(), 35, "the executor's own time-out");

    let (first, second) = tokio::join!(
        hub.call("count", json!({"to": 50})),
        hub.call("count", json!({"to": 1})),
    );
    assert!(first.unwrap_err().contains("a newer `count` took over"));
    assert_eq!(second, Ok(json!(1)));
}

#[test]
fn a_test_needs_no_runtime_for_what_does_not_wait() {
    let hub = hub();
    hub.blocking_lock().label = "A".to_owned();
    assert_eq!(hub.pulses(), [pulse("hub:label", "A")]);
}
