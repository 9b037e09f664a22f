//! `max_rate` and `deadband`: which of its changes an emitter publishes.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Type};

use crate::attr::Given;
use crate::bounds;
use crate::errors::Errors;
use crate::paths::duration;

/// As often as timers tick.
const FASTEST: f64 = 1000.0;

/// How often an emitter speaks.
#[derive(Default)]
pub(crate) struct Pace {
    interval: Option<Duration>,
    deadband: Option<TokenStream>,
}

/// What the values are that a dead band is for.
pub(crate) enum Of<'a> {
    Type(&'a Type),
    /// Those of a field of this type, such as a channel's.
    Field(&'a Type),
    /// What this function makes of a field.
    Function(&'a syn::Path),
}

impl Pace {
    /// The pace of what `of` names.
    pub(crate) fn of(given: &Given, of: &str, errors: &mut Errors) -> Self {
        let deadband = given.expr("deadband").filter(|expr| {
            let is_right = bounds::number(expr).is_none_or(|by| by > 0.0 && by.is_finite());
            if !is_right {
                errors.at(
                    expr,
                    format_args!("{of} has a dead band that is not above 0"),
                    "write by how much a value must differ from the last one, such as `0.01`",
                );
            }
            is_right
        });
        Self {
            interval: given.duration("max_rate"),
            deadband: deadband.map(as_float),
        }
    }

    pub(crate) fn is_given(&self) -> bool {
        self.interval.is_some() || self.deadband.is_some()
    }

    /// The builder calls, at the place of the type.
    pub(crate) fn calls(&self, values: &Of<'_>, place: Span) -> TokenStream {
        let interval = self
            .interval
            .map(duration)
            .map(|interval| quote!(.min_interval(#interval)));
        let deadband = self.deadband.as_ref().map(|by| match values {
            Of::Type(ty) => quote_spanned!(place=> .deadband::<#ty>(#by)),
            Of::Field(ty) => quote_spanned! {place=>
                .deadband_as(#by, __rship::FieldOf::<#ty>::__rship_value())
            },
            Of::Function(function) => quote_spanned!(place=> .deadband_of(#by, #function)),
        });
        quote!(#interval #deadband)
    }
}

/// A whole number as one with a fraction, which a dead band is.
fn as_float(expr: &Expr) -> TokenStream {
    bounds::float(expr).unwrap_or_else(|| quote!(#expr))
}

/// The time between two pulses at a rate such as `30 Hz`; an error says what to write.
pub(crate) fn interval(text: &str) -> Result<Duration, &'static str> {
    const NOTE: &str = "write one such as `30 Hz` or `0.5 Hz`";
    let text = text.trim();
    let hertz = text
        .strip_suffix("Hz")
        .and_then(|number| number.trim_end().parse::<f64>().ok())
        .filter(|hertz| hertz.is_finite() && *hertz > 0.0)
        .ok_or(NOTE)?;
    if hertz > FASTEST {
        return Err("the fastest is `1000 Hz`; without `max_rate`, every change is published");
    }
    Duration::try_from_secs_f64(1.0 / hertz).map_err(|_| NOTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_hertz() {
        assert_eq!(interval("25 Hz"), Ok(Duration::from_millis(40)));
        assert_eq!(interval(" 0.5Hz "), Ok(Duration::from_secs(2)));
        for wrong in [
            "30",
            "30 hz",
            "0 Hz",
            "-1 Hz",
            "NaN Hz",
            "inf Hz",
            "2 kHz",
            "1001 Hz",
            "1e-300 Hz",
        ] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
