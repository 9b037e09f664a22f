//! Numbers that wander within the bounds of a schema.

use serde_json::{Map, Number, Value};

use super::chance::Chance;

/// A range that is wider says what a type can hold, and not what a device has.
const WIDEST: f64 = 1e6;
/// The same for whole numbers: a port or a percentage, and not what 16 bits can hold.
const WIDEST_WHOLE: i128 = 60_000;
/// How wide a range without one is.
const USUAL: i128 = 100;
/// How much of its range a number moves at most.
const STEP: f64 = 0.05;

/// A number that fits, near the one before if there is one.
pub(super) fn wander(
    schema: &Map<String, Value>,
    before: Option<&Value>,
    is_integer: bool,
    chance: &mut Chance,
) -> Value {
    let before = before.and_then(Value::as_number);
    if is_integer {
        integer(schema, before, chance)
    } else {
        float(schema, before, chance)
    }
}

fn integer(schema: &Map<String, Value>, before: Option<&Number>, chance: &mut Chance) -> Value {
    let (from, to) = whole_range(schema);
    let (from, to) = sensible(from, to);
    let number = match before.and_then(whole) {
        Some(before) if (from..=to).contains(&before) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "the range is at most as wide as WIDEST_WHOLE"
            )]
            let step = ((to - from) as f64 * STEP).ceil() as i128;
            chance.between((before - step).max(from), (before + step).min(to))
        }
        _ => chance.between(from, to),
    };
    let number = match multiple(schema) {
        Some(of) if of > 1.0 && of.fract() == 0.0 => {
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
            let of = of as i128;
            let floor = number.div_euclid(of) * of;
            if floor < from { floor + of } else { floor }
        }
        _ => number,
    };
    // Both ends are of 64 bits.
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => number.into(),
        (_, Ok(number)) => number.into(),
        _ => 0.into(),
    }
}

/// The whole numbers that fit.
fn whole_range(schema: &Map<String, Value>) -> (Option<i128>, Option<i128>) {
    let at = |key: &str| schema.get(key).and_then(Value::as_number);
    let up = |number: &Number| whole(number).or_else(|| Some(ceil(number.as_f64()?)));
    let down = |number: &Number| whole(number).or_else(|| Some(-ceil(-number.as_f64()?)));
    let over = |number: &Number| Some(down(number)? + 1);
    let under = |number: &Number| Some(up(number)? - 1);
    let from = at("minimum").and_then(up);
    let from = from.max(at("exclusiveMinimum").and_then(over));
    let to = [
        at("maximum").and_then(down),
        at("exclusiveMaximum").and_then(under),
    ];
    let from = from.map(|from| from.max(i64::MIN.into()));
    let to = to.into_iter().flatten().min();
    (from, to.map(|to| to.min(u64::MAX.into())))
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn ceil(number: f64) -> i128 {
    number.ceil() as i128
}

fn whole(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

/// A range that a device might have.
fn sensible(from: Option<i128>, to: Option<i128>) -> (i128, i128) {
    let (low, high) = (from.unwrap_or(i128::MIN), to.unwrap_or(i128::MAX));
    if low > high {
        // Nothing fits; what comes nearest is as good as any.
        return (low, low);
    }
    if high.saturating_sub(low) <= WIDEST_WHOLE {
        (low, high)
    } else if low <= 0 && high >= USUAL {
        (0, USUAL)
    } else if low > 0 {
        (low, low.saturating_add(USUAL).min(high))
    } else {
        (high.saturating_sub(USUAL).max(low), high)
    }
}

fn float(schema: &Map<String, Value>, before: Option<&Number>, chance: &mut Chance) -> Value {
    let at = |key: &str| schema.get(key).and_then(Value::as_f64);
    let ends = |closed: Option<f64>, open: Option<f64>, lower: bool| match (closed, open) {
        (Some(closed), Some(open)) if lower == (closed > open) && closed != open => {
            (Some(closed), false)
        }
        (_, Some(open)) => (Some(open), true),
        (closed, None) => (closed, false),
    };
    let (from, from_is_open) = ends(at("minimum"), at("exclusiveMinimum"), true);
    let (to, to_is_open) = ends(at("maximum"), at("exclusiveMaximum"), false);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let usual = USUAL as f64;
    let (low, high) = match (from, to) {
        (Some(from), Some(to)) if to - from <= WIDEST => (from, to),
        (Some(from), _) if from > 0.0 => (from, to.unwrap_or(f64::MAX).min(from + usual)),
        (_, Some(to)) if to < usual => (from.unwrap_or(f64::MIN).max(to - usual), to),
        (from, to) => (from.unwrap_or(0.0).max(0.0), to.unwrap_or(usual).min(usual)),
    };
    let width = high - low;
    let moved = match before.and_then(Number::as_f64) {
        Some(before) if (low..=high).contains(&before) => {
            let step = (chance.part() * 2.0 - 1.0) * width * STEP;
            let there = before + step;
            // At an end it turns around.
            if (low..=high).contains(&there) {
                there
            } else {
                before - step
            }
        }
        _ => low + chance.part() * width,
    };
    let fits = |number: f64| {
        let above = if from_is_open {
            number > low
        } else {
            number >= low
        };
        let below = if to_is_open {
            number < high
        } else {
            number <= high
        };
        above && below
    };
    // As a person would write it, where that fits.
    let rounded = (moved * 1000.0).round() / 1000.0;
    let rounded = match multiple(schema) {
        Some(of) if of > 0.0 => (moved / of).round() * of,
        _ => rounded,
    };
    let middle = low + width / 2.0;
    let number = [rounded, moved, middle].into_iter().find(|one| fits(*one));
    Number::from_f64(number.unwrap_or(low)).map_or(Value::Null, Value::Number)
}

fn multiple(schema: &Map<String, Value>) -> Option<f64> {
    schema.get("multipleOf").and_then(Value::as_f64)
}
