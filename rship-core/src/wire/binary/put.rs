//! The items of CBOR, each as short as it can be.

use cbor4ii::core::{major, marker};

/// Appends the head of an item: its kind, with its value or length.
#[inline]
pub(in crate::wire) fn head(kind: u8, number: u64, out: &mut Vec<u8>) {
    if number < 24 {
        out.push(kind << 5 | number as u8);
    } else {
        longer_head(kind << 5, number, out);
    }
}

fn longer_head(kind: u8, number: u64, out: &mut Vec<u8>) {
    if let Ok(number) = u8::try_from(number) {
        out.extend_from_slice(&[kind | 24, number]);
    } else if let Ok(number) = u16::try_from(number) {
        out.push(kind | 25);
        out.extend_from_slice(&number.to_be_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        out.push(kind | 26);
        out.extend_from_slice(&number.to_be_bytes());
    } else {
        out.push(kind | 27);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// Appends a string.
pub(in crate::wire) fn string(text: &str, out: &mut Vec<u8>) {
    head(major::STRING, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    let mut item = [marker::F64; 9];
    item[1..].copy_from_slice(&value.to_be_bytes());
    out.extend_from_slice(&item);
}

/// Leaves room for the head of an array or a map, whose length is known only at its end.
pub(super) fn open(out: &mut Vec<u8>) -> usize {
    out.push(0);
    out.len() - 1
}

/// Writes the head into its room.
pub(super) fn close(start: usize, kind: u8, count: u64, out: &mut Vec<u8>) {
    if count < 24 {
        out[start] = kind << 5 | count as u8;
    } else {
        // More than the room: what was written moves by a few bytes.
        let mut longer = Vec::with_capacity(9);
        head(kind, count, &mut longer);
        out.splice(start..=start, longer);
    }
}
