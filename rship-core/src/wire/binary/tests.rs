//! What is encoded, to the byte, and what is refused.

use serde_json::{Value, json};

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

#[track_caller]
fn refused(hex: &str) -> CborError {
    decode(&bytes(hex)).expect_err(hex)
}

#[test]
fn values_are_written_in_their_shortest_head_and_floats_in_64_bits() {
    // From appendix A of RFC 8949, but for the floats.
    for (json, cbor) in [
        ("0", "00"),
        ("23", "17"),
        ("24", "1818"),
        ("1000", "1903e8"),
        ("1000000000000", "1b000000e8d4a51000"),
        ("18446744073709551615", "1bffffffffffffffff"),
        ("-1", "20"),
        ("-1000", "3903e7"),
        ("-9223372036854775808", "3b7fffffffffffffff"),
        ("3.0", "fb4008000000000000"),
        ("1.1", "fb3ff199999999999a"),
        ("-0.0", "fb8000000000000000"),
        ("true", "f5"),
        ("null", "f6"),
        ("\"\\u00fc\"", "62c3bc"),
        ("[]", "80"),
        ("[1, [2, 3], [4, 5]]", "8301820203820405"),
        (r#"{"a": 1, "b": [2, 3]}"#, "a26161016162820203"),
    ] {
        assert_eq!(hex(&encode(json).unwrap()), cbor, "{json}");
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(decode(&bytes(cbor)).unwrap(), value, "{cbor}");
    }
}

#[test]
fn lengths_of_every_size_are_definite() {
    for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
        let array: Value = (0..length).collect::<Vec<u32>>().into();
        let map: serde_json::Map<_, _> = (0..length).map(|n| (n.to_string(), json!([n]))).collect();
        let text = "x".repeat(length as usize);
        let document = json!([array, map, text, "after"]);
        let encoded = encode(document.to_string()).unwrap();
        assert_eq!(decode(&encoded).unwrap(), document, "{length}");
        let of_array = encode(array.to_string()).unwrap();
        assert_ne!(of_array[0], 0x9f, "{length}");
    }
}

#[test]
fn whole_numbers_stay_whole_and_floats_stay_floats() {
    for document in [
        json!(3),
        json!(3.0),
        json!(-0.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.1 + 0.2),
        json!(f64::MIN_POSITIVE),
        json!(5e-324),
        json!(f64::MAX),
        json!(122.416_294_033_786_59),
    ] {
        let back = decode(&encode(document.to_string()).unwrap()).unwrap();
        assert_eq!(back, document);
        assert_eq!(back.is_f64(), document.is_f64());
    }
}

#[test]
fn a_number_below_all_integers_is_a_float_on_both_wires() {
    let text: Value = serde_json::from_str("-18446744073709551616").unwrap();
    assert_eq!(decode(&bytes("3bffffffffffffffff")).unwrap(), text);
}

