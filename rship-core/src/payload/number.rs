//! Numbers compared exactly, also where an integer is too wide for a float.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// How two numbers compare; `None` only for numbers beyond what JSON can hold.
pub(crate) fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    match (integer(one), integer(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        (Some(one), None) => Some(compare_mixed(one, other.as_f64()?)),
        (None, Some(other)) => Some(compare_mixed(other, one.as_f64()?).reverse()),
        (None, None) => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

/// How two numbers compare when both become an `f32`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what the decoder does to them"
)]
pub(super) fn compare_single(one: &Number, other: &Number) -> Option<Ordering> {
    let (one, other) = (one.as_f64()? as f32, other.as_f64()? as f32);
    one.partial_cmp(&other)
}

fn integer(number: &Number) -> Option<i128> {
    match number.as_i64() {
        Some(number) => Some(number.into()),
        None => number.as_u64().map(i128::from),
    }
}

fn compare_mixed(integer: i128, float: f64) -> Ordering {
    // The cast saturates, and integers of 64 bits are far from both ends.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is compared below"
    )]
    let whole = float.trunc() as i128;
    let fraction = float - float.trunc();
    integer.cmp(&whole).then(if fraction > 0.0 {
        Ordering::Less
    } else if fraction < 0.0 {
        Ordering::Greater
    } else {
        Ordering::Equal
    })
}

/// The integer that a float without a fraction is, if 64 bits can hold it.
pub(super) fn as_integer(number: &Number) -> Option<Value> {
    const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;
    const BEYOND_U64: f64 = 18_446_744_073_709_551_616.0;
    let float = number.as_f64()?;
    if !is_whole(number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and in the range that is tested before"
    )]
    if (-BEYOND_I64..BEYOND_I64).contains(&float) {
        Some(Value::from(float as i64))
    } else if (BEYOND_I64..BEYOND_U64).contains(&float) {
        Some(Value::from(float as u64))
    } else {
        None
    }
}

/// Whether a number has no fraction, however it is written.
pub(super) fn is_whole(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}
