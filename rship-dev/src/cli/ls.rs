//! `rship-dev ls`: everything a server knows, as a tree.

use serde_json::{Value, json};

use super::Failure;
use super::client::Client;
use super::output::{Output, remark};
use super::render;
use super::tree::{self, Entities};
use crate::explained::{DROP_TYPE, WARNING_TYPE};

/// Prints the tree, and what a local core has dropped.
pub(crate) async fn run(output: Output, client: &mut Client) -> Result<(), Failure> {
    let required = [
        "Instance",
        "Target",
        "TargetStatus",
        "Action",
        "Emitter",
        "Pulse",
    ];
    let (explained, required) = client.fetch(&[DROP_TYPE, WARNING_TYPE], required).await?;
    let [instances, targets, statuses, actions, emitters, pulses] = required;
    let tree = tree::grow(&Entities {
        instances,
        targets,
        statuses,
        actions,
        emitters,
        pulses,
    });
    if tree.is_empty() && !output.is_json() {
        remark("no executor has registered yet");
    }
    for instance in &tree {
        output.say(
            || render::instance(instance),
            || serde_json::to_value(instance).unwrap_or_default(),
        )?;
    }
    for (kind, items) in ["drop", "warning"].into_iter().zip(explained) {
        for item in items.values() {
            output.say(
                || item["text"].as_str().unwrap_or_default().to_owned(),
                || tagged(kind, item),
            )?;
        }
    }
    Ok(())
}

/// A document with its kind, so that a reader of lines can tell them apart.
fn tagged(kind: &str, item: &Value) -> Value {
    let mut document = json!({"kind": kind});
    if let (Value::Object(document), Value::Object(item)) = (&mut document, item) {
        document.extend(
            item.iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    document
}
