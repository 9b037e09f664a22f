//! The order in which people expect ids: 1, 2, 10.

use std::cmp::Ordering;

/// Compares texts, and numbers in them by their value.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (a, b) = match (left.chars().next(), right.chars().next()) {
            (Some(a), Some(b)) => (a, b),
            // `01` and `1` are two ids all the same.
            (a, b) => return a.cmp(&b).then_with(|| one.cmp(other)),
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (number, behind) = number(left);
            let (other_number, behind_other) = self::number(right);
            let order = number.len().cmp(&other_number.len());
            match order.then_with(|| number.cmp(other_number)) {
                Ordering::Equal => (left, right) = (behind, behind_other),
                order => return order,
            }
        } else if a == b {
            (left, right) = (&left[a.len_utf8()..], &right[b.len_utf8()..]);
        } else {
            return a.cmp(&b);
        }
    }
}

/// The digits that a text begins with, without leading zeros, and what follows them.
fn number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, behind) = text.split_at(end.unwrap_or(text.len()));
    (digits.trim_start_matches('0'), behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_their_values() {
        let mut ids = vec![
            "o.10",
            "o.2:b",
            "o.2",
            "o",
            "o.1",
            "ö",
            "o.02",
            "o.x",
            "o.2:a",
            "o.99999999999999999999",
        ];
        ids.sort_by(|one, other| compare(one, other));
        let sorted = [
            "o",
            "o.1",
            "o.02",
            "o.2",
            "o.2:a",
            "o.2:b",
            "o.10",
            "o.99999999999999999999",
            "o.x",
            "ö",
        ];
        assert_eq!(ids, sorted);
        assert_eq!(compare("a1", "a1"), Ordering::Equal);
    }
}
