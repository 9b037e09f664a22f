//! Items as text, with the hash of their content.

use twox_hash::XxHash3_64;

use crate::entity::Item;

/// The hash of an item's content: XXH3-64 in 16 hexadecimal digits.
///
/// A server may hide an update whose hash it has seen, so equal content must give an equal hash, over
/// restarts too, and different content a different one.
#[must_use]
pub fn content_hash(content: &[u8]) -> u64 {
    XxHash3_64::oneshot(content)
}

/// Appends an item as a JSON object, with its hash.
///
/// # Errors
/// When the item cannot be written as JSON, or is not an object.
pub fn write<I: Item>(item: &I, out: &mut String) -> Result<(), serde_json::Error> {
    let json = serde_json::to_string(item)?;
    let Some(open) = json.strip_suffix('}') else {
        return Err(serde::ser::Error::custom("an item is written as an object"));
    };
    out.push_str(open);
    if let Some((name, value)) = item.volatile() {
        push_separator(out);
        out.push_str(&serde_json::to_string(name)?);
        out.push(':');
        out.push_str(&serde_json::to_string(value)?);
    }
    push_separator(out);
    push_hash(content_hash(json.as_bytes()), out);
    out.push('}');
    Ok(())
}

fn push_separator(out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
}

pub(crate) fn push_hash(hash: u64, out: &mut String) {
    out.push_str("\"hash\":\"");
    for shift in (0..16).rev() {
        let digit = (hash >> (shift * 4)) & 0xf;
        // A digit is below 16.
        out.push(char::from_digit(digit as u32, 16).unwrap_or('0'));
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Status, TargetStatus};

    fn written(item: &impl Item) -> serde_json::Value {
        let mut out = String::new();
        write(item, &mut out).unwrap();
        serde_json::from_str(&out).unwrap()
    }

    #[test]
    fn equal_content_gives_an_equal_hash_and_different_content_another() {
        let online = written(&TargetStatus::new("i", "t", Status::Online));
        let again = written(&TargetStatus::new("i", "t", Status::Online));
        let offline = written(&TargetStatus::new("i", "t", Status::Offline));
        assert_eq!(online, again);
        assert_ne!(online["hash"], offline["hash"]);
    }

    #[test]
    fn the_hash_is_the_published_xxh3_of_the_bytes() {
        // From the reference implementation's test vectors: XXH3_64bits of the empty input.
        let mut out = String::new();
        push_hash(content_hash(b""), &mut out);
        assert_eq!(out, "\"hash\":\"2d06800538d394c2\"");
    }
}
