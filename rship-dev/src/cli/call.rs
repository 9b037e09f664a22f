//! `rship-dev call`: run an action and print its answer.

use rship_core::wire::Generation;
use serde_json::Value;

use super::Failure;
use super::arguments;
use super::client::{Client, Items};
use super::output::{Output, remark};
use crate::{near, speaking};

/// The action's arguments from the command line; none is null.
pub(crate) fn parse(data: Option<&str>) -> Result<Value, Failure> {
    let Some(text) = data else {
        return Ok(Value::Null);
    };
    serde_json::from_str(text).map_err(|error| {
        Failure::Told(format!("the arguments `{text}` are not JSON ({error}): write an object as '{{\"name\": 1}}', a string as '\"text\"'"))
    })
}

/// Runs the action and prints the answer; an error that is answered is a failure.
pub(crate) async fn run(
    output: Output,
    client: &mut Client,
    action_id: &str,
    data: Value,
    instance: Option<&str>,
) -> Result<(), Failure> {
    let (_, [actions, statuses]) = client.fetch(&[], ["Action", "TargetStatus"]).await?;
    let action = actions
        .get(action_id)
        .ok_or_else(|| Failure::Told(no_action(action_id, &actions)))?;
    if let Some(arguments) = by_name(action, &data) {
        return Err(Failure::Told(format!(
            "action `{action_id}` takes its arguments by name: write '{arguments}'"
        )));
    }
    for name in unknown(action, &data) {
        remark(&no_argument(action, &name));
    }
    let generation = client.generation();
    let instance = match (generation, instance) {
        (Generation::V2023, Some(_)) => {
            return Err(Failure::Told(
                "a 2023 server's commands name no instance: leave out --instance".to_owned(),
            ));
        }
        (Generation::V2023, None) => None,
        (_, Some(named)) => Some(named.to_owned()),
        (_, None) => Some(the_instance(action, &statuses).map_err(Failure::Told)?),
    };
    let (command_id, command) =
        speaking::action_command(generation, instance.as_deref(), action, data);
    let response = client
        .command(command_id, command)
        .await?
        .map_err(|message| Failure::Told(explained(generation, action_id, message)))?;
    output.say(|| format!("{response:#}"), || response.clone())?;
    Ok(())
}

/// The arguments as an object, where an action takes them by name and was given a bare value.
fn by_name(action: &Value, data: &Value) -> Option<String> {
    if data.is_null() || data.is_object() {
        return None;
    }
    let mut arguments = arguments::of(&action["schema"], &action["schemaLayout"]);
    // The value is most likely meant for the first that must be there.
    arguments.sort_by_key(|argument| !argument.required);
    let mut fields = Vec::new();
    for argument in arguments {
        let name = Value::from(argument.name?);
        if fields.is_empty() {
            fields.push(format!("{name}: {data}"));
        } else if argument.required {
            fields.push(format!("{name}: <{}>", argument.kind));
        }
    }
    (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(", ")))
}

/// The names in the payload that the action's schema does not have.
fn unknown(action: &Value, data: &Value) -> Vec<String> {
    let Value::Object(given) = data else {
        return Vec::new();
    };
    let known = arguments::names(&action["schema"]);
    // A setter also takes its value under the field's name, which its schema does not have.
    let is_setter = |name: &str| {
        let id = action["id"].as_str().unwrap_or_default();
        given.len() == 1 && id.ends_with(&format!(":set-{}", name.replace('_', "-")))
    };
    let mut unknown: Vec<_> = given.keys().cloned().collect();
    unknown.retain(|name| {
        let is_known = known.iter().flatten().any(|one| one == name);
        known.is_some() && !is_known && !is_setter(name)
    });
    unknown
}

fn no_argument(action: &Value, name: &str) -> String {
    let known = arguments::names(&action["schema"]).unwrap_or_default();
    let near = near::names(name, known.iter().map(String::as_str));
    let instead = match (&*near, &*known) {
        ([], []) => ": it takes none".to_owned(),
        ([], known) => format!(": it has `{}`", known.join("`, `")),
        _ => near::did_you_mean(&near),
    };
    let id = action["id"].as_str().unwrap_or_default();
    format!("action `{id}` has no argument `{name}`{instead}")
}

/// What a server says to a command that it takes from nobody but itself.
pub(super) const NOT_FROM_CLIENTS: &str = "must be dispatched to an executor instance";

/// A server's error in words for a person.
pub(super) fn explained(generation: Generation, action_id: &str, message: String) -> String {
    if generation != Generation::V2026 || !message.contains(NOT_FROM_CLIENTS) {
        return message;
    }
    format!(
        "this server runs actions for its own nodes, cues and properties, and takes none from a command line: try \
         `{action_id}` on a local core: run `rship-dev serve`, and start the device with \
         RSHIP_URL=ws://127.0.0.1:5155/myko (the server says: {message})"
    )
}

