//! Generated values, more than a hundred thousand: schema, checker and decoder say the same in every case.
//!
//! What is taken in the end is what the checker lets pass *and* the decoder reads. A validator that
//! knows nothing but the announced schema has to come to the same verdict, with exceptions that
//! the corpus names type by type: values that the profile cannot rule out
//! ([`Case::left_to_decoder`]), and forms that serde takes unannounced ([`Case::decoder_alone`]).

use jsonschema::Validator;
use rship_core::payload::PayloadError;
use rship_tests::corpus::{Case, cases};
use serde_json::Value;

use super::agreement::Judges;
use super::generate::Generator;

/// Of each of the three ways to make values.
const ROUNDS: usize = 600;
const SEED: u64 = 0x5ead_0f57_a6e5;

struct Subject {
    case: Case,
    judges: Judges,
    emitter: Judges,
    plain: Validator,
    nullable: bool,
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
            emitter: Judges::new(&emitter.schema),
            plain: jsonschema::validator_for(&(case.plain_argument)()).expect(case.name),
            nullable: argument.nullable,
            case,
        }
    }

    /// What is wrong with the verdicts about a value, if anything is; and whether it was taken.
    fn judge(&self, value: &Value) -> Result<bool, String> {
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
        // A number too large for an `f32` becomes infinite, which JSON writes as null.
        if is_published_null(checked, &published) {
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
        let valid = self.judges.validator.is_valid(checked);
        if valid && self.case.left_to_decoder.is_empty() {
            return Err(format!(
                "the schema takes {checked}, the decoder says: {words}"
            ));
        }
        // Whether a list may hold nulls is left to the decoder by the checker, not by the validator;
        // so is a name that may be an alias.
        if !valid && !has_null(checked) && self.case.decoder_alone.is_empty() {
            return Err(format!(
                "the schema refuses {checked}, the checker does not"
            ));
        }
        Ok(())
    }

    fn refused(&self, value: &Value, checked: &Value, error: &PayloadError) -> Result<(), String> {
        if self.judges.validator.is_valid(value) || self.judges.validator.is_valid(checked) {
            return Err(format!(
                "the schema takes {checked}, the checker says: {error}"
            ));
        }
        let is_absent = value.is_null() && self.nullable;
        let taken = self.plain.is_valid(value) && (self.case.decode)(value).is_ok();
        if taken && !is_absent && !self.is_known(value) && !self.is_ignored(value, &error.path) {
            return Err(format!(
                "plain schema and decoder take it, the checker says: {error}"
            ));
        }
        Ok(())
    }

    fn is_known(&self, value: &Value) -> bool {
        self.case.decoder_alone.contains(value)
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

/// Whether something that was no null is published as one.
fn is_published_null(read: &Value, published: &Value) -> bool {
    nulls(published) > nulls(read) && has_huge(read) || published.is_null()
}

fn nulls(value: &Value) -> usize {
    match value {
        Value::Null => 1,
        Value::Array(items) => items.iter().map(nulls).sum(),
        Value::Object(fields) => fields.values().map(nulls).sum(),
        _ => 0,
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
        assert!(taken > ROUNDS / 10, "{}: only {taken} were good", subject.case.name);
    }
    count.check();
    // Neither a generator of rubbish nor one of good values alone would say much.
    let (tried, taken) = (count.tried, count.taken);
    assert!(taken > tried / 10 && taken < tried * 9 / 10, "{taken} of {tried}");
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
