//! The same seed, the same values, in the same order.

use rship_dev::simulate::StandIn;
use serde_json::{Value, json};

use super::lab::{Show, manifest};

/// What a stand-in says when its values move a few times: each emitter with its value.
async fn said(seed: u64) -> Vec<(String, Value)> {
    let show = Show::of(StandIn::of(&manifest()).unwrap().seed(seed).members(3)).await;
    for _ in 0..10 {
        show.playing.step().await;
        show.executor.flush().await;
    }
    // What was said before this is answered has come.
    let set = show.call("lamp:set-level", json!(0.123)).await;
    assert_eq!(set, Ok(Value::Null));
    let frames = show.core.take_frames();
    let mut said = Vec::new();
    for frame in &frames {
        pulses(&serde_json::from_str(&frame.text).unwrap(), &mut said);
    }
    show.end().await;
    said
}

fn pulses(frame: &Value, said: &mut Vec<(String, Value)>) {
    match frame {
        Value::Object(fields) if fields.get("itemType").is_some_and(|of| of == "Pulse") => {
            let item = &fields["item"];
            let emitter = item["emitterId"].as_str().unwrap().to_owned();
            said.push((emitter, item["data"].clone()));
        }
        Value::Object(fields) => fields.values().for_each(|value| pulses(value, said)),
        Value::Array(items) => items.iter().for_each(|value| pulses(value, said)),
        _ => {}
    }
}

#[tokio::test]
async fn two_runs_with_one_seed_say_the_same_in_the_same_order() {
    let (first, second, other) = tokio::join!(said(7), said(7), said(8));
    assert!(
        first.len() > 30 && first.last() == Some(&("lamp:level".to_owned(), json!(0.123))),
        "{first:?}"
    );
    assert_eq!(first, second);
    assert_ne!(first, other);
    let level = |(emitter, _): &&(String, Value)| emitter == "lamp:level";
    assert_eq!(
        first.iter().filter(level).count(),
        2,
        "what is set does not wander"
    );
    let celsius = |(emitter, _): &&(String, Value)| emitter == "lamp:celsius";
    assert!(first.iter().filter(celsius).count() > 5);
}
