//! The schema of every type of the corpus, word for word.

use std::fmt::Write as _;

use rship_tests::corpus::{cases, golden};

#[test]
fn each_type_of_the_corpus_has_the_schema_that_was_looked_at() {
    let golden = golden();
    let mut differing = String::new();
    let mut seen = 0;
    for case in cases() {
        let argument = (case.argument)().expect(case.name).schema;
        let emitter = (case.emitter)().expect(case.name).schema;
        let mut lines = vec![(case.name.to_owned(), &argument)];
        if emitter != argument {
            lines.push((format!("{} emitted", case.name), &emitter));
        }
        for (name, schema) in lines {
            seen += 1;
            if golden.get(name.as_str()) != Some(schema) {
                writeln!(differing, "{name}: {schema}").expect("a string");
            }
        }
    }
    assert!(
        differing.is_empty(),
        "these lines belong into golden.txt:\n{differing}"
    );
    assert_eq!(
        seen,
        golden.len(),
        "golden.txt has lines of types that are gone"
    );
}

#[test]
fn the_corpus_has_each_type_once_and_enough_of_them() {
    let names: std::collections::BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
    assert!(names.len() >= 150);
}
