//! A recording, moved through by the slider.

use std::time::Duration;

use rship_dev::{LocalCore, Recorder, Recording};
use rship_tests::browser::{Page, page};
use rship_tests::{LIMIT, pulse, within};
use serde_json::json;

use crate::show::{Show, row};

#[tokio::test]
async fn a_recording_is_scrubbed() {
    let Some(page) = page().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.jsonl");
    let recorder = Recorder::create(&file).start().unwrap();
    let core = LocalCore::builder()
        .recorder(recorder.clone())
        .start()
        .await
        .unwrap();
    let show = Show::with(core).await;
    for celsius in [5.25, 35.75] {
        show.booth.lock().await.celsius = celsius;
        let there = |core: &LocalCore| {
            pulse(core, "stand-1", "booth:celsius").is_some_and(|at| at == celsius)
        };
        show.core
            .wait_until(LIMIT, "the value", there)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    show.stop().await;
    recorder.finish().unwrap();

    let recording = Recording::open(&file).unwrap();
    let core = LocalCore::builder().play(recording).start().await.unwrap();
    page.open(&format!("http://{}/", core.addr())).await;
    // At the end nobody is connected any more. Back, and back again; then on by itself.
    moved_to(&page, "35.75").await;
    moved_to(&page, "5.25").await;
    page.by("button", "Play").click().await;
    row(&page, "Celsius")
        .wait("later", |row| row.description.contains("35.75"))
        .await;
    page.by("button", "Play").node().await;
    // It takes no commands, and says so.
    page.by("status", "Connection").says("Read only").await;
    page.clean();
    core.shutdown().await;
}

/// Moves the slider back until Celsius is this. Where that is depends on how fast this machine was.
async fn moved_to(page: &Page, value: &str) {
    let time = page.by("slider", "Time");
    let step = Duration::from_millis(100);
    let length = "function () { return Number(this.max); }";
    let length = time.run(length, json!([])).await.as_f64().unwrap();
    let moved = async {
        let mut at = length;
        loop {
            at = if at > 100.0 { at - 100.0 } else { length };
            time.fill(&at.to_string()).await;
            let celsius = row(page, "Celsius");
            let shown = celsius.wait("as it was", |row| row.description.contains(value));
            if tokio::time::timeout(2 * step, shown).await.is_ok() {
                return;
            }
        }
    };
    within("the value on the slider", moved).await;
}
