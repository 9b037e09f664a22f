//! Text frames, read by an executor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rship_core::wire::{self, binary};

fuzz_target!(|text: &str| {
    let Ok(frame) = wire::read(text) else {
        return;
    };
    // Fields that nobody reads may hold what CBOR cannot carry; what both wires read is the same.
    if let Ok(bytes) = binary::encode(text)
        && let Ok(same) = wire::read_binary(&bytes)
    {
        assert_eq!(frame, same);
    }
    rship_fuzz::frame(&frame);
});
