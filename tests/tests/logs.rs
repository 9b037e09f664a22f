//! The log: few lines, short and clean, that name what is wrong. It belongs to the process, so the tests of this
//! file run one at a time.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::{Generation, Status};
use rship_tests::{
    Gate, Hosted, Peer, Server, Stand, Turnstile, builder, core, executor, on_two_workers, until,
    within,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Every line that was logged since the test began: the level, the message, and its fields behind it.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Collector;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, "{value:?} "),
            name => write!(self.0, "{name}={value:?} "),
        };
        written.unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // As a subscriber for people writes it: a text is not escaped for them.
        write!(self.0, "{}={value} ", field.name()).unwrap();
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("rship")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is logged while this is held.
struct Logs(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Logs {
    fn start() -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        static SET: OnceLock<()> = OnceLock::new();
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        SET.get_or_init(|| tracing::subscriber::set_global_default(Collector).unwrap());
        LINES.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Self(one)
    }

    fn lines(&self) -> Vec<String> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines in which all of these are.
    fn with(&self, parts: &[&str]) -> Vec<String> {
        let lines = self.lines().into_iter();
        lines
            .filter(|line| parts.iter().all(|part| line.contains(part)))
            .collect()
    }

    async fn say(&self, parts: &[&str]) {
        let what = format!("line with {parts:?}");
        until(&what, || !self.with(parts).is_empty()).await;
    }
}

#[derive(Target, Default)]
struct Slow {
    #[emitter]
    turns: u32,
    turnstile: Turnstile,
}

#[actions]
impl Slow {
    #[action]
    fn block(&mut self) {
        self.turnstile.wait();
    }

    #[action]
    fn turn(&mut self) {
        self.turns += 1;
    }
}

struct Setup {
    server: Server,
    executor: Executor,
    slow: Handle<Slow>,
    gate: Gate,
    peer: Peer<TcpStream>,
    hosted: Hosted,
}

async fn setup() -> Setup {
    let server = Server::bind().await;
    let builder = builder(&server.url()).shutdown_timeout(Duration::from_millis(300));
    let executor = builder.build().unwrap();
    let gate = Gate::default();
    let slow = Slow {
        turnstile: gate.turnstile(),
        ..Slow::default()
    };
    let slow = executor.add("slow", slow).unwrap();
    let hosted = Hosted::start(&executor, on_two_workers);
    let mut peer = server.accept_2026().await;
    peer.pulse("slow:turns").await;
    Setup {
        server,
        executor,
        slow,
        gate,
        peer,
        hosted,
    }
}

/// Whether a number of at least this much is in the line.
fn counts(line: &str, least: u64) -> bool {
    let digits = line.split(|c: char| !c.is_ascii_digit());
    digits
        .filter_map(|digits| digits.parse::<u64>().ok())
        .any(|count| count >= least)
}

/// Says things to nobody.
#[derive(Target, Default)]
struct Shy {
    #[emitter]
    turns: u32,
}

#[actions]
impl Shy {
    #[action(answer = "accepted")]
    async fn fail_later(this: Handle<Self>) -> Result<(), String> {
        this.progress(0.5);
        tokio::task::yield_now().await;
        Err("no wind today".to_owned())
    }
}

#[tokio::test]
async fn what_is_said_to_nobody_and_what_nobody_is_answered_is_in_the_log() {
    let logs = Logs::start();
    let mut setup = setup().await;
    let shy = setup.executor.add("shy", Shy::default()).unwrap();
    setup.peer.pulse("shy:turns").await;
    let accepted = setup.peer.call("t", "shy:fail-later", Value::Null).await;
    assert_eq!(accepted, Ok(json!({"accepted": true})));
    logs.say(&["action `shy:fail-later` was accepted", "no wind today"])
        .await;
    logs.say(&["progress of target `shy`", "#[action(progress)]"])
        .await;
    shy.remove().unwrap();
    shy.rename("Gone");
    // Held back for a second, because the log spoke of the same thing just now.
    logs.say(&["a name of target `shy` is told to nobody"])
        .await;
    setup.hosted.stop().await;
}

/// Refuses whatever it is told.
#[derive(Target, Default)]
struct Outlet {
    #[emitter]
    watts: u32,
    own: Option<Handle<Self>>,
}

