//! One sequence: a device at work while toxics come and go, and what is true when they are gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rship_dev::{CommandError, LocalCore};
use rship_runtime::{Encoding, Executor, Generation, Handle, Status};
use rship_tests::{
    Acted, Authority, Hosted, LIMIT, Proxy, TlsFront, TlsServer, Toxic, builder, differences,
    pulse, until, within,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::device::{Dial, Meter, next};
use crate::plan::{Plan, Planned};
use crate::seen::{Seen, answers};

/// The target that stays.
const STAYS: &str = "always";

/// Those that come and go.
const OTHERS: [&str; 3] = ["meter-0", "meter-1", "meter-2"];

/// The executor's instance.
const INSTANCE: &str = "stand-1";

/// What became of a command.
type Asked = (String, Result<Value, CommandError>);

/// Runs a sequence; what the toxics did is told, and what is wrong in the end is a panic.
pub(crate) async fn run(seed: u64) -> Acted {
    let mut random = fastrand::Rng::with_seed(seed);
    let plan = Plan::of(seed, &mut random);
    let core = LocalCore::builder()
        .generation(plan.generation)
        .record(true)
        .answer_limit(LIMIT / 2)
        .start()
        .await;
    let core = Arc::new(core.expect("a free port"));
    let seen = Seen::by(&core);
    let authority = Authority::new("toxics");
    let front = if plan.tls {
        let server = TlsServer::new(&authority.server(&["localhost"]));
        Some(TlsFront::start(server, core.addr()).await)
    } else {
        None
    };
    let behind = front.as_ref().map_or(core.addr(), TlsFront::addr);
    let proxy = Proxy::to(behind).await;
    let second = Duration::from_secs(1);
    let mut builder = builder(&proxy.url())
        .encoding(plan.encoding)
        .connect_timeout(second)
        .handshake_timeout(second)
        .keepalive(Duration::from_millis(100), Duration::from_millis(700))
        // What an old connection had in the network may come after what its successor told.
        .read_back(Some(second));
    if plan.tls {
        let url = format!("wss://localhost:{}/myko", proxy.addr().port());
        builder = builder.url(url).root_certificate(authority.pem());
    }
    let executor = builder.build().expect("an executor");
    let always = executor.add("always", Meter::default()).expect("a target");
    let mut hosted = Hosted::start(&executor, plan.host);
    hosted.wait("online", is_online).await;

    let mut work = Work {
        random: &mut random,
        core: &core,
        executor: &executor,
        meters: BTreeMap::from([(STAYS.to_owned(), always)]),
        names: BTreeMap::new(),
        commands: JoinSet::new(),
    };
    tokio::join!(toxics(&proxy, &core, &plan.toxics), work.until(plan.end()));
    proxy.clear();
    work.turn().await;
    hosted.wait("online", is_online).await;
    work.agree().await;
    work.answered().await;
    work.answers_again().await;
    let binary = plan.generation == Generation::V2026 && plan.encoding == Encoding::Cbor;
    assert_eq!(core.binary_clients(), usize::from(binary));

    hosted.stop().await;
    until("the end of all connections", || {
        proxy.open() == 0 && core.clients() == 0
    })
    .await;
    let acted = proxy.acted();
    let core = Arc::into_inner(core).expect("nobody else has it");
    core.shutdown().await;
    let verdict = seen.verdict().await;
    verdict.unwrap_or_else(|wrong| panic!("{wrong}"));
    acted
}

fn is_online(status: &Status) -> bool {
    matches!(status, Status::Online { .. })
}

/// Has toxics come and go; what acts when a connection ends has one end.
async fn toxics(proxy: &Proxy, core: &LocalCore, planned: &[Planned]) {
    let begin = Instant::now();
    let one = |planned: Planned| async move {
        sleep_until(begin + planned.after).await;
        let id = proxy.add(planned.direction, planned.toxic);
        let end = Instant::now() + planned.lasts;
        while let Toxic::SlowClose { .. } = planned.toxic
            && Instant::now() < end
        {
            sleep(Duration::from_millis(70)).await;
            core.disconnect_all();
        }
        sleep_until(end).await;
        proxy.remove(id);
    };
    futures_util::future::join_all(planned.iter().copied().map(one)).await;
}

/// A device at work.
struct Work<'s> {
    random: &'s mut fastrand::Rng,
    core: &'s Arc<LocalCore>,
    executor: &'s Executor,
    meters: BTreeMap<String, Handle<Meter>>,
    /// Those that were renamed.
    names: BTreeMap<String, String>,
    commands: JoinSet<Asked>,
}

