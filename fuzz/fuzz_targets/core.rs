//! Frames of both wires, read by the local core as each generation of server.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| rship_dev::fuzzing::frame(bytes));
