//! How serde's types are read. Rules that depend on serde alone are tested with JSON, because the
//! code is the same.

use std::collections::{BTreeMap, HashMap};

use bumpalo::Bump;
use ciborium::{Value, cbor};
use serde::de::{Deserialize, Deserializer};

use super::{encoded, hex, nested, read, refusal};
use crate::codec::cbor::Reader;
use crate::codec::cursor::{Cursor as _, MAX_DEPTH};
use crate::codec::raw;
use crate::codec::samples::{Bytes, Point, Shape};
use crate::codec::value::Encoded;

/// A newtype that asks for its value undecoded.
#[derive(Debug, PartialEq)]
struct Raw<'de>(&'de [u8]);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Encoded::Cbor(bytes) = raw::borrow(deserializer)? else { panic!("CBOR was expected") };
        Ok(Self(bytes))
    }
}

#[test]
fn a_struct_is_read_from_a_dict_or_from_a_list() {
    let point = Point { x: -3, y: None, tags: vec![(1, 0.5)] };
    let dict = cbor!({"y" => null, "z" => [{}], "tags" => [[1, 0.5]], "x" => -3}).unwrap();
    assert_eq!(read::<Point>(&encoded(&dict)).unwrap(), point);
    assert_eq!(read::<Point>(&encoded(&cbor!([-3, null, [[1, 0.5]]]).unwrap())).unwrap(), point);
    assert_eq!(
        read::<Point>(&hex("bf 6178 01 ff")).unwrap(),
        Point { x: 1, y: None, tags: vec![] }
    );
}

#[test]
fn undefined_is_null_and_both_are_none_and_unit_and_nothing_else() {
    assert_eq!(read::<Vec<Option<u8>>>(&hex("83 f6 f7 01")).unwrap(), [None, None, Some(1)]);
    read::<()>(&hex("f6")).unwrap();
    read::<()>(&hex("f7")).unwrap();
    assert_eq!(
        read::<Value>(&hex("82f6f7")).unwrap(),
        Value::Array(vec![Value::Null, Value::Null])
    );
    assert_eq!(refusal::<u8>(&hex("f7")), "invalid type: null, expected u8 at byte 0");
    assert!(read::<()>(&hex("00")).is_err());
    assert!(read::<()>(&hex("80")).is_err());
}

#[test]
fn integral_floats_are_integers_at_every_depth_decision_6() {
    // {"x": -3.0, "y": 200.0 (half), "tags": [[1.0, 1], [2^53 (double), 1.0 (single)]]}
    let bytes =
        hex("a3 6178 f9c200 6179 f95a40 6474616773 82 82f93c0001 82fb4340000000000000fa3f800000");
    let tags = vec![(1, 1.0), (1 << 53, 1.0)];
    assert_eq!(read::<Point>(&bytes).unwrap(), Point { x: -3, y: Some(200), tags });
    assert_eq!(
        read::<(u8, u16, u32, u64)>(&hex("84f93c00f93c00f93c00f93c00")).unwrap(),
        (1, 1, 1, 1)
    );
    assert_eq!(
        read::<(i8, i16, i32, i64)>(&hex("84f9bc00f9bc00f9bc00f9bc00")).unwrap(),
        (-1, -1, -1, -1)
    );
    assert_eq!(read::<(i128, u128, usize)>(&hex("83f9bc00f95640f98000")).unwrap(), (-1, 100, 0));
    assert_eq!(read::<Shape>(&hex("a166436972636c65f94500")).unwrap(), Shape::Circle(5));
    assert_eq!(
        read::<BTreeMap<i32, Option<u8>>>(&hex("a1 63312e30 f93c00")).unwrap(),
        [(1, Some(1))].into()
    );
}

#[test]
fn other_floats_are_no_integers() {
    assert_eq!(
        refusal::<i64>(&hex("f93e00")),
        "invalid type: floating point `1.5`, expected i64 at byte 0"
    );
    for digits in [
        "fb4340000000000001",
        "fbc340000000000001",
        "f97c00",
        "f9fc00",
        "f97e00",
        "fb3fb999999999999a",
        "c249010000000000000000",
    ] {
        assert!(read::<u64>(&hex(digits)).is_err(), "{digits}");
        assert!(read::<i64>(&hex(digits)).is_err(), "{digits}");
        assert!(read::<i128>(&hex(digits)).is_err(), "{digits}");
    }
    assert_eq!(
        refusal::<u8>(&hex("f95c00")),
        "invalid value: integer `256`, expected u8 at byte 0"
    );
    assert_eq!(refusal::<u8>(&hex("20")), "invalid value: integer `-1`, expected u8 at byte 0");
}

