//! Which JSON Schemas a 2026 server can read, and which of those a show can bind to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Problem, found_words, under};

/// How deep schemas may be in each other, references followed: more is looked at by nobody, and a chain
/// of references could otherwise lead as deep as it likes.
const DEPTH: usize = 128;

/// Everything that is wrong with the schema in the field `field`.
pub(crate) fn problems(field: &str, schema: &Value) -> Vec<Problem> {
    let mut walk = Walk {
        root: schema,
        field,
        open: Vec::new(),
        done: BTreeSet::new(),
        depth: 0,
        problems: Vec::new(),
    };
    if schema.get("$defs").is_some() && schema.get("definitions").is_some() {
        walk.fatal(
            field,
            "has `$defs` together with `definitions`, a 2026 server wants one of them at most",
        );
    }
    walk.schema(field, schema);
    if schema.get("properties").is_none()
        && schema
            .get("additionalProperties")
            .is_some_and(Value::is_object)
    {
        walk.warning(field, "is a map (`additionalProperties`) at its root: a 2026 server makes null of the payload");
    }
    walk.problems
}

struct Walk<'a> {
    root: &'a Value,
    field: &'a str,
    /// The `$ref`s that are being followed, outermost first.
    open: Vec<&'a str>,
    /// The `$ref`s that were followed to their end.
    done: BTreeSet<&'a str>,
    depth: usize,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn fatal(&mut self, path: &str, reason: &str) {
        super::add(
            &mut self.problems,
            Problem::fatal(path, format!("`{path}` {reason}")),
        );
    }

    fn warning(&mut self, path: &str, reason: &str) {
        super::add(
            &mut self.problems,
            Problem::warning(path, format!("`{path}` {reason}")),
        );
    }

    /// A place where JSON Schema takes a schema; a 2026 server takes only objects there.
    fn schema(&mut self, path: &str, schema: &'a Value) {
        if self.depth == DEPTH {
            self.fatal(
                path,
                &format!("is {DEPTH} levels deep: a real server's stack may not be"),
            );
            return;
        }
        self.depth += 1;
        self.parts(path, schema);
        self.depth -= 1;
    }

    fn parts(&mut self, path: &str, schema: &'a Value) {
        let Value::Object(object) = schema else {
            self.fatal(
                path,
                &format!(
                    "is {}, a 2026 server wants an object there (`{{}}` for any value)",
                    found_words(schema)
                ),
            );
            return;
        };
        self.own_keywords(path, object);
        if let Some(Value::String(reference)) = object.get("$ref") {
            self.follow(path, reference);
        }
        if let Some(Value::Object(properties)) = object.get("properties") {
            for (name, property) in properties {
                self.schema(&under(path, format_args!("properties.{name}")), property);
            }
        }
        match object.get("items") {
            Some(Value::Array(_)) => {
                self.warning(
                    &under(path, "items"),
                    "is an array of schemas: a 2026 server reads an array of anything",
                );
            }
            Some(items) => self.schema(&under(path, "items"), items),
            None => {}
        }
        for keyword in ["anyOf", "oneOf", "allOf", "prefixItems"] {
            if let Some(Value::Array(members)) = object.get(keyword) {
                for (index, member) in members.iter().enumerate() {
                    self.schema(&under(path, format_args!("{keyword}.{index}")), member);
                }
            }
        }
        // `additionalProperties: false` is plain; only a schema in it can hide something.
        if let Some(additional @ Value::Object(_)) = object.get("additionalProperties") {
            self.schema(&under(path, "additionalProperties"), additional);
        }
        for keyword in ["$defs", "definitions"] {
            if let Some(Value::Object(definitions)) = object.get(keyword) {
                // Those that were followed from a reference have been looked at there.
                for (name, definition) in definitions {
                    if self.done.contains(name.as_str()) {
                        continue;
                    }
                    self.schema(&under(path, format_args!("{keyword}.{name}")), definition);
                }
            }
        }
    }

    /// The keywords of one schema that are judged without looking into it.
    fn own_keywords(&mut self, path: &str, object: &Map<String, Value>) {
        if let Some(kind @ Value::Array(_)) = object.get("type") {
            self.fatal(
                &under(path, "type"),
                &format!("is the array `{kind}`, a 2026 server wants one type as a string"),
            );
        }
        if let Some(title) = object.get("title").filter(|title| !title.is_string()) {
            self.fatal(
                &under(path, "title"),
                &format!("is {}, a 2026 server wants a string", found_words(title)),
            );
        }
        if let Some(Value::Array(members)) = object.get("anyOf") {
            let optional = members
                .iter()
                .any(|member| member.get("type").and_then(Value::as_str) == Some("null"));
            self.warning(
                &under(path, "anyOf"),
                if optional {
                    "offers null: a 2026 server shows \"anything\" with stray inputs; write the inner schema and leave the field out of `required`"
                } else {
                    "is \"anything\" to a 2026 server"
                },
            );
        }
        if object.contains_key("allOf") {
            self.warning(
                &under(path, "allOf"),
                "is \"anything\" to a 2026 server: merge its members",
            );
        }
        if object.contains_key("prefixItems") {
            self.warning(
                &under(path, "prefixItems"),
                "is an array of anything to a 2026 server",
            );
        }
        if let Some(Value::Array(members)) = object.get("oneOf") {
            self.choices(&under(path, "oneOf"), members);
        } else if has_strings(object.get("enum")) {
            self.warning(
                &under(path, "enum"),
                "has no `oneOf` of `const` and `title` beside it: a 2026 server shows a plain string without choices",
            );
        }
        if object.get("const").is_some_and(Value::is_i64) && object.contains_key("title") {
            self.warning(
                path,
                "is an integer `const` with a `title`: a 2026 server sends the title for it",
            );
        }
        if path != self.field
            && !object.contains_key("properties")
            && object
                .get("additionalProperties")
                .is_some_and(Value::is_object)
        {
            self.warning(
                path,
                "is a map (`additionalProperties`): a 2026 server shows no field to bind",
            );
        }
    }

    fn choices(&mut self, path: &str, members: &[Value]) {
        let constant = |member: &&Value| member.get("const").is_some();
        let constants = members.iter().filter(constant).count();
        if constants == 0 {
            self.warning(
                path,
                "is \"anything\" or one of its variants to a 2026 server",
            );
        } else if constants < members.len() {
            self.warning(
                path,
                "mixes `const` with other members: a 2026 server loses the others",
            );
        } else if members.iter().any(|member| member.get("title").is_none()) {
            self.warning(
                path,
                "has a `const` without `title`: a 2026 server loses that choice",
            );
        }
    }

    /// A 2026 server resolves a reference by its last segment, and follows a cycle until its stack ends.
    fn follow(&mut self, path: &str, reference: &'a str) {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let start = self.open.iter().position(|open| *open == name);
        if name == "#" || start.is_some() {
            let mut cycle: Vec<_> = self
                .open
                .iter()
                .skip(start.unwrap_or(0))
                .map(|open| format!("`{open}`"))
                .collect();
            cycle.push(format!("`{name}`"));
            self.fatal(
                path,
                &format!(
                    "refers to itself ({}): a real server's process aborts on it",
                    cycle.join(" -> ")
                ),
            );
            return;
        }
        if !self.done.insert(name) {
            return;
        }
        let definition = ["$defs", "definitions"]
            .iter()
            .find_map(|definitions| self.root.get(definitions)?.get(name));
        match definition {
            Some(definition) => {
                self.open.push(name);
                self.schema(path, definition);
                self.open.pop();
            }
            None => self.warning(path, &format!("refers to `{reference}`, which is not in `$defs`: \"anything\" to a 2026 server")),
        }
    }
}