#[actions]
impl Outlet {
    #[action]
    fn set_on(&mut self, _on: bool) -> Result<(), String> {
        Err("overload".to_owned())
    }

    #[action]
    fn cycle(&mut self) -> Result<(), String> {
        Err("still hot".to_owned())
    }

    #[action(timeout = "200ms")]
    async fn wait_for_itself(&mut self) {
        let own = self.own.clone().unwrap();
        let _ = tokio::spawn(async move { own.lock().await.watts = 1 }).await;
    }
}

#[tokio::test]
async fn errors_of_one_second_are_all_in_the_log_each_with_its_action() {
    let logs = Logs::start();
    let mut setup = setup().await;
    let _one = setup.executor.add("one", Outlet::default()).unwrap();
    let _two = setup.executor.add("two", Outlet::default()).unwrap();
    setup.peer.pulse("two:watts").await;
    for (tx, action, data) in [
        ("a", "one:set-on", json!({"on": 5})),
        ("b", "one:set-on", json!({"on": true})),
        ("c", "one:cycle", Value::Null),
        ("d", "two:cycle", Value::Null),
    ] {
        setup.peer.call(tx, action, data).await.unwrap_err();
    }
    logs.say(&["action `one:set-on`: ", "`on`"]).await;
    for failed in [
        "action `one:set-on` failed: overload",
        "action `one:cycle` failed: still hot",
        "action `two:cycle` failed: still hot",
    ] {
        logs.say(&[failed]).await;
    }
    setup.hosted.stop().await;
}

#[tokio::test]
async fn what_to_do_about_an_action_that_waits_for_its_own_tree_is_not_cut_off() {
    let logs = Logs::start();
    let mut setup = setup().await;
    let id = format!("outlet-{}", "in-the-cellar-".repeat(8));
    let outlet = setup.executor.add(&id, Outlet::default()).unwrap();
    setup.peer.pulse(&format!("{id}:watts")).await;
    outlet.lock().await.own = Some(outlet.clone());
    let action = format!("{id}:wait-for-itself");
    let late = setup.peer.call("t", &action, Value::Null).await;
    let late = late.unwrap_err();
    assert!(late.ends_with("lock for moments"), "{late}");
    logs.say(&[&late]).await;
    setup.hosted.stop().await;
}

#[tokio::test]
async fn bad_commands_without_end_make_few_lines_that_count_them() {
    let logs = Logs::start();
    let mut setup = setup().await;
    let kinds: [fn(usize) -> Message; 4] = [
        // No such action, another payload than it takes, no such command, no frame at all.
        |number| exec(number, "slow:dance", Value::Null),
        |number| exec(number, "slow:turn", json!({"unknown": number})),
        |number| {
            let command = json!({"tx": format!("t-{number}")});
            let data = json!({"commandId": "Dance", "command": command});
            Message::text(json!({"event": "ws:m:command", "data": data}).to_string())
        },
        |_| Message::text("no frame"),
    ];
    for kind in kinds {
        let before = logs.lines().len();
        for batch in 0..25 {
            for number in 0..1000 {
                setup.peer.send_message(kind(batch * 1000 + number)).await;
            }
            setup.peer.exec("fence", "slow:turn", Value::Null).await;
            while setup.peer.answer().await.0 != "fence" {}
        }
        // What was counted and not said yet is said within a second or so; frames that are none have a metric.
        until("a line that counts", || {
            let is_counted = setup.executor.metrics().unreadable_frames >= 25_000;
            is_counted || logs.lines()[before..].iter().any(|line| counts(line, 100))
        })
        .await;
        let lines = logs.lines().split_off(before);
        let sample = lines.first().cloned().unwrap_or_default();
        assert!(lines.len() <= 200, "{} lines as {sample}", lines.len());
    }
    setup.hosted.stop().await;
}

fn exec(number: usize, action: &str, data: Value) -> Message {
    let action = json!({"id": action, "targetId": "slow"});
    let command = json!({"tx": format!("t-{number}"), "action": action, "data": data});
    let data = json!({"commandId": "ExecTargetAction", "command": command});
    Message::text(json!({"event": "ws:m:command", "data": data}).to_string())
}

