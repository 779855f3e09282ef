//! Differential tests: we and ciborium agree on all bytes, except where we deviate on purpose.

use bumpalo::Bump;
use ciborium::Value;
use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{encoded, hex, read, skip};
use crate::codec::cbor::Reader;
use crate::codec::cursor::{Cursor as _, MAX_DEPTH};
use crate::codec::de::MAX_INTEGRAL;

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        (-1e18..1e18).prop_map(|float: f64| Value::from(float.trunc())),
        (-1000_i32..1000).prop_map(|integral| Value::from(f64::from(integral))),
        any::<i128>().prop_map(Value::from),
    ]
}

/// Generates a value of any type that WAMP has.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        any::<String>().prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::vec((any::<String>().prop_map(Value::from), inner.clone()), 0..8)
                .prop_map(Value::Map),
            (4..100_000_u64, inner).prop_map(|(tag, inner)| Value::Tag(tag, Box::new(inner))),
        ]
    })
}

/// Joins pieces of CBOR in any order, because mistakes are likeliest in bytes that are nearly
/// right.
fn nearly_cbor() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "00",
        "17",
        "1818",
        "190100",
        "1a00010000",
        "1b0000000100000000",
        "1bffffffffffffffff",
        "1c",
        "1f",
        "20",
        "3bffffffffffffffff",
        "40",
        "4101",
        "43010203",
        "5801",
        "5f",
        "60",
        "6161",
        "6162",
        "62c3a9",
        "61c3",
        "7801",
        "7f",
        "80",
        "81",
        "82",
        "8301",
        "9801",
        "9f",
        "a0",
        "a1",
        "a16161",
        "a26161",
        "b9",
        "bf",
        "bf6161",
        "c0",
        "c1",
        "c2",
        "c3",
        "c24101",
        "c249010000000000000000",
        "d9d9f7",
        "f4",
        "f5",
        "f6",
        "f7",
        "f0",
        "f820",
        "f93c00",
        "f97e00",
        "f90001",
        "fa3fc00000",
        "fa",
        "fb3ff0000000000000",
        "fb3fb999999999999a",
        "ff",
        "ffff",
        "9bffffffffffffffff",
    ]);
    prop::collection::vec(piece, 0..16).prop_map(|pieces| hex(&pieces.concat()))
}

/// Damages valid bytes at one place.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (value(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(value, at, other, insert)| {
            let mut bytes = encoded(&value);
            let at = at.index(bytes.len());
            if insert {
                bytes.insert(at, other);
            } else {
                bytes[at] = other;
            }
            bytes
        },
    )
}

/// Converts a value that ciborium has read to the one that we read, if we accept it: keys are
/// strings, tags are gone, numbers are by value.
fn ours(value: Value, depth: usize) -> Option<Value> {
    let inside = depth.checked_sub(1);
    Some(match value {
        Value::Integer(integer) => integer_or_float(integer.into()),
        Value::Float(float) => integral(float),
        Value::Array(list) => {
            let inside = inside?;
            Value::Array(list.into_iter().map(|value| ours(value, inside)).collect::<Option<_>>()?)
        }
        Value::Map(dict) => {
            let inside = inside?;
            let entry = |(key, value)| match ours(key, inside)? {
                Value::Text(key) => Some((Value::Text(key), ours(value, inside)?)),
                _ => None,
            };
            Value::Map(dict.into_iter().map(entry).collect::<Option<_>>()?)
        }
        Value::Tag(negative @ (2 | 3), bytes) => {
            let Value::Bytes(bytes) = *bytes else { return None };
            let number: f64 = decimal(&bytes, negative == 3).parse().unwrap();
            Value::Float(if negative == 3 { -number } else { number })
        }
        Value::Tag(_, inner) => ours(*inner, inside?)?,
        other => other,
    })
}