/// Only strings can be choices: a number that is one of a few is a number.
fn has_strings(values: Option<&Value>) -> bool {
    values
        .and_then(Value::as_array)
        .is_some_and(|values| values.iter().any(Value::is_string))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fatal(schema: Value) -> Vec<String> {
        problems("schema", &schema)
            .into_iter()
            .filter(Problem::is_fatal)
            .map(|problem| problem.field)
            .collect()
    }

    fn warned(schema: Value) -> Vec<String> {
        let problems = problems("schema", &schema);
        assert!(
            problems.iter().all(|problem| !problem.is_fatal()),
            "{problems:?}"
        );
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn the_profile_s_own_forms_pass_without_a_word() {
        let plain = json!({
            "type": "object",
            "title": "Sell",
            "properties": {
                "count": {"type": "integer", "format": "uint32", "minimum": 1, "description": "how many"},
                "tip": {"type": "number"},
                "raw": {},
                "kind": {"type": "string", "enum": ["a", "b"], "oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]},
                "list": {"type": "array", "items": {"type": "number"}},
            },
            "required": ["count"],
            "additionalProperties": false,
        });
        assert_eq!(problems("schema", &plain), []);
        assert_eq!(
            problems("schema", &json!({"type": "integer", "enum": [1, 2]})),
            []
        );
    }

    #[test]
    fn what_a_2026_server_cannot_parse_is_fatal() {
        assert_eq!(
            fatal(json!({"properties": {"a": {"type": ["number", "null"]}}})),
            ["schema.properties.a.type"]
        );
        assert_eq!(
            fatal(json!({"properties": {"a": true}})),
            ["schema.properties.a"]
        );
        assert_eq!(
            fatal(json!({"type": "array", "items": true})),
            ["schema.items"]
        );
        assert_eq!(fatal(json!({"title": 3})), ["schema.title"]);
        assert_eq!(fatal(json!({"$defs": {}, "definitions": {}})), ["schema"]);
    }

    #[test]
    fn a_recursive_reference_names_its_cycle() {
        let schema = json!({
            "properties": {"tree": {"$ref": "#/$defs/Node"}},
            "$defs": {"Node": {"properties": {"leaf": {"$ref": "#/$defs/Leaf"}}}, "Leaf": {"items": {"$ref": "#/$defs/Node"}}},
        });
        let found = problems("schema", &schema);
        let fatal: Vec<_> = found.iter().filter(|problem| problem.is_fatal()).collect();
        assert!(!fatal.is_empty());
        assert!(
            fatal[0].reason.contains("`Node` -> `Leaf` -> `Node`"),
            "{}",
            fatal[0].reason
        );
        assert!(fatal[0].reason.contains("aborts"));
        assert_eq!(
            super::tests::fatal(json!({"properties": {"me": {"$ref": "#"}}})),
            ["schema.properties.me"]
        );
    }

    #[test]
    fn a_definition_used_twice_is_not_a_cycle() {
        let point = json!({"type": "object", "properties": {"x": {"type": "number"}}});
        let schema = json!({
            "properties": {"a": {"$ref": "#/$defs/P"}, "b": {"$ref": "#/$defs/P"}}, "$defs": {"P": point},
        });
        assert_eq!(problems("schema", &schema), []);
    }

    #[test]
    fn a_chain_of_references_ends_where_stacks_do() {
        let link = |next: usize| json!({"properties": {"n": {"$ref": format!("#/$defs/{next}")}}});
        let chain = |length: usize| {
            let links = (0..length).map(|n| (n.to_string(), link(n + 1)));
            let mut defs: Map<_, _> = links.collect();
            defs.insert(length.to_string(), json!({"type": "number"}));
            json!({"$ref": "#/$defs/0", "$defs": defs})
        };
        assert_eq!(problems("schema", &chain(20)), []);
        let found = problems("schema", &chain(5_000));
        let deep: Vec<_> = found
            .iter()
            .filter(|problem| problem.reason.contains("128 levels deep"))
            .collect();
        assert!(!deep.is_empty() && deep.iter().all(|problem| problem.is_fatal()));
    }

    #[test]
    fn what_a_show_cannot_bind_is_a_warning() {
        let nothing = json!({"type": "null"});
        assert_eq!(
            warned(json!({"properties": {"a": {"anyOf": [{"type": "object"}, nothing]}}})),
            ["schema.properties.a.anyOf"]
        );
        assert_eq!(
            warned(json!({"allOf": [{"type": "object"}]})),
            ["schema.allOf"]
        );
        assert_eq!(
            warned(json!({"type": "array", "prefixItems": [{"type": "number"}]})),
            ["schema.prefixItems"]
        );
        assert_eq!(
            warned(json!({"type": "string", "enum": ["a"]})),
            ["schema.enum"]
        );
        assert_eq!(
            warned(json!({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]})),
            ["schema.oneOf"]
        );
        assert_eq!(
            warned(json!({"oneOf": [{"const": "a", "title": "A"}, {"type": "string"}]})),
            ["schema.oneOf"]
        );
        assert_eq!(
            warned(json!({"oneOf": [{"type": "object"}]})),
            ["schema.oneOf"]
        );
        assert_eq!(
            warned(json!({"oneOf": [{"const": 1, "title": "One"}]})),
            ["schema.oneOf.0"]
        );
        assert_eq!(
            warned(json!({"type": "object", "additionalProperties": {"type": "number"}})),
            ["schema"]
        );
        assert_eq!(
            warned(
                json!({"properties": {"m": {"type": "object", "additionalProperties": {"type": "number"}}}})
            ),
            ["schema.properties.m"]
        );
        assert_eq!(
            warned(json!({"properties": {"a": {"$ref": "#/$defs/Gone"}}})),
            ["schema.properties.a"]
        );
    }
}
