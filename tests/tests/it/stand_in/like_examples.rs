//! The stand-in of each example is what the example is: to `check`, to `compat`, and in what is said on the wire.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rship_dev::compat::compare;
use rship_dev::simulate::StandIn;
use rship_dev::{LocalCore, Recorder};
use rship_runtime::Generation;
use rship_tests::{LIMIT, Running, example, examples, program, run_arguments, within};
use serde_json::{Map, Value, json};

/// What a program prints, which ends well or with what is said of it.
async fn printed(mut command: tokio::process::Command) -> String {
    let output = within("end of the program", command.output()).await;
    let output = output.expect("a process");
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// `rship-dev` with these arguments, which reads a file.
async fn dev(arguments: &[&str], input: &Path) -> String {
    let mut command = program(env!("CARGO_BIN_EXE_dev"), arguments);
    let file = std::fs::File::open(input).expect("a file");
    command.stdin(Stdio::from(file));
    printed(command).await
}

/// The manifest of an example in a file.
async fn manifest(name: &'static str, folder: &Path) -> PathBuf {
    let text = printed(example(name, &["--manifest"]).await).await;
    let file = folder.join(format!("{name}.json"));
    std::fs::write(&file, text).expect("a file");
    file
}

#[tokio::test]
async fn check_and_compat_say_of_a_stand_in_what_they_say_of_the_example() {
    let folder = tempfile::tempdir().unwrap();
    let names = examples();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let real = manifest(name, folder.path()).await;
        let text = dev(&["simulate", "-", "--members", "0", "--manifest"], &real).await;
        let same = folder.path().join("same.json");
        std::fs::write(&same, text).unwrap();
        let (of_real, of_same) = (dev(&["check"], &real).await, dev(&["check"], &same).await);
        assert!(
            of_real.contains("ok with every server"),
            "{name}: {of_real}"
        );
        assert_eq!(of_real, of_same, "{name}");
        let text = dev(&["simulate", "-", "--manifest", "--members", "2"], &real).await;
        let played = folder.path().join("played.json");
        std::fs::write(&played, text).unwrap();
        let paths = [&real, &played].map(|path| path.to_str().unwrap());
        let said = dev(&["compat", paths[0], paths[1]], &real).await;
        assert_eq!(said, "nothing changed\n", "{name}");
        let [real, same, played] = [real, same, played].map(|file| read(&file));
        assert_eq!(real, same, "{name}");
        assert_eq!(compare(&played, &real).unwrap(), [], "{name}");
    }
}

fn read(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The ids with `*` in place of a key, of what members of arrays will be.
fn templates(target: &Value, all: &mut Vec<String>) {
    for member in target["members"].as_array().into_iter().flatten() {
        all.push(member["target"]["id"].as_str().unwrap().to_owned());
        templates(&member["target"], all);
    }
    for child in target["targets"].as_array().into_iter().flatten() {
        templates(child, all);
    }
}

/// An id in which the key of a member is `*`, as in the manifest.
fn shown(id: &str, templates: &[String]) -> String {
    let (target, member) = match id.split_once(':') {
        Some((target, member)) => (target, format!(":{member}")),
        None => (id, String::new()),
    };
    let parts: Vec<_> = target.split('.').collect();
    let is_it = |template: &&String| {
        let of_template: Vec<_> = template.split('.').collect();
        let mut pairs = of_template.iter().zip(&parts);
        of_template.len() == parts.len() && pairs.all(|(one, part)| *one == "*" || one == part)
    };
    match templates.iter().find(is_it) {
        Some(template) => format!("{template}{member}"),
        None => id.to_owned(),
    }
}

/// The entities of a recording, by their types and ids, without their values and what people read of them.
type Structure = BTreeMap<(String, String), Value>;

fn structure(file: &Path, templates: &[String]) -> Structure {
    let text = std::fs::read_to_string(file).unwrap();
    let mut all = Structure::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["dir"] == "up" {
            entities(&line["frame"], templates, &mut all);
        }
    }
    all
}

fn entities(frame: &Value, templates: &[String], all: &mut Structure) {
    match frame {
        Value::Object(fields) => {
            if let (Some(Value::String(item_type)), Some(item @ Value::Object(_))) =
                (fields.get("itemType"), fields.get("item"))
            {
                let item = without_key(item, templates);
                if let ("Target" | "Action" | "Emitter", Some(id)) =
                    (item_type.as_str(), item["id"].as_str())
                {
                    all.insert((item_type.clone(), id.to_owned()), what_is_compared(&item));
                }
                return;
            }
            fields
                .values()
                .for_each(|value| entities(value, templates, all));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| entities(value, templates, all)),
        _ => {}
    }
}