/// Returns the digits of a big-endian number, or of one more than it.
fn decimal(bytes: &[u8], one_more: bool) -> String {
    let mut digits = vec![u32::from(bytes.is_empty() && one_more)];
    for (at, byte) in bytes.iter().enumerate() {
        let mut carry = u32::from(*byte) + u32::from(one_more && at + 1 == bytes.len());
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 10;
            carry /= 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().map(ToString::to_string).collect()
}

fn integer_or_float(integer: i128) -> Value {
    u64::try_from(integer)
        .map(Value::from)
        .or_else(|_| i64::try_from(integer).map(Value::from))
        .unwrap_or(Value::Float(integer as f64))
}

fn integral(float: f64) -> Value {
    let negative_zero = float == 0.0 && float.is_sign_negative();
    match float.trunc() == float && float.abs() <= MAX_INTEGRAL as f64 && !negative_zero {
        true => Value::from(float as i64),
        false => Value::Float(float),
    }
}

/// Reads the bytes with ciborium; nothing may be left over.
fn theirs(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = ciborium::from_reader(&mut rest).ok()?;
    rest.is_empty().then_some(value)
}

/// Returns whether ciborium refuses an integer as too large: its integers end at -2^127.
fn too_large(bytes: &[u8]) -> bool {
    ciborium::from_reader::<Value, _>(bytes)
        .is_err_and(|error| error.to_string().contains("too large"))
}

/// Checks that skipping, reading and ciborium agree. Only ciborium accepts chunks of chunks, chunks
/// with half a character, tagged chunks, and unassigned simple values.
fn agrees(bytes: &[u8]) -> Result<(), TestCaseError> {
    let skipped = skip(bytes).is_ok();
    prop_assert_eq!(read::<IgnoredAny>(bytes).is_ok(), skipped, "ignore {:02x?}", bytes);
    let mine = read::<Value>(bytes);
    match &mine {
        Ok(_) => prop_assert!(skipped, "{:02x?}", bytes),
        Err(error) => {
            prop_assert_eq!(
                error.to_string().starts_with("number out of range"),
                skipped,
                "{} {:02x?}",
                error,
                bytes
            );
        }
    }
    let expected = theirs(bytes).and_then(|value| ours(value, usize::from(MAX_DEPTH)));
    match (&mine, &expected) {
        (Ok(mine), Some(expected)) => {
            prop_assert_eq!(format!("{mine:?}"), format!("{expected:?}"), "{:02x?}", bytes);
        }
        (Ok(_), None) if too_large(bytes) => {}
        (Ok(mine), None) => prop_assert!(false, "we took {:?} for {:02x?}", mine, bytes),
        (Err(_), Some(_)) if skipped => {}
        (Err(error), Some(expected)) => {
            let chunks = error.to_string().starts_with("expected a chunk")
                || error.to_string().starts_with("a string is not UTF-8");
            prop_assert!(chunks, "{} for {:?}, {:02x?}", error, expected, bytes);
        }
        (Err(_), None) => {}
    }
    Ok(())
}

/// Calls every method on the bytes, which must return.
fn survives(bytes: &[u8]) {
    let arena = Bump::new();
    let reader = || Reader::new(bytes, &arena);
    let _ = reader().read::<&[u8]>();
    let _ = reader().read::<Vec<(u64, f32)>>();
    let _ = reader().read::<std::collections::BTreeMap<i64, Option<&str>>>();
    let mut reader = reader();
    // After errors as well, though no caller should do that.
    for _ in 0..8 {
        let _ = reader.list().and_then(|mut list| reader.element(&mut list));
        let _ = reader.dict().and_then(|mut dict| reader.key(&mut dict).map(|_| ()));
        let _ = reader.integer();
        let _ = reader.f32();
        let _ = reader.null();
        let _ = reader.boolean();
        let _ = reader.string();
        let _ = reader.bytes();
        let _ = reader.skip();
        let _ = reader.end();
        assert!(reader.offset() <= bytes.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_read_as_it_was_written(value in value()) {
        let bytes = encoded(&value);
        let expected = ours(value, usize::from(MAX_DEPTH)).unwrap();
        prop_assert_eq!(format!("{:?}", read::<Value>(&bytes).unwrap()), format!("{expected:?}"));
        agrees(&bytes)?;
    }

    #[test]
    fn skipping_covers_exactly_the_value(value in value()) {
        let bytes = encoded(&value);
        prop_assert_eq!(skip(&bytes).unwrap(), 0..bytes.len());
        let list = [hex("9f00"), bytes.clone(), hex("01ff")].concat();
        let arena = Bump::new();
        let mut reader = Reader::new(&list, &arena);
        let mut elements = reader.list().unwrap();
        prop_assert!(reader.element(&mut elements).unwrap());
        prop_assert_eq!(reader.integer().unwrap(), 0);
        prop_assert!(reader.element(&mut elements).unwrap());
        prop_assert_eq!(&list[reader.skip().unwrap()], &bytes);
        prop_assert!(reader.element(&mut elements).unwrap());
    }

    #[test]
    fn every_float_is_read_with_all_its_bits(bits in any::<u64>()) {
        let double = [&[0xfb][..], &bits.to_be_bytes()].concat();
        let float = f64::from_bits(bits);
        let read_back = read::<f64>(&double).unwrap();
        prop_assert!(read_back.to_bits() == bits || float.is_nan() && read_back.is_nan());
        let bits = bits as u32;
        let single = [&[0xfa][..], &bits.to_be_bytes()].concat();
        let read_back = read::<f32>(&single).unwrap();
        let float = f32::from_bits(bits);
        prop_assert!(read_back.to_bits() == bits || float.is_nan() && read_back.is_nan());
    }

    #[test]
    fn integers_are_read_in_every_width(value in any::<u32>()) {
        for digits in [
            format!("1a{value:08x}"),
            format!("1b{value:016x}"),
            format!("c244{value:08x}"),
            format!("c25f42{:04x}42{:04x}ff", value >> 16, value & 0xffff),
            format!("fb{:016x}", f64::from(value).to_bits()),
        ] {
            prop_assert_eq!(read::<u64>(&hex(&digits)).unwrap(), u64::from(value), "{}", digits);
        }
        let negative = hex(&format!("3a{value:08x}"));
        prop_assert_eq!(read::<i64>(&negative).unwrap(), -1 - i64::from(value));
    }

    #[test]
    fn any_bytes_are_judged_as_ciborium_judges_them(bytes in any::<Vec<u8>>()) {
        survives(&bytes);
        agrees(&bytes)?;
    }

    #[test]
    fn nearly_cbor_is_judged_as_ciborium_judges_it(bytes in nearly_cbor()) {
        survives(&bytes);
        agrees(&bytes)?;
    }

    #[test]
    fn damaged_cbor_is_judged_as_ciborium_judges_it(bytes in damaged()) {
        survives(&bytes);
        agrees(&bytes)?;
    }
}

/// Compares all 65 536 of them with ciborium.
#[test]
fn every_half_is_the_float_it_stands_for() {
    for bits in 0..=u16::MAX {
        let bytes = [&[0xf9][..], &bits.to_be_bytes()].concat();
        let (ours, theirs) =
            (read::<f64>(&bytes).unwrap(), ciborium::from_reader::<f64, _>(&bytes[..]).unwrap());
        assert!(
            ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(),
            "{bits:04x}"
        );
    }
}
