//! Devices as programs: what they print, where, and when they end.

use std::process::Output;

use rship_runtime::Generation;
use rship_tests::{LIMIT, Server, core, program, within};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

fn hub(arguments: &[&str]) -> Command {
    program(env!("CARGO_BIN_EXE_hub"), arguments)
}

async fn manifest(mut command: Command) -> Output {
    let output = within("end of the program", command.output())
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

/// The first document in a text that is a manifest.
fn found(text: &str) -> Value {
    let documents = text.match_indices('{').filter_map(|(start, _)| {
        let from_here = serde_json::Deserializer::from_str(&text[start..]);
        from_here.into_iter::<Value>().next()?.ok()
    });
    let mut manifests = documents.filter(|document| document.get("instances").is_some());
    manifests
        .next()
        .unwrap_or_else(|| panic!("no manifest in {text}"))
}

#[tokio::test]
async fn every_way_of_running_prints_the_manifest_and_ends_the_process_whatever_else_it_does() {
    for way in ["run", "until", "blocking", "start"] {
        for noise in ["noise", "quiet"] {
            let by_argument = hub(&[way, noise, "--manifest"]);
            let mut by_variable = hub(&[way, noise]);
            by_variable.env("RSHIP_MANIFEST", "1");
            for command in [by_argument, by_variable] {
                let text = String::from_utf8(manifest(command).await.stdout).unwrap();
                let document = found(&text);
                assert_eq!(document["instances"][0]["targets"][0]["id"], "hub", "{way}");
                if noise == "quiet" {
                    let whole: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(whole, document, "{way}: it is plain JSON");
                } else {
                    assert!(!text.contains("hardware found"), "{way}: {text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn fields_that_hold_nothing_yet_show_what_their_members_will_be() {
    let output = manifest(hub(&["run", "--manifest"])).await;
    let document = found(&String::from_utf8(output.stdout).unwrap());
    let hub = &document["instances"][0]["targets"][0];
    let members: Vec<_> = hub["members"].as_array().unwrap().iter().collect();
    let shown = |member: &Value| {
        let target = &member["target"];
        json!([
            member["field"],
            member["shape"],
            target["id"],
            target["name"]
        ])
    };
    assert_eq!(
        members
            .iter()
            .map(|member| shown(member))
            .collect::<Vec<_>>(),
        [
            json!(["outputs", "list", "hub.outputs.*", "Output *"]),
            json!(["clock", "optional", "hub.clock", "Clock"]),
            json!(["presets", "map", "hub.presets.*", "Preset *"]),
        ],
        "`known` has a member that shows it"
    );
    let output = &members[0]["target"];
    assert_eq!(output["description"], "What an input goes to.");
    assert_eq!(output["parentTargets"], json!(["hub"]));
    assert_eq!(output["actions"][0]["id"], "hub.outputs.*:set-input");
    assert_eq!(output["actions"][0]["schema"]["maximum"], 8.0);
    assert_eq!(output["emitters"][0]["schema"]["type"], "integer");
    let meter = &output["members"][0];
    assert_eq!(
        shown(meter),
        json!(["meter", "one", "hub.outputs.*.meter", "Meter"])
    );
    let inner = &members[2]["target"]["members"][0]["target"];
    assert_eq!(inner["id"], "hub.presets.*.inner.*");
    assert_eq!(inner["emitters"][0]["id"], "hub.presets.*.inner.*:active");
    assert_eq!(inner.get("members"), None, "it would go on for ever");
    assert_eq!(hub["targets"][0]["id"], "hub.known.0");
    assert_eq!(hub["targets"][0].get("members"), None);
    assert_eq!(
        hub["subTargets"],
        json!(["hub.known.0"]),
        "what is to come is not there"
    );
}

/// The first lines on standard error, or on standard output, up to one with this in it.
async fn lines(mut command: Command, from_stdout: bool, last: &str) -> Vec<String> {
    let mut child = command.spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = async {
        let mut all = Vec::new();
        let mut stdout = BufReader::new(stdout).lines();
        let mut stderr = BufReader::new(stderr).lines();
        while !all.last().is_some_and(|line: &String| line.contains(last)) {
            let line = match from_stdout {
                true => stdout.next_line().await,
                false => stderr.next_line().await,
            };
            all.push(
                line.unwrap()
                    .unwrap_or_else(|| panic!("no {last} after {all:?}")),
            );
        }
        all
    };
    let all = within(last, read).await;
    child.kill().await.unwrap();
    all
}

#[tokio::test]
async fn why_a_device_is_offline_is_on_standard_error_unless_its_log_shows_it() {
    let server = Server::bind().await;
    let url = server.url();
    // Nobody listens there any more.
    drop(server);
    for (arguments, level) in [
        (&["start"][..], None),
        (&["start", "log"], None),
        (&["start", "log"], Some("error")),
    ] {
        let mut command = hub(arguments);
        command.env("RSHIP_URL", &url);
        command.envs(level.map(|level| ("RUST_LOG", level)));
        let said = lines(command, false, "offline").await;
        let words = "rship: offline, trying again: no connection to 127.0.0.1 port";
        assert!(said.len() == 1 && said[0].starts_with(words), "{said:?}");
    }
    let mut command = hub(&["start", "log"]);
    command.env("RSHIP_URL", &url).env("RUST_LOG", "warn");
    // In the log, and nowhere else.
    let mut child = command.spawn().unwrap();
    let logged = BufReader::new(child.stdout.take().unwrap());
    let line = within("a line", logged.lines().next_line())
        .await
        .unwrap()
        .unwrap();
    assert!(
        line.contains("WARN") && line.contains("offline: no connection"),
        "{line}"
    );
    child.kill().await.unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    while within("the end", stderr.read_line(&mut said))
        .await
        .unwrap()
        > 0
    {}
    assert_eq!(said, "");
}

#[tokio::test]
async fn who_was_told_that_a_device_is_offline_is_told_that_it_is_online_again() {
    let first = core(Generation::V2026).await;
    let (addr, url) = (first.addr(), first.url());
    first.shutdown().await;
    let mut command = hub(&["start", "log"]);
    command.env("RSHIP_URL", &url).env("RUST_LOG", "error");
    let said = tokio::spawn(async move { lines(command, false, "online with").await });
    let again = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        loop {
            let builder = rship_dev::LocalCore::builder().bind(addr);
            if let Ok(core) = builder.start().await {
                break core;
            }
        }
    };
    let core = within("a core", again).await;
    let said = tokio::time::timeout(LIMIT, said).await.unwrap().unwrap();
    assert!(said.last().unwrap().ends_with("a 2026 server"), "{said:?}");
    core.shutdown().await;
}
