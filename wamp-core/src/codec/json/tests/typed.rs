//! How serde's types are read.

use std::collections::{BTreeMap, HashMap};

use bumpalo::Bump;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use super::{read, refusal};
use crate::codec::cursor::{Cursor as _, MAX_DEPTH};
use crate::codec::de::{AtCursor, Malformed};
use crate::codec::json::Reader;
use crate::codec::raw;
use crate::codec::samples::{Bytes, Point, Shape};
use crate::codec::value::Encoded;

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[allow(dead_code)]
    a: u8,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Meters(f64);

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Nothing;

/// A newtype that asks for the text of its value.
struct Raw<'de>(&'de str);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Encoded::Json(text) = raw::borrow(deserializer)? else { panic!("JSON was expected") };
        Ok(Self(text))
    }
}

/// A visitor that stops after the first element or entry, and asks again after the end.
struct Greedy {
    times: usize,
}

impl<'de> Visitor<'de> for Greedy {
    type Value = usize;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let mut count = 0;
        for _ in 0..self.times {
            count += usize::from(items.next_element::<u8>()?.is_some());
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let mut count = 0;
        for _ in 0..self.times {
            count += usize::from(items.next_entry::<String, u8>()?.is_some());
        }
        Ok(count)
    }
}

#[test]
fn a_struct_is_read_from_a_dict_or_from_a_list() {
    let point = Point { x: -3, y: None, tags: vec![(1, 0.5)] };
    assert_eq!(read::<Point>(r#"{"y":null,"z":[{}],"tags":[[1,0.5]],"x":-3}"#).unwrap(), point);
    assert_eq!(read::<Point>("[-3,null,[[1,0.5]]]").unwrap(), point);
    assert_eq!(read::<Point>(r#"{"x":1}"#).unwrap(), Point { x: 1, y: None, tags: vec![] });
}

#[test]
fn integral_floats_are_integers_at_every_depth_decision_6() {
    let text = r#"{"x":-3.0,"y":2e2,"tags":[[1.0,1],[9007199254740992.0,1e0]]}"#;
    let tags = vec![(1, 1.0), (1 << 53, 1.0)];
    assert_eq!(read::<Point>(text).unwrap(), Point { x: -3, y: Some(200), tags });
    assert_eq!(read::<(u8, u16, u32, u64)>("[1.0,1.0,1.0,1.0]").unwrap(), (1, 1, 1, 1));
    assert_eq!(read::<(i8, i16, i32, i64)>("[-1.0,-1.0,-1.0,-1.0]").unwrap(), (-1, -1, -1, -1));
    assert_eq!(read::<(i128, u128, usize)>("[-1.0,1e2,-0.0]").unwrap(), (-1, 100, 0));
    assert_eq!(read::<Shape>(r#"{"Circle":5.0}"#).unwrap(), Shape::Circle(5));
    assert_eq!(read::<BTreeMap<i32, Option<u8>>>(r#"{"1.0":1.0}"#).unwrap(), [(1, Some(1))].into());
}

#[test]
fn other_floats_are_no_integers() {
    assert_eq!(refusal::<i64>("1.5"), "invalid type: floating point `1.5`, expected i64 at byte 0");
    for text in
        ["9007199254740993.0", "-9007199254740993.0", "1e16", "1e-400", "18446744073709551616"]
    {
        assert!(read::<u64>(text).is_err(), "{text}");
        assert!(read::<i128>(text).is_err(), "{text}");
    }
    assert_eq!(refusal::<u8>("[256]").get(..16), Some("invalid type: se"));
    assert_eq!(refusal::<u8>("256.0"), "invalid value: integer `256`, expected u8 at byte 0");
    assert_eq!(refusal::<u8>("-1"), "invalid value: integer `-1`, expected u8 at byte 0");
}

#[test]
fn the_largest_integers_are_exact() {
    assert_eq!(read::<u64>("18446744073709551615").unwrap(), u64::MAX);
    assert_eq!(read::<i64>("-9223372036854775808").unwrap(), i64::MIN);
    assert_eq!(read::<u128>("18446744073709551615").unwrap(), u128::from(u64::MAX));
    assert_eq!(read::<i128>("-9223372036854775808").unwrap(), i128::from(i64::MIN));
}

#[test]
fn a_value_of_any_type_gets_the_narrowest_number_m_16() {
    let value =
        read::<Value>("[1.0,-2e0,18446744073709551615,-9223372036854775808,1.5,1e16]").unwrap();
    assert_eq!(value, json!([1, -2, u64::MAX, i64::MIN, 1.5, 1e16]));
    for text in ["-0.0", "-0", "-0e3"] {
        let zero = read::<Value>(text).unwrap().as_f64().unwrap();
        assert!(zero == 0.0 && zero.is_sign_negative(), "{text}");
    }
    assert_eq!(read::<Value>("0.0").unwrap(), json!(0));
}

#[test]
fn floats_may_be_written_as_integers() {
    assert_eq!(
        read::<Vec<f64>>("[1,-1,0.1,1e-400,18446744073709551616]").unwrap(),
        [1.0, -1.0, 0.1, 0.0, 18_446_744_073_709_551_616.0]
    );
    assert_eq!(read::<Vec<f32>>("[1,-1,0.1,1e-60]").unwrap(), [1.0, -1.0, 0.1, 0.0]);
    assert_eq!(read::<Meters>("3").unwrap(), Meters(3.0));
    assert!(read::<f64>("-0").unwrap().is_sign_negative());
    // Halfway between two `f32`, except for a digit that an `f64` cannot hold.
    assert_eq!(read::<f32>("1.00000005960464477539062500000001").unwrap(), 1.000_000_1);
}

#[test]
fn a_float_beyond_the_type_is_an_error_and_not_infinite() {
    for text in ["1e400", "-1e400", "1e99999999999999999999"] {
        assert!(read::<f64>(text).is_err() && read::<f32>(text).is_err(), "{text}");
        assert_eq!(refusal::<Value>(text), "number out of range at byte 0");
        assert!(read::<serde::de::IgnoredAny>(text).is_ok(), "well-formed: {text}");
    }
    assert_eq!(refusal::<Vec<f32>>("[1e39]"), "number out of range at byte 1");
}

#[test]
fn strings_are_lent_with_and_without_escapes() {
    let arena = Bump::new();
    let text = r#"{"a":["x\ny","z"],"\u0062":["\ud83d\ude00","\u0000"]}"#;
    let value: HashMap<&str, Vec<&str>> = Reader::new(text, &arena).read().unwrap();
    assert_eq!(value, HashMap::from([("a", vec!["x\ny", "z"]), ("b", vec!["😀", "\0"])]));
    let (owned, character): (String, char) =
        Reader::new(r#"["\t","\u00e9"]"#, &arena).read().unwrap();
    assert_eq!((owned.as_str(), character), ("\t", 'é'));
    assert!(Reader::new(r#""ab""#, &arena).read::<char>().is_err());
}

#[test]
fn null_is_none_and_unit_and_nothing_else() {
    assert_eq!(read::<Vec<Option<u8>>>("[null,1]").unwrap(), [None, Some(1)]);
    assert_eq!(read::<Option<()>>("null").unwrap(), None);
    read::<()>(" null ").unwrap();
    assert_eq!(read::<Nothing>("null").unwrap(), Nothing);
    assert_eq!(refusal::<u8>("null"), "invalid type: null, expected u8 at byte 0");
    assert!(read::<()>("0").is_err());
    assert!(read::<Option<u8>>("nul").is_err());
}

#[test]
fn truth_values_are_no_integers_m_05() {
    assert_eq!(read::<(bool, bool)>("[true,false]").unwrap(), (true, false));
    assert_eq!(refusal::<bool>("1"), "invalid type: integer `1`, expected a boolean at byte 0");
    assert_eq!(refusal::<u8>("true"), "invalid type: boolean `true`, expected u8 at byte 0");
    assert!(read::<bool>("truth").is_err());
}

#[test]
fn enums_are_tagged_by_a_name_or_by_an_only_key() {
    assert_eq!(read::<Shape>(r#""Empty""#).unwrap(), Shape::Empty);
    assert_eq!(read::<Shape>(r#""E\u006dpty""#).unwrap(), Shape::Empty);
    assert_eq!(read::<Shape>(r#"{"Empty":null}"#).unwrap(), Shape::Empty);
    assert_eq!(read::<Shape>(r#"{"Line":[1,-1]}"#).unwrap(), Shape::Line(1, -1));
    assert_eq!(
        read::<Shape>(r#"{"Named":{"name":"x"}}"#).unwrap(),
        Shape::Named { name: "x".into() }
    );
    for text in [
        "{}",
        r#""Circle""#,
        r#""Line""#,
        r#""Named""#,
        r#"{"Circle":1,"Empty":null}"#,
        r#"{"Circle":1,}"#,
        "1",
        "null",
        "[]",
        r#"{"Line":[1]}"#,
        r#"{"Line":[1,2,3]}"#,
        r#"{"Empty":1}"#,
    ] {
        assert!(read::<Shape>(text).is_err(), "{text}");
    }
}

#[test]
fn map_keys_are_read_as_the_key_type_wants() {
    assert_eq!(read::<BTreeMap<i8, u8>>(r#"{"-1":1,"2":2}"#).unwrap(), [(-1, 1), (2, 2)].into());
    assert_eq!(
        read::<BTreeMap<u64, u8>>(r#"{"18446744073709551615":1}"#).unwrap(),
        [(u64::MAX, 1)].into()
    );
    assert_eq!(
        read::<BTreeMap<bool, u8>>(r#"{"true":1,"false":0}"#).unwrap(),
        [(true, 1), (false, 0)].into()
    );
    assert_eq!(read::<BTreeMap<Shape, u8>>(r#"{"Empty":1}"#).unwrap(), [(Shape::Empty, 1)].into());
    assert_eq!(read::<BTreeMap<Option<char>, u8>>(r#"{"a":1}"#).unwrap(), [(Some('a'), 1)].into());
    for key in ["", " 1", "1 ", "x", "01", "1.5", "300", "-", "1,2", "null"] {
        assert!(read::<BTreeMap<u8, u8>>(&format!(r#"{{"{key}":1}}"#)).is_err(), "{key}");
    }
    assert_eq!(
        refusal::<BTreeMap<u8, u8>>(r#"{"1":1, "x":1}"#),
        r#"invalid type: string "x", expected u8 at byte 6"#
    );
    assert!(read::<BTreeMap<bool, u8>>(r#"{"1":1}"#).is_err());
}

#[test]
fn of_duplicate_keys_the_last_wins_in_a_map_and_a_struct_refuses_m_14() {
    assert_eq!(read::<Value>(r#"{"a":1,"a":2}"#).unwrap(), json!({"a": 2}));
    assert_eq!(refusal::<Point>(r#"{"x":1,"x":2}"#), "duplicate field `x` at byte 0");
}

#[test]
fn a_nul_string_of_base64_is_binary_where_bytes_are_wanted_x_06() {
    let vector = r#""\u0000EOP/kFMHXFJvX8BtT+N82w==""#;
    let bytes = [
        0x10, 0xe3, 0xff, 0x90, 0x53, 0x07, 0x5c, 0x52, 0x6f, 0x5f, 0xc0, 0x6d, 0x4f, 0xe3, 0x7c,
        0xdb,
    ];
    assert_eq!(read::<Bytes>(vector).unwrap(), Bytes::Borrowed(bytes.into()));
    assert_eq!(read::<Bytes>(&vector.replace('/', r"\/")).unwrap(), Bytes::Borrowed(bytes.into()));
    assert_eq!(read::<Bytes>(r#""\u0000""#).unwrap(), Bytes::Borrowed(vec![]));
    let nested =
        read::<BTreeMap<String, Vec<Option<Bytes>>>>(&format!(r#"{{"k":[{vector},null]}}"#))
            .unwrap();
    assert_eq!(nested["k"], [Some(Bytes::Borrowed(bytes.into())), None]);
    let arena = Bump::new();
    assert_eq!(Reader::new(vector, &arena).read::<&[u8]>().unwrap(), bytes);
}

#[test]
fn a_list_is_binary_too_where_bytes_are_wanted() {
    assert_eq!(read::<Bytes>("[1,2.0,255]").unwrap(), Bytes::List(vec![1, 2, 255]));
    assert_eq!(read::<Vec<u8>>("[1,2]").unwrap(), [1, 2]);
}

#[test]
fn any_other_string_is_no_binary_x_07() {
    for text in [
        r#""""#,
        r#""AAAA""#,
        r#""\u0000A""#,
        r#""\u0000AA""#,
        r#""\u0000AA=""#,
        r#""\u0000AB==""#,
        r#""\u0000A-_A""#,
        r#""\u0000AA==\n""#,
        r#""\u0000\u0000""#,
        r#""\u0000é""#,
        r#""A\u0000""#,
    ] {
        let message = refusal::<Bytes>(text);
        assert!(message.starts_with("invalid type: string "), "{message}");
        assert!(message.ends_with(", expected binary at byte 0"), "{message}");
        assert!(read::<String>(text).is_ok(), "{text}");
    }
    assert_eq!(refusal::<Bytes>("1"), "invalid type: integer `1`, expected binary at byte 0");
    assert!(read::<Bytes>(r#""\u0000\ud800""#).is_err());
}

#[test]
fn a_binary_stays_a_string_where_any_value_is_wanted_m_16() {
    assert_eq!(read::<Value>(r#""\u0000AAAA""#).unwrap(), json!("\0AAAA"));
    assert_eq!(read::<String>(r#""\u0000AAAA""#).unwrap(), "\0AAAA");
}

#[test]
fn a_raw_value_is_its_text_checked_and_without_white_space() {
    let arena = Bump::new();
    let text = r#"[ {"a" : 1.50} , "x\n",null ]"#;
    let raw: Vec<Raw<'_>> = Reader::new(text, &arena).read().unwrap();
    let raw: Vec<&str> = raw.iter().map(|raw| raw.0).collect();
    assert_eq!(raw, [r#"{"a" : 1.50}"#, r#""x\n""#, "null"]);
    assert!(Reader::new("[01]", &arena).read::<Vec<Raw<'_>>>().is_err());
    assert!(Reader::new(r#"{"a":0}"#, &arena).read::<HashMap<Raw<'_>, u8>>().is_err());
}

impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Raw<'_> {}

impl std::hash::Hash for Raw<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[test]
fn a_tuple_takes_neither_less_nor_more() {
    assert_eq!(read::<(u8, u8)>("[1,2]").unwrap(), (1, 2));
    assert_eq!(refusal::<(u8, u8)>("[1,2,3]"), "more elements than expected at byte 5");
    assert_eq!(
        refusal::<(u8, u8)>("[1]"),
        "invalid length 1, expected a tuple of size 2 at byte 0"
    );
}

#[test]
fn a_visitor_gets_nothing_from_beyond_the_end_and_leaves_nothing_behind() {
    let arena = Bump::new();
    for text in ["[1],2]", r#"{"a":1},"b":2}"#] {
        let mut reader = Reader::new(text, &arena);
        assert_eq!(
            AtCursor(&mut reader).deserialize_any(Greedy { times: 5 }).unwrap(),
            1,
            "{text}"
        );
    }
    for text in ["[1,2]", r#"{"a":1,"b":2}"#, "[1", r#"{"a":1"#] {
        let mut reader = Reader::new(text, &arena);
        assert!(AtCursor(&mut reader).deserialize_any(Greedy { times: 1 }).is_err(), "{text}");
    }
}

#[test]
fn messages_of_serde_come_through_with_the_innermost_position() {
    assert_eq!(refusal::<i64>(r#" "a""#), r#"invalid type: string "a", expected i64 at byte 1"#);
    assert_eq!(
        refusal::<BTreeMap<String, Vec<i64>>>(r#"{"k":[1,"a"]}"#),
        r#"invalid type: string "a", expected i64 at byte 8"#
    );
    assert_eq!(refusal::<Point>(r#"{"y":1}"#), "missing field `x` at byte 0");
    assert_eq!(refusal::<Strict>(r#"{"b":1}"#), "unknown field `b`, expected `a` at byte 1");
    assert!(
        refusal::<Shape>(r#""Square""#)
            .starts_with("unknown variant `Square`, expected one of `Empty`,")
    );
}

#[test]
fn a_message_does_not_repeat_a_long_input() {
    let long = "é".repeat(100_000);
    let messages = [
        refusal::<i64>(&format!(r#""{long}""#)),
        refusal::<Bytes>(&format!(r#""{long}""#)),
        refusal::<Shape>(&format!(r#""{long}""#)),
        refusal::<Shape>(&format!(r#"{{"{long}":1}}"#)),
        refusal::<Strict>(&format!(r#"{{"{long}":1}}"#)),
        refusal::<BTreeMap<u8, u8>>(&format!(r#"{{"{long}":1}}"#)),
        refusal::<char>(&format!(r#""{long}""#)),
        refusal::<std::net::IpAddr>(&format!(r#""{long}""#)),
        refusal::<i64>("1e300"),
        refusal::<i64>(&"1".repeat(300)),
    ];
    for message in messages {
        assert!(message.chars().count() < 200, "{message}");
    }
    let message = refusal::<i64>(&format!(r#""{long}""#));
    assert!(message.ends_with("é…, expected i64 at byte 0"), "{message}");
    let custom = <Malformed as Error>::custom(&long);
    assert_eq!(custom.to_string().chars().count(), 257);
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
    let chain = |depth: usize| r#"{"Next":"#.repeat(depth) + r#""End""# + &"}".repeat(depth);
    let depth = usize::from(MAX_DEPTH);
    assert!(read::<Tree>(&super::nested(depth)).is_ok());
    assert!(read::<Tree>(&super::nested(depth + 1)).is_err());
    assert!(read::<Tree>(&"[".repeat(100_000)).is_err());
    assert!(read::<Chain>(&chain(depth)).is_ok());
    assert!(read::<Chain>(&chain(depth + 1)).is_err());
    assert!(read::<Chain>(&chain(100_000)).is_err());
}
