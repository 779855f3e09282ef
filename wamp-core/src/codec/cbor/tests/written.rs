//! Written values. The shapes of serde's types come from `codec::ser`, and are tested with
//! MessagePack.

use std::collections::BTreeMap;

use ciborium::Value;
use proptest::prelude::*;
use serde::{Serialize, Serializer};

use super::{encoded, hex, read};
use crate::codec::cbor::Cbor;
use crate::codec::ser::write;

fn written(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut out = vec![0x81];
    write::<Cbor>(&mut out, value).unwrap();
    out.split_off(1)
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

#[test]
fn integers_and_lengths_are_as_short_as_they_can_be() {
    for (value, digits) in [
        (0_i128, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65_535, "19ffff"),
        (65_536, "1a00010000"),
        (4_294_967_295, "1affffffff"),
        (4_294_967_296, "1b0000000100000000"),
        (i128::from(u64::MAX), "1bffffffffffffffff"),
        (-1, "20"),
        (-24, "37"),
        (-25, "3818"),
        (-256, "38ff"),
        (-257, "390100"),
        (i128::from(i64::MIN), "3b7fffffffffffffff"),
    ] {
        assert_eq!(written(&value), hex(digits), "{value}");
    }
    for (length, digits) in
        [(0, "60"), (23, "77"), (24, "7818"), (256, "790100"), (65_536, "7a00010000")]
    {
        assert!(written(&"a".repeat(length)).starts_with(&hex(digits)), "{length}");
    }
    assert_eq!(written(&vec![1; 24])[..2], hex("9818"));
    assert_eq!(written(&Bytes(&[7; 3])), hex("43070707"));
}

#[test]
fn floats_keep_their_width_and_their_bits() {
    assert_eq!(written(&1.0_f64), hex("fb3ff0000000000000"));
    assert_eq!(written(&1.5_f32), hex("fa3fc00000"));
    assert_eq!(written(&-0.0_f64), hex("fb8000000000000000"));
    assert_eq!(written(&f64::INFINITY), hex("fb7ff0000000000000"));
    assert!(read::<f64>(&written(&f64::NAN)).unwrap().is_nan());
}

#[test]
fn what_is_nothing_is_null() {
    assert_eq!(written(&(None::<u8>, Some(1), (), true, false)), hex("85 f6 01 f6 f5 f4"));
}

#[test]
fn lengths_are_definite_also_where_serde_does_not_know_them() {
    struct Unknown;
    impl Serialize for Unknown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..300).filter(|number| *number >= 270))
        }
    }
    let bytes = written(&Unknown);
    assert_eq!(bytes[..5], hex("981e 19010e"));
    assert_eq!(read::<Vec<u16>>(&bytes).unwrap(), (270..300).collect::<Vec<_>>());
    assert_eq!(written(&BTreeMap::from([("a", 1), ("b", 2)])), hex("a2 616101 616202"));
}

#[test]
fn keys_are_strings_m_04() {
    assert_eq!(written(&BTreeMap::from([(-1, 'é')])), hex("a1 622d31 62c3a9"));
    assert_eq!(written(&BTreeMap::from([(true, ())])), hex("a1 6474727565 f6"));
}

#[test]
fn a_failed_value_leaves_nothing_behind() {
    let mut out = hex("831832");
    assert!(write::<Cbor>(&mut out, &("begun", BTreeMap::from([(vec![1], 1)]))).is_err());
    assert!(write::<Cbor>(&mut out, &("begun", u128::MAX)).is_err());
    assert_eq!(out, hex("831832"));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-70_000..70_000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(6, 64, 30, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Value::Array),
            prop::collection::vec((any::<String>().prop_map(Value::from), inner), 0..30)
                .prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // ciborium narrows floats if no precision is lost.
    #[test]
    fn every_value_is_written_as_ciborium_reads_it(value in value()) {
        let bytes = written(&value);
        let theirs: Value = ciborium::from_reader(&bytes[..]).unwrap();
        prop_assert_eq!(format!("{theirs:?}"), format!("{value:?}"));
        prop_assert_eq!(super::skip(&bytes).unwrap(), 0..bytes.len());
        prop_assert!(bytes.len() >= encoded(&value).len());
    }
}
