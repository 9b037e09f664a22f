//! A recording stands in for the server that it was made with: a device that is still the same comes back the same,
//! and whatever is different about it is what is found.

use std::path::PathBuf;
use std::time::Duration;

use rship_dev::{Comparison, Difference, LocalCore, Recorder, Recording, ReplayError, Speed};
use rship_runtime::prelude::*;
use rship_runtime::{Encoding, Error, Generation};
use rship_tests::{Fridge, LIMIT, Running, Stand, builder, until};
use serde_json::{Value, json};

/// Longer than a replay takes, and longer than what it waits for.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(2 * LIMIT, future).await {
        Ok(done) => done,
        Err(_) => panic!("no {what} within {:?}", 2 * LIMIT),
    }
}

/// What a changed device is given up after, where something does not come any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is wrong with a bell.
#[derive(Clone, Copy, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    /// It does not answer.
    Mute,
    /// It plays the notes backwards.
    Backwards,
    /// It plays one note less.
    Short,
    /// It counts differently.
    Miscounts,
}

/// Rings.
#[derive(Target, Default)]
struct Bell {
    fault: Fault,
    /// How often it rang.
    #[emitter]
    rings: u32,
    /// Each note.
    #[emitter]
    notes: Emitter<u32>,
}

#[actions]
impl Bell {
    /// Rings.
    #[action]
    async fn ring(&mut self, #[arg(min = 1)] notes: u32) -> String {
        self.rings += 1;
        let notes: Vec<u32> = match self.fault {
            Fault::Backwards => (0..notes).rev().collect(),
            Fault::Short => (0..notes - 1).collect(),
            _ => (0..notes).collect(),
        };
        for note in &notes {
            self.notes.pulse(*note);
        }
        if self.fault == Fault::Mute {
            std::future::pending::<()>().await;
        }
        let count = if self.fault == Fault::Miscounts {
            7
        } else {
            self.rings
        };
        format!("rang {count}")
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("show.jsonl")
    }
}

fn device(builder: rship_runtime::Builder, stand: Stand, bell: Bell) -> Result<Executor, Error> {
    let executor = builder.build()?;
    executor.add("banana-stand", stand)?;
    executor.add("bell", bell)?;
    Ok(executor)
}

/// A show with both, in a recording.
async fn recorded(folder: &Folder, generation: Generation, encoding: Encoding) -> Recording {
    let recorder = Recorder::create(folder.file()).start().expect("a new file");
    let core = LocalCore::builder()
        .generation(generation)
        .recorder(recorder.clone())
        .start()
        .await
        .expect("a free port");
    let device = device(
        builder(&core.url()).encoding(encoding),
        Stand::full(),
        Bell::default(),
    );
    let executor = device.expect("an executor");
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "the bell", |core| {
        core.item("Action", "bell:ring").is_some()
    })
    .await
    .unwrap();
    executor.flush().await;
    for (action, data) in [
        ("banana-stand:sell", json!({"count": 3, "tip": 0.5})),
        ("banana-stand:sell", json!({"count": 300})),
        ("bell:ring", json!({"notes": 3})),
        ("banana-stand:set-stock", json!(7)),
        ("banana-stand:burn", Value::Null),
        ("bell:ring", json!({"notes": 2})),
    ] {
        // One of them is refused, which is an answer as well.
        drop(core.exec(None, action, data).await);
    }
    running.stop().await;
    core.shutdown().await;
    recorder.finish().expect("a whole recording");
    Recording::open(folder.file()).expect("a recording")
}

async fn replayed(recording: &Recording, stand: Stand, bell: Bell) -> Comparison {
    let played = recording.replay_against(|url| device(builder(url), stand, bell));
    within("end of the replay", played).await.expect("a replay")
}

