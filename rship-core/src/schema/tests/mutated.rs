//! The values of the corpus with something wrong somewhere: schema, checker and decoder still agree.

use serde_json::{Value, json};

use super::agreement::{Judges, has_null};
use super::corpus::{Case, cases};

const ROUNDS: usize = 40;

/// Deterministic, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let sides = u64::try_from(sides.max(1)).expect("a small number");
        usize::try_from((self.0 >> 33) % sides).expect("a small number")
    }
}

fn replacement(dice: &mut Dice, other: &[Value]) -> Value {
    let fixed = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(3.0),
        json!(0.5),
        json!(300),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("a"),
        json!([]),
        json!([1]),
        json!({}),
        json!({"a": 1}),
    ];
    let at = dice.roll(fixed.len() + other.len());
    fixed
        .iter()
        .chain(other)
        .nth(at)
        .cloned()
        .unwrap_or_default()
}

fn mutate(value: &mut Value, dice: &mut Dice, other: &[Value]) {
    match value {
        Value::Object(fields) if !fields.is_empty() && dice.roll(4) > 0 => {
            let at = dice.roll(fields.len());
            let name = fields.keys().nth(at).cloned().unwrap_or_default();
            match dice.roll(4) {
                0 => {
                    fields.remove(&name);
                }
                1 => {
                    fields.insert("surplus".to_owned(), replacement(dice, other));
                }
                _ => {
                    if let Some(field) = fields.get_mut(&name) {
                        mutate(field, dice, other);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() && dice.roll(4) > 0 => {
            let at = dice.roll(items.len());
            match dice.roll(4) {
                0 => {
                    items.remove(at);
                }
                1 => items.push(replacement(dice, other)),
                _ => {
                    if let Some(item) = items.get_mut(at) {
                        mutate(item, dice, other);
                    }
                }
            }
        }
        value => *value = replacement(dice, other),
    }
}

fn mutants(case: &Case, dice: &mut Dice) -> Vec<Value> {
    let mut mutants = Vec::new();
    for value in case.good.iter().chain(&case.served) {
        for _ in 0..ROUNDS {
            let mut mutant = value.clone();
            mutate(&mut mutant, dice, &case.good);
            mutants.push(mutant);
        }
    }
    mutants
}

/// In the union of an enum's fields, those of the variants that are not meant keep their types;
/// the decoder does not look at them.
fn is_ignored(case: &Case, value: &Value, path: &str) -> bool {
    let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
    let mut without = value.clone();
    let removed = pointer
        .rsplit_once('/')
        .and_then(|(parent, name)| without.pointer_mut(parent)?.as_object_mut()?.remove(name));
    removed.is_some() && (case.decode)(&without) == (case.decode)(value)
}

#[test]
fn checker_and_validator_agree_on_mutants() {
    let mut dice = Dice(1);
    for case in cases() {
        let judges = Judges::new(&(case.argument)().expect(case.name).schema);
        for mutant in mutants(&case, &mut dice) {
            let mut checked = mutant.clone();
            let taken = judges.checker.check(&mut checked).is_ok();
            if !has_null(&checked) {
                let valid = judges.validator.is_valid(&checked);
                assert_eq!(taken, valid, "{}: {mutant} became {checked}", case.name);
            }
        }
    }
}

#[test]
fn no_mutant_that_plain_schema_and_decoder_take_is_refused() {
    let mut dice = Dice(2);
    let mut refused = Vec::new();
    for case in cases() {
        let plain = jsonschema::validator_for(&(case.plain)()).expect(case.name);
        let nullable = (case.argument)().expect(case.name).nullable;
        let judges = Judges::new(&(case.argument)().expect(case.name).schema);
        for mutant in mutants(&case, &mut dice) {
            let expected = plain.is_valid(&mutant) && (case.decode)(&mutant).is_ok();
            if !expected || (mutant.is_null() && nullable) {
                continue;
            }
            if case.decoder_alone.contains(&mutant) {
                continue;
            }
            let mut checked = mutant.clone();
            match judges.checker.check(&mut checked) {
                Ok(_) if (case.decode)(&checked).is_ok() => {}
                Ok(_) => refused.push(format!("{}: {mutant} became {checked}", case.name)),
                Err(error) if is_ignored(&case, &mutant, &error.path) => {}
                Err(error) => refused.push(format!("{}: {mutant}: {error}", case.name)),
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
