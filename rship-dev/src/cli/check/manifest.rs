//! The entities in a manifest, in the order in which an executor tells them.

use serde_json::{Map, Value};

use crate::manifest::{WANTED, array, in_text};

/// One entity that an executor would tell a server of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entity {
    pub(super) item_type: &'static str,
    pub(super) item: Value,
}

/// Reads the manifest in a text.
pub(super) fn entities(text: &str) -> Result<Vec<Entity>, String> {
    let manifest = in_text(text)?;
    let mut all = Vec::new();
    for (index, instance) in array(&manifest, "instances", "instances")?
        .iter()
        .enumerate()
    {
        let place = format!("instances[{index}]");
        let Some(item) = instance.get("instance") else {
            return Err(format!("`{place}.instance` is missing: {WANTED}"));
        };
        all.push(Entity {
            item_type: "Instance",
            item: item.clone(),
        });
        targets(instance, &place, &mut all)?;
    }
    Ok(all)
}

fn targets(parent: &Value, place: &str, all: &mut Vec<Entity>) -> Result<(), String> {
    let place = format!("{place}.targets");
    for (index, one) in array(parent, "targets", &place)?.iter().enumerate() {
        target(one, &format!("{place}[{index}]"), all)?;
    }
    Ok(())
}

fn target(target: &Value, place: &str, all: &mut Vec<Entity>) -> Result<(), String> {
    all.push(Entity {
        item_type: "Target",
        item: without_members(target),
    });
    for (item_type, name) in [("Action", "actions"), ("Emitter", "emitters")] {
        let members = array(target, name, &format!("{place}.{name}"))?;
        all.extend(members.iter().map(|item| Entity {
            item_type,
            item: item.clone(),
        }));
    }
    targets(target, place, all)?;
    // What is to come, in fields that hold nothing yet; most targets have none.
    if target.get("members").is_none() {
        return Ok(());
    }
    let place = format!("{place}.members");
    for (index, member) in array(target, "members", &place)?.iter().enumerate() {
        let place = format!("{place}[{index}].target");
        let Some(template) = member.get("target") else {
            return Err(format!("`{place}` is missing: {WANTED}"));
        };
        self::target(template, &place, all)?;
    }
    Ok(())
}

/// A target as it goes over the wire: a manifest puts more into it, for people.
fn without_members(target: &Value) -> Value {
    let Value::Object(fields) = target else {
        return target.clone();
    };
    let mut fields: Map<_, _> = fields.clone();
    fields.retain(|name, _| {
        !matches!(
            name.as_str(),
            "actions" | "emitters" | "targets" | "members" | "description"
        )
    });
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entities_come_parents_first_and_without_what_is_for_people() {
        let child = json!({"id": "c", "actions": [], "emitters": [], "targets": []});
        let target = json!({
            "id": "t", "description": "A target.", "actions": [{"id": "t:a"}], "emitters": [{"id": "t:e"}],
            "targets": [child],
        });
        let manifest = json!({"serviceId": "s", "instances": [{"instance": {"id": "i"}, "targets": [target]}]});
        let read = entities(&manifest.to_string()).unwrap();
        let told: Vec<_> = read
            .iter()
            .map(|one| (one.item_type, one.item.clone()))
            .collect();
        assert_eq!(
            told,
            [
                ("Instance", json!({"id": "i"})),
                ("Target", json!({"id": "t"})),
                ("Action", json!({"id": "t:a"})),
                ("Emitter", json!({"id": "t:e"})),
                ("Target", json!({"id": "c"})),
            ]
        );
    }

    #[test]
    fn what_is_to_come_is_judged_as_well() {
        let of = |id: &str, members: Value| json!({"id": id, "actions": [], "emitters": [{"id": format!("{id}:e")}], "targets": [], "members": members});
        let member =
            json!({"field": "outputs", "shape": "list", "target": of("t.outputs.*", json!([]))});
        let manifest =
            json!({"instances": [{"instance": {}, "targets": [of("t", json!([member]))]}]});
        let ids: Vec<_> = entities(&manifest.to_string())
            .unwrap()
            .into_iter()
            .map(|one| one.item["id"].clone())
            .collect();
        assert_eq!(ids[1..], ["t", "t:e", "t.outputs.*", "t.outputs.*:e"]);
        let broken = json!({"instances": [{"instance": {}, "targets": [of("t", json!([{}]))]}]});
        let error = entities(&broken.to_string()).unwrap_err();
        assert!(
            error.contains("targets[0].members[0].target` is missing"),
            "{error}"
        );
    }

    #[test]
    fn a_manifest_is_found_among_whatever_else_a_device_prints() {
        let manifest =
            json!({"serviceId": "s", "instances": [{"instance": {"id": "i"}, "targets": []}]});
        for (before, after) in [
            ("", "\n"),
            (
                "starting\n{\"level\": \"info\", \"message\": \"{\"}\n",
                "bye\n",
            ),
            (
                "Lamp { level: 0.5 } loading ... ",
                "{\"level\": \"info\"}\n",
            ),
        ] {
            let text = format!("{before}{manifest:#}{after}");
            assert_eq!(entities(&text).unwrap().len(), 1, "{text}");
        }
        let cut = &manifest.to_string()[..40];
        assert!(entities(cut).unwrap_err().starts_with("this is not JSON"));
    }

    #[test]
    fn what_is_not_a_manifest_is_said_with_its_place() {
        for (text, words) in [
            ("", "this is not JSON"),
            ("{}", "`instances` is missing"),
            (r#"{"instances": {}}"#, "`instances` is not an array"),
            (
                r#"{"instances": [{}]}"#,
                "`instances[0].instance` is missing",
            ),
            (
                r#"{"instances": [{"instance": {}, "targets": [{}]}]}"#,
                "`instances[0].targets[0].actions` is missing",
            ),
        ] {
            let error = entities(text).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