#[test]
fn the_largest_integers_are_exact_m_16() {
    assert_eq!(read::<u64>(&hex("1bffffffffffffffff")).unwrap(), u64::MAX);
    assert_eq!(read::<i64>(&hex("3b7fffffffffffffff")).unwrap(), i64::MIN);
    assert_eq!(read::<u64>(&hex("c248ffffffffffffffff")).unwrap(), u64::MAX);
    assert_eq!(read::<i64>(&hex("c3487fffffffffffffff")).unwrap(), i64::MIN);
    assert!(read::<i64>(&hex("3b8000000000000000")).is_err());
    assert!(read::<i128>(&hex("3bffffffffffffffff")).is_err(), "a float, as in JSON");
}

#[test]
fn what_is_wider_than_an_integer_is_the_nearest_float_as_in_json() {
    for (digits, decimal) in [
        ("3b8000000000000000", "-9223372036854775809"),
        ("3bffffffffffffffff", "-18446744073709551616"),
        ("3b8000000000000400", "-9223372036854776833"),
        ("c249010000000000000000", "18446744073709551616"),
        ("c349010000000000000000", "-18446744073709551617"),
        ("c249010000000000000800", "18446744073709553664"),
        ("c249010000000000000801", "18446744073709553665"),
        ("c250ffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"),
        ("c2510100000000000008000000000000000000", "340282366920938501242306470388929921024"),
        ("c2510100000000000008000000000000000001", "340282366920938501242306470388929921025"),
        ("c251ffffffffffffffffffffffffffffffffff", "87112285931760246646623899502532662132735"),
    ] {
        let json = decimal.parse::<f64>().unwrap();
        assert_eq!(read::<f64>(&hex(digits)).unwrap(), json, "{digits}");
        assert_eq!(read::<Value>(&hex(digits)).unwrap(), Value::Float(json), "{digits}");
        assert!(read::<i128>(&hex(digits)).is_err(), "{digits}");
    }
    let huge = |bytes: usize| [hex("c2"), encoded(&Value::Bytes(vec![255; bytes]))].concat();
    assert!(read::<f64>(&huge(128)).is_err(), "2^1024 rounded up");
    assert_eq!(refusal::<Value>(&huge(100_000)), "number out of range at byte 0");
    assert!(super::skip(&huge(100_000)).is_ok(), "well-formed");
    assert_eq!(read::<f64>(&huge(127)).unwrap(), 2_f64.powi(1016));
}

#[test]
fn what_json_cannot_express_is_displayed_as_the_reason() {
    let huge = [hex("81c2"), encoded(&Value::Bytes(vec![255; 128]))].concat();
    assert_eq!(
        Encoded::Cbor(&huge).to_string(),
        "(cannot be serialised: number out of range at byte 1)"
    );
}

#[test]
fn a_value_of_any_type_gets_the_narrowest_number_m_16() {
    let any = |digits: &str| read::<Value>(&hex(digits)).unwrap();
    assert_eq!(any("f93c00"), Value::from(1));
    assert_eq!(any("fbc000000000000000"), Value::from(-2));
    assert_eq!(any("1bffffffffffffffff"), Value::from(u64::MAX));
    assert_eq!(any("3b7fffffffffffffff"), Value::from(i64::MIN));
    assert_eq!(any("f93e00"), Value::from(1.5));
    assert_eq!(any("fb4341c37937e08000"), Value::from(1e16));
    assert_eq!(any("c24101"), Value::from(1));
    let Value::Float(zero) = any("f98000") else { panic!() };
    assert!(zero == 0.0 && zero.is_sign_negative());
    assert_eq!(any("f90000"), Value::from(0));
}

#[test]
fn floats_of_every_width_are_exact() {
    for (digits, value) in [
        ("f90001", 5.960_464_477_539_063e-8),
        ("f903ff", 0.000_060_975_551_605_224_61),
        ("f90400", 0.000_061_035_156_25),
        ("f93555", 0.333_251_953_125),
        ("f9c400", -4.0),
        ("f97bff", 65_504.0),
        ("f9fbff", -65_504.0),
        ("fa3fc00000", 1.5), // clients.md 3
        ("fa7f7fffff", 3.402_823_466_385_288_6e38),
        ("fb3ff199999999999a", 1.1),
        ("fb0000000000000001", 5e-324),
        ("f97c00", f64::INFINITY),
        ("faff800000", f64::NEG_INFINITY),
    ] {
        assert_eq!(read::<f64>(&hex(digits)).unwrap(), value, "{digits}");
    }
    for digits in ["f97e00", "f9fe01", "fa7fc00000", "fb7ff8000000000000"] {
        assert!(read::<f64>(&hex(digits)).unwrap().is_nan(), "{digits}");
        assert!(read::<f32>(&hex(digits)).unwrap().is_nan(), "{digits}");
    }
}

