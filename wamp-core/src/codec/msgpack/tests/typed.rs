//! How serde's types are read and written: in the same shapes as in JSON.

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::{MsgPack, read, refusal, written};
use crate::codec::cursor::Cursor as _;
use crate::codec::msgpack::Reader;
use crate::codec::ser;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u8);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<u8>,
    #[serde(default)]
    tags: Vec<(i64, f64)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(u32),
    Line(i8, i8),
    Named { name: String },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    kind: String,
    #[serde(flatten)]
    rest: BTreeMap<String, u32>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Day {
    Monday,
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Checks that the value has the same shape in MessagePack and in JSON, and reads back as itself.
fn has_one_shape<T>(value: &T)
where
    T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
{
    let bytes = written(value);
    assert_eq!(
        read::<Value>(&bytes).unwrap(),
        serde_json::to_value(value).unwrap(),
        "{bytes:02x?}"
    );
    assert_eq!(&read::<T>(&bytes).unwrap(), value);
    let from_json: Value = serde_json::to_value(value).unwrap();
    assert_eq!(&read::<T>(&written(&from_json)).unwrap(), value);
}

#[test]
fn a_type_has_the_shape_that_it_has_in_json() {
    has_one_shape(&Unit);
    has_one_shape(&());
    has_one_shape(&Newtype(7));
    has_one_shape(&Pair(7, "x".into()));
    has_one_shape(&Point { x: -1, y: None, tags: vec![(1, 0.5), (i64::MIN, -1.25)] });
    has_one_shape(&Point { x: i32::MIN, y: Some(255), tags: Vec::new() });
    has_one_shape(&[
        Shape::Empty,
        Shape::Circle(1 << 31),
        Shape::Line(-128, 127),
        Shape::Named { name: String::new() },
    ]);
    has_one_shape(&(Some(1_u8), None::<u8>, 'é', true, u64::MAX, i64::MIN));
    has_one_shape(&BTreeMap::from(
        [(1_u8, "one"), (2, "two")].map(|(key, value)| (key, value.to_owned())),
    ));
    has_one_shape(&BTreeMap::from([(-1_i64, ())]));
    has_one_shape(&BTreeMap::from([(true, 1), (false, 0)]));
    has_one_shape(&BTreeMap::from([('x', 1), ('"', 0)]));
    has_one_shape(&BTreeMap::from([(Day::Monday, 1)]));
    has_one_shape(&BTreeMap::from([("a\"\\\n\0é".to_owned(), 1)]));
    has_one_shape(&Flat {
        kind: "flat".into(),
        rest: [("a".to_owned(), 1), ("b".to_owned(), 2)].into(),
    });
    has_one_shape(&std::net::Ipv4Addr::LOCALHOST);
}

#[test]
fn lists_of_unknown_length_get_theirs_in_the_end() {
    struct Unknown(u32);
    impl Serialize for Unknown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..self.0).filter(|_| true))
        }
    }
    for length in [0, 1, 15, 16, 65_535, 65_536] {
        let bytes = written(&("before", Unknown(length), "after"));
        let (_, list, _) = read::<(String, Vec<u32>, String)>(&bytes).unwrap();
        assert_eq!(list, (0..length).collect::<Vec<_>>());
    }
}

#[test]
fn bytes_are_bytes_and_strings_are_strings_t_12() {
    let arena = Bump::new();
    let bytes = written(&Bytes(b"\x10\xe3"));
    assert_eq!(bytes, b"\xc4\x02\x10\xe3");
    assert_eq!(Reader::new(&bytes, &arena).read::<&[u8]>().unwrap(), b"\x10\xe3");
    assert_eq!(refusal::<String>(&bytes), "invalid type: byte array, expected a string at byte 0");
    let text = written("\0EOM=");
    assert!(Reader::new(&text, &arena).read::<&[u8]>().is_err());
    assert_eq!(read::<String>(&text).unwrap(), "\0EOM=");
    for length in [0, 255, 256, 65_535, 65_536] {
        let bytes = written(&Bytes(&vec![7; length]));
        assert_eq!(Reader::new(&bytes, &arena).read::<&[u8]>().unwrap(), vec![7; length]);
    }
}

#[test]
fn strings_and_bytes_are_lent_from_the_message() {
    let arena = Bump::new();
    let bytes = written(&("text", Bytes(b"bytes")));
    let (text, lent): (&str, &[u8]) = Reader::new(&bytes, &arena).read().unwrap();
    let inside = bytes.as_ptr_range();
    assert!(inside.contains(&text.as_ptr()) && inside.contains(&lent.as_ptr()));
}

