//! A Blackmagic Videohub, over its Ethernet protocol: routes, labels, locks and the take mode. What somebody
//! presses at its front panel is seen at once; while it is away, its targets are offline.
//!
//! ```text
//! cargo run -p rship-examples --bin videohub -- --simulate
//! cargo run -p rship-examples --bin videohub -- --address 192.168.10.50
//! cargo run -p rship-examples --bin videohub -- --manifest
//! ```
//!
//! The simulated one can be told things by others: `printf 'OUTPUT LABELS:\n0 Foyer\n\n' | nc 127.0.0.1 9990`.

use std::fmt::Display;
use std::sync::Arc;

use clap::Parser;
use rship_examples::protocols::videohub::{
    self, Block, CONFIGURATION, Cable, FORCED, INPUT_LABELS, LOCKS, Lock, OUTPUT_LABELS, OWNED,
    ROUTING, Refusal, Router, TAKE_MODE, UNLOCKED,
};
use rship_examples::{Failure, Show, protocols, simulators};
use rship_runtime::prelude::*;
use tokio::sync::watch;

/// A router.
#[derive(Target)]
#[target(category = "video", name_field = "model")]
struct Hub {
    model: String,
    /// Whether what is pressed at the front panel waits for the button "take".
    #[emitter]
    #[action(set = "ask_for_take_mode")]
    take_mode: bool,
    /// What the inputs are called.
    #[emitter]
    inputs: Arc<[String]>,
    #[target(key = "number", forget)]
    outputs: Vec<Output>,
    cable: Cable,
}

/// One output.
#[derive(Target)]
#[target(category = "video", name_field = "label")]
struct Output {
    /// As it is printed on the router; the protocol counts from 0.
    number: usize,
    #[emitter]
    #[action(set = "ask_for_label")]
    label: String,
    /// What is on it.
    #[emitter]
    source: Option<String>,
    /// Whether that stays on it.
    #[emitter]
    #[action(set = "ask_for_lock")]
    locked: bool,
    /// Whether somebody else locked it.
    #[emitter]
    locked_elsewhere: bool,
    inputs: Arc<[String]>,
    cable: Cable,
}

// Nothing changes here until the router says that it has changed.
#[actions]
impl Hub {
    fn new(router: &Router, cable: &Cable) -> Self {
        let inputs: Arc<[String]> = router.input_names().into();
        let outputs = (1..).zip(&router.outputs).map(|(number, output)| Output {
            number,
            label: output.label.clone(),
            source: inputs.get(output.input).cloned(),
            locked: output.lock != Lock::Open,
            locked_elsewhere: output.lock == Lock::Theirs,
            inputs: inputs.clone(),
            cable: cable.clone(),
        });
        Self {
            model: router.model.clone(),
            take_mode: router.take_mode,
            outputs: outputs.collect(),
            inputs,
            cable: cable.clone(),
        }
    }

    /// Calls an input something else.
    #[action(writes = "inputs")]
    async fn label_input(
        &self,
        #[arg(choices = "inputs")] input: String,
        label: String,
    ) -> Result<(), Refusal> {
        let block = Block::new(INPUT_LABELS).port(port(&self.inputs, input)?, label);
        self.cable.ask(block).await
    }

    async fn ask_for_take_mode(&self, on: bool) -> Result<(), Refusal> {
        let block = Block::new(CONFIGURATION).setting(TAKE_MODE, on);
        self.cable.ask(block).await
    }

    fn inputs(&self) -> &[String] {
        &self.inputs
    }
}

#[actions]
impl Output {
    /// Puts an input on it.
    #[action(writes = "source")]
    async fn route(&self, #[arg(choices = "inputs")] input: String) -> Result<(), Refusal> {
        let input = port(&self.inputs, input)?;
        self.ask_if_open(ROUTING, input).await
    }

    /// Opens its lock, whoever locked it.
    #[action(writes = "locked")]
    async fn force_unlock(&self) -> Result<(), Refusal> {
        self.ask(LOCKS, FORCED).await
    }

    async fn ask_for_label(&self, label: String) -> Result<(), Refusal> {
        self.ask(OUTPUT_LABELS, label).await
    }

    async fn ask_for_lock(&self, locked: bool) -> Result<(), Refusal> {
        let lock = if locked { OWNED } else { UNLOCKED };
        self.ask_if_open(LOCKS, lock).await
    }

    fn inputs(&self) -> &[String] {
        &self.inputs
    }

    async fn ask_if_open(&self, heading: &str, value: impl Display) -> Result<(), Refusal> {
        if self.locked_elsewhere {
            return Err(Refusal::Locked);
        }
        self.ask(heading, value).await
    }

    async fn ask(&self, heading: &str, value: impl Display) -> Result<(), Refusal> {
        let block = Block::new(heading).port(self.number - 1, value);
        self.cable.ask(block).await
    }
}

fn port(inputs: &[String], input: String) -> Result<usize, Refusal> {
    let port = inputs.iter().position(|name| *name == input);
    port.ok_or(Refusal::NoInput(input))
}

/// Keeps the hub as the router is, and offline while that is away.
async fn follow(mut router: watch::Receiver<Router>, hub: Handle<Hub>, cable: Cable) {
    while router.changed().await.is_ok() {
        let router = router.borrow_and_update().clone();
        *hub.lock().await = Hub::new(&router, &cable);
        hub.set_online(router.is_there);
    }
}

#[derive(Parser)]
struct Arguments {
    /// The router's address.
    #[arg(long, value_name = "HOST[:PORT]", required_unless_present_any = ["simulate", "manifest"])]
    address: Option<String>,
    /// Simulate a router.
    #[arg(long, conflicts_with = "address")]
    simulate: bool,
    /// Print what this is on a show, as JSON.
    #[arg(long)]
    manifest: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let show = Show::open("videohub").await?;
    let address = match arguments.address {
        Some(address) => protocols::with_port(&address, videohub::PORT),
        None => simulators::videohub(6, 4).await?.to_string(),
    };
    let (cable, router) = videohub::connect(address);
    let hub = Hub::new(&Router::default(), &cable);
    let hub = show.executor.add("hub", hub)?;
    hub.set_online(false);
    // A manifest shows what any router can be.
    if !show.executor.wants_manifest() {
        tokio::spawn(follow(router, hub, cable));
    }
    show.run(&[
        "ls",
        "call hub.outputs.1:route '{\"input\": \"Input 3\"}'",
        "call hub.outputs.1:set-label '\"Balcony\"'",
        "call hub:label-input '{\"input\": \"Input 3\", \"label\": \"Camera\"}'",
    ])
    .await
}
