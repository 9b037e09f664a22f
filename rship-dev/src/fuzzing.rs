//! What a fuzzer calls: frames as they are read by a server of each generation, and manifests.

use rship_core::wire::Encoding;
use serde_json::Value;

use crate::reading::bindable::bindable;
use crate::reading::entities;
use crate::reading::frames::{self, Event, Inbound};
use crate::reading::plain::{self, Pulse};
use crate::reading::plain_cbor;
use crate::store::Change;
use crate::{Generation, codec};

/// Reads a frame, text or binary, as each generation, and judges the entities in it.
pub fn frame(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).ok();
    let json = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let binary = codec::from_cbor(bytes).ok();
    if let Some(document) = &binary
        && let Some(message) = codec::encode(Encoding::Cbor, document)
    {
        assert_eq!(
            codec::from_cbor(&message.into_data()).as_ref(),
            Ok(document)
        );
    }
    for generation in Generation::ALL {
        let pulses = text.and_then(|text| plain::read(generation, text, usize::MAX));
        agree(generation, pulses, json.as_ref());
    }
    let pulses = plain_cbor::read(bytes, usize::MAX);
    agree(Generation::V2026, pulses, binary.as_ref());
    for document in [json, binary].into_iter().flatten() {
        for generation in Generation::ALL {
            match frames::read(generation, document.clone()) {
                Ok(Inbound::Event(event)) => judge(generation, &event),
                Ok(Inbound::Batch(events)) => {
                    for event in events.iter().flatten() {
                        judge(generation, event);
                    }
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// Reads a manifest as `rship-dev check` does, and judges what is in it.
pub fn manifest(text: &str) {
    crate::cli::check_text(text);
}

/// What is read without a tree is what the tree says, and nothing in it is wrong.
fn agree(generation: Generation, pulses: Option<Vec<Pulse<'_>>>, document: Option<&Value>) {
    let Some(pulses) = pulses else {
        return;
    };
    let events = match document.map(|document| frames::read(generation, document.clone())) {
        Some(Ok(Inbound::Event(event))) => vec![event],
        Some(Ok(Inbound::Batch(events))) => events.into_iter().flatten().collect(),
        _ => Vec::new(),
    };
    assert_eq!(pulses.len(), events.len());
    for (pulse, event) in pulses.iter().zip(events) {
        assert_eq!(
            (event.item_type.as_str(), event.change),
            ("Pulse", Change::Set)
        );
        assert_eq!(pulse.fields(), event.item);
        let problems = entities::check(generation, "c", "Pulse", Change::Set, &event.item);
        assert_eq!(problems, []);
    }
}

fn judge(generation: Generation, event: &Event) {
    for change in [Change::Set, Change::Del] {
        drop(entities::check(
            generation,
            "c",
            &event.item_type,
            change,
            &event.item,
        ));
    }
    drop(entities::id_of(&event.item_type, &event.item));
    if let Some(schema) = event.item.get("schema") {
        drop(bindable(schema));
    }
}
