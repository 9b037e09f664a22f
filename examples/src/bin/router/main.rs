//! Existing code, annotated as it is: a video router that says over its cable how many inputs and outputs
//! it has, what they are called, what goes where, and what is locked, in the words of Blackmagic's
//! Videohubs. Added were attributes, the derives that they ask for, and `add`.
//!
//! ```text
//! cargo run -p rship-examples --bin router
//! cargo run -p rship-examples --bin router -- --manifest
//! ```

mod cable;

use std::fmt;
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError, RwLock};

use rship_examples::{Failure, Show};
use rship_runtime::prelude::*;

/// What the inputs are called; each output knows it, too.
type Labels = Arc<RwLock<Vec<String>>>;

/// A router, as it last said that it is.
#[derive(Debug, Target)]
#[target(category = "video", name_field = "model")]
struct Router {
    model: String,
    /// What the inputs are called.
    #[emitter]
    inputs: Labels,
    #[target(forget)]
    outputs: Vec<Output>,
    cable: Sender<String>,
}

/// One output.
#[derive(Debug, Target)]
#[target(category = "video", key = "number", name_field = "label")]
struct Output {
    number: usize,
    #[emitter]
    #[action(set = "ask_for_label")]
    label: String,
    /// Whether its input must stay on it.
    #[emitter]
    #[action(set = "ask_for_lock")]
    locked: bool,
    input: usize,
    inputs: Labels,
    cable: Sender<String>,
}

/// Why a router is not asked.
#[derive(Debug, PartialEq)]
enum RouterError {
    Locked,
    NoInput(String),
    Unplugged,
}

impl fmt::Display for RouterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("the output is locked"),
            Self::NoInput(label) => write!(f, "there is no input {label:?}"),
            Self::Unplugged => f.write_str("the router is not connected"),
        }
    }
}

impl Router {
    fn new(cable: Sender<String>) -> Self {
        Self {
            model: String::new(),
            inputs: Labels::default(),
            outputs: Vec::new(),
            cable,
        }
    }
}

#[actions]
impl Output {
    fn new(number: usize, inputs: &Labels, cable: &Sender<String>) -> Self {
        Self {
            number,
            label: String::new(),
            locked: false,
            input: 0,
            inputs: inputs.clone(),
            cable: cable.clone(),
        }
    }

    /// Puts an input on it, unless it is locked.
    #[action(writes = "source")]
    fn route(&self, #[arg(choices = "labels")] input: String) -> Result<(), RouterError> {
        if self.locked {
            return Err(RouterError::Locked);
        }
        let number = self.labels().iter().position(|label| *label == input);
        let number = number.ok_or(RouterError::NoInput(input))?;
        self.ask(cable::ROUTING, &number.to_string())
    }

    /// What is on it.
    #[emitter]
    fn source(&self) -> Option<String> {
        self.labels().get(self.input).cloned()
    }

    fn labels(&self) -> Vec<String> {
        let inputs = self.inputs.read().unwrap_or_else(PoisonError::into_inner);
        inputs.clone()
    }

    fn ask_for_label(&self, label: String) -> Result<(), RouterError> {
        self.ask(cable::OUTPUT_LABELS, &label.replace('\n', " "))
    }

    fn ask_for_lock(&self, locked: bool) -> Result<(), RouterError> {
        self.ask(cable::LOCKS, if locked { "O" } else { "U" })
    }

    /// The router does it, and says so to all who listen; until then nothing changes here.
    fn ask(&self, heading: &str, value: &str) -> Result<(), RouterError> {
        let block = format!("{heading}\n{} {value}\n", self.number);
        self.cable.send(block).map_err(|_| RouterError::Unplugged)
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (router, _cable) = cable::connect();
    let show = Show::open("video").await?;
    show.executor.add("router", router)?;
    show.run(&[
        "ls",
        "call router.outputs.0:route '{\"input\": \"Laptop\"}'",
        "call router.outputs.0:route '{\"input\": \"Tape\"}'",
        "call router.outputs.0:set-label '\"Balcony\"'",
        "call router.outputs.0:set-locked true",
    ])
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rship_dev::LocalCore;
    use rship_runtime::Executor;
    use serde_json::{Value, json};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn names_choices_and_routes_are_those_that_the_router_says()
    -> Result<(), Box<dyn std::error::Error>> {
        let core = LocalCore::builder().start().await?;
        let executor = Executor::builder("video").url(core.url()).build()?;
        let (router, cable) = cable::connect();
        executor.add("router", router)?;
        let running = tokio::spawn({
            let executor = executor.clone();
            async move { executor.run_until(std::future::pending()).await }
        });
        let named = |target: &'static str, name: &'static str| {
            move |core: &LocalCore| {
                let target = core.item("Target", target);
                target.is_some_and(|target| target["name"] == name)
            }
        };
        let is = |emitter: &'static str, value: Value| {
            move |core: &LocalCore| core.value(emitter) == Some(value.clone())
        };
        core.wait_until(LIMIT, "a name", named("router", "Studio Videohub"))
            .await?;
        core.wait_until(LIMIT, "an output", named("router.outputs.0", "Stage"))
            .await?;

        // What comes over the cable while it runs: names of outputs, and choices of what goes there.
        cable.send("OUTPUT LABELS:\n0 Balcony\n".to_owned())?;
        cable.send("INPUT LABELS:\n2 Tablet\n".to_owned())?;
        core.wait_until(LIMIT, "the new name", named("router.outputs.0", "Balcony"))
            .await?;
        let choices = |core: &LocalCore| {
            let route = core
                .item("Action", "router.outputs.0:route")
                .unwrap_or_default();
            route["schema"]["properties"]["input"]["enum"]
                == json!(["Camera 1", "Camera 2", "Tablet"])
        };
        core.wait_until(LIMIT, "the new choices", choices).await?;

        let refused = core.exec(None, "router.outputs.0:route", json!({"input": "Laptop"}));
        let refused = refused.await.err().map(|error| error.to_string());
        let expected = r#"expected one of "Camera 1", "Camera 2", "Tablet", got "Laptop""#;
        assert!(
            refused.as_ref().is_some_and(|text| text.contains(expected)),
            "{refused:?}"
        );
        for (action, payload, emitter, value) in [
            (
                "route",
                json!({"input": "Tablet"}),
                "source",
                json!("Tablet"),
            ),
            ("set-label", json!("Bar"), "label", json!("Bar")),
            ("set-locked", json!(true), "locked", json!(true)),
        ] {
            let whole = |member: &str| format!("router.outputs.0:{member}");
            core.exec(None, &whole(action), payload).await?;
            let told = |core: &LocalCore| core.value(&whole(emitter)) == Some(value.clone());
            core.wait_until(LIMIT, emitter, told).await?;
        }
        let refused = core.exec(None, "router.outputs.0:route", json!({"input": "Tablet"}));
        assert!(
            refused
                .await
                .is_err_and(|error| error.to_string().contains("is locked"))
        );

        // One output less, one more.
        cable.send("VIDEOHUB DEVICE:\nVideo outputs: 1\n".to_owned())?;
        let gone = |core: &LocalCore| core.item("Target", "router.outputs.1").is_none();
        core.wait_until(LIMIT, "one less", gone).await?;
        cable.send("VIDEOHUB DEVICE:\nVideo outputs: 2\n".to_owned())?;
        let back = is("router.outputs.1:source", json!("Camera 1"));
        core.wait_until(LIMIT, "one more", back).await?;
        assert_eq!(core.drops(), []);
        executor.shutdown();
        Ok(running.await??)
    }
}