#[tokio::test]
async fn a_device_comes_back_the_same_in_every_generation_and_encoding() {
    for generation in Generation::ALL {
        for encoding in [Encoding::Json, Encoding::Cbor] {
            let folder = Folder::new();
            let recording = recorded(&folder, generation, encoding)
                .await
                .patience(LIMIT);
            assert_eq!(recording.generation(), generation);
            assert_eq!(recording.ended(), Some("finished"));
            // In the encoding that it has now, which may be another one.
            for now in [Encoding::Json, Encoding::Cbor] {
                let played = recording.replay_against(|url| {
                    device(builder(url).encoding(now), Stand::full(), Bell::default())
                });
                let comparison = within("end", played).await.expect("a replay");
                assert!(comparison.compared() > 30, "{comparison}");
                comparison.assert_same();
            }
        }
    }
}

#[tokio::test]
async fn another_instance_on_another_machine_stands_for_the_recorded_one() {
    for generation in Generation::ALL {
        let folder = Folder::new();
        let recording = recorded(&folder, generation, Encoding::Json)
            .await
            .patience(LIMIT);
        let played = recording.replay_against(|url| {
            let builder = builder(url).instance_id("stand-at-home").machine_id("home");
            device(builder, Stand::full(), Bell::default())
        });
        within("end", played).await.expect("a replay").assert_same();
    }
}

#[tokio::test]
async fn at_the_recorded_speed_it_takes_as_long_and_comes_back_the_same() {
    let folder = Folder::new();
    let recording = recorded(&folder, Generation::V2026, Encoding::Json).await;
    let recording = recording.patience(LIMIT).speed(Speed::Times(1.0));
    replayed(&recording, Stand::full(), Bell::default())
        .await
        .assert_same();
}

