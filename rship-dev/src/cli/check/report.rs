//! The report: a line for each entity, and below those that are not fine the reasons.

use std::collections::BTreeMap;
use std::io;

use rship_core::wire::Generation;
use serde_json::{Map, Value, json};

use super::verdict::{Judged, Reason, Verdict};
use crate::cli::output::Output;

/// How many fields are spelled out in a line.
const FIELDS_SHOWN: usize = 6;

pub(super) fn print(output: Output, all: &[Judged]) -> io::Result<()> {
    let width = all
        .iter()
        .map(|one| one.id.chars().count())
        .max()
        .unwrap_or(0);
    for one in all {
        output.say(|| text(one, width), || document(one))?;
    }
    if !output.is_json() {
        output.say(|| summary(all), || Value::Null)?;
    }
    Ok(())
}

/// Writes both forms of the report, and leaves them.
#[cfg(fuzzing)]
pub(super) fn write(all: &[Judged]) {
    for one in all {
        drop((text(one, 0), document(one)));
    }
    drop(summary(all));
}

fn text(one: &Judged, width: usize) -> String {
    let word = match one.verdict {
        Verdict::Fine => "ok",
        Verdict::Remark => "remark",
        Verdict::Unbindable => "UNBINDABLE",
        Verdict::Dropped => "DROPPED",
    };
    let kind = one.item_type.to_lowercase();
    let line = format!("{word:<10}  {kind:<8}  {:<width$}  {}", one.id, fields(one));
    let mut lines = vec![line.trim_end().to_owned()];
    for reason in &one.reasons {
        lines.push(format!("            {}: {}", servers(reason), reason.text));
    }
    lines.join("\n")
}

fn servers(reason: &Reason) -> String {
    let years: Vec<_> = reason.generations.iter().map(|one| one.as_str()).collect();
    if years.len() == Generation::ALL.len() {
        "all servers".to_owned()
    } else {
        years.join(", ")
    }
}

fn fields(one: &Judged) -> String {
    let mut words: Vec<_> = one
        .fields
        .iter()
        .take(FIELDS_SHOWN)
        .map(ToString::to_string)
        .collect();
    if one.fields.len() > FIELDS_SHOWN {
        words.push(format!("and {} more", one.fields.len() - FIELDS_SHOWN));
    }
    words.join(", ")
}

fn summary(all: &[Judged]) -> String {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one.verdict).or_default() += 1;
    }
    let entities = match all.len() {
        1 => "1 entity".to_owned(),
        count => format!("{count} entities"),
    };
    let words: Vec<_> = counts
        .iter()
        .map(|(verdict, count)| match verdict {
            Verdict::Fine => format!("{count} ok with every server"),
            Verdict::Remark => format!("{count} with a remark"),
            Verdict::Unbindable => format!("{count} that a show cannot bind"),
            Verdict::Dropped => format!("{count} that some server drops"),
        })
        .collect();
    if words.is_empty() {
        entities
    } else {
        format!("{entities}: {}", words.join(", "))
    }
}

fn document(one: &Judged) -> Value {
    let servers: Map<_, _> = Generation::ALL
        .into_iter()
        .map(|generation| (generation.to_string(), one.with(generation).as_str().into()))
        .collect();
    let reasons = one.reasons.iter().map(|reason| {
        let servers: Vec<_> = reason.generations.iter().map(|one| one.as_str()).collect();
        json!({
            "servers": servers,
            "verdict": reason.verdict.as_str(),
            "field": reason.field,
            "reason": reason.text,
        })
    });
    let fields = one.fields.iter().map(|field| {
        let mut document = json!({"path": field.path, "kind": field.kind.as_str()});
        if !field.choices.is_empty() {
            document["choices"] = field.choices.clone().into();
        }
        document
    });
    json!({
        "kind": one.item_type.to_lowercase(),
        "id": one.id,
        "verdict": one.verdict.as_str(),
        "servers": servers,
        "reasons": reasons.collect::<Vec<_>>(),
        "fields": fields.collect::<Vec<_>>(),
    })
}