#[tokio::test]
async fn texts_from_the_wire_are_cut_and_escaped() {
    let logs = Logs::start();
    let mut setup = setup().await;
    let evil = format!("evil\n\u{1b}[31mERROR\r\u{7}\u{85}{}", "x".repeat(5000));
    let frames = [
        exec(1, &format!("slow:{evil}"), Value::Null),
        exec(2, "slow:turn", json!({evil.as_str(): 1})),
        exec(3, "slow:turn", json!(evil)),
        Message::text(
            json!({"event": "ws:m:command", "data": {"commandId": evil, "command": {"tx": evil}}})
                .to_string(),
        ),
        Message::text(json!({"event": evil, "data": {}}).to_string()),
        Message::text(evil.clone()),
        Message::text(
            json!({"event": "ws:m:command-error", "data": {"tx": "q", "commandId": evil, "message": evil}})
                .to_string(),
        ),
        Message::text(
            json!({"event": "ws:m:event", "data": {"itemType": "ResendEmitterValue", "item": {"emitterId": evil}}})
                .to_string(),
        ),
    ];
    for frame in frames {
        setup.peer.send_message(frame).await;
    }
    setup.peer.exec("fence", "slow:turn", Value::Null).await;
    while setup.peer.answer().await.0 != "fence" {}
    let close = tokio_tungstenite::tungstenite::protocol::CloseFrame {
        code: 1012.into(),
        reason: "evil\u{1b}[31m".into(),
    };
    setup.peer.socket.close(Some(close)).await.unwrap();
    let _next = setup.server.accept_2026().await;
    logs.say(&["evil"]).await;
    for line in logs.lines() {
        let shown: String = line.chars().take(300).collect();
        assert!(line.len() < 1500, "{} bytes: {shown}", line.len());
        assert!(!line.chars().any(char::is_control), "{shown:?}");
    }
    setup.hosted.stop().await;
}

#[tokio::test]
async fn an_action_that_blocks_a_thread_for_more_than_a_second_is_named() {
    let logs = Logs::start();
    let mut setup = setup().await;
    setup.peer.exec("t", "slow:block", Value::Null).await;
    setup.gate.wait_for(1).await;
    logs.say(&["slow:block", "block"]).await;
    setup.gate.open();
    assert_eq!(setup.peer.answer().await.0, "t");
    setup.hosted.stop().await;
}

#[tokio::test]
async fn a_lock_that_waits_for_more_than_5_s_is_said_with_holder_and_waiter() {
    let logs = Logs::start();
    let mut setup = setup().await;
    setup.peer.exec("holder", "slow:block", Value::Null).await;
    setup.gate.wait_for(1).await;
    setup.peer.exec("waiter", "slow:turn", Value::Null).await;
    logs.say(&["slow:block", "slow:turn"]).await;
    let slow = setup.slow.clone();
    let waiter = tokio::spawn(async move { slow.lock().await.turns });
    setup.gate.open();
    within("the waiter", waiter).await.unwrap();
    setup.hosted.stop().await;
}

#[tokio::test]
async fn a_guard_that_is_held_for_more_than_5_s_while_others_wait_is_said() {
    let logs = Logs::start();
    let mut setup = setup().await;
    let guard = setup.slow.lock().await;
    setup.peer.exec("waiter", "slow:turn", Value::Null).await;
    logs.say(&["slow:turn", "guard"]).await;
    drop(guard);
    assert_eq!(setup.peer.answer().await.0, "waiter");
    setup.hosted.stop().await;
}

#[tokio::test]
async fn commands_of_an_ended_session_are_dropped_and_that_is_said_once() {
    let logs = Logs::start();
    let mut setup = setup().await;
    setup.peer.exec("slow", "slow:block", Value::Null).await;
    setup.gate.wait_for(1).await;
    for number in 0..60 {
        setup
            .peer
            .exec(&format!("t-{number}"), "slow:turn", Value::Null)
            .await;
    }
    until("all read", || setup.executor.metrics().commands >= 61).await;
    drop(setup.peer);
    let mut next = setup.server.accept_2026().await;
    next.pulse("slow:turns").await;
    setup.gate.open();
    next.call("next", "slow:turn", Value::Null).await.unwrap();
    let counting = || {
        let lines = logs.with(&["command"]).into_iter();
        let is_count = |line: &String| line.split(|c: char| !c.is_ascii_digit()).any(|n| n == "60");
        lines.filter(is_count).count()
    };
    until("a line that counts them", || counting() > 0).await;
    assert_eq!(counting(), 1);
    setup.hosted.stop().await;
}

