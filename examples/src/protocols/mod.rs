//! The protocols of the example devices, as far as these speak them.

pub mod sacn;
pub mod videohub;

/// The address with a port: this one, unless the address has its own. An IPv6 address stands in brackets.
#[must_use]
pub fn with_port(address: &str, port: u16) -> String {
    match address.rsplit_once(':') {
        Some((_, own)) if own.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_own_port_or_else_the_usual_one() {
        for (given, whole) in [
            ("router", "router:9990"),
            ("192.168.10.50:9991", "192.168.10.50:9991"),
            ("[::1]", "[::1]:9990"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(with_port(given, 9990), whole);
        }
    }
}
