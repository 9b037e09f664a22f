//! A device whose handlers do everything that a handler can do wrong, and a server to call them.

use std::sync::{Arc, Mutex};

use rship_runtime::Builder;
use rship_runtime::prelude::*;
use rship_tests::{Peer, Running, Server, builder, within};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// What a test sees of handlers, and holds them up with.
#[derive(Clone)]
pub(crate) struct Bench {
    /// A handler that waits takes one permit.
    pub(crate) gate: Arc<Semaphore>,
    /// One permit for each handler that has begun to wait.
    pub(crate) begun: Arc<Semaphore>,
    pub(crate) notes: Arc<Mutex<Vec<u32>>>,
}

impl Bench {
    pub(crate) async fn wait_for_begun(&self) {
        within("handler that begins", self.begun.acquire())
            .await
            .unwrap()
            .forget();
    }

    pub(crate) fn open(&self, handlers: usize) {
        self.gate.add_permits(handlers);
    }

    pub(crate) fn notes(&self) -> Vec<u32> {
        self.notes.lock().unwrap().clone()
    }

    async fn hold(self) {
        self.begun.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
    }
}

/// A device for trying things.
#[derive(Target)]
pub(crate) struct Lab {
    #[emitter]
    #[action]
    pub(crate) level: u32,
    #[emitter]
    pub(crate) bang: Emitter<u32>,
    pub(crate) bench: Bench,
    /// The device's own handle, as some devices keep it.
    pub(crate) own: Option<Handle<Lab>>,
}

#[actions]
impl Lab {
    #[action]
    fn nothing(&mut self) {}

    #[action]
    fn echo(&self, text: String) -> String {
        text
    }

    #[action]
    fn count(&mut self, #[arg(min = 1, max = 12)] count: u32, note: Option<String>) -> Value2 {
        (count, note)
    }

    #[action]
    fn ratio(&mut self, #[arg(min = 0.0, max = 1.0)] value: f64) -> f64 {
        value
    }

    #[action]
    fn shape(&mut self, size: Size, names: Vec<String>, on: bool) -> (u32, usize, bool) {
        (size.width, names.len(), on)
    }

    #[action]
    fn note(&mut self, number: u32) {
        self.bench.notes.lock().unwrap().push(number);
    }

    #[action]
    fn refuse(&self) -> Result<(), String> {
        Err("no bananas today".to_owned())
    }

    #[action]
    fn panic_at_once(&mut self) {
        self.level += 1;
        panic!("out of bananas")
    }

    #[action]
    async fn panic_before_an_await(&mut self, soon: bool) {
        if soon {
            panic!("out of bananas")
        }
        tokio::task::yield_now().await;
    }

    #[action]
    async fn panic_after_an_await(&mut self) {
        tokio::task::yield_now().await;
        panic!("out of bananas")
    }

    #[action(blocking)]
    fn panic_on_a_thread(&mut self) {
        panic!("out of bananas")
    }

    #[action]
    async fn panic_beside(this: Handle<Self>) {
        this.lock().await.level += 1;
        panic!("out of bananas")
    }

    #[action]
    async fn wait(&mut self) -> u32 {
        self.bench.clone().hold().await;
        self.level
    }

    #[action(blocking)]
    fn wait_on_a_thread(&mut self) {
        let bench = self.bench.clone();
        tokio::runtime::Handle::current().block_on(bench.hold());
    }

    #[action]
    async fn wait_beside(this: Handle<Self>, to: u32) -> u32 {
        let bench = this.lock().await.bench.clone();
        bench.hold().await;
        this.lock().await.level = to;
        to
    }

    #[action(restart)]
    async fn fade(this: Handle<Self>, to: u32) -> u32 {
        let bench = this.lock().await.bench.clone();
        bench.hold().await;
        this.lock().await.level = to;
        to
    }

    #[action(restart)]
    async fn sweep(&mut self, to: u32) -> u32 {
        self.bench.clone().hold().await;
        self.level = to;
        to
    }

    #[action]
    async fn lock_itself(&mut self) -> u32 {
        let own = self.own.clone().unwrap();
        own.lock().await.level
    }

    #[action]
    async fn lock_itself_after_an_await(&mut self) -> u32 {
        let own = self.own.clone().unwrap();
        tokio::task::yield_now().await;
        own.lock().await.level
    }

    #[action]
    fn try_to_lock_itself(&mut self) -> Result<(), rship_runtime::LockError> {
        let own = self.own.clone().unwrap();
        own.try_lock().map(drop)
    }

    #[action(blocking)]
    fn lock_itself_on_a_thread(&mut self) {
        let own = self.own.clone().unwrap();
        drop(own.blocking_lock());
    }

    #[action]
    async fn lock_twice_beside(this: Handle<Self>) -> u32 {
        let first = this.lock().await;
        let second = this.lock().await;
        first.level + second.level
    }

    #[action]
    async fn lock_one_after_the_other(this: Handle<Self>) -> u32 {
        this.lock().await.level += 1;
        this.lock().await.level += 1;
        let guard = this.lock().await;
        guard.level
    }
}

type Value2 = (u32, Option<String>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(crate) struct Size {
    width: u32,
}

impl Lab {
    pub(crate) fn new(bench: &Bench) -> Self {
        Self {
            level: 0,
            bang: Emitter::default(),
            bench: bench.clone(),
            own: None,
        }
    }
}

/// A lab with a server that calls it; two targets, `lab` and `other`.
pub(crate) struct Setup {
    pub(crate) peer: Peer<TcpStream>,
    pub(crate) lab: Handle<Lab>,
    pub(crate) other: Handle<Lab>,
    pub(crate) bench: Bench,
    _running: Running,
}

pub(crate) async fn setup() -> Setup {
    setup_with(|builder| builder).await
}

/// The same, with an executor that is set up in this way.
pub(crate) async fn setup_with(set: impl FnOnce(Builder) -> Builder) -> Setup {
    let server = Server::bind().await;
    let executor = set(builder(&server.url())).build().unwrap();
    let bench = Bench {
        gate: Arc::new(Semaphore::new(0)),
        begun: Arc::new(Semaphore::new(0)),
        notes: Arc::default(),
    };
    let lab = executor.add("lab", Lab::new(&bench)).unwrap();
    lab.lock().await.own = Some(lab.clone());
    let other = executor.add("other", Lab::new(&bench)).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("other:level").await;
    Setup {
        peer,
        lab,
        other,
        bench,
        _running: running,
    }
}

impl Setup {
    /// Nothing more is answered before this is: what is on its way by now was all.
    pub(crate) async fn nothing_more(&mut self) {
        for target in ["lab", "other"] {
            let action = format!("{target}:nothing");
            assert_eq!(
                self.peer.call("fence", &action, json!({})).await,
                Ok(Value::Null)
            );
        }
    }
}
