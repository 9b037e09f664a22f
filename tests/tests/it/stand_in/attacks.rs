//! Manifests of others: large, broken, or not meant well.

use rship_dev::simulate::StandIn;
use serde_json::{Value, json};

use super::lab::{Show, manifest};

fn refused(manifest: &Value) -> String {
    let refused = StandIn::of(manifest);
    refused.expect_err("a refusal").to_string()
}

/// The lamp of the manifest.
fn target(manifest: &mut Value) -> &mut Value {
    &mut manifest["instances"][0]["targets"][0]
}

#[tokio::test]
async fn ten_thousand_targets_start_move_and_answer() {
    let mut large = manifest();
    let targets = (0..10_000).map(|index| {
        let id = format!("dimmer-{index}");
        let emitter = |name: &str| {
            json!({"id": format!("{id}:{name}"), "name": name, "targetId": id, "serviceId": "bluth", "schema": {"type": "number"}})
        };
        let mut setter = emitter("set-level");
        setter["writesTo"] = json!({"emitterId": format!("{id}:level"), "role": "canonical"});
        json!({
            "id": id, "name": "Dimmer", "category": "light", "targets": [], "actions": [setter],
            "emitters": [emitter("level"), emitter("watts")],
        })
    });
    large["instances"][0]["targets"] = targets.collect();
    let show = Show::of(StandIn::of(&large).unwrap()).await;
    assert_eq!(show.playing.targets(), 10_000);
    let all = |core: &rship_dev::LocalCore| core.count("Pulse") == 20_000;
    show.core
        .wait_until(rship_tests::LIMIT, "all values", all)
        .await
        .unwrap();
    let before = show.value("dimmer-9999:watts");
    show.playing.step().await;
    let waited = show.core.wait_until(rship_tests::LIMIT, "a move", |core| {
        core.value::<Value>("dimmer-9999:watts") != Some(before.clone())
    });
    waited.await.unwrap();
    assert_eq!(
        show.call("dimmer-5000:set-level", json!(7.5)).await,
        Ok(Value::Null)
    );
    show.shows("dimmer-5000:level", json!(7.5)).await;
    show.end().await;
}

