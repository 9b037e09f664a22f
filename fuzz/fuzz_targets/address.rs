//! Addresses of servers, as people write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rship_runtime::Address;

fuzz_target!(|text: &str| match text.parse::<Address>() {
    Ok(address) => {
        assert!(!address.host().is_empty());
        assert_ne!(address.port(), 0);
        // What is shown hides the values of a query, and is an address all the same.
        let shown = address.to_string();
        let again = shown.parse::<Address>().expect("an address");
        assert_eq!(again.to_string(), shown);
        assert_eq!(
            (again.host(), again.port()),
            (address.host(), address.port())
        );
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
