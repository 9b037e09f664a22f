//! Addresses of servers, as people write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rship_runtime::Address;

fuzz_target!(|text: &str| match text.parse::<Address>() {
    Ok(address) => {
        assert!(!address.host().is_empty());
        assert_ne!(address.port(), 0);
        let again = address.to_string().parse::<Address>();
        assert_eq!(again.as_ref(), Ok(&address));
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
