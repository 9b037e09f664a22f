//! What `rship_dev::compat` calls compatible, judged by a validator that knows nothing of it: whatever fits the old
//! arguments fits the new ones, and whatever the new emitter tells fits the old one's schema.

use fastrand::Rng;
use jsonschema::Validator;
use rship_core::payload::Checker;
use rship_dev::compat::{Kind, compare};
use rship_tests::corpus::{Case, cases};
use serde_json::{Map, Value, json};

use super::generate::Generator;

const SEED: u64 = 0xc0_4742;
/// Changed schemas of each type.
const CHANGED: usize = 40;
/// Values that are tried on each pair of schemas.
const VALUES: usize = 60;

fn manifest(schema: &Value) -> Value {
    json!({"serviceId": "s", "instances": [{"instance": {"id": "i"}, "targets": [{
        "id": "t", "targets": [],
        "actions": [{"id": "t:a", "schema": schema}],
        "emitters": [{"id": "t:e", "schema": schema}],
    }]}]})
}

/// Whether the change of an action's schema breaks something, and whether that of an emitter's does.
fn breaks(old: &Value, new: &Value) -> [bool; 2] {
    let changes = compare(&manifest(old), &manifest(new)).expect("manifests");
    let breaks = |kind| {
        changes
            .iter()
            .any(|one| one.kind == kind && one.is_breaking)
    };
    [breaks(Kind::Action), breaks(Kind::Emitter)]
}

/// One schema, and who judges values by it.
struct Judge {
    schema: Value,
    validator: Validator,
    checker: Checker,
}

impl Judge {
    fn new(schema: Value) -> Self {
        Self {
            validator: jsonschema::validator_for(&schema).expect("a schema"),
            checker: Checker::compile(&schema),
            schema,
        }
    }

    /// Whether the value fits, and has no fields that the schema does not name: nobody can rely on those.
    fn knows(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
            && self
                .checker
                .check(&mut value.clone())
                .is_ok_and(|unknown| unknown.is_empty())
    }
}

#[derive(Default)]
struct Count {
    /// Pairs of schemas that are compatible on one side.
    compatible: usize,
    breaking: usize,
    /// Values that were tried on compatible ones.
    values: usize,
}

impl Count {
    fn judge(&mut self, name: &str, [old, new]: [&Judge; 2], values: &[Value]) {
        let [breaks_action, breaks_emitter] = breaks(&old.schema, &new.schema);
        for (is_breaking, from, to, side) in [
            (breaks_action, old, new, "argument"),
            (breaks_emitter, new, old, "emitter"),
        ] {
            if is_breaking {
                self.breaking += 1;
                continue;
            }
            self.compatible += 1;
            for value in values.iter().filter(|value| from.knows(value)) {
                self.values += 1;
                assert!(
                    to.validator.is_valid(value),
                    "{name}: {value} breaks as {side}, though that is called compatible:\n{}\n{}",
                    old.schema,
                    new.schema
                );
            }
        }
    }
}

fn values(case: &Case, seed: u64) -> Vec<Value> {
    let mut generator = Generator::new(seed, case);
    let mut values = case.values();
    for _ in 0..VALUES {
        values.push(generator.fitting());
        values.push(generator.mutated());
    }
    values
}

fn schemas(case: &Case) -> [Value; 2] {
    [case.argument, case.emitter].map(|schema| schema().expect(case.name).schema)
}