fn said(comparison: &Comparison) -> Vec<String> {
    comparison
        .differences()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[tokio::test]
async fn a_changed_value_an_answer_that_is_lost_and_another_order_are_what_is_found() {
    let folder = Folder::new();
    let recording = recorded(&folder, Generation::V2026, Encoding::Json)
        .await
        .patience(PATIENCE);
    let mut dimmed = Stand::full();
    dimmed.lamps[0].level = 0.75;
    let comparison = replayed(&recording, dimmed, Bell::default()).await;
    let [
        Difference::Changed {
            recorded,
            replayed: now,
            place: 1,
            ..
        },
    ] = comparison.differences()
    else {
        panic!("{comparison}");
    };
    assert_eq!((recorded, now), (&json!(0.25), &json!(0.75)));
    assert!(comparison.to_string().contains("level"), "{comparison}");

    for (fault, expected) in [
        (
            Fault::Backwards,
            &[
                "values of `bell:notes:stand-1`: other order: recorded 0, 1, 2, 0, 1; now 2, 1, 0, 1, 0",
            ][..],
        ),
        (
            Fault::Short,
            &["values of `bell:notes:stand-1`: did not come: 2, 1"][..],
        ),
        (
            Fault::Miscounts,
            &[
                r#"answer to `bell:ring`: /response: recorded "rang 1", now "rang 7""#,
                r#"answer to `bell:ring`: /response: recorded "rang 2", now "rang 7""#,
            ][..],
        ),
    ] {
        let bell = Bell {
            fault,
            ..Bell::default()
        };
        let comparison = replayed(&recording, Stand::full(), bell).await;
        let mut said = said(&comparison);
        said.sort();
        assert_eq!(said, expected);
    }

    // The second command waits for the first, which never ends, so what it did is missing as well.
    let bell = Bell {
        fault: Fault::Mute,
        ..Bell::default()
    };
    let comparison = replayed(&recording, Stand::full(), bell).await;
    let lost = |difference: &Difference| {
        matches!(difference, Difference::Missing { .. }) && difference.to_string().contains("bell")
    };
    assert!(
        !comparison.is_same() && comparison.differences().iter().all(lost),
        "{comparison}"
    );
    assert!(
        said(&comparison)
            .contains(&r#"answer to `bell:ring`: did not come: {"response":"rang 1"}"#.to_owned()),
        "{comparison}"
    );
    // Whoever does not care says so.
    let ignoring = recording.ignoring("bell:*");
    let bell = Bell {
        fault: Fault::Miscounts,
        ..Bell::default()
    };
    replayed(&ignoring, Stand::full(), bell).await.assert_same();
}

#[tokio::test]
async fn another_id_is_one_difference_and_not_one_for_each_thing_below_it() {
    let folder = Folder::new();
    let recording = recorded(&folder, Generation::V2026, Encoding::Json)
        .await
        .patience(PATIENCE);
    let mut renamed = Stand::full();
    let fridge = renamed.fridges.remove("left").expect("a fridge");
    renamed.fridges.insert("links".to_owned(), fridge);
    let comparison = replayed(&recording, renamed, Bell::default()).await;
    let (renames, rest): (Vec<_>, Vec<_>) = comparison
        .differences()
        .iter()
        .partition(|difference| matches!(difference, Difference::Renamed { .. }));
    assert_eq!(renames.len(), 1, "{comparison}");
    // What people read is made of the key, too.
    assert!(
        rest.iter().all(
            |difference| matches!(difference, Difference::Changed { path, .. } if path == "/name")
        ),
        "{comparison}"
    );
    // A new one is not another name of an old one.
    let mut more = Stand::full();
    more.fridges
        .insert("middle".to_owned(), Fridge { celsius: 1 });
    let comparison = replayed(&recording, more, Bell::default()).await;
    assert!(comparison.to_string().contains("middle"), "{comparison}");
    assert!(
        !comparison.differences().iter().any(|found| matches!(
            found,
            Difference::Renamed { .. } | Difference::Missing { .. }
        )),
        "{comparison}"
    );
}

#[tokio::test]
#[should_panic(expected = "1 thing came back differently")]
async fn an_assertion_that_fails_says_what_is_different() {
    let folder = Folder::new();
    let recording = recorded(&folder, Generation::V2026, Encoding::Json)
        .await
        .patience(PATIENCE);
    let mut dimmed = Stand::full();
    dimmed.lamps[0].level = 0.75;
    replayed(&recording, dimmed, Bell::default())
        .await
        .assert_same();
}

#[tokio::test]
async fn an_executor_that_was_disconnected_is_disconnected_again_and_compared_on_each_connection() {
    let folder = Folder::new();
    let recorder = Recorder::create(folder.file()).start().unwrap();
    let core = LocalCore::builder()
        .recorder(recorder.clone())
        .start()
        .await
        .unwrap();
    let executor = device(builder(&core.url()), Stand::full(), Bell::default()).unwrap();
    let mut running = Running::online(&executor).await;
    executor.flush().await;
    let came = core.exec(None, "bell:ring", json!({"notes": 1})).await;
    assert_eq!(came.unwrap(), json!("rang 1"));
    core.disconnect_all();
    running
        .wait("the loss", |status| {
            !matches!(status, rship_runtime::Status::Online { .. })
        })
        .await;
    running
        .wait("online", |status| {
            matches!(status, rship_runtime::Status::Online { .. })
        })
        .await;
    until("the bell again", || core.clients() == 1).await;
    executor.flush().await;
    core.exec(None, "bell:ring", json!({"notes": 2}))
        .await
        .unwrap();
    running.stop().await;
    core.shutdown().await;
    recorder.finish().unwrap();
    let recording = Recording::open(folder.file()).unwrap().patience(LIMIT);
    let comparison = replayed(&recording, Stand::full(), Bell::default()).await;
    comparison.assert_same();
    let bell = Bell {
        fault: Fault::Short,
        ..Bell::default()
    };
    let comparison = replayed(&recording.patience(PATIENCE), Stand::full(), bell).await;
    assert!(
        matches!(
            comparison.differences(),
            [
                Difference::Missing { connection: 1, .. },
                Difference::Missing { connection: 2, .. }
            ]
        ),
        "{comparison}"
    );
}

#[tokio::test]
async fn a_recording_of_nobody_and_one_of_several_say_so() {
    let folder = Folder::new();
    let recorder = Recorder::create(folder.file()).start().unwrap();
    recorder.finish().unwrap();
    let nobody = Recording::open(folder.file()).unwrap();
    let played = nobody.replay_against(|url| device(builder(url), Stand::full(), Bell::default()));
    let error = within("end", played).await.unwrap_err();
    assert!(
        matches!(error, ReplayError::NoExecutor { instance: None }),
        "{error}"
    );

    let folder = Folder::new();
    let recorder = Recorder::create(folder.file()).start().unwrap();
    let core = LocalCore::builder()
        .recorder(recorder.clone())
        .start()
        .await
        .unwrap();
    let mut running = Vec::new();
    for id in ["stand-1", "stand-2"] {
        let builder = builder(&core.url()).instance_id(id);
        let executor = device(builder, Stand::full(), Bell::default()).unwrap();
        running.push(Running::online(&executor).await);
        executor.flush().await;
    }
    core.exec(Some("stand-2"), "bell:ring", json!({"notes": 1}))
        .await
        .unwrap();
    for running in running {
        running.stop().await;
    }
    core.shutdown().await;
    recorder.finish().unwrap();
    let both = Recording::open(folder.file()).unwrap().patience(LIMIT);
    let played = both.replay_against(|url| device(builder(url), Stand::full(), Bell::default()));
    let error = within("end", played).await.unwrap_err();
    assert!(error.to_string().ends_with("stand-1, stand-2"), "{error}");
    let one = both.instance("stand-2");
    replayed(&one, Stand::full(), Bell::default())
        .await
        .assert_same();
}

#[cfg(unix)]
#[tokio::test]
async fn what_passes_the_proxy_to_a_server_behind_tls_comes_back_the_same() {
    use rship_tests::{Authority, TlsFront, TlsServer, program};
    use tokio::io::{AsyncBufReadExt as _, BufReader};

    let folder = Folder::new();
    let authority = Authority::new("pier");
    let ca = folder.0.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let core = LocalCore::builder()
        .token("hunter2-and-more")
        .start()
        .await
        .unwrap();
    let tls = TlsServer::new(&authority.server(&["localhost"]));
    let front = TlsFront::start(tls, core.addr()).await;
    let (file, url) = (folder.file(), front.url("localhost"));
    let file = file.to_str().unwrap();
    let arguments = [
        "--json",
        "record",
        file,
        "--url",
        &url,
        "--bind",
        "127.0.0.1:0",
    ];
    let mut command = program(env!("CARGO_BIN_EXE_dev"), &arguments);
    let mut proxy = command.env("RSHIP_CA", &ca).spawn().unwrap();
    let mut said = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let listening = within("line", said.next_line()).await.unwrap().unwrap();
    let listening: Value = serde_json::from_str(&listening).unwrap();
    let builder = builder(listening["url"].as_str().unwrap()).token("hunter2-and-more");
    let executor = device(builder, Stand::full(), Bell::default()).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "the bell", |core| {
        core.item("Action", "bell:ring").is_some()
    })
    .await
    .unwrap();
    executor.flush().await;
    let answer = core.exec(None, "bell:ring", json!({"notes": 2})).await;
    assert_eq!(answer.unwrap(), json!("rang 1"));
    running.stop().await;
    let id = proxy.id().unwrap().to_string();
    let killed = tokio::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(within("kill", killed).await.unwrap().success());
    assert!(
        within("end of the proxy", proxy.wait())
            .await
            .unwrap()
            .success()
    );
    assert!(!std::fs::read_to_string(file).unwrap().contains("hunter2"));
    let recording = Recording::open(file).unwrap().patience(LIMIT);
    assert_eq!(recording.ended(), Some("finished"));
    replayed(&recording, Stand::full(), Bell::default())
        .await
        .assert_same();
}
