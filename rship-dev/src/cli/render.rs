//! A tree as text.

use serde_json::Value;

use super::output::one_line;
use super::tree::{Action, Emitter, Instance, Target};

/// How much of a long value is shown.
const VALUE_SHOWN: usize = 60;

/// An instance and everything in it, over several lines.
pub(crate) fn instance(instance: &Instance) -> String {
    let title = match &instance.id {
        Some(id) => {
            let named = if instance.name.is_empty() || instance.name == *id {
                String::new()
            } else {
                format!(" \"{}\"", one_line(&instance.name))
            };
            format!(
                "{}{named}  {}  (service {} on {})",
                one_line(id),
                one_line(&instance.status),
                one_line(&instance.service_id),
                one_line(&instance.machine_id)
            )
        }
        None => "(in no instance)".to_owned(),
    };
    let mut lines = vec![title];
    children(&instance.targets, "", &mut lines);
    lines.join("\n")
}

enum Child<'a> {
    Leaf(String),
    Target(&'a Target),
}

fn children(targets: &[Target], indent: &str, lines: &mut Vec<String>) {
    branch(targets.iter().map(Child::Target).collect(), indent, lines);
}

fn branch(members: Vec<Child<'_>>, indent: &str, lines: &mut Vec<String>) {
    let last = members.len().saturating_sub(1);
    for (index, member) in members.into_iter().enumerate() {
        let (joint, below) = if index == last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        match member {
            Child::Leaf(text) => lines.push(format!("{indent}{joint}{text}")),
            Child::Target(target) => {
                lines.push(format!("{indent}{joint}{}", title(target)));
                let mut members: Vec<_> = target
                    .actions
                    .iter()
                    .map(|one| Child::Leaf(action(one)))
                    .collect();
                members.extend(target.emitters.iter().map(|one| Child::Leaf(emitter(one))));
                members.extend(target.targets.iter().map(Child::Target));
                branch(members, &format!("{indent}{below}"), lines);
            }
        }
    }
}

fn title(target: &Target) -> String {
    let mut title = one_line(&target.id).into_owned();
    if !target.name.is_empty() && target.name != target.id {
        title.push_str(&format!("  \"{}\"", one_line(&target.name)));
    }
    if let Some(status) = &target.status {
        title.push_str(&format!("  {}", one_line(status)));
    }
    title
}

fn action(action: &Action) -> String {
    let arguments: Vec<_> = action
        .arguments
        .iter()
        .map(|one| match &one.name {
            Some(name) if one.required => format!("{name}: {}", one.kind),
            Some(name) => format!("{name}?: {}", one.kind),
            None => one.kind.clone(),
        })
        .collect();
    let arguments = arguments.join(", ");
    format!(
        "action   {}({})",
        one_line(&action.id),
        one_line(&arguments)
    )
}

fn emitter(emitter: &Emitter) -> String {
    match &emitter.value {
        Some(value) => format!("emitter  {} = {}", one_line(&emitter.id), short(value)),
        None => format!("emitter  {}", one_line(&emitter.id)),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::arguments;

    #[test]
    fn the_tree_shows_what_can_be_called_and_what_was_last_said() {
        let sell = json!({"type": "object", "properties": {"count": {"type": "integer"}, "tip": {"type": "number"}}, "required": ["count"]});
        let register = Target {
            id: "cash-register".into(),
            name: "Cash Register".into(),
            status: Some("offline".into()),
            actions: vec![],
            emitters: vec![],
            targets: vec![],
        };
        let stand = Target {
            id: "banana-stand".into(),
            name: "The Banana Stand".into(),
            status: Some("online".into()),
            actions: vec![Action {
                id: "banana-stand:sell".into(),
                name: "Sell".into(),
                arguments: arguments::of(&sell, &serde_json::Value::Null),
            }],
            emitters: vec![
                Emitter {
                    id: "banana-stand:cash".into(),
                    name: "Cash".into(),
                    value: Some(json!(1.5)),
                },
                Emitter {
                    id: "banana-stand:sold".into(),
                    name: "Sold".into(),
                    value: None,
                },
            ],
            targets: vec![register],
        };
        let whole = Instance {
            id: Some("stand-1".into()),
            name: "stand-1".into(),
            service_id: "bluth".into(),
            machine_id: "pier".into(),
            status: "Available".into(),
            targets: vec![stand],
        };
        let expected = "\
stand-1  Available  (service bluth on pier)
└─ banana-stand  \"The Banana Stand\"  online
   ├─ action   banana-stand:sell(count: integer, tip?: number)
   ├─ emitter  banana-stand:cash = 1.5
   ├─ emitter  banana-stand:sold
   └─ cash-register  \"Cash Register\"  offline";
        assert_eq!(instance(&whole), expected);
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let cut = short(&json!("ü".repeat(100)));
        assert!(cut.ends_with("ü..") && cut.chars().count() == VALUE_SHOWN + 2);
    }
}
