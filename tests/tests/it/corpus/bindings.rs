//! What the node editor of a server offers for every type, by a reader that knows nothing of the profile.

use std::fmt::Write as _;

use rship_dev::{Generation, bindable};
use rship_tests::corpus::{bindings, cases, table};
use serde_json::Value;

fn fields(schema: &Value) -> String {
    let fields: Vec<String> = bindable(schema).iter().map(ToString::to_string).collect();
    fields.join("; ")
}

#[test]
fn each_type_shows_the_fields_that_were_looked_at() {
    let bindings = bindings();
    let mut differing = String::new();
    let mut seen = 0;
    for case in cases() {
        let argument = fields(&(case.argument)().expect(case.name).schema);
        let emitter = fields(&(case.emitter)().expect(case.name).schema);
        let mut lines = vec![(case.name.to_owned(), &argument)];
        if emitter != argument {
            lines.push((format!("{} emitted", case.name), &emitter));
        }
        for (name, fields) in lines {
            seen += 1;
            if bindings
                .get(name.as_str())
                .map(|meant| meant.join("; "))
                .as_ref()
                != Some(fields)
            {
                writeln!(differing, "{name} => {fields}").expect("a string");
            }
        }
    }
    assert!(
        differing.is_empty(),
        "these lines belong into bindings.txt:\n{differing}"
    );
    assert_eq!(
        seen,
        bindings.len(),
        "bindings.txt has lines of types that are gone"
    );
}

#[test]
fn every_generation_takes_every_type_as_it_is_meant() {
    for row in table().rows {
        assert!(
            row.profile.is_right(),
            "{}: {:#?}",
            row.name,
            row.profile.wrong
        );
        for generation in Generation::ALL {
            assert_eq!(row.profile.verdict(generation), "taken", "{}", row.name);
        }
    }
}

/// The table is only worth something if it finds what plain `schemars` loses.
#[test]
fn without_the_profile_most_of_the_corpus_is_lost() {
    let table = table();
    let (profile, plain) = table.right();
    assert_eq!(profile, table.rows.len());
    assert!(plain < profile / 2, "{plain} of {profile}");
}
