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

/// How often a document may begin that does not end: each was read to the end of the text.
const CUT_OFF: usize = 16;

fn find(text: &str) -> Option<Value> {
    let (mut from, mut cut_off) = (0, 0);
    while cut_off < CUT_OFF {
        let start = from + memchr::memchr(b'{', text.get(from..)?.as_bytes())?;
        let from_here = serde_json::Deserializer::from_str(text.get(start..)?);
        let mut documents = from_here.into_iter::<Value>();
        from = match documents.next()? {
            Ok(document) if document.get("instances").is_some() => return Some(document),
            // What is inside of another document is not one.
            Ok(_) => start + documents.byte_offset(),
            Err(error) => {
                cut_off += usize::from(error.is_eof());
                start + 1
            }
        };
    }
    None
}

/// The array of that name; the place is for a message about what is not one.
pub(crate) fn array<'a>(parent: &'a Value, name: &str, place: &str) -> Result<&'a [Value], String> {
    match parent.get(name) {
        Some(Value::Array(members)) => Ok(members),
        Some(_) => Err(format!("`{place}` is not an array: {WANTED}")),
        None => Err(format!("`{place}` is missing: {WANTED}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_was_cut_off_is_not_read_again_and_again() {
        let target = r#"{"id": "t", "actions": [], "emitters": [], "targets": []},"#;
        let text = format!(r#"{{"instances": [{{"targets": [{}"#, target.repeat(50_000));
        let began = std::time::Instant::now();
        let error = in_text(&text).unwrap_err();
        assert!(error.contains("EOF while parsing"), "{error}");
        // Reading it once for each target would take hours.
        assert!(began.elapsed().as_secs() < 60);
    }
}
