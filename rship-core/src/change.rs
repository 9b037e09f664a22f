//! Change detection: a state is what its value serializes to, and only a different text is a change.

use std::cell::Cell;

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
    /// Takes `json` over when it differs from what was last published; says whether it did.
    pub fn update(&mut self, json: &[u8]) -> bool {
        if self.json == json {
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
    fn a_nested_scratch_does_not_overwrite_the_outer_one() {
        with_scratch(|outer| {
            outer.extend_from_slice(b"outer");
            with_scratch(|inner| inner.extend_from_slice(b"inner"));
            assert_eq!(outer, b"outer");
        });
    }
}
