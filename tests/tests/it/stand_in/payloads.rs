//! What a stand-in refuses is said as the device says it.

use rship_runtime::Generation;
use rship_tests::{Running, core};
use serde_json::{Value, json};

use super::lab::{Show, lamp};

#[tokio::test]
async fn a_payload_is_refused_in_the_words_of_the_device() {
    let show = Show::lamp().await;
    let real = core(Generation::V2026).await;
    let executor = lamp(&real.url());
    let running = Running::online(&executor).await;
    for (action, payload) in [
        ("lamp:set-level", json!(2)),
        ("lamp:set-level", json!("half")),
        ("lamp:set-level", json!({"level": -1})),
        ("lamp:set-level", json!({"other": 1})),
        ("lamp:set-level", Value::Null),
        ("lamp:fade", json!({"to": 1.5})),
        ("lamp:fade", json!({"seconds": 1})),
        ("lamp:fade", json!([])),
        ("lamp:fade", Value::Null),
        ("lamp:aim", json!({"points": {}})),
        ("lamp:aim", json!({"points": [{"x": 1}, {"x": "left"}]})),
        ("lamp:aim", json!({"points": [{"x": 1, "y": 256}]})),
        ("lamp:aim", json!({"points": [{}]})),
        ("lamp:aim", json!({"points": [], "mode": "Dusk"})),
        ("lamp:fade-cancel", json!([1])),
        ("lamp:explode", json!({})),
        ("lamp.fan:stop", json!({})),
    ] {
        let answers = tokio::join!(
            show.core.exec(None, action, payload.clone()),
            real.exec(None, action, payload.clone()),
        );
        let (stand_in, device) = (answers.0.unwrap_err(), answers.1.unwrap_err());
        assert_eq!(
            stand_in.to_string(),
            device.to_string(),
            "{action} {payload}"
        );
    }
    for payload in [
        json!({"points": []}),
        json!({"points": [{"x": 1.5, "y": 3.0}], "mode": null}),
    ] {
        assert!(real.exec(None, "lamp:aim", payload.clone()).await.is_ok());
        // What it answers, no manifest says.
        assert_eq!(show.call("lamp:aim", payload).await, Ok(Value::Null));
    }
    running.stop().await;
    show.end().await;
}
