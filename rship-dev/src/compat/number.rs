//! Numbers of schemas, compared by their values.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Whether two values are the same, `1` and `1.0` among them.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => compare(one, other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

pub(super) fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

/// A number without a fraction.
pub(super) fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    let number = number.as_f64()?;
    // Far inside of what an i128 holds.
    #[allow(clippy::cast_possible_truncation)]
    (number.fract() == 0.0 && number.abs() < 1e38).then_some(number as i128)
}

/// The end of a range.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) number: Number,
    /// The number itself is outside.
    pub(super) is_open: bool,
}

impl Bound {
    /// Whether everything that is inside of `other` is inside of this; `outside` is where it is not.
    pub(super) fn holds(&self, other: &Self, outside: Ordering) -> bool {
        match compare(&other.number, &self.number) {
            Some(Ordering::Equal) => !self.is_open || other.is_open,
            Some(ordering) => ordering != outside,
            None => false,
        }
    }
}

/// The lower bound of a schema, or the upper one.
pub(super) fn bound(schema: &Value, outside: Ordering) -> Option<Bound> {
    let (closed, open) = match outside {
        Ordering::Less => ("minimum", "exclusiveMinimum"),
        _ => ("maximum", "exclusiveMaximum"),
    };
    let number = |key: &str, is_open| match schema.get(key) {
        Some(Value::Number(number)) => Some(Bound {
            number: number.clone(),
            is_open,
        }),
        _ => None,
    };
    let bound = match (number(closed, false), number(open, true)) {
        (Some(closed), Some(open)) if closed.holds(&open, outside) => open,
        (None, Some(open)) => open,
        (closed, _) => closed?,
    };
    // For integers, more than 0 is at least 1.
    if bound.is_open
        && schema["type"] == "integer"
        && let Some(number) = whole(&bound.number)
    {
        let inside = match outside {
            Ordering::Less => number + 1,
            _ => number - 1,
        };
        if let Ok(number) = i64::try_from(inside) {
            return Some(Bound {
                number: number.into(),
                is_open: false,
            });
        }
    }
    Some(bound)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_the_same_by_their_values() {
        assert!(is_same(&json!(1), &json!(1.0)));
        assert!(is_same(&json!(u64::MAX), &json!(u64::MAX)));
        assert!(!is_same(
            &json!(u64::MAX),
            &json!(18_446_744_073_709_551_616.0)
        ));
        assert!(!is_same(&json!(1), &json!("1")));
    }

    #[test]
    fn an_open_bound_holds_less() {
        let lower = |schema: Value| bound(&schema, Ordering::Less).unwrap();
        let closed = lower(json!({"minimum": 0}));
        let open = lower(json!({"exclusiveMinimum": 0, "type": "number"}));
        assert!(closed.holds(&open, Ordering::Less) && !open.holds(&closed, Ordering::Less));
        let integer = lower(json!({"exclusiveMinimum": 0, "minimum": -5, "type": "integer"}));
        assert_eq!((integer.number, integer.is_open), (1.into(), false));
        assert!(bound(&json!({}), Ordering::Greater).is_none());
    }
}