/// An entity with all ids in it as the manifest shows them.
fn without_key(item: &Value, templates: &[String]) -> Value {
    match item {
        Value::String(id) => shown(id, templates).into(),
        Value::Array(items) => {
            let mut items: Vec<_> = items
                .iter()
                .map(|item| without_key(item, templates))
                .collect();
            items.dedup();
            items.into()
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let value = match name.as_str() {
                    "schema" => value.clone(),
                    _ => without_key(value, templates),
                };
                (name.clone(), value)
            });
            fields.collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn what_is_compared(item: &Value) -> Value {
    let mut item = item.clone();
    let fields = item.as_object_mut().unwrap();
    // Made of the content, of the connection, of the time.
    for of_session in ["hash", "clientId", "lastUpdated"] {
        fields.remove(of_session);
    }
    // That of a target may be what a field of it holds; which children there are, the targets themselves say.
    for living in ["name", "subTargets"] {
        if fields.contains_key("actionIds") {
            fields.remove(living);
        }
    }
    if let Some(Value::String(text)) = fields.get("schema") {
        let schema = serde_json::from_str(text).unwrap();
        fields.insert("schema".to_owned(), schema);
    }
    item
}

/// Whether a schema, or a part of it, has choices or bounds of the running device.
fn lives(schema: &Value) -> bool {
    schema
        .to_string()
        .contains("are those of the running device.")
}

/// What an example says to a core of this generation.
async fn of_example(
    name: &'static str,
    generation: Generation,
    file: &Path,
    manifest: &Value,
    templates: &[String],
) -> Structure {
    let (core, recorder) = recording(generation, file).await;
    let mut command = example(name, run_arguments(name)).await;
    command.env("RSHIP_URL", core.url());
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    settled(&core, manifest).await;
    child.kill().await.unwrap();
    core.shutdown().await;
    recorder.finish().unwrap();
    structure(file, templates)
}

async fn recording(generation: Generation, file: &Path) -> (LocalCore, Recorder) {
    let recorder = Recorder::create(file).start().unwrap();
    let core = LocalCore::builder()
        .generation(generation)
        .recorder(recorder.clone());
    (core.start().await.unwrap(), recorder)
}

/// Waits until all has come that the manifest names.
async fn settled(core: &LocalCore, manifest: &Value) {
    fn ids<'m>(target: &'m Value, all: &mut Vec<&'m str>) {
        let emitters = target["emitters"].as_array().unwrap();
        all.extend(
            emitters
                .iter()
                .map(|emitter| emitter["id"].as_str().unwrap()),
        );
        for child in target["targets"].as_array().unwrap() {
            ids(child, all);
        }
    }
    let mut all = Vec::new();
    for instance in manifest["instances"].as_array().unwrap() {
        for target in instance["targets"].as_array().unwrap() {
            ids(target, &mut all);
        }
    }
    let is_there = |core: &LocalCore| all.iter().all(|id| core.item("Emitter", id).is_some());
    core.wait_until(LIMIT, "all emitters", is_there)
        .await
        .unwrap();
    core.settled().await;
}

/// What its stand-in says.
async fn of_stand_in(
    generation: Generation,
    file: &Path,
    manifest: &Value,
    templates: &[String],
) -> Structure {
    let (core, recorder) = recording(generation, file).await;
    let stand_in = StandIn::of(manifest).unwrap();
    let executor = stand_in.builder().url(core.url()).build().unwrap();
    stand_in.join(&executor).unwrap();
    let running = Running::online(&executor).await;
    settled(&core, manifest).await;
    running.stop().await;
    core.shutdown().await;
    recorder.finish().unwrap();
    structure(file, templates)
}

#[tokio::test]
async fn a_recorded_session_of_a_stand_in_has_the_structure_of_one_of_the_example() {
    let folder = tempfile::tempdir().unwrap();
    for name in examples() {
        let file = manifest(name, folder.path()).await;
        let manifest = read(&file);
        let mut members = Vec::new();
        for instance in manifest["instances"].as_array().unwrap() {
            templates(&json!({"targets": instance["targets"]}), &mut members);
        }
        for generation in Generation::ALL {
            let of = |who: &str| {
                folder
                    .path()
                    .join(format!("{name}-{generation}-{who}.jsonl"))
            };
            let (real_file, other_file) = (of("real"), of("stand-in"));
            let (real, played) = tokio::join!(
                of_example(name, generation, &real_file, &manifest, &members),
                of_stand_in(generation, &other_file, &manifest, &members),
            );
            let is_of_member = |id: &str| id.contains('*');
            for (key, item) in &real {
                let Some(other) = played.get(key) else {
                    panic!("{name}, {generation}: the stand-in has no {key:?}");
                };
                let (mut item, mut other) = (item.clone(), other.clone());
                if lives(&other["schema"]) {
                    // What the device says now, no manifest knows.
                    item["schema"] = Value::Null;
                    other["schema"] = Value::Null;
                }
                assert_eq!(item, other, "{name}, {generation}");
            }
            // What is to come may not be there yet.
            let more: Vec<_> = played
                .keys()
                .filter(|key| !real.contains_key(*key) && !is_of_member(&key.1))
                .collect();
            assert!(more.is_empty(), "{name}, {generation}: {more:?}");
            assert!(real.len() > 1, "{name}, {generation}");
        }
    }
}
