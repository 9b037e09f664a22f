//! Binary frames, read by an executor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rship_core::wire::{self, binary};

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = binary::decode(bytes) else {
        // A command that cannot be read is answered all the same.
        if let Ok(frame) = wire::read_binary(bytes) {
            rship_fuzz::frame(&frame);
        }
        return;
    };
    let json = document.to_string();
    let again = binary::encode(&json).expect("what was read can be written");
    assert_eq!(
        binary::decode(&again).expect("what was written can be read"),
        document
    );
    rship_fuzz::payload(&document);
    match (wire::read_binary(bytes), wire::read(&json)) {
        (Ok(frame), text) => {
            assert_eq!(frame, text.expect("a frame is one on both wires"));
            rship_fuzz::frame(&frame);
        }
        (Err(_), text) => assert!(text.is_err()),
    }
});
