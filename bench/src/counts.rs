//! What came over one connection, counted without reading JSON.

use memchr::memmem::Finder;

/// Starts the type of an event's item; in a payload its quotes would be escaped.
const ITEM_TYPE: &[u8] = b"\"itemType\":\"";

/// What came so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) largest: usize,
    pub(crate) pulses: u64,
    pub(crate) targets: u64,
    /// Which instance this is, once a status has said so.
    pub(crate) instance: Option<String>,
}

/// Counts the events of frames.
pub(crate) struct Counter {
    pub(crate) counts: Counts,
    item_type: Finder<'static>,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self {
            counts: Counts::default(),
            item_type: Finder::new(ITEM_TYPE),
        }
    }

    /// Counts a frame; says how many pulses and how many other events are in it.
    pub(crate) fn frame(&mut self, frame: &[u8]) -> (u64, u64) {
        let (mut pulses, mut others) = (0, 0);
        for at in self.item_type.find_iter(frame) {
            let item_type = &frame[at + ITEM_TYPE.len()..];
            if item_type.starts_with(b"Pulse\"") {
                pulses += 1;
                continue;
            }
            others += 1;
            if item_type.starts_with(b"Target\"") {
                self.counts.targets += 1;
            }
        }
        if others > 0 && self.counts.instance.is_none() {
            // Every target has a status, and every status names the instance.
            self.counts.instance = text_after(frame, b"\"instanceId\":\"").map(ToOwned::to_owned);
        }
        self.counts.frames += 1;
        self.counts.bytes += frame.len() as u64;
        self.counts.largest = self.counts.largest.max(frame.len());
        self.counts.pulses += pulses;
        (pulses, others)
    }
}

/// The text between quotes that follows `key` in a frame.
pub(crate) fn text_after<'f>(frame: &'f [u8], key: &[u8]) -> Option<&'f str> {
    let start = memchr::memmem::find(frame, key)? + key.len();
    let length = memchr::memchr(b'"', &frame[start..])?;
    std::str::from_utf8(&frame[start..start + length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_by_the_type_of_their_item() {
        let mut counter = Counter::new();
        let frame = br#"{"data":[{"itemType":"Pulse"},{"itemType":"TargetStatus"},{"itemType":"Target"},{"itemType":"Pulse","item":{"data":"\"itemType\":\"Pulse\""}}]}"#;
        assert_eq!(counter.frame(frame), (2, 2));
        assert_eq!(counter.counts.targets, 1);
        assert_eq!(counter.counts.largest, frame.len());
    }

    #[test]
    fn a_text_is_found_by_the_key_before_it() {
        assert_eq!(
            text_after(br#"{"tx":"b17","x":"y"}"#, b"\"tx\":\"b"),
            Some("17")
        );
        assert_eq!(text_after(b"{}", b"\"tx\":\""), None);
    }
}