#[test]
fn integral_floats_are_integers_at_every_depth() {
    let float = |value: f64| written(&vec![Some(BTreeMap::from([("a", (value,))]))]);
    type Deep<T> = Vec<Option<BTreeMap<String, (T,)>>>;
    let deep = |value: Deep<i64>| value[0].as_ref().unwrap()["a"].0;
    for value in [0, 1, -1, 255, 1 << 53, -(1_i64 << 53)] {
        assert_eq!(deep(read(&float(value as f64)).unwrap()), value);
        assert_eq!(read::<Value>(&float(value as f64)).unwrap(), json!([{"a": [value]}]));
    }
    assert_eq!(deep(read(&written(&vec![BTreeMap::from([("a", (3.0_f32,))])])).unwrap()), 3);
    for value in [0.5, f64::NAN, f64::INFINITY, 1e300, 9_007_199_254_740_994.0] {
        assert!(read::<Deep<i64>>(&float(value)).is_err(), "{value}");
    }
    assert!(read::<u8>(&written(&256.0)).is_err());
    assert!(read::<u8>(&written(&-1.0)).is_err());
}

#[test]
fn floats_take_every_number() {
    assert_eq!(read::<f64>(&written(&1.5_f32)).unwrap(), 1.5);
    assert_eq!(read::<f64>(&written(&-7)).unwrap(), -7.0);
    assert_eq!(read::<f32>(&written(&1.1)).unwrap(), 1.1);
    assert_eq!(read::<f32>(&written(&u64::MAX)).unwrap(), u64::MAX as f32);
    assert!(read::<f32>(&written(&1e300)).is_err());
    assert!(read::<f32>(&written(&f64::INFINITY)).unwrap().is_infinite());
    assert!(read::<f64>(&written(&f64::NAN)).unwrap().is_nan());
    assert!(read::<f64>(&written(&-0.0)).unwrap().is_sign_negative());
}

#[test]
fn a_value_of_another_type_is_named() {
    assert_eq!(refusal::<u8>(b"\xa1x"), r#"invalid type: string "x", expected u8 at byte 0"#);
    assert_eq!(refusal::<u8>(b"\xc0"), "invalid type: null, expected u8 at byte 0");
    assert_eq!(
        refusal::<(u8, u8)>(b"\x92\x01\xc3"),
        "invalid type: boolean `true`, expected u8 at byte 2"
    );
    assert_eq!(
        refusal::<u8>(b"\xcd\x01\x00"),
        "invalid value: integer `256`, expected u8 at byte 0"
    );
    assert_eq!(refusal::<bool>(b"\x80"), "invalid type: map, expected a boolean at byte 0");
    assert_eq!(refusal::<(u8,)>(b"\x92\x01\x02"), "more elements than expected at byte 2");
    assert_eq!(refusal::<u8>(b""), "unexpected end of the message at byte 0");
}

#[test]
fn the_last_of_two_equal_keys_wins_in_a_map_and_a_struct_refuses_them() {
    let twice = b"\x82\xa1x\x01\xa1x\x02";
    assert_eq!(read::<BTreeMap<String, u8>>(twice).unwrap(), [("x".to_owned(), 2)].into());
    assert_eq!(refusal::<Point>(twice), "duplicate field `x` at byte 0");
}

#[test]
fn a_failed_value_leaves_nothing_behind() {
    let mut out = vec![0x93, 0x32];
    let keys = BTreeMap::from([(vec![1], 1)]);
    assert!(ser::write::<MsgPack>(&mut out, &("begun", keys)).is_err());
    assert!(ser::write::<MsgPack>(&mut out, &("begun", u128::MAX)).is_err());
    assert!(ser::write::<MsgPack>(&mut out, &BTreeMap::from([((), 1)])).is_err());
    assert_eq!(out, [0x93, 0x32]);
}

#[test]
fn json_that_is_ready_is_transcoded() {
    let raw = serde_json::value::RawValue::from_string(
        r#"{"a":[1,-1,1.5,3.0,null,true,"x\n"],"b":{},"c":"\u0000EOM="}"#.to_owned(),
    )
    .unwrap();
    let bytes = written(&(1, &raw));
    let (_, value): (u8, BTreeMap<String, serde::de::IgnoredAny>) = read(&bytes).unwrap();
    assert_eq!(value.len(), 3);
    // A float stays a float (M-16), and bytes come out of their string (X-06).
    assert_eq!(
        bytes,
        b"\x92\x01\x83\xa1a\x97\x01\xff\xcb\x3f\xf8\0\0\0\0\0\0\xcb\x40\x08\0\0\0\0\0\0\
          \xc0\xc3\xa2x\n\xa1b\x80\xa1c\xc4\x02\x10\xe3"
    );
}