#[test]
fn what_is_not_a_manifest_is_said_with_its_place_and_what_to_do() {
    type Break = fn(&mut Value);
    let breaks: [(Break, &str); 16] = [
        (
            |m| m["instances"] = json!({}),
            "`instances` is not an array",
        ),
        (
            |m| m["instances"] = json!([]),
            "`instances` has no instance",
        ),
        (
            |m| m["serviceId"] = json!("a:b"),
            "`serviceId`: the id `a:b` must not contain `:`",
        ),
        (
            |m| target(m)["id"] = json!(7),
            "`instances[0].targets[0].id` is not a string",
        ),
        (
            |m| target(m)["id"] = json!(""),
            "`instances[0].targets[0].id`: an id must not be empty",
        ),
        (
            |m| target(m)["bgColor"] = json!("red"),
            "`bg_color` is `red`, which is not a color: write it as `#rrggbb`",
        ),
        (
            |m| target(m)["actions"][0]["id"] = json!("other:fade"),
            "`instances[0].targets[0].actions[0].id` is `other:fade`: servers find it by the id of its target, so write \
             `lamp:` before it",
        ),
        (
            |m| target(m)["actions"][1]["id"] = target(m)["actions"][0]["id"].clone(),
            "`instances[0].targets[0].actions[1].id` is `set-level`, which number 0 of them has",
        ),
        (
            |m| target(m)["emitters"][1]["id"] = target(m)["emitters"][0]["id"].clone(),
            "`instances[0].targets[0].emitters[1].id` is `level`, which number 0 of them has",
        ),
        (
            |m| target(m)["targets"][0]["id"] = json!("lamp"),
            "`instances[0].targets[0].targets[0].id` is `lamp`, which another target of the instance has",
        ),
        (
            |m| {
                let instance = m["instances"][0].clone();
                m["instances"].as_array_mut().unwrap().push(instance);
            },
            "`instances[1].instance.id` is `stand-1`, which another instance has",
        ),
        (
            |m| target(m)["members"][0]["shape"] = json!("set"),
            "`instances[0].targets[0].members[0].shape` is `set`: write `one`, `optional`, `list` or `map`",
        ),
        (
            |m| target(m)["members"][0]["target"]["id"] = json!("lamp.heads"),
            "`instances[0].targets[0].members[0].target.id` is `lamp.heads`: that of the members of a list or a map \
             ends with `.*`",
        ),
        (
            |m| target(m)["emitters"][0]["schema"] = json!("{"),
            "`instances[0].targets[0].emitters[0].schema` is a string that is not JSON",
        ),
        (
            |m| {
                let schema = json!({"$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"});
                target(m)["actions"][0]["schema"] = schema;
            },
            "`instances[0].targets[0].actions[0].schema` has a `$ref` to `#/$defs/a` that leads back to itself",
        ),
        (
            |m| {
                let writes = json!({"emitterId": "lamp:hours", "role": "aux"});
                target(m)["actions"][0]["writesTo"] = writes;
            },
            "`instances[0].targets[0].actions[0].writesTo.emitterId` is `lamp:hours`, which is not an emitter of `lamp`",
        ),
    ];
    let whole = manifest();
    for (spoil, words) in breaks {
        let mut broken = whole.clone();
        spoil(&mut broken);
        assert_ne!(broken, whole, "{words}");
        let error = refused(&broken);
        assert!(error.contains(words), "{error}\nin place of\n{words}");
    }
    let text = whole.to_string();
    for end in [0, 1, text.len() / 2, text.len() - 1] {
        let error = StandIn::read(&text[..end]).unwrap_err().to_string();
        assert!(error.contains("this is not JSON"), "{error}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = StandIn::read(&deep).unwrap_err().to_string();
    assert!(error.contains("recursion limit"), "{error}");
}

#[test]
fn more_targets_than_anybody_has_are_refused_before_they_are_made() {
    let mut many = manifest();
    let stand_in = StandIn::of(&many).unwrap().members(1 << 40);
    let executor = stand_in.builder().build().unwrap();
    let error = stand_in.join(&executor).unwrap_err().to_string();
    assert!(error.contains("ask for fewer members"), "{error}");
    let fan = target(&mut many)["targets"][0].clone();
    let fans = (0..100_001).map(|index| {
        let id = format!("fan-{index}");
        json!({"id": id, "name": fan["name"], "actions": [], "emitters": [], "targets": []})
    });
    target(&mut many)["targets"] = fans.collect();
    assert!(refused(&many).contains("one target too many"));
}

#[tokio::test]
async fn a_schema_of_ten_megabytes_is_played_and_refuses_in_a_few_words() {
    let mut heavy = manifest();
    let choices: Vec<_> = (0..100_000).map(|index| format!("{index:0>100}")).collect();
    let schema = json!({"type": "string", "enum": choices});
    assert!(schema.to_string().len() > 10_000_000);
    target(&mut heavy)["emitters"][0]["schema"] = schema.clone();
    for action in target(&mut heavy)["actions"].as_array_mut().unwrap() {
        if action["writesTo"]["role"] == "canonical" {
            action["schema"] = schema.clone();
        }
    }
    let show = Show::of(StandIn::of(&heavy).unwrap()).await;
    let error = show.call("lamp:set-level", json!(1)).await.unwrap_err();
    assert!(
        error.contains("expected one of") && error.len() < 3000,
        "{error}"
    );
    let chosen = json!(format!("{:0>100}", 77));
    assert_eq!(
        show.call("lamp:set-level", chosen.clone()).await,
        Ok(Value::Null)
    );
    show.shows("lamp:level", chosen).await;
    show.end().await;
}
