//! A form for every type of the corpus: what is filled in is what arrives.

use std::sync::mpsc::{self, Receiver};

use rship_runtime::Generation;
use rship_runtime::model::ModelBuilder;
use rship_tests::browser::{Locator, Page, page};
use rship_tests::corpus::{ARGUMENT, Case, Taker, cases};
use rship_tests::{LIMIT, Running, core, executor, within};
use serde_json::{Map, Value};

use crate::show::row;

/// How many types one target takes.
const EACH: usize = 8;

/// The form's action for a type.
fn id(number: usize) -> String {
    format!("take-{number}")
}

/// Fills the field of this name, which is there.
async fn fill(inside: &Locator<'_>, name: &str, schema: &Value, value: &Value) {
    if let Some(title) = title(schema, value) {
        return inside.by("combobox", name).choose(&title).await;
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    match (kind, value) {
        (_, Value::Null) if !kind.is_empty() => {}
        ("integer" | "number", _) => inside.by("spinbutton", name).fill(&value.to_string()).await,
        ("string", Value::String(text)) => inside.by("textbox", name).fill(text).await,
        ("boolean", Value::Bool(on)) => inside.by("checkbox", name).check(*on).await,
        ("object", Value::Object(fields)) => {
            fill_fields(&inside.by("group", name).held().await, schema, fields).await;
        }
        ("array", Value::Array(items)) => {
            fill_items(&inside.by("group", name).held().await, name, schema, items).await
        }
        ("", _) if schema["format"] == "exec-tick" => {}
        // What may be an object and something else is written as JSON.
        ("", _) if schema.get("properties").is_some() => {
            let group = inside.by("group", name);
            group
                .by("combobox", &format!("Kind of {name}"))
                .choose("as JSON")
                .await;
            group.by("textbox", name).fill(&value.to_string()).await;
        }
        // Anything, as JSON.
        _ => inside.by("textbox", name).fill(&value.to_string()).await,
    }
}

/// The title of a value where it is a choice.
fn title(schema: &Value, value: &Value) -> Option<String> {
    let titled = schema["oneOf"].as_array().into_iter().flatten();
    let title = titled
        .filter(|choice| choice["const"] == *value)
        .find_map(|choice| choice["title"].as_str());
    schema.get("enum")?;
    Some(title.map(str::to_owned).unwrap_or_else(|| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }))
}

async fn fill_fields(inside: &Locator<'_>, schema: &Value, fields: &Map<String, Value>) {
    for (name, schema_of_field) in schema["properties"].as_object().into_iter().flatten() {
        let mut required = schema["required"].as_array().into_iter().flatten();
        let is_required = required.any(|required| required == name);
        let value = fields.get(name);
        let label = schema_of_field["title"].as_str().unwrap_or(name);
        if !is_required {
            let (set, leave_out) = (format!("Set {label}"), format!("Leave out {label}"));
            let is_out = inside.by("button", &set).count().await > 0;
            match value {
                Some(_) if is_out => inside.by("button", &set).click().await,
                None if !is_out => inside.by("button", &leave_out).click().await,
                _ => {}
            }
        }
        if let Some(value) = value {
            Box::pin(fill(inside, label, schema_of_field, value)).await;
        }
    }
}

async fn fill_items(inside: &Locator<'_>, name: &str, schema: &Value, items: &[Value]) {
    let is_fixed = schema.get("minItems").is_some() && schema["minItems"] == schema["maxItems"];
    if !is_fixed {
        // Those of the value before.
        let first = inside.by("button", &format!("Remove {name} 1"));
        while first.count().await > 0 {
            first.click().await;
        }
    }
    for (index, item) in items.iter().enumerate() {
        if !is_fixed {
            inside.by("button", &format!("Add to {name}")).click().await;
        }
        let name = format!("{name} {}", index + 1);
        Box::pin(fill(inside, &name, &schema["items"], item)).await;
    }
}

/// Whether two values are the same JSON: there, 3 and 3.0 are one number.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() != b.is_f64() && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => one == other,
    }
}

