//! `rship-dev save` and `restore`: what a device is goes into a file, and back.

use std::fs;
use std::process::Output;

use rship_dev::LocalCore;
use rship_runtime::Generation;
use rship_tests::{
    LIMIT, Lamp, Running, Stand, core, example, examples, executor, program, pulse, run_arguments,
    within,
};
use serde_json::{Value, json};
use tempfile::TempDir;

async fn dev(core: &LocalCore, arguments: &[&str]) -> Output {
    let mut command = program(env!("CARGO_BIN_EXE_dev"), arguments);
    command.args(["--url", &core.url()]);
    let output = within("end of the command", command.output()).await;
    output.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Saves what the patterns mean into a file.
async fn save(core: &LocalCore, patterns: &[&str]) -> (TempDir, String) {
    let output = dev(core, &[&["save"], patterns].concat()).await;
    assert!(output.status.success(), "{output:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("states").display().to_string();
    fs::write(&file, &output.stdout).unwrap();
    (folder, file)
}

/// The states of a file, by their emitters.
fn states(file: &str) -> Vec<(String, String, Value)> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().skip(1);
    let state = |line| {
        let state: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| state[field].as_str().unwrap().to_owned();
        (text("instance"), text("emitter"), state["value"].clone())
    };
    lines.map(state).collect()
}

/// What `restore` has made of each emitter.
async fn restored(core: &LocalCore, arguments: &[&str], status: i32) -> Vec<(String, String)> {
    let output = dev(core, &[&["restore", "--json"], arguments].concat()).await;
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let said = said(&output);
    let outcome = |line| {
        let document: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
        (text("emitter"), text("outcome"))
    };
    said.lines().map(outcome).collect()
}

fn outcomes<'o>(all: &'o [(String, String)], outcome: &str) -> Vec<&'o str> {
    let of = all.iter().filter(|(_, is)| is == outcome);
    of.map(|(emitter, _)| &**emitter).collect()
}

async fn wait(core: &LocalCore, instance: &str, emitter: &str, value: Value) {
    let waited = core.wait_until(LIMIT, emitter, |core| {
        pulse(core, instance, emitter) == Some(value.clone())
    });
    waited.await.unwrap();
}

#[tokio::test]
async fn what_was_changed_is_set_again_on_a_server_of_every_generation() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let stand = executor.add("stand", Stand::full()).unwrap();
        let running = Running::online(&executor).await;
        wait(&core, "stand-1", "stand:stock", json!(100)).await;
        let (_folder, file) = save(&core, &["stand"]).await;
        let saved: Vec<_> = states(&file)
            .into_iter()
            .map(|(_, emitter, _)| emitter)
            .collect();
        let wanted = [
            "stand:stock",
            "stand.fridges.left:celsius",
            "stand.fridges.right:celsius",
            "stand.lamps.a:level",
            "stand.lamps.b:level",
            "stand.register:open",
            "stand.sign:text",
        ];
        assert_eq!(saved, wanted, "{generation}: in the order of the tree");
        {
            let mut stand = stand.lock().await;
            (stand.stock, stand.lamps[1].level) = (1, 0.75);
        }
        wait(&core, "stand-1", "stand.lamps.b:level", json!(0.75)).await;
        wait(&core, "stand-1", "stand:stock", json!(1)).await;
        let changed = ["stand:stock", "stand.lamps.b:level"];
        let dry = restored(&core, &[&file, "--dry-run"], 0).await;
        assert_eq!(outcomes(&dry, "would-set"), changed);
        assert_eq!(stand.lock().await.stock, 1);
        let real = restored(&core, &[&file], 0).await;
        assert_eq!(outcomes(&real, "set"), changed, "{generation}");
        assert_eq!(outcomes(&real, "same").len(), wanted.len() - 2);
        let stand = stand.lock().await;
        assert_eq!((stand.stock, stand.lamps[1].level), (100, 0.5));
        drop(stand);
        running.stop().await;
    }
}