#[test]
fn every_schema_is_compatible_with_itself() {
    for case in cases() {
        for schema in schemas(&case) {
            let same = manifest(&schema);
            assert_eq!(
                compare(&same, &same).expect("manifests"),
                [],
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn a_break_is_found_in_every_type() {
    let mut found = 0;
    for case in cases() {
        for old in schemas(&case) {
            for (what, new, expected) in breaking(&old) {
                let [action, emitter] = breaks(&old, &new);
                let [wants_action, wants_emitter] = expected;
                assert!(
                    (action || !wants_action) && (emitter || !wants_emitter),
                    "{}: {what} is not found: {old} {new}",
                    case.name
                );
                found += 1;
            }
        }
    }
    assert!(found > 500, "{found}");
}

/// What breaks of a schema, at its top: what is done, and whether that breaks an action and an emitter.
fn breaking(old: &Value) -> Vec<(String, Value, [bool; 2])> {
    let mut all = Vec::new();
    let mut add = |what: &str, sides, change: &dyn Fn(&mut Map<String, Value>)| {
        let mut new = old.clone();
        change(new.as_object_mut().expect("an object"));
        all.push((what.to_owned(), new, sides));
    };
    let kind = old["type"].as_str();
    if let Some(kind) = kind {
        let other = if kind == "boolean" {
            "string"
        } else {
            "boolean"
        };
        add("another type", [true, true], &|new| {
            *new = Map::from_iter([("type".to_owned(), json!(other))]);
        });
        add("no type", [false, true], &|new| new.clear());
    } else {
        add("a type", [true, false], &|new| {
            *new = Map::from_iter([("type".to_owned(), json!("boolean"))]);
        });
    }
    if let Some(choices) = old["enum"].as_array().filter(|all| all.len() > 1) {
        add("a choice is gone", [true, true], &|new| {
            new.remove("oneOf");
            new.insert("enum".to_owned(), json!(choices[1..]));
        });
        add("a choice is new", [false, true], &|new| {
            new.remove("oneOf");
            new.insert(
                "enum".to_owned(),
                json!([&choices[..], &[json!("another")]].concat()),
            );
        });
    } else if kind.is_some_and(|kind| ["integer", "number"].contains(&kind)) {
        add("a bound", [true, false], &|new| {
            new.insert("maximum".to_owned(), json!(-1e6));
        });
        if old.get("maximum").is_some() {
            add("no bound", [false, true], &|new| {
                drop(new.remove("maximum"))
            });
        }
    }
    let fields = old["properties"].as_object();
    for name in fields.into_iter().flatten().map(|(name, _)| name) {
        if kind != Some("object") {
            break;
        }
        add("a field is gone", [true, true], &|new| {
            new["properties"]
                .as_object_mut()
                .expect("fields")
                .remove(name);
            if let Some(Value::Array(required)) = new.get_mut("required") {
                required.retain(|one| one != name);
            }
        });
        let required = old["required"].as_array().cloned().unwrap_or_default();
        let is_required = required.contains(&json!(name));
        add(
            "a field is required, or not",
            [!is_required, is_required],
            &|new| {
                let mut required = required.clone();
                required.retain(|one| one != name);
                if !is_required {
                    required.push(json!(name));
                }
                new.insert("required".to_owned(), json!(required));
            },
        );
    }
    all
}

#[test]
fn what_is_compatible_takes_what_was_taken_and_tells_what_was_told() {
    let mut count = Count::default();
    for (number, case) in (0_u64..).zip(cases()) {
        let values = values(&case, SEED + number);
        let mut changing = Changing(Rng::with_seed(SEED + number));
        for schema in schemas(&case) {
            let old = Judge::new(schema);
            for _ in 0..CHANGED {
                let mut changed = old.schema.clone();
                for _ in 0..changing.0.usize(1..=3) {
                    changing.change(&mut changed);
                }
                count.judge(case.name, [&old, &Judge::new(changed)], &values);
            }
        }
    }
    let Count {
        compatible,
        breaking,
        values,
    } = count;
    println!("{compatible} compatible, {breaking} breaking, {values} values tried");
    assert!(compatible > breaking / 4 && breaking > compatible / 4);
    assert!(values > 100_000, "{values}");
}

#[test]
fn no_two_types_of_the_corpus_are_called_compatible_without_being_it() {
    let all: Vec<_> = cases()
        .into_iter()
        .map(|case| {
            let [argument, _] = schemas(&case);
            (case, Judge::new(argument))
        })
        .collect();
    let mut count = Count::default();
    for (number, (case, old)) in (0_u64..).zip(&all) {
        let mut values = values(case, SEED + number);
        values.truncate(VALUES);
        for (other, new) in &all {
            let name = format!("{} to {}", case.name, other.name);
            count.judge(&name, [old, new], &values);
        }
    }
    assert!(count.values > 50_000, "{}", count.values);
}

/// Changes schemas, for better or for worse.
struct Changing(Rng);

impl Changing {
    /// Changes something, at the top or somewhere inside.
    fn change(&mut self, schema: &mut Value) {
        let Value::Object(fields) = schema else {
            return;
        };
        if self.0.u8(..3) > 0 {
            let mut inner: Vec<&mut Value> = Vec::new();
            for (key, value) in fields.iter_mut() {
                match (key.as_str(), value) {
                    ("properties", Value::Object(all)) => inner.extend(all.values_mut()),
                    ("items", value) => inner.push(value),
                    _ => {}
                }
            }
            if !inner.is_empty() {
                let at = self.0.usize(..inner.len());
                self.change(inner.swap_remove(at));
                return;
            }
        }
        self.here(fields);
    }

    fn here(&mut self, schema: &mut Map<String, Value>) {
        match self.0.u8(..14) {
            0 => self.bound(schema, "minimum"),
            1 => self.bound(schema, "maximum"),
            2 => {
                let key = self.one(&["exclusiveMinimum", "exclusiveMaximum"]);
                self.bound(schema, key);
            }
            3 | 4 => self.choices(schema),
            5 => {
                let key = self.one(&["minLength", "maxLength", "minItems", "maxItems"]);
                let length = self.0.u64(..4);
                schema.insert(key.to_owned(), json!(length));
            }
            6 => {
                let key = self.one(&[
                    "type",
                    "minimum",
                    "maximum",
                    "minLength",
                    "maxLength",
                    "items",
                    "required",
                    "properties",
                    "additionalProperties",
                ]);
                schema.remove(key);
            }
            7 => {
                let kinds = ["boolean", "integer", "number", "string", "array", "object"];
                let kind = self.one(&kinds);
                schema.insert("type".to_owned(), json!(kind));
            }
            8 => {
                schema.insert("additionalProperties".to_owned(), json!(false));
            }
            9 => {
                schema.insert("items".to_owned(), json!({"type": "number"}));
            }
            _ => self.fields(schema),
        }
    }

    fn bound(&mut self, schema: &mut Map<String, Value>, key: &str) {
        let old = schema.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        let by = self.one(&[-1000.0, -1.5, -1.0, 1.0, 1.5, 1000.0]);
        schema.insert(key.to_owned(), json!(old + by));
    }

    fn choices(&mut self, schema: &mut Map<String, Value>) {
        let Some(Value::Array(values)) = schema.get("enum") else {
            return;
        };
        let mut values = values.clone();
        if self.0.bool() {
            values.push(json!("another"));
        } else if values.len() > 1 {
            let at = self.0.usize(..values.len());
            values.remove(at);
        }
        schema.remove("oneOf");
        schema.insert("enum".to_owned(), values.into());
    }

    fn fields(&mut self, schema: &mut Map<String, Value>) {
        let names = |schema: &Map<String, Value>| -> Vec<String> {
            let fields = schema.get("properties").and_then(Value::as_object);
            fields
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect()
        };
        let all = names(schema);
        let Some(name) = self.0.choice(&all).cloned() else {
            return;
        };
        let Some(Value::Object(fields)) = schema.get_mut("properties") else {
            return;
        };
        let mut required: Vec<String> = Vec::new();
        match self.0.u8(..4) {
            0 => {
                fields.remove(&name);
            }
            1 => {
                fields.insert("another".to_owned(), json!({"type": "number"}));
            }
            _ => {}
        }
        if let Some(Value::Array(names)) = schema.get("required") {
            required.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        if self.0.bool() {
            if required.contains(&name) {
                required.retain(|one| *one != name);
            } else if names(schema).contains(&name) {
                required.push(name);
            }
        }
        required.retain(|one| names(schema).contains(one));
        schema.insert("required".to_owned(), json!(required));
    }

    fn one<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.usize(..from.len())]
    }
}
