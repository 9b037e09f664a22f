//! Choices and bounds that are known when the device runs.

use rship_dev::LocalCore;
use rship_runtime::prelude::*;
use rship_runtime::{Generation, Handle};
use rship_tests::{LIMIT, Running, core, executor};
use serde_json::{Value, json};

/// A video router.
#[derive(Target)]
struct Router {
    inputs: Vec<String>,
    outputs: u32,
    /// What is on the first output.
    #[emitter]
    #[action(choices = "inputs")]
    main: String,
    /// How loud it is.
    #[emitter]
    #[action(min = 0, max = "loudest")]
    volume: f32,
    loudest: f32,
}

#[actions]
impl Router {
    fn new() -> Self {
        Self {
            inputs: vec!["camera".to_owned(), "laptop".to_owned()],
            outputs: 4,
            main: "camera".to_owned(),
            volume: 0.0,
            loudest: 0.7,
        }
    }

    fn inputs(&self) -> &[String] {
        &self.inputs
    }

    fn outputs(&self) -> Option<u32> {
        Some(self.outputs)
    }

    fn loudest(&self) -> f32 {
        self.loudest
    }

    /// Puts an input on an output.
    #[action]
    fn route(
        &mut self,
        /// Where it comes from.
        #[arg(choices = "inputs")]
        input: String,
        #[arg(min = 1, max = "outputs", default = 1)] output: u32,
    ) -> String {
        format!("{input} on {output}")
    }

    /// Plugs an input in.
    #[action]
    fn plug(&mut self, input: String) {
        self.inputs.push(input);
    }

    /// Fades to an input, beside the others.
    #[action]
    async fn fade(this: Handle<Self>, #[arg(choices = "inputs")] to: String) {
        this.lock().await.main = to;
    }

    /// Forgets all inputs.
    #[action]
    fn unplug_all(&mut self) {
        self.inputs.clear();
    }

    #[action]
    fn panics(&self, #[arg(choices = "no_choices")] _of: Option<String>) {}

    fn no_choices(&self) -> Vec<String> {
        panic!("no choices here")
    }
}

async fn online(core: &LocalCore) -> (Handle<Router>, Running) {
    let executor = executor(&core.url());
    let router = executor.add("router", Router::new()).unwrap();
    (router, Running::online(&executor).await)
}

fn schema(core: &LocalCore, action: &str) -> Value {
    let Some(action) = core.item("Action", action) else {
        return Value::Null;
    };
    match &action["schema"] {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        schema => schema.clone(),
    }
}

fn choices(core: &LocalCore) -> Value {
    schema(core, "router:route")["properties"]["input"]["enum"].clone()
}

#[tokio::test]
async fn the_choices_of_the_moment_are_told_and_told_again_when_they_change() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (router, _running) = online(&core).await;
        let known = |core: &LocalCore| choices(core) == json!(["camera", "laptop"]);
        core.wait_until(LIMIT, "the choices", known).await.unwrap();
        assert_eq!(schema(&core, "router:set-main")["enum"], choices(&core));
        assert_eq!(schema(&core, "router:set-volume")["maximum"], json!(0.7));
        // By an action.
        let plugged = json!({"input": "tape"});
        core.exec(None, "router:plug", plugged).await.unwrap();
        let known = |core: &LocalCore| choices(core) == json!(["camera", "laptop", "tape"]);
        core.wait_until(LIMIT, "one more", known).await.unwrap();
        // By the device.
        router.lock().await.outputs = 8;
        let known = |core: &LocalCore| {
            schema(core, "router:route")["properties"]["output"]["maximum"] == json!(8)
        };
        core.wait_until(LIMIT, "more outputs", known).await.unwrap();
        assert_eq!(core.drops(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_payload_is_checked_by_the_device_as_it_is_when_the_action_begins() {
    let core = core(Generation::V2026).await;
    let (router, _running) = online(&core).await;
    let tape = json!({"input": "tape", "output": 4});
    let refused = core.exec(None, "router:route", tape.clone()).await;
    let refused = refused.unwrap_err().to_string();
    let expected = "argument `input`: expected one of \"camera\", \"laptop\", got \"tape\"";
    assert!(refused.contains(expected), "{refused}");
    let plugged = json!({"input": "tape"});
    core.exec(None, "router:plug", plugged).await.unwrap();
    let routed = core.exec(None, "router:route", tape).await.unwrap();
    assert_eq!(routed, "tape on 4");
    let too_far = json!({"input": "tape", "output": 5});
    let refused = core.exec(None, "router:route", too_far).await.unwrap_err();
    let expected = "argument `output`: expected an integer from 1 to 4, got 5";
    assert!(refused.to_string().contains(expected), "{refused}");
    // A field that is set, and an action that runs beside the others.
    for action in ["router:set-main", "router:fade"] {
        let payload = |input: &str| match action {
            "router:fade" => json!({"to": input}),
            _ => json!(input),
        };
        let refused = core.exec(None, action, payload("vinyl")).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("one of \"camera\""), "{refused}");
        core.exec(None, action, payload("tape")).await.unwrap();
        assert_eq!(router.lock().await.main, "tape");
    }
    // What is published can be set again.
    core.exec(None, "router:set-volume", json!(0.7))
        .await
        .unwrap();
    let refused = core.exec(None, "router:set-volume", json!(0.8)).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("a number from 0"), "{refused}");
    assert!(refused.contains("to 0.7, got 0.8"), "{refused}");
}

#[tokio::test]
async fn where_there_is_nothing_to_choose_the_answer_says_so() {
    let core = core(Generation::V2026).await;
    let (_router, _running) = online(&core).await;
    core.exec(None, "router:unplug-all", Value::Null)
        .await
        .unwrap();
    let camera = json!({"input": "camera"});
    let refused = core.exec(None, "router:route", camera).await.unwrap_err();
    assert!(
        refused.to_string().contains("nothing to choose"),
        "{refused}"
    );
    // Choices that cannot be asked for keep nobody else from anything.
    let refused = core.exec(None, "router:panics", json!({"_of": "x"})).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("no choices here"), "{refused}");
}

#[tokio::test]
async fn descriptor_and_manifest_say_that_the_device_knows() {
    let executor = executor("ws://127.0.0.1:1");
    let _router = executor.add("router", Router::new()).unwrap();
    let remark = "Where it comes from. Its choices are those of the running device.";
    let descriptor = Router::descriptor().unwrap();
    let route = descriptor.action("route").unwrap();
    assert_eq!(route.schema["properties"]["input"]["description"], remark);
    let manifest = executor.manifest();
    let actions = manifest["instances"][0]["targets"][0]["actions"].clone();
    let actions = actions.as_array().unwrap().clone();
    let route = actions
        .iter()
        .find(|action| action["id"] == "router:route")
        .unwrap();
    let input = &route["schema"]["properties"]["input"];
    assert_eq!(input["description"], remark);
    assert_eq!(input["enum"], Value::Null);
}
