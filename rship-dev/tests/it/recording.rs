//! Recordings: what is in the file and what is not, and the time that can be turned back.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use rship_dev::{Generation, LocalCore, OpenError, Recorder, Recording};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};

use crate::cli::{command, failure, line, lines, run};
use crate::page::Page;
use crate::peer::{LIMIT, Peer, within};

/// A file that is removed in the end.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("rship-{name}-{}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_file(&path));
        Self(path)
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }

    pub(crate) fn documents(&self) -> Vec<Value> {
        let text = self.text();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    pub(crate) fn str(&self) -> &str {
        self.0.to_str().expect("a name in Unicode")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

async fn recording_core(file: &File, generation: Generation) -> (LocalCore, Recorder) {
    let recorder = Recorder::create(&file.0).start().expect("a new file");
    let core = LocalCore::builder()
        .generation(generation)
        .window(Duration::ZERO)
        .recorder(recorder.clone())
        .start()
        .await
        .expect("a free port");
    (core, recorder)
}

/// One executor whose emitter has these values.
async fn record(file: &File, generation: Generation, values: &[i32]) -> Recording {
    let (core, recorder) = recording_core(file, generation).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    for value in values {
        peer.set("Pulse", peer.pulse("stand", json!(value))).await;
        peer.sync().await;
    }
    drop(peer);
    core.wait_until(LIMIT, "the end", |core| core.clients() == 0)
        .await
        .unwrap();
    core.shutdown().await;
    recorder.finish().expect("all of it");
    Recording::open(&file.0).expect("a recording")
}

#[tokio::test]
async fn each_frame_is_a_line_with_its_time_its_connection_and_its_direction() {
    for generation in Generation::ALL {
        let file = File::new(&format!("lines-{generation}"));
        let recording = record(&file, generation, &[1]).await;
        assert_eq!(recording.generation(), generation);
        assert_eq!(recording.ended(), Some("finished"));
        let documents = file.documents();
        let head = &documents[0];
        assert_eq!(
            (
                &head["kind"],
                &head["format"],
                &head["version"],
                &head["generation"]
            ),
            (
                &json!("head"),
                &json!("rship-recording"),
                &json!(1),
                &json!(generation.as_str())
            )
        );
        assert_eq!(documents[1]["kind"], "open");
        let mut last = 0.0;
        for line in &documents[1..] {
            let at = line["t"].as_f64().expect("a time");
            assert!(at >= last, "{line}");
            last = at;
        }
        let pulse = documents
            .iter()
            .find(|line| line["frame"]["data"]["itemType"] == "Pulse")
            .expect("the pulse");
        assert_eq!(
            (&pulse["kind"], &pulse["c"], &pulse["dir"], &pulse["enc"]),
            (&json!("frame"), &json!(1), &json!("up"), &json!("json"))
        );
        let down = documents
            .iter()
            .filter(|line| line["dir"] == "down")
            .count();
        assert!(down > 1);
        let close = &documents[documents.len() - 2];
        assert_eq!(
            (&close["kind"], &close["by"]),
            (&json!("close"), &json!("executor"))
        );
        let end = &documents[documents.len() - 1];
        assert_eq!(
            (&end["kind"], &end["reason"]),
            (&json!("end"), &json!("finished"))
        );
    }
}

#[tokio::test]
async fn a_file_is_never_larger_than_its_limit_and_says_that_it_ended_there() {
    let file = File::new("limit");
    let recorder = Recorder::create(&file.0).limit(10_000).start().unwrap();
    let core = LocalCore::builder()
        .recorder(recorder.clone())
        .start()
        .await
        .unwrap();
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    for value in 0..100 {
        peer.set("Pulse", peer.pulse("stand", json!(value))).await;
    }
    peer.sync().await;
    let why = within("the end of the recording", recorder.ended_early()).await;
    assert!(why.contains("10000 bytes"), "{why}");
    assert!(
        recorder
            .finish()
            .unwrap_err()
            .to_string()
            .contains("10000 bytes")
    );
    // The core goes on.
    peer.sync().await;
    let size = std::fs::metadata(&file.0).unwrap().len();
    assert!((8_000..=10_000).contains(&size), "{size}");
    let recording = Recording::open(&file.0).unwrap();
    assert_eq!(recording.ended(), Some("limit"));
    assert!(recording.frames() > 10);
}

#[tokio::test]
async fn what_was_said_is_in_the_file_within_a_second_and_not_only_at_the_end() {
    let file = File::new("flush");
    let (core, _recorder) = recording_core(&file, Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    let began = Instant::now();
    while !file.text().contains("stand:burn") {
        assert!(began.elapsed() < LIMIT, "{}", file.text());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn no_token_and_no_secret_is_in_the_file() {
    let file = File::new("secrets");
    let recorder = Recorder::create(&file.0)
        .leave_out("swordfish")
        .start()
        .unwrap();
    let core = LocalCore::builder()
        .token("hunter2-and-more")
        .recorder(recorder.clone())
        .start()
        .await
        .unwrap();
    let request = ClientRequestBuilder::new(core.url().parse().unwrap())
        .with_header("Authorization", "Bearer hunter2-and-more");
    let (mut socket, _) = within("connection", connect_async(request)).await.unwrap();
    for data in [
        json!({"password": "p4ss", "nested": [{"apiKey": "k3y", "token": 7}]}),
        json!("Bearer hunter2-and-more"),
        json!({"swordfish": "the swordfish"}),
    ] {
        let item = json!({"id": "a:b", "emitterId": "a:b", "data": data});
        let frame = json!({"event": "ws:m:event", "data": {"itemType": "Pulse", "changeType": "SET", "item": item}});
        within("room", socket.send(Message::text(frame.to_string())))
            .await
            .unwrap();
    }
    within(
        "room",
        socket.send(Message::text("hunter2-and-more is not JSON")),
    )
    .await
    .unwrap();
    core.wait_until(LIMIT, "the last", |core| !core.drops().is_empty())
        .await
        .unwrap();
    core.shutdown().await;
    recorder.finish().unwrap();
    let text = file.text();
    for secret in ["p4ss", "k3y", "hunter2", "the swordfish", "uthorization"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.matches("[left out]").count() >= 5, "{text}");
    assert!(text.contains(r#""token":7"#), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    // Nobody's recording is written over.
    let error = Recorder::create(&file.0).start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_file_that_was_cut_off_anywhere_is_read_up_to_there() {
    let file = File::new("whole");
    let whole = record(&file, Generation::V2024, &[1, 2, 3]).await;
    let text = std::fs::read(&file.0).unwrap();
    let head = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let cut = File::new("cut");
    let mut frames = 0;
    for length in (head..text.len() - 1).step_by(7) {
        std::fs::write(&cut.0, &text[..length]).unwrap();
        let recording = Recording::open(&cut.0).unwrap();
        assert_eq!(recording.ended(), None, "{length}");
        assert!(recording.frames() >= frames && recording.frames() <= whole.frames());
        frames = recording.frames();
    }
    assert_eq!(frames, whole.frames());
}

#[tokio::test]
async fn what_is_not_a_recording_says_what_is_wrong() {
    let file = File::new("wrong");
    let open = |text: &str| {
        std::fs::write(&file.0, text).unwrap();
        Recording::open(&file.0).map(|_| ()).unwrap_err()
    };
    let head = r#"{"kind":"head","format":"rship-recording","version":1}"#;
    for text in ["", "hello\n", "{}\n", "\u{0}\n", r#"{"kind":"open"}"#] {
        assert!(
            matches!(open(text), OpenError::NotARecording { .. }),
            "{text}"
        );
    }
    let newer = head.replace(":1}", ":2}");
    assert!(matches!(open(&newer), OpenError::Version { found: 2, .. }));
    for broken in ["{", r#"{"kind":"frame","t":1,"c":1}"#, "\u{7f}", head] {
        let error = open(&format!(
            "{head}\n{broken}\n{{\"kind\":\"open\",\"c\":1}}\n"
        ));
        assert!(
            matches!(error, OpenError::Line { line: 2, .. }),
            "{broken}: {error}"
        );
    }
    // A later writer may say more.
    std::fs::write(&file.0, format!("{head}\n{{\"kind\":\"new\",\"x\":1}}\n")).unwrap();
    assert!(Recording::open(&file.0).is_ok());
    let missing = Recording::open(Path::new("/nowhere/to/be.found")).map(|_| ());
    assert!(matches!(missing, Err(OpenError::Io { .. })));
}

#[tokio::test]
async fn a_proxy_for_other_machines_needs_a_word_and_a_file_that_is_there_is_kept() {
    let file = File::new("refused");
    let output = run(&[
        "record",
        file.str(),
        "--url",
        "ws://127.0.0.1:9/myko",
        "--bind",
        "0.0.0.0:0",
    ])
    .await;
    assert!(failure(&output).contains("--insecure"));
    assert!(!file.0.exists());
    std::fs::write(&file.0, "mine").unwrap();
    let output = run(&[
        "record",
        file.str(),
        "--url",
        "ws://127.0.0.1:9/myko",
        "--bind",
        "127.0.0.1:0",
    ])
    .await;
    assert!(failure(&output).contains("is there already"));
    let output = run(&["serve", "--record", file.str(), "--bind", "127.0.0.1:0"]).await;
    assert!(failure(&output).contains("is there already"));
    assert_eq!(file.text(), "mine");
}

/// Plays the recording to an executor that says these values.
async fn replay(file: &File, values: &[i32], ignore: &str) -> (Option<i32>, Vec<Value>) {
    let arguments = [
        "--json",
        "replay",
        file.str(),
        "--ignore",
        ignore,
        "--bind",
        "127.0.0.1:0",
        "--speed",
        "max",
        "--patience",
        "1s",
    ];
    let mut child = command(&arguments).spawn().expect("a process");
    let mut said = lines(&mut child).await;
    let listening: Value = serde_json::from_str(&line(&mut said).await).unwrap();
    let url = listening["url"].as_str().unwrap();
    let (socket, _) = within("connection", connect_async(url)).await.unwrap();
    let mut peer = Peer {
        socket,
        generation: Generation::V2026,
        client_id: String::new(),
    };
    for (item_type, item) in [
        ("Instance", peer.instance("stand-1")),
        ("Target", peer.target("stand")),
        ("TargetStatus", crate::peer::status("stand-1", "stand")),
        ("Action", peer.action("stand")),
        ("Emitter", crate::peer::emitter("stand")),
    ] {
        peer.set(item_type, item).await;
    }
    for value in values {
        peer.set("Pulse", peer.pulse("stand", json!(value))).await;
    }
    let mut documents = Vec::new();
    while let Some(line) = within("line", said.next_line()).await.unwrap() {
        documents.push(serde_json::from_str(&line).unwrap());
    }
    let status = within("end", child.wait()).await.unwrap();
    (status.code(), documents)
}

#[tokio::test]
async fn replay_ends_with_0_for_the_same_1_for_a_difference_and_2_for_no_recording() {
    let file = File::new("replay");
    record(&file, Generation::V2026, &[1, 2, 3]).await;
    let (status, documents) = replay(&file, &[1, 2, 3], "nothing").await;
    assert_eq!((status, documents.len()), (Some(0), 1), "{documents:?}");
    assert_eq!(documents[0]["same"], json!(true));
    let (status, documents) = replay(&file, &[1, 4], "stand:c*").await;
    assert_eq!((status, documents.len()), (Some(0), 1), "{documents:?}");
    let (status, documents) = replay(&file, &[1, 4, 3], "nothing").await;
    assert_eq!((status, documents.len()), (Some(1), 2), "{documents:?}");
    assert_eq!(
        (
            &documents[0]["difference"],
            &documents[0]["recorded"],
            &documents[0]["replayed"],
            &documents[0]["place"]
        ),
        (&json!("changed"), &json!(2), &json!(4), &json!(2))
    );
    assert_eq!(documents[1]["same"], json!(false));
    std::fs::write(&file.0, "no recording").unwrap();
    let output = run(&["replay", file.str(), "--bind", "127.0.0.1:0"]).await;
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("is not a recording"), "{error}");
}

#[tokio::test]
async fn a_server_gets_what_the_executor_said_and_answers_to_its_commands() {
    for generation in Generation::ALL {
        let file = File::new(&format!("against-{generation}"));
        let (core, recorder) = recording_core(&file, generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        let asked = core.exec(None, "stand:burn", json!({"count": 3}));
        let answered = async {
            let (_, command) = peer.recv_command().await;
            peer.respond(&command["tx"], json!("burnt")).await;
            peer.set("Pulse", peer.pulse("stand", json!(7))).await;
            peer.sync().await;
            peer
        };
        let (answer, peer) = tokio::join!(asked, answered);
        assert_eq!(answer.unwrap(), json!("burnt"));
        // As long as it takes to ask for the same again below.
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(peer);
        core.wait_until(LIMIT, "the end", |core| core.clients() == 0)
            .await
            .unwrap();
        core.shutdown().await;
        recorder.finish().unwrap();

        let server = crate::peer::core(generation).await;
        let url = server.url();
        let arguments = ["replay", file.str(), "--against", &url, "--speed", "0.2"];
        let running = tokio::spawn(command(&arguments).output());
        server
            .wait_until(LIMIT, "the pulse", |core| {
                core.value::<i32>("stand:cash") == Some(7)
            })
            .await
            .unwrap();
        assert_eq!(server.drops(), []);
        let answer = server.exec(None, "stand:burn", json!({"count": 1})).await;
        assert_eq!(answer.unwrap(), json!("burnt"));
        let output = within("end", running).await.unwrap().unwrap();
        assert!(output.status.success(), "{generation}: {output:?}");
    }
}

#[tokio::test]
async fn a_core_shows_a_recording_as_it_was_at_any_time() {
    for generation in Generation::ALL {
        let file = File::new(&format!("time-{generation}"));
        let values: Vec<i32> = (0..40).collect();
        let recording = record(&file, generation, &values).await;
        let times: Vec<f64> = file
            .documents()
            .iter()
            .filter(|line| line["frame"]["data"]["itemType"] == "Pulse" && line["dir"] == "up")
            .map(|line| line["t"].as_f64().unwrap())
            .collect();
        assert_eq!(times.len(), 40);
        let core = LocalCore::builder().play(recording).start().await.unwrap();
        let timeline = core.playback().expect("a recording").clone();
        timeline.pause();
        let now = || core.value::<i32>("stand:cash");
        for place in [39, 0, 20, 19, 21, 3, 38] {
            within("the time", timeline.seek(times[place] + 0.001)).await;
            assert_eq!(now(), Some(place as i32), "{generation}");
            assert_eq!(core.clients(), 1);
            assert_eq!(
                core.item("Instance", "stand-1").unwrap()["status"],
                "Available"
            );
        }
        within("the time", timeline.seek(0.0)).await;
        assert_eq!((core.count("Target"), core.clients(), now()), (0, 0, None));
        assert!(!timeline.moment().playing);
        timeline.play(1_000.0);
        core.wait_until(LIMIT, "the end", |core| {
            core.item("Instance", "stand-1")
                .is_some_and(|item| item["status"] == "Unavailable")
        })
        .await
        .unwrap();
        within("the end", async {
            while timeline.moment().playing {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
        let over = timeline.moment();
        assert_eq!((over.at, core.clients()), (over.length, 0));
        // The end that was played to is the end that is jumped to.
        let played = core.snapshot();
        within("the time", timeline.seek(0.0)).await;
        within("the time", timeline.seek(f64::MAX)).await;
        assert_eq!(core.snapshot(), played, "{generation}");
        assert_eq!(core.drops(), []);
    }
}

/// The same with so many milliseconds from line to line.
fn spread(file: &File, ms: usize) -> Recording {
    let lines: Vec<String> = file
        .documents()
        .into_iter()
        .enumerate()
        .map(|(index, mut line)| {
            line["t"] = json!(index * ms);
            line.to_string() + "\n"
        })
        .collect();
    std::fs::write(&file.0, lines.concat()).expect("room on the disk");
    Recording::open(&file.0).expect("a recording")
}

#[tokio::test]
async fn the_slider_of_the_page_moves_through_a_recording() {
    let file = File::new("page");
    record(&file, Generation::V2026, &[1, 2, 3]).await;
    let recording = spread(&file, 1_000);
    let times: Vec<f64> = file
        .documents()
        .iter()
        .filter(|line| line["frame"]["data"]["itemType"] == "Pulse" && line["dir"] == "up")
        .map(|line| line["t"].as_f64().expect("a time"))
        .collect();
    let core = LocalCore::builder().play(recording).start().await.unwrap();
    let (mut page, welcome) = Page::welcomed(&core).await;
    assert_eq!(
        (&welcome["source"], &welcome["timeline"]),
        (&json!("recording"), &json!(true))
    );
    let name = file.0.file_name().and_then(|name| name.to_str());
    assert_eq!(welcome["from"].as_str(), name);
    assert!(welcome["readOnly"].is_string(), "{welcome}");
    page.say(json!({"t": "pause"})).await;
    page.say(json!({"t": "seek", "at": times[1]})).await;
    let told = page
        .until("timeline", |told| told["at"].as_f64() == Some(times[1]))
        .await;
    assert_eq!(told["playing"], false);
    assert!(told["to"].as_f64() > Some(times[2]), "{told}");
    let (mut page, _) = Page::welcomed(&core).await;
    let tree = page
        .until("tree", |tree| {
            tree["targets"][0]["emitters"][0]["k"].is_string()
        })
        .await;
    assert_eq!(tree["targets"][0]["online"], true);
    let key = &tree["targets"][0]["emitters"][0]["k"];
    page.say(json!({"t": "see", "targets": [], "emitters": [key], "plots": []}))
        .await;
    for place in [1, 2, 0] {
        page.say(json!({"t": "seek", "at": times[place]})).await;
        page.until("values", |values| values["e"][0][1] == json!(place + 1))
            .await;
    }
    page.say(json!({"t": "play", "speed": 100.0})).await;
    page.until("tree", |tree| tree["targets"][0]["online"] == false)
        .await;
    let (mut page, _) = Page::welcomed(&core).await;
    page.until("timeline", |told| told["at"] == told["to"])
        .await;
}

/// `cargo test --release -p rship-dev --test it -- --ignored --nocapture recording::a_long`
#[tokio::test]
#[ignore = "prints figures"]
async fn a_long_recording_is_opened_and_wound_in_seconds() {
    let file = File::new("long");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file.0).unwrap());
    writeln!(
        out,
        r#"{{"kind":"head","format":"rship-recording","version":1,"generation":"2026"}}"#
    )
    .unwrap();
    writeln!(out, r#"{{"kind":"open","t":0,"c":1}}"#).unwrap();
    let mut written = 0;
    let mut at = 0.0;
    while written < 60 << 20 {
        at += 0.5;
        let no = (at * 2.0) as usize % 2_000;
        let frame = json!({"event": "ws:m:event", "data": {"itemType": "Pulse", "changeType": "SET",
            "createdAt": "2026-01-01T00:00:00.000Z", "tx": "0b6e2f6c-1f0e-4a57-9f0c-0e7b2b1f1a11",
            "item": {"id": format!("hub:out-{no}:hub-1"), "emitterId": format!("hub:out-{no}"), "data": at,
                "clientId": null, "hash": format!("{at}")}}});
        let line =
            json!({"kind": "frame", "t": at, "c": 1, "dir": "up", "enc": "json", "frame": frame})
                .to_string();
        written += line.len();
        writeln!(out, "{line}").unwrap();
    }
    drop(out);
    let began = Instant::now();
    let recording = Recording::open(&file.0).unwrap();
    println!(
        "{} frames, {} MiB: opened in {:?}",
        recording.frames(),
        written >> 20,
        began.elapsed()
    );
    let core = LocalCore::builder().play(recording).start().await.unwrap();
    let timeline = core.playback().unwrap().clone();
    timeline.pause();
    for part in [1.0, 0.5, 0.25, 0.99, 0.1] {
        let began = Instant::now();
        timeline.seek(at * part).await;
        println!("to {part}: {:?}", began.elapsed());
    }
}
