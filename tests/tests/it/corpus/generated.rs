//! Generated values, more than a hundred thousand: schema, checker and decoder say the same in every case.
//!
//! What is taken in the end is what the checker lets pass *and* the decoder reads. A validator that
//! knows nothing but the announced schema has to come to the same verdict, with exceptions that
//! the corpus names type by type: values that the profile cannot rule out
//! ([`Case::left_to_decoder`]), and forms that serde takes unannounced ([`Case::decoder_alone`]).

use jsonschema::Validator;
use rship_core::payload::{Checker, PayloadError};
use rship_tests::corpus::{ARGUMENT, Case, cases};
use serde_json::{Value, json};

use super::agreement::Judges;
use super::generate::Generator;

/// Of each of the three ways to make values.
const ROUNDS: usize = 600;
const SEED: u64 = 0x5ead_0f57_a6e5;

struct Subject {
    case: Case,
    judges: Judges,
    /// Of an action with an argument of the type.
    action: Checker,
    emitter: Judges,
    plain: Validator,
    nullable: bool,
    /// What is infinite as an `f32` is refused, which no schema says.
    has_single_precision: bool,
}

/// Says on which value a test panicked, whoever panicked.
struct About<'a>(&'a str, &'a Value);

impl Drop for About<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("on a value for {}: {}", self.0, self.1);
        }
    }
}

impl Subject {
    fn new(case: Case) -> Self {
        let argument = (case.argument)().expect(case.name);
        let emitter = (case.emitter)().expect(case.name);
        Self {
            judges: Judges::new(&argument.schema),
            action: Checker::compile(&case.action().expect(case.name)),
            emitter: Judges::new(&emitter.schema),
            plain: jsonschema::validator_for(&(case.plain_argument)()).expect(case.name),
            nullable: argument.nullable,
            has_single_precision: argument.schema.to_string().contains("\"float\""),
            case,
        }
    }

    /// What is wrong with the verdicts about a value, if anything is; and whether it was taken.
    fn judge(&self, value: &Value) -> Result<bool, String> {
        let taken = self.judge_alone(value)?;
        let in_action = self.in_action(value);
        let is_absent = value.is_null() && self.nullable;
        match (taken, in_action) {
            (false, Ok(())) if !is_absent && !self.takes_more() => {
                Err("refused as a payload, taken as an argument".to_owned())
            }
            // A whole payload of null is what servers send for no arguments at all.
            (true, Err(error)) if !value.is_null() => {
                Err(format!("taken as a payload, as an argument: {error}"))
            }
            _ => Ok(taken),
        }
    }

    /// The way of a value that is one argument of an action.
    fn in_action(&self, value: &Value) -> Result<(), PayloadError> {
        let mut payload = json!({ARGUMENT: value});
        self.action.check(&mut payload)?;
        let argument = payload.get(ARGUMENT).unwrap_or(&Value::Null);
        (self.case.decode)(argument).map(drop)
    }

    fn judge_alone(&self, value: &Value) -> Result<bool, String> {
        let mut checked = value.clone();
        match self.judges.checker.check(&mut checked) {
            Ok(_) => match (self.case.decode)(&checked) {
                Ok(published) => self.taken(&checked, published).map(|()| true),
                Err(error) => self.refused_by_decoder(&checked, &error).map(|()| false),
            },
            Err(error) => self.refused(value, &checked, &error).map(|()| false),
        }
    }

    fn taken(&self, checked: &Value, mut published: Value) -> Result<(), String> {
        if !self.judges.validator.is_valid(checked) && self.case.decoder_alone.is_empty() {
            return Err(format!("taken as {checked}, which the schema refuses"));
        }
        // That a null is taken is said beside the schema.
        if published.is_null() {
            return Ok(());
        }
        if let Err(error) = self.emitter.checker.check(&mut published) {
            return Err(format!(
                "published as {published}, refused by its checker: {error}"
            ));
        }
        if !self.emitter.validator.is_valid(&published) {
            return Err(format!("published as {published}, refused by its schema"));
        }
        Ok(())
    }

