//! Items as text, with the hash of their content.

use bytes::{BufMut as _, BytesMut};
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
/// When the item cannot be written as JSON, or is not an object; `out` may hold a part of it then.
pub fn write<I: Item>(item: &I, out: &mut BytesMut) -> Result<(), serde_json::Error> {
    let start = out.len();
    serde_json::to_writer((&mut *out).writer(), item)?;
    let hash = content_hash(&out[start..]);
    if out.len() == start || out[start] != b'{' {
        return Err(serde::ser::Error::custom("an item is written as an object"));
    }
    out.truncate(out.len() - 1);
    if let Some((name, value)) = item.volatile() {
        push_separator(out);
        serde_json::to_writer((&mut *out).writer(), name)?;
        out.extend_from_slice(b":");
        serde_json::to_writer((&mut *out).writer(), value)?;
    }
    push_separator(out);
    push_hash(hash, out);
    out.extend_from_slice(b"}");
    Ok(())
}

fn push_separator(out: &mut BytesMut) {
    if !out.ends_with(b"{") {
        out.extend_from_slice(b",");
    }
}

pub(super) fn push_hash(hash: u64, out: &mut BytesMut) {
    out.extend_from_slice(b"\"hash\":\"");
    out.extend_from_slice(&hash_digits(hash));
    out.extend_from_slice(b"\"");
}

pub(super) fn hash_digits(hash: u64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|place| DIGITS[(hash >> (60 - place * 4)) as usize & 0xf])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Status, TargetStatus};

    fn written(item: &impl Item) -> serde_json::Value {
        let mut out = BytesMut::new();
        write(item, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
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
        let mut out = BytesMut::new();
        push_hash(content_hash(b""), &mut out);
        assert_eq!(out, b"\"hash\":\"2d06800538d394c2\""[..]);
        for hash in (0..64).map(|shift| 0xfedc_ba98_7654_3210_u64.rotate_left(shift) >> (shift / 2))
        {
            assert_eq!(hash_digits(hash), format!("{hash:016x}").as_bytes());
        }
    }
}