#[test]
fn numbers_that_come_as_their_text_are_numbers() {
    // What serde_json's feature `arbitrary_precision` makes of them.
    for (number, cbor) in [
        ("-1000", "3903e7"),
        ("18446744073709551615", "1bffffffffffffffff"),
        ("3.0", "fb4008000000000000"),
    ] {
        let json = format!(r#"["a",{{"$serde_json::private::Number":"{number}"}}]"#);
        let mut out = Vec::new();
        encode::transcode(json.as_bytes(), &mut out).unwrap();
        assert_eq!(hex(&out), format!("826161{cbor}"));
    }
    for wrong in ["1e999", "NaN"] {
        let json = format!(r#"{{"$serde_json::private::Number":"{wrong}"}}"#);
        assert!(encode::transcode(json.as_bytes(), &mut Vec::new()).is_err());
    }
}

#[test]
fn floats_of_every_width_are_read() {
    for (cbor, value) in [
        ("f90000", 0.0),
        ("f98000", -0.0),
        ("f93c00", 1.0),
        ("f93e00", 1.5),
        ("f97bff", 65504.0),
        ("f90001", 5.960_464_477_539_063e-8),
        ("f90400", 0.000_061_035_156_25),
        ("f9c400", -4.0),
        ("fa47c35000", 100_000.0),
        ("fb7e37e43c8800759c", 1.0e300),
    ] {
        assert_eq!(decode(&bytes(cbor)).unwrap(), json!(value), "{cbor}");
    }
}

#[test]
fn indefinite_lengths_are_read() {
    for (cbor, value) in [
        ("9fff", json!([])),
        ("9f018202039f0405ffff", json!([1, [2, 3], [4, 5]])),
        ("bf61610161629f0203ffff", json!({"a": 1, "b": [2, 3]})),
        ("7f657374726561646d696e67ff", json!("streaming")),
    ] {
        assert_eq!(decode(&bytes(cbor)).unwrap(), value, "{cbor}");
    }
}

#[test]
fn what_json_cannot_say_is_refused() {
    for cbor in [
        "f7",
        "c074",
        "d818",
        "4101",
        "5f4101ff",
        "f97c00",
        "f97e00",
        "f9fc00",
        "fa7f800000",
        "fb7ff8000000000000",
        "f0",
        "f8ff",
        "a10102",
        "a1f6f6",
        "bf4161f6ff",
    ] {
        assert!(
            matches!(refused(cbor), CborError::NoJson(_)),
            "{cbor}: {}",
            refused(cbor)
        );
    }
}

#[test]
fn bytes_that_are_no_cbor_are_refused() {
    for cbor in [
        "",
        "18",
        "1b00",
        "6261",
        "8201",
        "a16161",
        "9f01",
        "bf6161",
        "7f6161",
        "61ff",
        "62c328",
        "7f7f6161ffff",
        "ff",
        "81ff",
        "1c",
        "1f",
        "3c",
        "7c",
        "9c",
        "bc",
        "bf6161ff",
    ] {
        let error = refused(cbor);
        assert!(
            matches!(error, CborError::Malformed(_) | CborError::NoJson(_)),
            "{cbor}: {error}"
        );
    }
}

#[test]
fn bytes_after_the_document_are_refused() {
    assert_eq!(refused("0000"), CborError::Trailing);
    assert_eq!(refused("a0ff"), CborError::Trailing);
}

#[test]
fn a_length_beyond_the_input_takes_no_memory() {
    for cbor in [
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "7bffffffffffffffff",
        "9a7fffffff00",
        "7a7fffffff61",
        "ba7fffffff616100",
    ] {
        assert!(matches!(refused(cbor), CborError::Malformed(_)), "{cbor}");
    }
}

#[test]
fn both_wires_read_equally_deep() {
    for (depth, taken) in [(127, true), (128, false), (1_000_000, false)] {
        let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let mut cbor = vec![0x81; depth - 1];
        cbor.push(0x80);
        assert_eq!(
            serde_json::from_str::<Value>(&json).is_ok(),
            taken,
            "{depth}"
        );
        assert_eq!(encode(&json).is_ok(), taken, "{depth}");
        assert_eq!(decode(&cbor).is_ok(), taken, "{depth}");
        let maps: Vec<u8> = std::iter::repeat_n([0xbf, 0x61, b'a'], depth)
            .flatten()
            .collect();
        assert!(decode(&maps).is_err());
    }
    let indefinite = vec![0x9f; 1_000_000];
    assert_eq!(decode(&indefinite), Err(CborError::Depth));
}

#[test]
fn texts_that_are_no_json_are_not_encoded() {
    for json in ["", "{", "1 2", "nul", "1e999", "\"\\ud800\""] {
        assert!(encode(json).is_err(), "{json}");
    }
}

#[test]
fn of_two_fields_with_one_name_the_last_counts_on_both_wires() {
    let text: Value = serde_json::from_str(r#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(decode(&bytes("a2616101616102")).unwrap(), text);
}
