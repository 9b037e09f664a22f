//! The tutorial in `docs/tutorial`: its code is this package, and what it says of the device is what the device says.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rship_dev::LocalCore;
use rship_tests::{LIMIT, program, within};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

const PAGES: [&str; 3] = ["first-device.md", "actions.md", "on-the-show.md"];

fn page(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial");
    fs::read_to_string(folder.join(name)).expect(name)
}

/// The blocks of code of all pages, in their order, that begin so.
fn blocks(begin: &str) -> Vec<String> {
    let mut all = Vec::new();
    for page in PAGES.map(page) {
        for block in page.split("\n```").skip(1).step_by(2) {
            let code = block.split_once('\n').expect("a line").1;
            if code.starts_with(begin) {
                all.push(format!("{code}\n"));
            }
        }
    }
    all
}

#[test]
fn what_its_reader_has_at_the_end_is_this_package() {
    let device = blocks("use std::io");
    let tests = blocks("#[cfg(test)]");
    assert_eq!((device.len(), tests.len()), (2, 1), "blocks of the pages");
    let whole = format!("{}\n{}", device[1], tests[0]);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs");
    let own = fs::read_to_string(own).expect("a file");
    assert!(whole == own, "src/main.rs is not what the pages have");
}

#[test]
fn its_dependencies_are_those_of_this_package() {
    let said = blocks("[dependencies]")
        .into_iter()
        .chain(blocks("[dev-dependencies]"))
        .collect::<String>();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let own = fs::read_to_string(own).expect("a file");
    let names = |text: &str| {
        let dependencies = text.split_once("[dependencies]").expect("dependencies").1;
        let lines = dependencies.lines().filter(|line| line.contains('='));
        let names = lines.filter_map(|line| line.split(['.', ' ']).next());
        // The helpers of this test are nothing for a reader.
        let names = names.filter(|name| *name != "rship-tests");
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&said), names(&own));
    let features = "features = [\"macros\", \"rt-multi-thread\"]";
    assert!(said.contains(features) && own.contains(features), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_does_and_says_what_the_pages_say() {
    let core = LocalCore::builder().start().await.expect("a free port");
    let mut device = program(env!("CARGO_BIN_EXE_rship-tutorial"), &[]);
    device
        .env("RSHIP_URL", core.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut device = device.spawn().expect("a process");
    let mut cable = device.stdin.take().expect("a pipe");
    let limit = |core: &LocalCore| core.value::<f64>("sensor:limit") == Some(30.0);
    core.wait_until(LIMIT, "the device", limit)
        .await
        .expect("the device");

    let actions = page("actions.md");
    let refused = async |action: &str, payload: Value| {
        let refused = core.exec(None, action, payload).await;
        refused.expect_err("an error").to_string()
    };
    let early = refused("sensor:reset-peak", Value::Null).await;
    assert!(early.ends_with("nothing was measured yet"), "{early}");
    assert!(actions.contains("nothing was measured yet"));
    let high = refused("sensor:set-limit", json!(200)).await;
    assert!(
        high.contains("expected a number from -50.0 to 150.0, got 200"),
        "{high}"
    );
    assert!(actions.contains(&high), "the page does not say: {high}");

    core.exec(None, "sensor:set-limit", json!(25))
        .await
        .expect("an answer");
    cable
        .write_all("24 °C\n26 °C\n27.5 °C\nwarm\n".as_bytes())
        .await
        .expect("a pipe that is open");
    let skipped = |core: &LocalCore| core.value::<u64>("sensor:skipped") == Some(1);
    core.wait_until(LIMIT, "the lines", skipped)
        .await
        .expect("the lines");
    assert_eq!(core.value::<f64>("sensor:value"), Some(27.5));
    assert_eq!(core.value::<f64>("sensor:alarm"), Some(26.0));
    let peak = core.exec(None, "sensor:reset-peak", Value::Null).await;
    assert_eq!(peak.expect("an answer"), json!(27.5));
    assert!(core.drops().is_empty(), "{:?}", core.drops());

    drop(cable);
    let is_offline = |core: &LocalCore| {
        let mut all = core.items("TargetStatus").into_values();
        all.any(|status| status["targetId"] == "sensor" && status["status"] == "offline")
    };
    core.wait_until(LIMIT, "end of the sensor", is_offline)
        .await
        .expect("end of the sensor");
    within("end of the device", device.kill())
        .await
        .expect("a process");
}
