//! The manifest of a device as a document.

use serde_json::Value;

/// What a manifest is, for a message about one that is something else.
pub(crate) const WANTED: &str = "a manifest is what `DEVICE --manifest` prints";

/// The manifest in a text: all of it, or the first document in it that is one, because a device may print other
/// things as well.
pub(crate) fn in_text(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(manifest) => Ok(manifest),
        Err(error) => find(text).ok_or_else(|| format!("this is not JSON ({error}): {WANTED}")),
    }
}

fn find(text: &str) -> Option<Value> {
    let starts = memchr::memchr_iter(b'{', text.as_bytes());
    let mut documents = starts.filter_map(|start| {
        let from_here = serde_json::Deserializer::from_str(text.get(start..)?);
        from_here.into_iter::<Value>().next()?.ok()
    });
    documents.find(|document| document.get("instances").is_some())
}

/// The array of that name; the place is for a message about what is not one.
pub(crate) fn array<'a>(parent: &'a Value, name: &str, place: &str) -> Result<&'a [Value], String> {
    match parent.get(name) {
        Some(Value::Array(members)) => Ok(members),
        Some(_) => Err(format!("`{place}` is not an array: {WANTED}")),
        None => Err(format!("`{place}` is missing: {WANTED}")),
    }
}
