//! What came over one connection, counted without reading JSON or CBOR.

use memchr::memmem::Finder;

/// How the names of things are written.
struct Keys {
    /// Stands before the type of an event's item.
    item_type: Finder<'static>,
    pulse: &'static [u8],
    target: &'static [u8],
}

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
    json: Keys,
    cbor: Keys,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self {
            counts: Counts::default(),
            // In a payload the quotes would be escaped.
            json: Keys {
                item_type: Finder::new(b"\"itemType\":\""),
                pulse: b"Pulse\"",
                target: b"Target\"",
            },
            // Strings start with their length.
            cbor: Keys {
                item_type: Finder::new(b"\x68itemType"),
                pulse: b"\x65Pulse",
                target: b"\x66Target",
            },
        }
    }

    /// Counts a frame of JSON; says how many pulses and how many other events are in it.
    pub(crate) fn frame(&mut self, frame: &[u8]) -> (u64, u64) {
        let counted = self.counts.frame(frame, &self.json);
        if counted.1 > 0 && self.counts.instance.is_none() {
            // Every target has a status, and every status names the instance.
            self.counts.instance = string_after(frame, b"\"instanceId\":\"").map(ToOwned::to_owned);
        }
        counted
    }

    /// The same for a frame of CBOR.
    pub(crate) fn binary_frame(&mut self, frame: &[u8]) -> (u64, u64) {
        self.counts.frame(frame, &self.cbor)
    }
}

impl Counts {
    fn frame(&mut self, frame: &[u8], keys: &Keys) -> (u64, u64) {
        let (mut pulses, mut others, mut targets) = (0, 0, 0);
        for at in keys.item_type.find_iter(frame) {
            let item_type = &frame[at + keys.item_type.needle().len()..];
            if item_type.starts_with(keys.pulse) {
                pulses += 1;
                continue;
            }
            others += 1;
            if item_type.starts_with(keys.target) {
                targets += 1;
            }
        }
        self.frames += 1;
        self.bytes += frame.len() as u64;
        self.largest = self.largest.max(frame.len());
        self.pulses += pulses;
        self.targets += targets;
        (pulses, others)
    }
}

/// The string between quotes that follows `key` in a frame.
pub(crate) fn string_after<'f>(frame: &'f [u8], key: &[u8]) -> Option<&'f str> {
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
    fn events_of_cbor_are_counted_as_well() {
        let mut counter = Counter::new();
        let frame =
            b"\xa1\x68itemType\x65Pulse\xa1\x68itemType\x66Target\xa1\x68itemType\x6cTargetStatus";
        assert_eq!(counter.binary_frame(frame), (1, 2));
        assert_eq!(counter.counts.targets, 1);
    }

    #[test]
    fn a_string_is_found_by_the_key_before_it() {
        assert_eq!(
            string_after(br#"{"tx":"b17","x":"y"}"#, b"\"tx\":\"b"),
            Some("17")
        );
        assert_eq!(string_after(b"{}", b"\"tx\":\""), None);
    }
}
