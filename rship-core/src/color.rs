//! Colors as entities carry them.

/// Whether the text is a color as servers read it: `#rrggbb`, in hexadecimal digits.
#[must_use]
pub fn is_hex(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::is_hex;

    #[test]
    fn a_color_has_six_hexadecimal_digits() {
        assert!(is_hex("#ffff00") && is_hex("#0A0b0C"));
        for wrong in ["ffff00", "#fff", "#ffff0g", "#ffff000", "", "#ééé"] {
            assert!(!is_hex(wrong), "{wrong}");
        }
    }
}
