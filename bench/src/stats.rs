//! Medians, because single measurements on a machine that does other things are worth little.

/// The middle one; not a number if there is none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half), half.checked_sub(1).map(|low| sorted[low])) {
        (Some(high), Some(low)) if sorted.len().is_multiple_of(2) => f64::midpoint(low, *high),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

/// What each of `parts` is of its neighbor in `wholes`, measured right before or after it, in percent.
pub(crate) fn shares(parts: &[f64], wholes: &[f64]) -> Vec<f64> {
    let pairs = parts.iter().zip(wholes);
    pairs.map(|(part, whole)| part * 100.0 / whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median(&[4.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 100.0]), 3.5);
        assert!(median(&[]).is_nan());
    }
}