fn no_action(action_id: &str, known: &Items) -> String {
    if known.is_empty() {
        return format!("there is no action `{action_id}`: no executor has registered any");
    }
    let near = near::names(action_id, known.keys().map(String::as_str));
    if near.is_empty() {
        return format!("there is no action `{action_id}`: `rship-dev ls` shows those there are");
    }
    format!(
        "there is no action `{action_id}`{}",
        near::did_you_mean(&near)
    )
}

/// The one instance in which the action's target is online.
fn the_instance(action: &Value, statuses: &Items) -> Result<String, String> {
    let target = &action["targetId"];
    let online = statuses
        .values()
        .filter(|status| status["targetId"] == *target && status["status"] == "online");
    let instances: Vec<_> = online
        .filter_map(|status| status["instanceId"].as_str())
        .collect();
    match instances.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(format!(
            "the target {target} of the action {} is online in no instance: see that its device runs, and is online",
            action["id"]
        )),
        several => Err(format!(
            "the target {target} is online in several instances, name one with --instance: {}",
            several.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_arguments_are_null_and_bad_ones_an_error() {
        assert_eq!(parse(None).unwrap(), Value::Null);
        assert_eq!(parse(Some("{\"a\":1}")).unwrap(), json!({"a": 1}));
        assert!(
            parse(Some("text"))
                .unwrap_err()
                .to_string()
                .contains("'\"text\"'")
        );
    }

    #[test]
    fn a_bare_value_is_proposed_under_its_name() {
        let action = |properties: Value, required: Value| json!({"schema": {"type": "object", "properties": properties, "required": required}});
        let integer = json!({"type": "integer"});
        let route = action(json!({"input": integer}), json!(["input"]));
        assert_eq!(
            by_name(&route, &json!(5)),
            Some("{\"input\": 5}".to_owned())
        );
        assert_eq!(by_name(&route, &json!({"input": 5})), None);
        assert_eq!(by_name(&route, &Value::Null), None);
        let fade = action(
            json!({"after": integer, "seconds": {"type": "number"}, "to": integer}),
            json!(["to", "seconds"]),
        );
        let proposed = by_name(&fade, &json!(1)).unwrap();
        assert_eq!(proposed, "{\"seconds\": 1, \"to\": <integer>}");
        let setter = json!({"schema": integer});
        assert_eq!(by_name(&setter, &json!(5)), None, "it is the value itself");
        assert_eq!(by_name(&action(json!({}), json!([])), &json!(5)), None);
    }

    #[test]
    fn an_argument_that_the_schema_does_not_have_is_told_with_the_one_that_is_meant() {
        let schema = json!({"type": "object", "properties": {"pause": {}, "times": {}}});
        let cycle = json!({"id": "stand:cycle", "schema": schema});
        assert_eq!(
            unknown(&cycle, &json!({"pauze": 30, "times": 1})),
            ["pauze"]
        );
        let said = no_argument(&cycle, "pauze");
        assert_eq!(
            said,
            "action `stand:cycle` has no argument `pauze`; did you mean `pause`?"
        );
        assert!(no_argument(&cycle, "x").ends_with(": it has `pause`, `times`"));
        let setter = json!({"id": "stand:set-main-cycle", "schema": schema});
        assert!(unknown(&setter, &json!({"main_cycle": {"pause": 1}})).is_empty());
    }

    #[test]
    fn a_schema_that_may_take_more_than_it_names_says_nothing_of_an_argument() {
        for more in [
            "additionalProperties",
            "patternProperties",
            "oneOf",
            "anyOf",
            "allOf",
        ] {
            let schema = json!({"type": "object", "properties": {"a": {}}, more: {}});
            let action = json!({"id": "t:a", "schema": schema});
            assert!(unknown(&action, &json!({"b": 1})).is_empty(), "{more}");
        }
        for schema in [
            json!(null),
            json!({"type": "object"}),
            json!({"type": "number"}),
        ] {
            let action = json!({"id": "t:a", "schema": schema});
            assert!(unknown(&action, &json!({"b": 1})).is_empty());
        }
    }

    #[test]
    fn a_command_that_a_2026_server_takes_from_nobody_is_explained() {
        let message = "ExecTargetAction must be dispatched to an executor instance";
        let words = explained(Generation::V2026, "hub:route", message.to_owned());
        assert!(words.contains("`hub:route` on a local core") && words.contains("rship-dev serve"));
        assert!(words.ends_with(&format!("{message})")), "{words}");
        assert_eq!(
            explained(Generation::V2024, "hub:route", message.to_owned()),
            message
        );
    }

    #[test]
    fn the_instance_is_the_only_one_online() {
        let action = json!({"id": "t:a", "targetId": "t"});
        let status = |instance: &str, status: &str| {
            (
                instance.to_owned(),
                json!({"targetId": "t", "instanceId": instance, "status": status}),
            )
        };
        let one = Items::from([status("i", "online"), status("j", "offline")]);
        assert_eq!(the_instance(&action, &one).unwrap(), "i");
        let two = Items::from([status("i", "online"), status("j", "online")]);
        assert!(
            the_instance(&action, &two)
                .unwrap_err()
                .ends_with("--instance: i, j")
        );
        assert!(
            the_instance(&action, &Items::new())
                .unwrap_err()
                .contains("no instance")
        );
    }
}