    fn refused_by_decoder(&self, checked: &Value, error: &PayloadError) -> Result<(), String> {
        let words = error.to_string();
        if !words.starts_with("argument `") && !words.starts_with("the payload") {
            return Err(format!("refused in these words: {words}"));
        }
        if self.case.left_to_decoder.is_empty() && self.judges.validator.is_valid(checked) {
            return Err(format!(
                "the schema takes {checked}, the decoder says: {words}"
            ));
        }
        Ok(())
    }

    fn refused(&self, value: &Value, checked: &Value, error: &PayloadError) -> Result<(), String> {
        if self.has_single_precision && has_huge(value) {
            return Ok(());
        }
        let valid =
            self.judges.validator.is_valid(value) || self.judges.validator.is_valid(checked);
        if valid {
            return Err(format!(
                "the schema takes {checked}, the checker says: {error}"
            ));
        }
        let is_absent = value.is_null() && self.nullable;
        let taken = self.plain.is_valid(value) && (self.case.decode)(value).is_ok();
        if taken && !is_absent && !self.takes_more() && !self.is_ignored(value, &error.path) {
            return Err(format!(
                "plain schema and decoder take it, the checker says: {error}"
            ));
        }
        Ok(())
    }

    /// Whether serde takes more than is announced of this type, or ignores what does not fit.
    fn takes_more(&self) -> bool {
        !self.case.decoder_alone.is_empty()
    }

    /// In the union of an enum's fields, those of the variants that are not meant keep their types;
    /// the decoder does not look at them.
    fn is_ignored(&self, value: &Value, path: &str) -> bool {
        let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
        let mut without = value.clone();
        let removed = pointer
            .rsplit_once('/')
            .and_then(|(parent, name)| without.pointer_mut(parent)?.as_object_mut()?.remove(name));
        removed.is_some() && (self.case.decode)(&without) == (self.case.decode)(value)
    }
}

fn has_huge(value: &Value) -> bool {
    match value {
        Value::Number(number) => number
            .as_f64()
            .is_some_and(|n| n.abs() > f64::from(f32::MAX)),
        Value::Array(items) => items.iter().any(has_huge),
        Value::Object(fields) => fields.values().any(has_huge),
        _ => false,
    }
}

#[derive(Default)]
struct Count {
    tried: usize,
    taken: usize,
    wrong: Vec<String>,
}

impl Count {
    /// Of each type the first mistake is enough.
    fn judge(&mut self, subject: &Subject, values: impl Iterator<Item = Value>) {
        let mut first = None;
        for value in values {
            let _about = About(subject.case.name, &value);
            self.tried += 1;
            match subject.judge(&value) {
                Ok(verdict) => self.taken += usize::from(verdict),
                Err(error) => {
                    first.get_or_insert(format!("{}: {value}: {error}", subject.case.name));
                }
            }
        }
        self.wrong.extend(first);
    }

    fn check(&self) {
        println!("{} values, {} of them taken", self.tried, self.taken);
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert!(self.tried >= 100_000, "{}", self.tried);
    }
}

#[test]
fn schema_checker_and_decoder_agree_on_generated_values() {
    let mut count = Count::default();
    for (number, case) in (0_u64..).zip(cases()) {
        let subject = Subject::new(case);
        let mut generator = Generator::new(SEED + number, &subject.case);
        let before = count.taken;
        let makes: [fn(&mut Generator) -> Value; 3] =
            [Generator::fitting, Generator::mutated, Generator::random];
        for make in makes {
            count.judge(&subject, (0..ROUNDS).map(|_| make(&mut generator)));
        }
        let taken = count.taken - before;
        assert!(
            taken > ROUNDS / 10,
            "{}: only {taken} were good",
            subject.case.name
        );
    }
    count.check();
    // Neither a generator of rubbish nor one of good values alone would say much.
    let (tried, taken) = (count.tried, count.taken);
    assert!(
        taken > tried / 10 && taken < tried * 9 / 10,
        "{taken} of {tried}"
    );
}

#[test]
fn schema_checker_and_decoder_agree_on_the_values_of_all_other_types() {
    let pool: Vec<Value> = cases().iter().flat_map(Case::values).collect();
    let mut count = Count::default();
    for case in cases() {
        count.judge(&Subject::new(case), pool.iter().cloned());
    }
    count.check();
}
