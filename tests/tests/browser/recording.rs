//! A recording, moved through by the slider.

use std::time::Duration;

use rship_dev::{LocalCore, Recorder, Recording};
use rship_tests::browser::page;
use rship_tests::{LIMIT, within};

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
        tokio::time::sleep(Duration::from_millis(300)).await;
        show.booth.lock().await.celsius = celsius;
        let there = |core: &LocalCore| {
            rship_tests::pulse(core, "stand-1", "booth:celsius").is_some_and(|at| at == celsius)
        };
        show.core
            .wait_until(LIMIT, "the value", there)
            .await
            .unwrap();
    }
    show.stop().await;
    recorder.finish().unwrap();

    let recording = Recording::open(&file).unwrap();
    let core = LocalCore::builder().play(recording).start().await.unwrap();
    page.open(&format!("http://{}/", core.addr())).await;
    let time = page.by("slider", "Time");
    let celsius = row(&page, "Celsius");
    let length = time
        .run(
            "function () { return Number(this.max); }",
            serde_json::json!([]),
        )
        .await;
    let length = length.as_f64().unwrap();
    time.fill(&length.to_string()).await;
    celsius
        .wait("at the end", |row| row.description.contains("35.75"))
        .await;
    // Back: the value of then is there again. Where it is on the slider depends on how fast this machine was.
    let step = Duration::from_millis(50);
    let back = async {
        let mut at = length;
        loop {
            at = if at > 50.0 { at - 50.0 } else { length };
            time.fill(&at.to_string()).await;
            tokio::time::sleep(3 * step).await;
            let found = celsius.wait("there or gone", |_| true);
            let row = tokio::time::timeout(step, found).await;
            if row.is_ok_and(|row| row.description.contains("5.25")) {
                return;
            }
        }
    };
    within("the value before", back).await;
    // From there it plays to the end.
    page.by("button", "Play").click().await;
    celsius
        .wait("at the end", |row| row.description.contains("35.75"))
        .await;
    page.by("button", "Play").node().await;
    // It takes no commands, and says so.
    page.by("status", "Connection").says("Read only").await;
    page.clean();
    core.shutdown().await;
}