#[tokio::test]
async fn a_handler_that_cannot_be_ended_is_named_when_the_executor_ends() {
    let logs = Logs::start();
    let mut setup = setup().await;
    setup.peer.exec("t", "slow:block", Value::Null).await;
    setup.gate.wait_for(1).await;
    let reads = tokio::spawn(async move { while setup.peer.text().await.is_ok() {} });
    let before = logs.lines().len();
    setup.hosted.stop().await;
    let said = logs.lines().split_off(before);
    assert!(
        said.iter().any(|line| line.contains("slow:block")),
        "{said:?}"
    );
    assert_eq!(setup.gate.waiting(), 1, "the end did not wait for it");
    setup.gate.open();
    within("the reader", reads).await.unwrap();
}

#[tokio::test]
async fn two_programs_with_one_instance_id_both_say_so() {
    let logs = Logs::start();
    let core = core(Generation::V2026).await;
    let (first, second) = (executor(&core.url()), executor(&core.url()));
    let mut hosted = Vec::new();
    for executor in [&first, &second] {
        executor.add("stand", Stand::full()).unwrap();
        let mut running = Hosted::start(executor, on_two_workers);
        let online = |status: &Status| matches!(status, Status::Online { .. });
        running.wait("online", online).await;
        hosted.push(running);
    }
    until("both to say so", || {
        let lines = logs.with(&["stand-1"]).into_iter();
        let loud = lines.filter(|line| line.starts_with("WARN") || line.starts_with("ERROR"));
        loud.count() >= 2
    })
    .await;
    for running in hosted {
        running.stop().await;
    }
}

#[derive(Target, Default)]
struct Scale {
    #[emitter]
    grams: f64,
    #[emitter]
    limits: (Option<f64>, f64),
    #[emitter]
    weighed: Emitter<f32>,
}

#[tokio::test]
async fn numbers_that_are_not_finite_are_said_once_until_they_are_again() {
    let logs = Logs::start();
    let executor = executor("ws://127.0.0.1:1");
    let scale = executor.add("scale", Scale::default()).unwrap();
    let _running = rship_tests::Running::start(&executor);
    scale.lock().await.limits = (None, 1.0);
    assert_eq!(
        logs.with(&["infinite"]),
        [""; 0],
        "a null alone is as it should be"
    );
    for round in 1..=2 {
        for limit in [1.0, 2.0, 3.0] {
            scale.lock().await.limits = (Some(f64::NAN), limit);
        }
        until("what was held back", || {
            logs.with(&["scale:limits", "infinite"]).len() == round
        })
        .await;
        scale.lock().await.limits = (Some(1.0), 1.0);
    }
    scale.lock().await.weighed.pulse(f32::INFINITY);
    logs.say(&["WARN", "scale:weighed", "infinite or not a number"])
        .await;
    scale.lock().await.grams = f64::NEG_INFINITY;
    logs.say(&["WARN", "scale:grams", "published as null"])
        .await;
    assert_eq!(logs.with(&["and", "more like it"]), [""; 0]);
}

/// A device whose values are behind locks of its own.
#[derive(Target, Default)]
struct Locked {
    #[emitter]
    level: std::sync::Arc<Mutex<u32>>,
}

#[tokio::test]
async fn a_poisoned_lock_is_said_with_what_is_not_published_because_of_it() {
    let logs = Logs::start();
    let executor = builder("ws://127.0.0.1:1").build().unwrap();
    let (field, whole) = (
        Locked::default(),
        std::sync::Arc::new(Mutex::new(Locked::default())),
    );
    let level = std::sync::Arc::clone(&field.level);
    let field = executor.add("field", field).unwrap();
    let shared = executor.add("whole", whole.clone()).unwrap();
    let panicked = std::thread::spawn(move || {
        let _held = (level.lock().unwrap(), whole.lock().unwrap());
        panic!("while both are locked");
    });
    assert!(panicked.join().is_err());
    drop(field.lock().await);
    logs.say(&["`field:level`", "lock poison error"]).await;
    shared.changed();
    logs.say(&["target `whole` cannot be reached", "its lock is poisoned"])
        .await;
}
