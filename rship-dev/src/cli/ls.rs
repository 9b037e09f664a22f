//! `rship-dev ls`: everything a server knows, as a tree.

use serde_json::{Value, json};

use super::Failure;
use super::client::{Client, Items};
use super::output::{Output, one_line, remark};
use super::render;
use super::tree::{self, Entities, Instance};
use crate::explained::{DROP_TYPE, WARNING_TYPE};
use crate::near;

/// Prints the tree and what a local core has dropped, or of the tree what the patterns mean.
pub(crate) async fn run(
    output: Output,
    client: &mut Client,
    patterns: &[String],
) -> Result<(), Failure> {
    let (explained, entities) = fetch(client).await?;
    let tree = of_patterns(tree::grow(&entities), patterns, &entities)?;
    if tree.is_empty() && !output.is_json() {
        remark("no executor has registered yet");
    }
    for instance in &tree {
        output.say(
            || render::instance(instance),
            || serde_json::to_value(instance).unwrap_or_default(),
        )?;
    }
    if !patterns.is_empty() {
        return Ok(());
    }
    for (kind, items) in ["drop", "warning"].into_iter().zip(explained) {
        for item in items.values() {
            output.say(
                || one_line(item["text"].as_str().unwrap_or_default()).into_owned(),
                || tagged(kind, item),
            )?;
        }
    }
    Ok(())
}

/// All that the server has, and before it what a local core has dropped or warns of.
pub(super) async fn fetch(client: &mut Client) -> Result<(Vec<Items>, Entities), Failure> {
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
    let entities = Entities {
        instances,
        targets,
        statuses,
        actions,
        emitters,
        pulses,
    };
    Ok((explained, entities))
}

/// What the patterns mean of a tree; all of it where there are none.
pub(super) fn of_patterns(
    tree: Vec<Instance>,
    patterns: &[String],
    entities: &Entities,
) -> Result<Vec<Instance>, Failure> {
    if patterns.is_empty() {
        return Ok(tree);
    }
    let reduced = tree.into_iter();
    let reduced = reduced.filter_map(|instance| instance.reduced(patterns));
    let reduced: Vec<_> = reduced.collect();
    if reduced.is_empty() {
        return Err(Failure::Told(nothing(patterns, entities)));
    }
    Ok(reduced)
}

fn nothing(patterns: &[String], entities: &Entities) -> String {
    let known = || {
        let all = [&entities.targets, &entities.actions, &entities.emitters];
        all.into_iter()
            .flat_map(|items| items.keys().map(String::as_str))
    };
    let near: Vec<_> = patterns
        .iter()
        .flat_map(|pattern| near::names(pattern, known()))
        .collect();
    let quoted: Vec<_> = patterns
        .iter()
        .map(|pattern| format!("`{pattern}`"))
        .collect();
    format!(
        "there is no target, action or emitter {}{}",
        quoted.join(" or "),
        near::did_you_mean(&near)
    )
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