/// Whether the schema names all that is in a value: what it leaves open a form has no fields for.
fn is_announced(schema: &Value, value: &Value) -> bool {
    match (value, schema.get("properties")) {
        (Value::Object(fields), Some(known)) if schema.get("type").is_some() => {
            fields.iter().all(|(name, value)| {
                known
                    .get(name)
                    .is_some_and(|field| is_announced(field, value))
            })
        }
        _ => true,
    }
}

/// What a form of the type is to do.
struct Trial {
    number: usize,
    case: Case,
    schema: Value,
}

impl Trial {
    /// Fills each good value in, clears it where it may be absent, and compares what arrives.
    async fn run(&self, page: &Page, taken: &Receiver<(String, Value)>) -> Vec<String> {
        let mut wrong = Vec::new();
        let form = page.by("form", &id(self.number)).held().await;
        let field = &self.schema["properties"][ARGUMENT];
        for value in self
            .case
            .good
            .iter()
            .filter(|value| is_announced(field, value))
        {
            let fields = Map::from_iter([(ARGUMENT.to_owned(), value.clone())]);
            fill_fields(&form, &self.schema, &fields).await;
            wrong.extend(self.send(&form, taken, value).await);
        }
        if self.schema.get("required").is_none() && field.get("default").is_none() {
            fill_fields(&form, &self.schema, &Map::new()).await;
            wrong.extend(self.send(&form, taken, &Value::Null).await);
        }
        wrong
    }

    async fn send(
        &self,
        form: &Locator<'_>,
        taken: &Receiver<(String, Value)>,
        value: &Value,
    ) -> Option<String> {
        form.by("button", "Send").click().await;
        let arrives = async {
            loop {
                match taken.try_recv() {
                    Ok(taken) => return taken,
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
                }
            }
        };
        let expected = (self.case.decode)(value).expect("a good value");
        let about = format!("{} as {value}", self.case.name);
        let Ok((action, arrived)) = tokio::time::timeout(LIMIT / 12, arrives).await else {
            let text = form.node().await.text;
            return Some(format!("{about} does not arrive: {text}"));
        };
        (action != id(self.number) || !is_same(&arrived, &expected))
            .then(|| format!("{about} arrives as {arrived} in {action}"))
    }
}

/// Tries every type whose number leaves this rest.
async fn try_shapes(rest: usize, of: usize) {
    let Some(page) = page().await else { return };
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let (sender, taken) = mpsc::channel();
    let mut targets: Vec<(String, Vec<Trial>)> = Vec::new();
    let all: Vec<Trial> = cases()
        .into_iter()
        .enumerate()
        .filter(|(number, _)| number % of == rest)
        .map(|(number, case)| {
            let schema = case.action().expect(case.name);
            Trial {
                number,
                case,
                schema,
            }
        })
        .collect();
    let mut all = all.into_iter().peekable();
    while all.peek().is_some() {
        let name = format!("Taker {}", targets.len() + 1);
        let trials: Vec<Trial> = all.by_ref().take(EACH).collect();
        let mut model = ModelBuilder::<Taker>::new("Taker");
        model.name(&name);
        for trial in &trials {
            (trial.case.describe)(&mut model, &id(trial.number));
        }
        let target = format!("taker-{}", targets.len() + 1);
        executor
            .add_described(&target, Taker(sender.clone()), model.build().unwrap())
            .unwrap();
        targets.push((name, trials));
    }
    let running = Running::online(&executor).await;
    core.settled().await;
    page.open(&format!("http://{}/", core.addr())).await;
    let mut wrong = Vec::new();
    for (name, trials) in &targets {
        within("the target", row(&page, name).click()).await;
        for trial in trials {
            wrong.extend(trial.run(&page, &taken).await);
        }
    }
    assert!(wrong.is_empty(), "{} are wrong: {wrong:#?}", wrong.len());
    page.clean();
    running.stop().await;
    core.shutdown().await;
}

#[tokio::test]
async fn what_is_filled_into_a_form_of_any_type_arrives() {
    try_shapes(0, 2).await;
}

#[tokio::test]
async fn what_is_filled_into_a_form_of_any_other_type_arrives() {
    try_shapes(1, 2).await;
}
