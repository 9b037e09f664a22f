//! Programs without a runtime: a GUI's main loop, a plain thread.

use std::thread;
use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::{Error, Status};
use rship_tests::{Hosted, LIMIT, Server, builder, core, executor, pulse, within};
use serde_json::{Value, json};

use crate::threads::every_kind_of_handler_may_block;

/// A device that needs a timer and tasks.
#[derive(Target, Default)]
struct Clock {
    #[emitter]
    ticks: u32,
}

#[actions]
impl Clock {
    #[action]
    fn tick(&mut self) -> u32 {
        self.ticks += 1;
        self.ticks
    }

    #[action]
    async fn tick_later(&mut self) -> u32 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let ticks = self.ticks + 1;
        self.ticks = tokio::spawn(async move { ticks }).await.unwrap();
        self.ticks
    }

    #[action]
    async fn tick_beside(this: Handle<Self>) -> u32 {
        let later = this.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            later.lock().await.ticks += 1;
        });
        task.await.unwrap();
        this.lock().await.ticks
    }

    #[action(blocking)]
    fn tick_on_a_thread(&mut self) -> u32 {
        self.ticks += 1;
        self.ticks
    }

    #[emitter(every = "10ms")]
    fn looks(&self) -> u32 {
        use std::sync::atomic::{AtomicU32, Ordering};
        static LOOKS: AtomicU32 = AtomicU32::new(0);
        LOOKS.fetch_add(1, Ordering::Relaxed)
    }
}

fn run_blocking(executor: &Executor) -> Result<(), Error> {
    executor.run_blocking()
}

#[tokio::test]
async fn handlers_of_every_kind_work_in_a_program_without_a_runtime() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let clock = executor.add("clock", Clock::default()).unwrap();
    let hosted = Hosted::start(&executor, run_blocking);
    let mut peer = server.accept_2026().await;
    peer.pulse("clock:looks").await;
    let actions = ["tick", "tick-later", "tick-beside", "tick-on-a-thread"];
    for (number, action) in actions.into_iter().enumerate() {
        let answer = peer
            .call(action, &format!("clock:{action}"), Value::Null)
            .await;
        assert_eq!(answer, Ok(json!(number + 1)), "{action}");
    }
    thread::spawn(move || clock.blocking_lock().ticks = 100);
    while peer.pulse("clock:ticks").await != 100 {}
    peer.pulse("clock:looks").await;
    hosted.stop().await;
}

#[tokio::test]
async fn handlers_that_block_stop_nothing_else_in_a_program_without_a_runtime() {
    every_kind_of_handler_may_block(run_blocking).await;
}

#[tokio::test]
async fn start_returns_at_once_and_stop_says_goodbye() {
    let core = core(rship_runtime::Generation::V2026).await;
    let url = core.url().to_owned();
    let program = tokio::task::spawn_blocking(move || {
        let executor = executor(&url);
        executor.add("clock", Clock::default()).unwrap();
        let thread = thread::spawn(move || {
            let running = executor.start().unwrap();
            let again = executor.start();
            assert!(matches!(again, Err(Error::Running)));
            (executor, running)
        });
        thread.join().unwrap()
    });
    let (executor, running) = within("a start", program).await.unwrap();
    core.wait_until(LIMIT, "the clock", |core| {
        pulse(core, "stand-1", "clock:ticks").is_some()
    })
    .await
    .unwrap();
    let stopping = tokio::task::spawn_blocking(move || running.stop());
    within("a stop", stopping).await.unwrap();
    assert_eq!(*executor.status().borrow(), Status::Stopped);
    core.wait_until(LIMIT, "the farewell", |core| core.clients() == 0)
        .await
        .unwrap();
    let instance = core.item("Instance", "stand-1").unwrap();
    assert_eq!(instance["status"], "Unavailable");
}

#[tokio::test]
async fn dropping_what_start_returned_ends_the_executor() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    executor.add("clock", Clock::default()).unwrap();
    let running = executor.start().unwrap();
    let mut peer = server.accept_2026().await;
    peer.pulse("clock:ticks").await;
    let reads = tokio::spawn(async move { while peer.text().await.is_ok() {} });
    let dropping = tokio::task::spawn_blocking(move || drop(running));
    within("the drop", dropping).await.unwrap();
    within("the end of the connection", reads).await.unwrap();
    let mut status = executor.status();
    let stopped = status.wait_for(|status| *status == Status::Stopped);
    within("the end", stopped).await.unwrap();
}

#[test]
fn an_executor_without_a_server_starts_and_ends_without_a_runtime() {
    let executor = builder("ws://127.0.0.1:9/myko").build().unwrap();
    executor.add("clock", Clock::default()).unwrap();
    let running = executor.start().unwrap();
    running.stop();
    assert_eq!(*executor.status().borrow(), Status::Stopped);
}

#[test]
fn many_executors_start_and_end_side_by_side() {
    let executors: Vec<_> = (0..50)
        .map(|number| {
            let builder = builder("ws://127.0.0.1:9/myko").instance_id(format!("i-{number}"));
            let executor = builder.build().unwrap();
            executor.add("clock", Clock::default()).unwrap();
            let running = executor.start().unwrap();
            (executor, running)
        })
        .collect();
    for (executor, running) in executors {
        running.stop();
        assert_eq!(*executor.status().borrow(), Status::Stopped);
    }
}