impl Work<'_> {
    async fn until(&mut self, end: Duration) {
        let end = Instant::now() + end;
        while Instant::now() < end {
            self.turn().await;
            sleep(Duration::from_millis(self.random.u64(0..20))).await;
        }
    }

    /// Changes something, or has a command change it.
    async fn turn(&mut self) {
        let id = self.random.choice(OTHERS).unwrap_or(STAYS);
        match self.random.u8(..12) {
            0..5 => self.meters[STAYS].lock().await.advance(),
            5 => self.come_or_go(id),
            6 => self.rename(),
            7 => {
                let mut meter = self.any().lock().await;
                meter.probe = match meter.probe.take() {
                    None => Some(Dial::new()),
                    Some(_) => None,
                };
                meter.advance()
            }
            8 => {
                let key = self.random.u8(..3);
                let mut meter = self.any().lock().await;
                if meter.dials.remove(&key).is_none() {
                    meter.dials.insert(key, Dial::new());
                }
                meter.advance()
            }
            _ => self.ask(id),
        };
    }

    fn any(&mut self) -> Handle<Meter> {
        let nth = self.random.usize(..self.meters.len());
        let meter = self.meters.values().nth(nth);
        meter.expect("as many as were counted").clone()
    }

    fn come_or_go(&mut self, id: &str) -> u64 {
        match self.meters.remove(id) {
            Some(meter) => {
                self.names.remove(id);
                meter.remove().expect("a target that is there");
            }
            None => {
                let turn = next();
                let meter = Meter {
                    turn,
                    ..Meter::default()
                };
                let added = self.executor.add(id, meter).expect("a free id");
                self.meters.insert(id.to_owned(), added);
            }
        }
        0
    }

    fn rename(&mut self) -> u64 {
        let meter = self.any();
        let name = format!("number {}", next());
        meter.rename(&name);
        self.names.insert(meter.id().to_owned(), name);
        0
    }

    /// Has the core run an action, which may not be there.
    fn ask(&mut self, id: &str) -> u64 {
        let target = if self.random.bool() { STAYS } else { id };
        let (action, data) = match self.random.u8(..5) {
            0 | 1 => ("advance", Value::Null),
            2 => (
                "advance-later",
                json!({"milliseconds": self.random.u8(..100)}),
            ),
            3 => ("advance-later", json!({"milliseconds": 1000})),
            _ => ("refuse", Value::Null),
        };
        let tx = format!("command-{}", next());
        let kind = match self.core.generation() {
            Generation::V2023 => "target:action:exec",
            _ => "ExecTargetAction",
        };
        let action = json!({"id": format!("{target}:{action}"), "targetId": target});
        let command = json!({"tx": tx, "instanceId": INSTANCE, "action": action, "data": data});
        let core = Arc::clone(self.core);
        self.commands.spawn(async move {
            let answer = core.command(Some(INSTANCE), kind, command).await;
            (tx, answer)
        });
        0
    }

    /// Waits until the core's store is what the executor is.
    async fn agree(&self) {
        let begin = Instant::now();
        loop {
            let wrong = self.wrong().await;
            if wrong.is_empty() {
                return;
            }
            if begin.elapsed() > LIMIT {
                panic!("after {LIMIT:?}: {wrong:#?}\n{}", self.told_of(&wrong[0]));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The frames in which the target stands that a difference is about, for whoever wants to know how it came about.
    fn told_of(&self, difference: &str) -> String {
        let ids = difference.split_whitespace();
        let id = ids.clone().find(|word| word.starts_with("meter-"));
        let id = id.or(ids.clone().find(|word| word.starts_with(STAYS)));
        let target = id.unwrap_or_default().split(':').next().unwrap_or_default();
        let frames = self.core.take_frames().into_iter();
        let frames = frames.filter(|frame| frame.text.contains(&format!("\"{target}")));
        let lines: Vec<_> = frames
            .map(|frame| format!("client {}: {}", frame.client, frame.text))
            .collect();
        lines.join("\n")
    }

    /// A command is answered by whoever is there now; a busy machine may still lose a connection.
    async fn answers_again(&self) {
        within("an answer", async {
            loop {
                match self.core.exec(None, "always:advance", Value::Null).await {
                    Ok(_) => return,
                    Err(CommandError::Unroutable { .. } | CommandError::Closed { .. }) => {
                        sleep(Duration::from_millis(20)).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        })
        .await;
    }

    /// What of the core's store is not what the executor is.
    async fn wrong(&self) -> Vec<String> {
        let values = self.values().await;
        let mut wrong = differences(self.core, self.executor);
        wrong.retain(|line| !self.left(line));
        for (id, name) in &self.names {
            let told = self.core.item("Target", id);
            let told = told.map(|target| target["name"].clone());
            if told != Some(json!(name)) {
                wrong.push(format!("{id} is `{name}`, and not {told:?}"));
            }
        }
        for (emitter, value) in &values {
            let told = pulse(self.core, INSTANCE, emitter);
            if told != Some(json!(value)) {
                wrong.push(format!("{emitter} is {value}, and not {told:?}"));
            }
        }
        wrong
    }

    /// Whether this difference is a dial that left its meter and is offline, as it should be: a server keeps those.
    fn left(&self, difference: &str) -> bool {
        let Some(entity) = difference.strip_suffix(" is still there") else {
            return false;
        };
        let Some((_, id)) = entity.split_once(' ') else {
            return false;
        };
        let target = id.strip_suffix(":turn").unwrap_or(id);
        let is_dial = target.contains(".dials.");
        let status = self
            .core
            .item("TargetStatus", &format!("{INSTANCE}:{target}"));
        is_dial && status.is_some_and(|status| status["status"] == "offline")
    }

    /// The newest value of each state.
    async fn values(&self) -> BTreeMap<String, u64> {
        let mut values = BTreeMap::new();
        for (id, meter) in &self.meters {
            let meter = meter.lock().await;
            values.insert(format!("{id}:turn"), meter.turn);
            if let Some(probe) = &meter.probe {
                values.insert(format!("{id}.probe:turn"), probe.turn);
            }
            for (key, dial) in &meter.dials {
                values.insert(format!("{id}.dials.{key}:turn"), dial.turn);
            }
        }
        values
    }

    /// Each command was answered once, unless its connection ended.
    async fn answered(&mut self) {
        let mut all = Vec::new();
        while let Some(asked) = within("answers", self.commands.join_next()).await {
            all.push(asked.expect("no panic"));
        }
        let answers = answers(self.core);
        for (tx, outcome) in all {
            let times = answers.get(&tx).copied().unwrap_or_default();
            let is_right = match &outcome {
                Ok(_) | Err(CommandError::Refused { .. }) => times == 1,
                Err(CommandError::Closed { .. }) => times <= 1,
                Err(CommandError::Unroutable { .. }) => times == 0,
                Err(_) => false,
            };
            assert!(is_right, "{tx} was answered {times} times: {outcome:?}");
        }
    }
}