#[test]
fn a_float_beyond_the_type_is_an_error_and_not_infinite() {
    assert_eq!(refusal::<Vec<f32>>(&hex("81fb7e37e43c8800759c")), "number out of range at byte 1");
    assert_eq!(read::<f32>(&hex("fa7f7fffff")).unwrap(), f32::MAX);
    assert_eq!(read::<f32>(&hex("fb7ff0000000000000")).unwrap(), f32::INFINITY, "infinite as sent");
    assert_eq!(read::<f32>(&hex("fb0000000000000001")).unwrap(), 0.0);
    // Halfway between two `f32`, except for a bit that an `f64` cannot hold.
    assert_eq!(read::<f32>(&hex("1b8000008000000001")).unwrap(), 9_223_373_136_366_404_000.0);
    assert_eq!(read::<Vec<f64>>(&hex("820120")).unwrap(), [1.0, -1.0]);
}

#[test]
fn strings_are_lent_in_one_piece_and_in_chunks() {
    let arena = Bump::new();
    let bytes = hex("a2 6161 82 6378 0a79 617a 7f6162ff 82 7f61786179ff 6100");
    let value: HashMap<&str, Vec<&str>> = Reader::new(&bytes, &arena).read().unwrap();
    assert_eq!(value, HashMap::from([("a", vec!["x\ny", "z"]), ("b", vec!["xy", "\0"])]));
    let bytes = hex("8261 0962c3a9");
    let (owned, character): (String, char) = Reader::new(&bytes, &arena).read().unwrap();
    assert_eq!((owned.as_str(), character), ("\t", 'é'));
    assert!(read::<char>(&hex("626162")).is_err());
}

#[test]
fn truth_values_are_no_integers_m_05() {
    assert_eq!(read::<(bool, bool)>(&hex("82f5f4")).unwrap(), (true, false));
    assert_eq!(
        refusal::<bool>(&hex("01")),
        "invalid type: integer `1`, expected a boolean at byte 0"
    );
    assert_eq!(refusal::<u8>(&hex("f5")), "invalid type: boolean `true`, expected u8 at byte 0");
}

#[test]
fn enums_are_tagged_by_a_name_or_by_an_only_key() {
    let shape =
        |value: Result<Value, ciborium::value::Error>| read::<Shape>(&encoded(&value.unwrap()));
    assert_eq!(shape(cbor!("Empty")).unwrap(), Shape::Empty);
    assert_eq!(read::<Shape>(&hex("7f62456d63707479ff")).unwrap(), Shape::Empty);
    assert_eq!(shape(cbor!({"Empty" => null})).unwrap(), Shape::Empty);
    assert_eq!(shape(cbor!({"Line" => [1, -1]})).unwrap(), Shape::Line(1, -1));
    assert_eq!(
        shape(cbor!({"Named" => {"name" => "x"}})).unwrap(),
        Shape::Named { name: "x".into() }
    );
    for value in [
        cbor!({}),
        cbor!("Circle"),
        cbor!({"Circle" => 1, "Empty" => null}),
        cbor!(1),
        cbor!(null),
        cbor!([]),
        cbor!({"Line" => [1]}),
        cbor!({"Line" => [1, 2, 3]}),
        cbor!({"Empty" => 1}),
    ] {
        assert!(shape(value).is_err());
    }
}

#[test]
fn map_keys_are_strings_that_are_read_as_the_key_type_wants() {
    assert_eq!(
        read::<BTreeMap<i8, u8>>(&hex("a2 622d31 01 6132 02")).unwrap(),
        [(-1, 1), (2, 2)].into()
    );
    assert_eq!(
        read::<BTreeMap<bool, u8>>(&hex("a2 6474727565 01 6566616c7365 00")).unwrap(),
        [(true, 1), (false, 0)].into()
    );
    assert_eq!(
        read::<BTreeMap<Shape, u8>>(&hex("a1 65456d707479 01")).unwrap(),
        [(Shape::Empty, 1)].into()
    );
    assert_eq!(
        refusal::<BTreeMap<u8, u8>>(&hex("a2 6131 01 6178 01")),
        r#"invalid type: string "x", expected u8 at byte 4"#
    );
    assert_eq!(refusal::<BTreeMap<u8, u8>>(&hex("a10101")), "a key must be a string at byte 1");
}

#[test]
fn of_duplicate_keys_the_last_wins_in_a_map_and_a_struct_refuses_m_14() {
    assert_eq!(
        read::<BTreeMap<String, u8>>(&hex("a2 616101 616102")).unwrap(),
        [("a".into(), 2)].into()
    );
    assert_eq!(refusal::<Point>(&hex("a2 617801 617802")), "duplicate field `x` at byte 0");
}

