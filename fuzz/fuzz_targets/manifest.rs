//! Manifests, read and judged as `rship-dev check` does.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| rship_dev::fuzzing::manifest(text));
