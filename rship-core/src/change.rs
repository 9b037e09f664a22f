//! Change detection: a state is what its value serializes to, and only a different value is a change.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Memory that is kept for the next value, in bytes.
const KEPT: usize = 64 << 10;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends an empty buffer that keeps its capacity between calls on one thread, so that looking at a
/// value allocates nothing. A nested call gets a fresh buffer.
pub fn with_scratch<R>(work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = SCRATCH.take();
    buffer.clear();
    let result = work(&mut buffer);
    buffer.clear();
    // What one large value took is not kept for all that come.
    buffer.shrink_to(KEPT);
    SCRATCH.set(buffer);
    result
}

/// What was last published of one state emitter, as JSON text.
#[derive(Debug, Clone, Default)]
pub struct LastValue {
    json: Vec<u8>,
}

impl LastValue {
    /// Takes `json` over when it differs from what was last published; says whether it did. Objects whose
    /// fields stand in another order, as those of a `HashMap` that was built again, do not differ.
    pub fn update(&mut self, json: &[u8]) -> bool {
        if self.json == json || is_rearranged(&self.json, json) {
            return false;
        }
        self.json.clear();
        self.json.extend_from_slice(json);
        true
    }

    /// The last published value as JSON text; empty when there was none.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }
}

/// The distance between two numbers; `None` where one is not a number.
#[must_use]
pub fn distance(one: &[u8], other: &[u8]) -> Option<f64> {
    let number = |json: &[u8]| std::str::from_utf8(json).ok()?.parse::<f64>().ok();
    Some((number(one)? - number(other)?).abs())
}

/// Whether two different texts are one value with its fields in another order. Texts that have different
/// bytes, in whatever order, are told apart by counting; only what is left is read.
fn is_rearranged(old: &[u8], new: &[u8]) -> bool {
    old.len() == new.len()
        && new.contains(&b'{')
        && sums(old) == sums(new)
        && match (raw(old), raw(new)) {
            (Some(old), Some(new)) => is_same(old, new),
            _ => false,
        }
}

fn raw(json: &[u8]) -> Option<&RawValue> {
    serde_json::from_str(std::str::from_utf8(json).ok()?).ok()
}

/// The sums of all bytes and of their squares, which do not depend on their order.
fn sums(json: &[u8]) -> (u64, u64) {
    json.iter().fold((0, 0), |(sum, squares), byte| {
        let byte = u64::from(*byte);
        (sum + byte, squares + byte * byte)
    })
}

/// Numbers and texts are compared as they are written, so that nothing is rounded.
fn is_same(one: &RawValue, other: &RawValue) -> bool {
    let (one, other) = (one.get(), other.get());
    if one == other {
        return true;
    }
    match (one.as_bytes().first(), other.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;
            let fields = |json| serde_json::from_str::<Fields<'_>>(json).ok();
            fields(one).zip(fields(other)).is_some_and(|(one, other)| {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(&other)
                        .all(|((key, value), (other_key, other))| {
                            key == other_key && is_same(value, other)
                        })
            })
        }
        (Some(b'['), Some(b'[')) => {
            let items = |json| serde_json::from_str::<Vec<&RawValue>>(json).ok();
            items(one).zip(items(other)).is_some_and(|(one, other)| {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(&other)
                        .all(|(one, other)| is_same(one, other))
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_different_text_is_a_change() {
        let mut last = LastValue::default();
        assert!(last.update(b"1.5"));
        assert!(!last.update(b"1.5"));
        assert!(last.update(b"null"));
        assert_eq!(last.json(), b"null");
    }

    #[test]
    fn fields_in_another_order_are_no_change_and_items_in_another_order_are() {
        let mut last = LastValue::default();
        let first =
            br#"[{"a":{"x":1,"y":[1,2]},"b":"{}"},340282366920938463463374607431768211455]"#;
        assert!(last.update(first));
        let rebuilt =
            br#"[{"b":"{}","a":{"y":[1,2],"x":1}},340282366920938463463374607431768211455]"#;
        assert!(!last.update(rebuilt));
        assert_eq!(last.json(), first);
        for changed in [
            br#"[{"b":"{}","a":{"y":[2,1],"x":1}},340282366920938463463374607431768211455]"#,
            br#"[{"b":"{}","a":{"y":[1,1],"x":2}},340282366920938463463374607431768211455]"#,
            br#"[{"b":"{}","a":{"y":[1,2],"x":1}},340282366920938463463374607431768211545]"#,
            br#"[{"a":"{}","b":{"y":[1,2],"x":1}},340282366920938463463374607431768211455]"#,
        ] {
            assert!(last.clone().update(changed));
        }
    }

    #[test]
    fn only_numbers_have_a_distance() {
        assert_eq!(distance(b"-1", b"1.5"), Some(2.5));
        assert_eq!(distance(b"1", b"null"), None);
    }

    #[test]
    fn a_nested_scratch_does_not_overwrite_the_outer_one() {
        with_scratch(|outer| {
            outer.extend_from_slice(b"outer");
            with_scratch(|inner| inner.extend_from_slice(b"inner"));
            assert_eq!(outer, b"outer");
        });
    }
}