#[tokio::test]
async fn what_is_missing_or_refused_is_named_and_the_rest_is_set() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let lamp = executor.add("lamp", Lamp::default()).unwrap();
    let other = executor.instance("stand-2").unwrap();
    let _second = other.add("second", Lamp::default()).unwrap();
    let running = Running::online(&executor).await;
    wait(&core, "stand-2", "second:level", json!(0.0)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("states").display().to_string();
    let put = |lines: &[Value]| {
        let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
        fs::write(&file, lines.join("\n")).unwrap();
    };
    let header = json!({"kind": "rship-save", "version": 1});
    let state = |emitter: &str, value: Value| json!({"instance": "stand-1", "emitter": emitter, "value": value});
    put(&[
        header.clone(),
        state("gone:level", json!(1)),
        state("second:level", json!(1)),
        state("lamp:level", json!("bright")),
        state("lamp:level", json!(0.5)),
    ]);
    let output = dev(&core, &["restore", &file]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = said(&output);
    for words in [
        "missing    stand-1  gone:level = 1: there is no such state that can be set",
        "missing    stand-1  second:level = 1: the instance has no such state, but `stand-2` has: --instance",
        "refused    stand-1  lamp:level = \"bright\": action `lamp:set-level`: the payload: expected",
        "set        stand-1  lamp:level = 0.5\n",
        "set: 1, already so: 0, missing: 2, refused: 1",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert_eq!(lamp.lock().await.level, 0.5);
    put(&[header, state("second:level", json!(1))]);
    let there = restored(&core, &[&file, "--instance", "stand-2"], 0).await;
    assert_eq!(outcomes(&there, "set"), ["second:level"]);
    put(&[json!({"kind": "rship-save", "version": 2})]);
    for file in [&*file, "/nowhere/at/all"] {
        let output = dev(&core, &["restore", file]).await;
        assert_eq!(
            (output.status.code(), said(&output)),
            (Some(2), String::new())
        );
    }
    let nothing = dev(&core, &["save", "gone"]).await;
    assert_eq!(
        (nothing.status.code(), said(&nothing)),
        (Some(1), String::new())
    );
    running.stop().await;
}

#[tokio::test]
async fn members_that_a_setter_brings_are_set_as_well() {
    use rship_runtime::prelude::*;

    #[derive(Target, Default)]
    struct Rig {
        #[emitter]
        #[action(set = "resize")]
        count: usize,
        #[target]
        many: Vec<Lamp>,
    }

    impl Rig {
        fn resize(&mut self, count: usize) {
            self.count = count;
            self.many.resize_with(count, Lamp::default);
        }
    }

    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let rig = executor.add("rig", Rig::default()).unwrap();
    let running = Running::online(&executor).await;
    rig.lock().await.resize(3);
    rig.lock().await.many[2].level = 0.5;
    wait(&core, "stand-1", "rig.many.2:level", json!(0.5)).await;
    let (_folder, file) = save(&core, &["rig"]).await;
    rig.lock().await.resize(0);
    wait(&core, "stand-1", "rig:count", json!(0)).await;
    let there = restored(&core, &[&file], 0).await;
    assert!(
        outcomes(&there, "set").contains(&"rig.many.2:level"),
        "{there:?}"
    );
    assert_eq!(rig.lock().await.many[2].level, 0.5);
    running.stop().await;
}

/// Values that a setter may take in place of this one.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            [number + 1.0, number - 1.0, number / 2.0, 0.25, 1.0, 100.0]
                .map(Value::from)
                .into()
        }
        Value::String(text) => vec![json!(format!("{text}x"))],
        Value::Array(_) => vec![json!([])],
        _ => vec![Value::Null, json!(1), json!("x")],
    }
}

#[tokio::test]
async fn every_example_comes_back_as_it_was_saved() {
    let mut settable = 0;
    for name in examples() {
        let core = core(Generation::V2026).await;
        let mut command = example(name, run_arguments(name)).await;
        command.env("RSHIP_URL", core.url());
        let device = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        let all_there = |core: &LocalCore| {
            let emitters = core.items("Emitter");
            !emitters.is_empty() && !core.items("Pulse").is_empty()
        };
        core.wait_until(LIMIT, name, all_there).await.unwrap();
        let output = dev(&core, &["save", "*"]).await;
        if !output.status.success() {
            continue;
        }
        settable += 1;
        let (_folder, file) = save(&core, &["*"]).await;
        let mut changed = Vec::new();
        for (_, emitter, value) in states(&file) {
            let action = set_by(&core, &emitter);
            for other in others(&value) {
                if other != value && core.exec(None, &action, other).await.is_ok() {
                    changed.push(emitter);
                    break;
                }
            }
        }
        assert!(!changed.is_empty(), "{name}: nothing could be changed");
        let there = restored(&core, &[&file], 0).await;
        assert!(!outcomes(&there, "set").is_empty(), "{name}: {there:?}");
        // What is behind a cable has its state when the other end says so, also that of before.
        let back = async {
            while !is_as_saved(&core, &file).await {
                restored(&core, &[&file], 0).await;
            }
        };
        within(name, back).await;
        drop(device);
    }
    assert!(settable >= 4, "{settable}");
}

/// Whether nothing would be set.
async fn is_as_saved(core: &LocalCore, file: &str) -> bool {
    let there = restored(core, &[file, "--dry-run"], 0).await;
    outcomes(&there, "same").len() == there.len()
}

/// The action that sets an emitter.
fn set_by(core: &LocalCore, emitter: &str) -> String {
    let actions = core.items("Action");
    let mut setters = actions.values().filter(|action| {
        action["writesTo"]["emitterId"] == emitter && action["writesTo"]["role"] == "canonical"
    });
    setters.next().unwrap()["id"].as_str().unwrap().to_owned()
}
