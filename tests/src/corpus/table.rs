//! What servers make of every type: with the profile, and with `schemars` alone.

use rship_dev::{Bindable, Explained, Generation, Verdict, bindable, judge};
use serde_json::{Value, json};

use super::{ARGUMENT, Case, bindings, cases};

/// The schemas of one type as servers read them.
pub struct Judged {
    /// The schema of its values.
    pub schema: Value,
    /// What each generation finds wrong with an action and an emitter of the type.
    pub problems: Vec<(Generation, Vec<Explained>)>,
    /// The fields that a show sees in a value of the type.
    pub fields: Vec<Bindable>,
    /// What is wrong: everything that `problems` says, and fields that are not as they are meant.
    pub wrong: Vec<String>,
}

impl Judged {
    /// Whether every generation takes it as it is meant.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    /// What a generation does with it, in one word.
    #[must_use]
    pub fn verdict(&self, generation: Generation) -> &'static str {
        let problems = self.problems.iter().filter(|(of, _)| *of == generation);
        let mut problems = problems.flat_map(|(_, problems)| problems).peekable();
        if problems.peek().is_none() {
            "taken"
        } else if problems.any(|problem| problem.verdict == Verdict::Dropped) {
            "DROPPED"
        } else {
            "lossy"
        }
    }
}

/// One type.
pub struct Row {
    /// How the type is written.
    pub name: &'static str,
    /// With the profile.
    pub profile: Judged,
    /// With `schemars` alone.
    pub plain: Judged,
}

/// All types.
pub struct Table {
    /// In the order of the corpus.
    pub rows: Vec<Row>,
}

impl Table {
    /// How many rows are right with the profile, and how many with `schemars` alone.
    #[must_use]
    pub fn right(&self) -> (usize, usize) {
        let count = |of: fn(&Row) -> &Judged| {
            let right = self.rows.iter().filter(|row| of(row).is_right());
            right.count()
        };
        (count(|row| &row.profile), count(|row| &row.plain))
    }
}

/// Asks the reader of the local core, which knows nothing of the profile, about every type.
///
/// # Panics
/// When a type has no schema.
#[must_use]
pub fn table() -> Table {
    let bindings = bindings();
    let rows = cases()
        .iter()
        .map(|case| {
            let meant = |name: &str| bindings.get(name).cloned();
            let argument = meant(case.name).unwrap_or_default();
            let emitter = meant(&format!("{} emitted", case.name));
            let emitter = emitter.unwrap_or_else(|| argument.clone());
            let schemas = profile(case);
            let plain = Schemas {
                action: (case.plain_action)(),
                argument: (case.plain_argument)(),
                emitter: (case.plain_emitter)(),
            };
            Row {
                name: case.name,
                profile: judged(schemas, &argument, &emitter),
                plain: judged(plain, &argument, &emitter),
            }
        })
        .collect();
    Table { rows }
}

/// A type in the three places where its schema is sent.
struct Schemas {
    /// As one argument among others.
    action: Value,
    /// As the payload itself, of the action that sets an emitter.
    argument: Value,
    emitter: Value,
}

fn profile(case: &Case) -> Schemas {
    Schemas {
        action: case.action().expect(case.name),
        argument: (case.argument)().expect(case.name).schema,
        emitter: (case.emitter)().expect(case.name).schema,
    }
}

fn judged(schemas: Schemas, argument: &[&str], emitter: &[&str]) -> Judged {
    let problems: Vec<(Generation, Vec<Explained>)> = Generation::ALL
        .into_iter()
        .map(|generation| (generation, problems(generation, &schemas)))
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    for (generation, problems) in &problems {
        wrong.extend(
            problems
                .iter()
                .map(|problem| format!("{generation}: {problem}")),
        );
    }
    let fields = bindable(&schemas.argument);
    let places = [
        (
            "an action",
            written(&bindable(&schemas.action)),
            inside(argument),
        ),
        ("a setter", written(&fields), owned(argument)),
        (
            "an emitter",
            written(&bindable(&schemas.emitter)),
            owned(emitter),
        ),
    ];
    for (place, found, meant) in places {
        if found != meant {
            let (found, meant) = (found.join("; "), meant.join("; "));
            wrong.push(format!(
                "{place} shows [{found}], which is meant as [{meant}]"
            ));
        }
    }
    Judged {
        schema: schemas.argument,
        problems,
        fields,
        wrong,
    }
}

fn written(fields: &[Bindable]) -> Vec<String> {
    fields.iter().map(ToString::to_string).collect()
}

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// The same fields in an argument: a value without a name has the argument's, and a struct without
/// fields is a place without anything in it.
fn inside(fields: &[&str]) -> Vec<String> {
    if fields.is_empty() {
        return vec![format!("{ARGUMENT}: none")];
    }
    let named = |field: &&str| match field.split_once(": ") {
        Some((path, _)) if path.starts_with("[]") => format!("{ARGUMENT}{field}"),
        Some(_) => format!("{ARGUMENT}.{field}"),
        None => format!("{ARGUMENT}: {field}"),
    };
    fields.iter().map(named).collect()
}

fn problems(generation: Generation, schemas: &Schemas) -> Vec<Explained> {
    let entity = |schema: Value| json!({"id": "t:x", "name": "X", "targetId": "t", "serviceId": "s", "hash": "h", "schema": schema});
    // A 2023 server takes an action's schema as a text.
    let of_action = |schema: &Value| match generation {
        Generation::V2023 => Value::String(schema.to_string()),
        _ => schema.clone(),
    };
    [
        judge(generation, "Action", &entity(of_action(&schemas.action))),
        judge(generation, "Action", &entity(of_action(&schemas.argument))),
        judge(generation, "Emitter", &entity(schemas.emitter.clone())),
    ]
    .concat()
}
