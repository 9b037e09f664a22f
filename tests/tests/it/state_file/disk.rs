//! The disk, and what else may be wrong with a file.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use rship_runtime::testing::World;
use rship_runtime::{Error, StateFileProblem};
use rship_tests::{Lamp, Running, builder, ended, pipes, program, until};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Place, while_running};

#[tokio::test(start_paused = true)]
async fn a_place_where_no_file_can_be_is_an_error_that_names_it() {
    let place = Place::new();
    let build = |path| {
        builder("ws://core/myko")
            .state_file(path)
            .build()
            .err()
            .unwrap()
    };
    let error = build(place.folder.path().join("none").join("state.json"));
    assert!(matches!(
        error,
        Error::StateFile {
            problem: StateFileProblem::NoFolder,
            ..
        }
    ));
    assert!(
        error
            .to_string()
            .contains("none/state.json` cannot be used: its folder"),
        "{error}"
    );
    let error = build(place.folder.path().to_owned());
    assert!(error.to_string().contains("it is not a file"), "{error}");
    assert_eq!(place.files(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_file_belongs_to_one_executor_until_that_has_ended() {
    let place = Place::new();
    let first = place.executor();
    let error = place.builder().build().err().unwrap();
    assert!(matches!(
        error,
        Error::StateFile {
            problem: StateFileProblem::InUse,
            ..
        }
    ));
    let said = error.to_string();
    let words = "state.json` cannot be used: a program that runs uses it already: end that one";
    assert!(said.contains(words), "{said}");
    while_running(&first, async {}).await;
    let second = place.executor();
    assert!(place.builder().build().is_err());
    drop(second);
    place.executor();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_is_moved_aside_and_the_device_starts() {
    let long = format!(
        r#"{{"rship_state":1,"targets":{{}}}}{}"#,
        " ".repeat(5 << 20)
    );
    for (text, aside, why) in [
        ("", "state.json.broken", "not a state file: EOF"),
        (
            r#"{"rship_state":1,"targets":{"lamp":{"lev"#,
            "state.json.broken",
            "not a state file: EOF",
        ),
        ("\u{0}\u{0}\u{0}", "state.json.broken", "not a state file"),
        (&long, "state.json.broken", "more than 4194304 bytes"),
        (
            r#"{"rship_state":2,"lamps":[1]}"#,
            "state.json.form-2",
            "by a newer version",
        ),
    ] {
        let place = Place::new();
        fs::write(place.path(), text).unwrap();
        let executor = place.executor();
        let said = place.said();
        assert!(said.contains(why) && said.contains(aside), "{said}");
        assert_eq!(
            fs::read_to_string(place.folder.path().join(aside)).unwrap(),
            text
        );
        let lamp = executor.add("lamp", Lamp::new("a", 0.25)).unwrap();
        assert_eq!(lamp.lock().await.level, 0.25);
        while_running(&executor, async {
            lamp.lock().await.level = 0.5;
        })
        .await;
        assert_eq!(place.saved()["targets"], json!({"lamp": {"level": 0.5}}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_refuses_is_named_once_and_tried_until_it_takes_the_file() {
    let place = Place::new();
    let executor = place.executor();
    let lamp = executor.add("lamp", Lamp::default()).unwrap();
    // Where the new file would be made is something else.
    let in_the_way = place.folder.path().join("state.json.new");
    fs::create_dir_all(in_the_way.join("full")).unwrap();
    while_running(&executor, async {
        for second in 0..600 {
            lamp.lock().await.level = f64::from(second);
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(executor.metrics().state_writes, 0);
        let said = place.said();
        assert_eq!(said.matches("cannot be written").count(), 1, "{said}");
        assert!(said.contains("it is tried again"), "{said}");
        fs::remove_dir_all(&in_the_way).unwrap();
        sleep(Duration::from_secs(70)).await;
        assert!(place.said().contains("is written again"));
        assert_eq!(place.saved()["targets"], json!({"lamp": {"level": 599.0}}));
        fs::create_dir_all(in_the_way.join("full")).unwrap();
        lamp.lock().await.level = 0.0;
    })
    .await;
    let said = place.said();
    assert!(said.contains("could not be written at the end"), "{said}");
    assert_eq!(
        place.saved()["targets"],
        json!({"lamp": {"level": 599.0}}),
        "all of the older one"
    );
}

#[tokio::test]
async fn whoever_prints_the_manifest_leaves_the_file_alone() {
    let place = Place::new();
    let path = place.path().display().to_string();
    let hub = |manifest: bool| {
        let mut arguments = vec!["run", "state", &path];
        arguments.extend(manifest.then_some("--manifest"));
        program(env!("CARGO_BIN_EXE_hub"), &arguments)
    };
    let (ok, _) = ended(hub(true)).await;
    assert!(ok && place.files().is_empty(), "{:?}", place.files());
    let _used = place.executor();
    let (ok, said) = ended(hub(true)).await;
    assert!(ok, "{said}");
    let (ok, said) = ended(hub(false)).await;
    assert!(
        !ok && said.contains("a program that runs uses it already"),
        "{said}"
    );
}

/// Where a process of its own writes without end.
const WRITER: &str = "RSHIP_TEST_STATE_FILE";

#[tokio::test(start_paused = true)]
async fn a_writer_for_the_next_test() {
    let Some(path) = std::env::var_os(WRITER) else {
        return;
    };
    let _world = World::new(1);
    let (connector, _deaf) = pipes(1);
    let builder = builder("ws://core/myko").connect(connector);
    let executor = builder.state_file(path).build().unwrap();
    let add = |number: u32| executor.add(&format!("lamp-{number}"), Lamp::default());
    let lamps: Vec<_> = (0..200).map(|number| add(number).unwrap()).collect();
    let _running = Running::start(&executor);
    for number in 1.. {
        for lamp in &lamps {
            lamp.lock().await.level = f64::from(number);
        }
        // Simulated: the disk alone takes time.
        sleep(Duration::from_secs(4)).await;
    }
}

#[tokio::test]
async fn a_program_that_is_killed_at_any_time_comes_back_with_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    for round in 0..25 {
        let _ = fs::remove_file(&path);
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state_file::disk::a_writer_for_the_next_test"])
            .env(WRITER, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("first file", || path.exists()).await;
        // Wherever it is then.
        std::thread::sleep(Duration::from_micros(round * 317));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let saved: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let lamps = saved["targets"].as_object().unwrap();
        let levels: Vec<_> = lamps.values().map(|lamp| lamp["level"].clone()).collect();
        assert_eq!(levels.len(), 200);
        assert!(levels.iter().all(|level| *level == levels[0]), "{levels:?}");
        // Whatever the other has left beside it is in nobody's way.
        let next = builder("ws://core/myko").state_file(&path).build().unwrap();
        let lamp = next.add("lamp-7", Lamp::default()).unwrap();
        assert_eq!(json!(lamp.lock().await.level), levels[0]);
    }
    assert!(!folder.path().join("state.json.broken").exists());
}
