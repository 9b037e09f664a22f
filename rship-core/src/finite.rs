//! NaN and infinity, which JSON has no words for: serde_json writes them as null.

use std::io;

use serde::Serialize;
use serde::ser;
use serde_json::ser::Formatter;

/// Appends a value as JSON; says whether there is a null in it, which may stand for such a number.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    json: &mut Vec<u8>,
) -> Result<bool, serde_json::Error> {
    let mut null = false;
    let formatter = NoticesNull(&mut null);
    value.serialize(&mut serde_json::Serializer::with_formatter(json, formatter))?;
    Ok(null)
}

struct NoticesNull<'n>(&'n mut bool);

impl Formatter for NoticesNull<'_> {
    fn write_null<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        *self.0 = true;
        writer.write_all(b"null")
    }
}

/// Whether no number in `value` is NaN or infinite. Looks only; nothing is written.
pub(crate) fn is_finite<T: Serialize + ?Sized>(value: &T) -> bool {
    value.serialize(Look).is_ok()
}

/// A serializer that stops at the first number which is not finite.
struct Look;

/// There is such a number, or the value cannot be serialized at all, which was said when it was written.
#[derive(Debug)]
struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number is not finite")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! passes {
    ($($method:ident: $value:ty,)*) => {$(
        fn $method(self, _: $value) -> Result<(), Stop> {
            Ok(())
        }
    )*};
}

macro_rules! opens {
    ($($method:ident($($argument:ty),*) -> $compound:ident,)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self::$compound, Stop> {
            Ok(Look)
        }
    )*};
}

impl ser::Serializer for Look {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    passes! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    opens! {
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct(&'static str, usize) -> SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stop> {
        value.is_finite().then_some(()).ok_or(Stop)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stop> {
        value.is_finite().then_some(()).ok_or(Stop)
    }

    fn serialize_none(self) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, _: &T) -> Result<(), Stop> {
        Ok(())
    }
}

macro_rules! elements {
    ($($compound:ident.$method:ident,)*) => {$(
        impl ser::$compound for Look {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                value.serialize(Look)
            }

            fn end(self) -> Result<(), Stop> {
                Ok(())
            }
        }
    )*};
}

elements! {
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field,
}

macro_rules! fields {
    ($($compound:ident,)*) => {$(
        impl ser::$compound for Look {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Stop> {
                value.serialize(Look)
            }

            fn end(self) -> Result<(), Stop> {
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant,);

impl ser::SerializeMap for Look {
    type Ok = ();
    type Error = Stop;

    // serde_json refuses keys that are not finite, and says so.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        value.serialize(Look)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Reading {
        None,
        One(f32),
        Pair(f64, Option<f64>),
        Named { at: Vec<f64> },
    }

    #[test]
    fn a_null_is_noticed_and_the_word_is_not() {
        let mut json = Vec::new();
        assert!(!write(&("null", 1.5), &mut json).unwrap());
        assert!(write(&[f64::NAN], &mut json).unwrap());
        assert!(write(&None::<u8>, &mut json).unwrap());
        assert_eq!(json, b"[\"null\",1.5][null]null");
    }

    #[test]
    fn a_number_that_is_not_finite_is_found_wherever_it_is() {
        for finite in [
            Reading::None,
            Reading::One(1.0),
            Reading::Pair(0.0, None),
            Reading::Named { at: vec![f64::MAX] },
        ] {
            assert!(is_finite(&finite));
        }
        for not in [
            Reading::One(f32::NAN),
            Reading::Pair(0.0, Some(f64::INFINITY)),
            Reading::Named {
                at: vec![1.0, f64::NEG_INFINITY],
            },
        ] {
            assert!(!is_finite(&BTreeMap::from([("a", Some((1, not)))])));
        }
        assert!(is_finite("NaN") && is_finite(&(1_u128, 'n', ())));
    }
}
