//! What is left out of recordings.

use memchr::memmem;
use serde_json::Value;

/// What stands in place of a secret.
pub(crate) const LEFT_OUT: &str = "[left out]";

/// A field whose name ends so, in whatever letters and with or without `_` and `-` between them, holds a secret when
/// it holds a string.
const FIELDS: [&str; 8] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "authorization",
    "credential",
];

/// What is looked for in a frame before it is taken apart: a part of each name without a place for `_` or `-`.
const TRACES: [&str; 8] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "key",
    "key",
    "authorization",
    "credential",
];

/// A shorter secret is left out where it is the whole string; inside of longer ones it is chance.
const SHORT: usize = 6;

/// The secrets that are known, beside those which a field's name tells.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    known: Vec<String>,
}

impl Secrets {
    pub(crate) fn add(&mut self, secret: String) {
        if !secret.is_empty() && !self.known.contains(&secret) {
            self.known.push(secret);
        }
    }

    /// The document without its secrets, when it has any.
    pub(crate) fn left_out(&self, json: &str) -> Option<Value> {
        let small = json.to_ascii_lowercase();
        let field = TRACES
            .iter()
            .any(|trace| memmem::find(small.as_bytes(), trace.as_bytes()).is_some());
        // Where there are escapes it may be spelled with them.
        let escapes = json.contains('\\');
        let known = self
            .known
            .iter()
            .any(|secret| escapes || json.contains(secret.as_str()));
        if !field && !known {
            return None;
        }
        let mut document = serde_json::from_str(json).ok()?;
        self.leave_out(&mut document).then_some(document)
    }

    /// Takes the secrets out of a document; returns whether there were any.
    pub(crate) fn leave_out(&self, document: &mut Value) -> bool {
        match document {
            Value::String(text) => {
                let without = self.left_out_of_text(text);
                let found = without != *text;
                if found {
                    *text = without;
                }
                found
            }
            Value::Array(members) => members
                .iter_mut()
                .fold(false, |found, member| self.leave_out(member) | found),
            Value::Object(fields) => fields.iter_mut().fold(false, |found, (name, field)| {
                let secret = field.is_string() && is_secret(name);
                if secret {
                    *field = LEFT_OUT.into();
                }
                secret | self.leave_out(field) | found
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    pub(crate) fn left_out_of_text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.known {
            if secret.len() < SHORT {
                if text == *secret {
                    text = LEFT_OUT.to_owned();
                }
            } else if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), LEFT_OUT);
            }
        }
        text
    }
}

fn is_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    FIELDS.iter().any(|field| name.ends_with(field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_that_are_named_like_a_secret_and_known_secrets_are_left_out() {
        let mut secrets = Secrets::default();
        secrets.add("hunter2".to_owned());
        secrets.add("abc".to_owned());
        let document = json!({
            "password": "x", "API_Key": "y", "db-password": "z", "token": 3, "tokens": "kept",
            "properties": {"password": {"type": "string"}},
            "list": ["Bearer hunter2", "abc", "abcd"],
        });
        let without = json!({
            "password": LEFT_OUT, "API_Key": LEFT_OUT, "db-password": LEFT_OUT, "token": 3, "tokens": "kept",
            "properties": {"password": {"type": "string"}},
            "list": ["Bearer [left out]", LEFT_OUT, "abcd"],
        });
        assert_eq!(secrets.left_out(&document.to_string()), Some(without));
        assert_eq!(secrets.left_out(r#"{"a": "hunter"}"#), None);
        assert_eq!(
            secrets.left_out(r#"["\u0068unter2"]"#),
            Some(json!([LEFT_OUT]))
        );
        assert_eq!(
            Secrets::default().left_out(r#"{"privateKey": "x"}"#),
            Some(json!({"privateKey": LEFT_OUT}))
        );
    }
}