#[test]
fn binary_is_lent_and_text_stays_text_t_12() {
    let bytes = hex("10e3ff9053075c526f5fc06d4fe37cdb");
    let binary = encoded(&Value::Bytes(bytes.clone()));
    assert_eq!(read::<Bytes>(&binary).unwrap(), Bytes::Borrowed(bytes.clone()));
    assert_eq!(read::<Bytes>(&hex("5f4101420203ff")).unwrap(), Bytes::Borrowed(vec![1, 2, 3]));
    assert_eq!(read::<Bytes>(&hex("40")).unwrap(), Bytes::Borrowed(vec![]));
    assert_eq!(read::<Bytes>(&hex("8301f940001 8ff")).unwrap(), Bytes::List(vec![1, 2, 255]));
    assert_eq!(read::<Vec<u8>>(&hex("820102")).unwrap(), [1, 2]);
    let arena = Bump::new();
    assert_eq!(Reader::new(&binary, &arena).read::<&[u8]>().unwrap(), bytes);
    assert_eq!(read::<Value>(&binary).unwrap(), Value::Bytes(bytes));
    assert_eq!(
        refusal::<Bytes>(&hex("63616263")),
        r#"invalid type: string "abc", expected binary at byte 0"#
    );
    assert_eq!(
        refusal::<Bytes>(&hex("01")),
        "invalid type: integer `1`, expected binary at byte 0"
    );
    assert_eq!(
        refusal::<String>(&hex("4101")),
        "invalid type: byte array, expected a string at byte 0"
    );
    assert!(read::<Vec<u8>>(&hex("4101")).is_err());
}

#[test]
fn a_raw_value_is_its_bytes_checked_and_with_its_tags() {
    let arena = Bump::new();
    let bytes = hex("85 c1fb3ff8000000000000 9f01ff f7 7f6161ff c1f6");
    let raw: Vec<Option<Raw<'_>>> = Reader::new(&bytes, &arena).read().unwrap();
    let of = |digits: &str| hex(digits);
    assert_eq!(raw[0].as_ref().unwrap().0, of("c1fb3ff8000000000000"));
    assert_eq!(raw[1].as_ref().unwrap().0, of("9f01ff"));
    assert_eq!(raw[2], None);
    assert_eq!(raw[3].as_ref().unwrap().0, of("7f6161ff"));
    assert_eq!(raw[4], None);
    for digits in ["81a10101", "8161ff", "81f0", "815f7f6161ffff"] {
        assert!(Reader::new(&hex(digits), &arena).read::<Vec<Raw<'_>>>().is_err(), "{digits}");
    }
}

#[test]
fn a_tuple_takes_neither_less_nor_more() {
    for (two, three, one) in [("820102", "83010203", "8101"), ("9f0102ff", "9f010203ff", "9f01ff")]
    {
        assert_eq!(read::<(u8, u8)>(&hex(two)).unwrap(), (1, 2));
        assert_eq!(refusal::<(u8, u8)>(&hex(three)), "more elements than expected at byte 3");
        assert_eq!(
            refusal::<(u8, u8)>(&hex(one)),
            "invalid length 1, expected a tuple of size 2 at byte 0"
        );
    }
}

#[test]
fn messages_of_serde_come_through_with_the_innermost_position() {
    assert_eq!(
        refusal::<BTreeMap<String, Vec<i64>>>(&hex("a1 616b 82 01 6161")),
        r#"invalid type: string "a", expected i64 at byte 5"#
    );
    assert_eq!(refusal::<Point>(&hex("a1617901")), "missing field `x` at byte 0");
    let long = "é".repeat(100_000);
    let message = refusal::<i64>(&encoded(&long));
    assert!(message.ends_with("é…, expected i64 at byte 0"), "{message}");
    assert!(message.chars().count() < 200);
}

#[test]
fn types_that_contain_themselves_end_at_the_greatest_depth() {
    #[derive(Debug, serde::Deserialize)]
    struct Tree(#[allow(dead_code)] Vec<Tree>);
    #[derive(Debug, serde::Deserialize)]
    enum Chain {
        #[allow(dead_code)]
        Next(Box<Chain>),
        End,
    }
    let depth = usize::from(MAX_DEPTH);
    for (open, close) in [("81", ""), ("9f", "ff"), ("c181", "")] {
        assert!(
            read::<Tree>(&nested(open, "80", close, depth - 1 - open.len() / 4)).is_ok(),
            "{open}"
        );
        assert!(read::<Tree>(&nested(open, "80", close, depth)).is_err(), "{open}");
        assert!(read::<Tree>(&nested(open, "", "", 100_000)).is_err(), "{open}");
    }
    let chain = |depth| nested("a1644e657874", "63456e64", "", depth);
    assert!(read::<Chain>(&chain(depth)).is_ok());
    assert!(read::<Chain>(&chain(depth + 1)).is_err());
    assert!(read::<Chain>(&chain(100_000)).is_err());
}
