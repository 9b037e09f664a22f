//! Frames of a server of each generation, read by an executor that is connected to it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| rship_fuzz::session::feed(bytes));
