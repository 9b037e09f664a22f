//! Linearity: what is done for each of many is no more than for each of a few, in counted operations:
//! allocations of the executor's thread, values written, frames and bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use allocation_counter::measure;
use futures_util::StreamExt as _;
use rship_core::wire::FRAME_LIMIT;
use rship_runtime::{Target, actions};
use rship_tests::{Peer, Running, Server, executor, until, within};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often a value was written, to be compared or to be sent.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// How often the action was carried out.
static DONE: AtomicU64 = AtomicU64::new(0);

/// All tests of this file count in these, so one runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, Default, JsonSchema)]
struct Counted(u32);

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WRITTEN.fetch_add(1, Ordering::Relaxed);
        serializer.serialize_u32(self.0)
    }
}

#[derive(Default, Target)]
struct Channel {
    #[emitter]
    level: Counted,
    #[emitter]
    trim: Counted,
}

#[actions]
impl Channel {
    #[action]
    fn set(&mut self, level: f64, channel: u32, label: String) {
        std::hint::black_box((level, channel, label));
        DONE.fetch_add(1, Ordering::Relaxed);
    }

    #[action]
    fn clear(&mut self) {}
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Commands to send: how many, over how many targets.
type Order = (usize, usize);

/// A 2026 server in a thread of its own: only the executor's thread is counted. It reads all the time,
/// and sends commands when it is told to; it ends with the sender.
fn server() -> (String, UnboundedSender<Order>) {
    let (started, url) = mpsc::channel();
    let (orders, ordered) = unbounded_channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let server = Server::bind().await;
            started.send(server.url()).unwrap();
            serve(server.accept_2026().await, ordered).await;
        });
    });
    (url.recv().unwrap(), orders)
}

async fn serve(mut peer: Peer<TcpStream>, mut ordered: UnboundedReceiver<Order>) {
    loop {
        let order = tokio::select! {
            message = peer.socket.next() => match message {
                Some(Ok(_)) => continue,
                _ => return,
            },
            order = ordered.recv() => order,
        };
        let Some((commands, targets)) = order else {
            return;
        };
        for number in 0..commands {
            let action = format!("channel-{}:set", number % targets);
            let data = json!({"level": 0.5, "channel": 3, "label": "load"});
            peer.exec(&format!("t-{number}"), &action, data).await;
        }
    }
}

/// What was counted for a number of channels.
#[derive(Debug)]
struct Cost {
    channels: usize,
    adding: u64,
    registering: u64,
    commands: u64,
    removing: u64,
    written: u64,
    bytes: u64,
    frames: u64,
}

const COMMANDS: usize = 2_000;

impl Cost {
    /// The life of a device with so many channels.
    fn of(channels: usize) -> Self {
        let (url, orders) = server();
        let runtime = runtime();
        let executor = executor(&url);
        let written = WRITTEN.load(Ordering::Relaxed);
        let mut handles = Vec::with_capacity(channels);
        let adding = measure(|| {
            for number in 0..channels {
                let id = format!("channel-{number}");
                handles.push(executor.add(&id, Channel::default()).unwrap());
            }
        });
        let written = WRITTEN.load(Ordering::Relaxed) - written;
        let mut running = None;
        let registering = measure(|| {
            running = Some(runtime.block_on(Running::online(&executor)));
        });
        let told = executor.metrics();
        let done = DONE.load(Ordering::Relaxed);
        let commands = |targets| {
            let answered = executor.metrics().commands_answered + COMMANDS as u64;
            orders.send((COMMANDS, targets)).unwrap();
            measure(|| {
                runtime.block_on(async {
                    let all = || executor.metrics().commands_answered == answered;
                    until("answers", all).await;
                    within("flush", executor.flush()).await;
                });
            })
        };
        // What is made once only is made now.
        commands(channels);
        let over_all = commands(channels);
        assert_eq!(DONE.load(Ordering::Relaxed) - done, 2 * COMMANDS as u64);
        let removing = measure(|| {
            for handle in handles {
                handle.remove().unwrap();
            }
        });
        runtime.block_on(running.unwrap().stop());
        Self {
            channels,
            adding: adding.count_total,
            registering: registering.count_total,
            commands: over_all.count_total,
            removing: removing.count_total,
            written,
            bytes: told.bytes_out,
            frames: told.frames_out,
        }
    }
}

#[test]
fn each_of_many_targets_costs_what_each_of_a_few_does() {
    let _alone = alone();
    let few = Cost::of(250);
    let many = Cost::of(2_000);
    let each = |name: &str, few_cost: u64, many_cost: u64| {
        let few_each = few_cost as f64 / few.channels as f64;
        let many_each = many_cost as f64 / many.channels as f64;
        assert!(
            many_each <= few_each * 1.05,
            "{name}: {few_each:.2} for each of {}, {many_each:.2} for each of {}",
            few.channels,
            many.channels
        );
    };
    each("allocations to add", few.adding, many.adding);
    each("allocations to register", few.registering, many.registering);
    each("allocations to remove", few.removing, many.removing);
    each("bytes to register", few.bytes, many.bytes);
    // Values are written once when they are added; that is all it takes to register them.
    for cost in [&few, &many] {
        assert_eq!(cost.written, 2 * cost.channels as u64, "{cost:?}");
    }
    let full = many.bytes.div_ceil(FRAME_LIMIT as u64);
    assert!(many.frames <= 2 * full + 4, "{many:?}");
}

#[test]
fn a_command_costs_the_same_whatever_the_number_of_targets() {
    let _alone = alone();
    let few = Cost::of(1);
    let many = Cost::of(1_000);
    assert!(
        many.commands as f64 <= few.commands as f64 * 1.1,
        "{few:?} {many:?}"
    );
}

#[test]
fn every_field_of_a_changed_target_is_looked_at_once() {
    let _alone = alone();
    // Offline: nobody else looks at the values.
    let executor = executor("ws://127.0.0.1:9/myko");
    let runtime = runtime();
    let channel = executor.add("channel-0", Channel::default()).unwrap();
    let other = executor.add("channel-1", Channel::default()).unwrap();
    drop(other);
    let before = WRITTEN.load(Ordering::Relaxed);
    runtime.block_on(async { channel.lock().await.level.0 += 1 });
    assert_eq!(WRITTEN.load(Ordering::Relaxed) - before, 2);
}
