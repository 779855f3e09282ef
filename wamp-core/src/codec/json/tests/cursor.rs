//! The cursor itself: containers, strings, integers, skipping.

use bumpalo::Bump;

use super::{nested, nested_dicts, read, skip};
use crate::codec::cursor::{Cursor as _, MAX_DEPTH, MAX_ELEMENTS};
use crate::codec::json::Reader;

const DEPTH: usize = MAX_DEPTH as usize;

fn integer(text: &str) -> Option<u64> {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    let value = reader.integer().ok()?;
    reader.end().ok().map(|()| value)
}

fn string(text: &str) -> Option<String> {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    let value = reader.string().ok()?;
    reader.end().ok().map(|()| value.to_owned())
}

#[test]
fn a_message_is_read_element_by_element() {
    let arena = Bump::new();
    let text = r#" [ 48 , 7814135, { "timeout":10 ,"b":[{}]} ,"com.a" , [1, "x"],{} ] "#;
    let mut reader = Reader::new(text, &arena);
    let mut message = reader.list().unwrap();
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.integer().unwrap(), 48);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.integer().unwrap(), 7_814_135);
    assert!(reader.element(&mut message).unwrap());
    assert!(reader.is_dict() && !reader.is_list());
    let mut options = reader.dict().unwrap();
    assert_eq!(reader.key(&mut options).unwrap(), Some("timeout"));
    assert_eq!(reader.integer().unwrap(), 10);
    assert_eq!(reader.key(&mut options).unwrap(), Some("b"));
    let skipped = reader.skip().unwrap();
    assert_eq!(&text[skipped], "[{}]");
    assert_eq!(reader.key(&mut options).unwrap(), None);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.string().unwrap(), "com.a");
    assert!(reader.element(&mut message).unwrap());
    assert!(reader.is_list() && !reader.is_dict());
    let start = reader.offset();
    assert_eq!(reader.skip().unwrap(), start..start + 8);
    assert_eq!(reader.offset(), start + 8);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.read::<serde_json::Value>().unwrap(), serde_json::json!({}));
    assert!(!reader.element(&mut message).unwrap());
    reader.end().unwrap();
}

#[test]
fn a_value_of_another_kind_is_neither_list_nor_dict_nor_string_nor_integer() {
    let arena = Bump::new();
    for text in ["", " ", "null", "true", "nul", "}", "]", ",", ":", "é"] {
        let reader = || Reader::new(text, &arena);
        assert!(!reader().is_list() && !reader().is_dict(), "{text}");
        assert!(reader().list().is_err(), "{text}");
        assert!(reader().dict().is_err(), "{text}");
        assert!(reader().string().is_err(), "{text}");
        assert!(reader().integer().is_err(), "{text}");
    }
    assert!(Reader::new("{}", &arena).list().is_err());
    assert!(Reader::new("[]", &arena).dict().is_err());
}

#[test]
fn nothing_but_white_space_may_follow_a_value() {
    assert!(skip(" [] \r\n\t").is_ok());
    for text in ["[]]", "[] x", "1 2", "{}{}", "\"\"\"", "nullnull", "[]\u{a0}", "[]\u{c}"] {
        assert!(skip(text).is_err(), "{text}");
    }
}

#[test]
fn an_error_names_the_byte() {
    assert_eq!(skip("[1,é]").unwrap_err().to_string(), "expected a value at byte 3");
    assert_eq!(skip("[1").unwrap_err().to_string(), "unexpected end of the text at byte 2");
    assert_eq!(skip(r#"["é\q"]"#).unwrap_err().to_string(), "invalid escape at byte 4");
}

#[test]
fn ids_are_integers_in_any_notation_m_13() {
    for (text, value) in [
        ("0", 0),
        ("7", 7),
        ("9007199254740992", 1 << 53),
        ("9007199254740993", (1 << 53) + 1),
        ("9999999999999999999", 9_999_999_999_999_999_999),
        ("18446744073709551615", u64::MAX),
        ("1.0", 1),
        ("1.000000000000000000000000000000", 1),
        ("4294967296.0", 1 << 32),
        ("9007199254740992.0", 1 << 53),
        ("1e3", 1000),
        ("1E+3", 1000),
        ("1e0000000000000000000000000003", 1000),
        ("10e-1", 1),
        ("1000000000000000000000000e-23", 10),
        ("0.00000000000000000000000025e26", 25),
        ("12.5e1", 125),
        ("0e999999999999999999999999", 0),
        ("0.0", 0),
        ("-0", 0),
        ("-0.0e5", 0),
    ] {
        assert_eq!(integer(text), Some(value), "{text}");
    }
}

#[test]
fn what_is_not_exactly_an_unsigned_integer_is_no_id_m_12() {
    for text in [
        "-1",
        "-1.0",
        "1.5",
        "0.1",
        "1e-1",
        "9007199254740993.0",
        "9007199254740992.5",
        "0.99999999999999999999999999",
        "1.00000000000000000000000001",
        "18446744073709551616",
        "1e16",
        "1e400",
        "1e-400",
        "1e99999999999999999999999999",
        "1e-99999999999999999999999999",
        "\"1\"",
        "true",
        "null",
        "[1]",
    ] {
        assert_eq!(integer(text), None, "{text}");
    }
}

#[test]
fn a_malformed_number_is_refused_by_every_way_of_reading() {
    for text in [
        "-",
        "+1",
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "1.e1",
        "1e",
        "1e+",
        "1e-",
        "-e1",
        "0x1",
        "1_0",
        "NaN",
        "Infinity",
        "-Infinity",
        "١",
        "1..0",
        "1e1e1",
        "1e1.0",
        "--1",
        "00000000000000000000001",
    ] {
        assert_eq!(integer(text), None, "{text}");
        assert!(skip(text).is_err(), "{text}");
        assert!(read::<f64>(text).is_err(), "{text}");
        assert!(read::<serde_json::Value>(text).is_err(), "{text}");
    }
}

#[test]
fn a_string_without_escapes_is_borrowed_from_the_text() {
    let arena = Bump::new();
    let text = String::from(r#""héllo, wörld of 16+ bytes""#);
    let string = Reader::new(&text, &arena).string().unwrap();
    assert_eq!(string, "héllo, wörld of 16+ bytes");
    assert!(text.as_bytes().as_ptr_range().contains(&string.as_ptr()));
    assert_eq!(arena.allocated_bytes(), 0);
}

#[test]
fn escapes_are_resolved() {
    for (text, value) in [
        (r#""""#, ""),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u0000\u00e9\u20AC\ud83d\uDE00é😀""#, "\0é€😀é😀"),
        (r#""\uFFFF\ud7ff\ue000\udbff\udfff""#, "\u{ffff}\u{d7ff}\u{e000}\u{10ffff}"),
        ("\"\u{7f}\u{80}\"", "\u{7f}\u{80}"),
    ] {
        assert_eq!(string(text).as_deref(), Some(value), "{text}");
        assert!(skip(text).is_ok(), "{text}");
    }
}

#[test]
fn a_malformed_string_is_refused_by_reading_and_skipping() {
    for text in [
        r#"""#,
        r#""a"#,
        r#""\"#,
        r#""\""#,
        r#""\x""#,
        r#""\u""#,
        r#""\u12""#,
        r#""\u123g""#,
        r#""\u+123""#,
        r#""\u12é4""#,
        r#""\é""#,
        "'a'",
        "\"\n\"",
        "\"\0\"",
        "\"abcdefgh\u{1f}\"",
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800\u0041""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\u""#,
        r#""\ud83d\ude0""#,
        r#""\ude00\ud83d""#,
    ] {
        assert_eq!(string(text), None, "{text}");
        assert!(skip(text).is_err(), "{text}");
        assert!(skip(&format!(r#"{{{text}:0}}"#)).is_err(), "{text}");
    }
}

#[test]
fn special_characters_are_found_at_every_offset() {
    for length in 0..40 {
        let plain = "é".repeat(length / 2) + &"z".repeat(length % 2 + length / 3);
        assert_eq!(string(&format!("\"{plain}\"")).unwrap(), plain);
        assert_eq!(string(&format!("\"{plain}\\n{plain}\"")).unwrap(), format!("{plain}\n{plain}"));
        for control in ['\0', '\u{1}', '\u{1f}'] {
            assert!(skip(&format!("\"{plain}{control}{plain}\"")).is_err());
        }
    }
}

#[test]
fn commas_and_colons_stand_where_they_must() {
    for text in [
        "[,]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "[1}",
        "[1:2]",
        "{,}",
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a" 1}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":1]"#,
        r#"{"a":1,,"b":2}"#,
        "{1:2}",
        "{null:1}",
        "[",
        "{",
        "[1",
        "[1,",
        r#"{"a"#,
        r#"{"a""#,
        r#"{"a":"#,
        r#"{"a":1"#,
        r#"{"a":1,"#,
        "]",
        "}",
        "[[}]",
        "[{]}",
    ] {
        assert!(skip(text).is_err(), "{text}");
        assert!(read::<serde_json::Value>(text).is_err(), "{text}");
    }
}

#[test]
fn sixty_four_levels_are_accepted_and_sixty_five_refused() {
    for text in [nested(DEPTH), nested_dicts(DEPTH)] {
        assert_eq!(skip(&text).unwrap(), 0..text.len());
        assert!(read::<serde_json::Value>(&text).is_ok());
        assert!(read::<serde::de::IgnoredAny>(&text).is_ok());
    }
    for text in [nested(DEPTH + 1), nested_dicts(DEPTH + 1)] {
        assert!(skip(&text).is_err());
        assert!(read::<serde_json::Value>(&text).is_err());
        assert!(read::<serde::de::IgnoredAny>(&text).is_err());
    }
}

#[test]
fn what_is_open_around_a_value_counts_to_its_depth() {
    let arena = Bump::new();
    let enter = |text: &'static str| {
        let mut reader = Reader::new(text, &arena);
        let mut list = reader.list().unwrap();
        reader.element(&mut list).unwrap();
        reader
    };
    let fits: &'static str = nested(DEPTH).leak();
    let deeper: &'static str = nested(DEPTH + 1).leak();
    assert!(enter(fits).skip().is_ok());
    assert!(enter(fits).read::<serde_json::Value>().is_ok());
    assert!(enter(deeper).skip().is_err());
    assert!(enter(deeper).read::<serde_json::Value>().is_err());
}

#[test]
fn lists_beside_each_other_are_not_inside_each_other() {
    let text = format!("[{0},{0}]", [r#"{"a":[]}"#; 1000].join(","));
    assert_eq!(skip(&text).unwrap(), 0..text.len());
    assert!(read::<serde_json::Value>(&text).is_ok());
}

#[test]
fn mixed_nesting_is_remembered_to_the_last_level() {
    let (mut opening, mut closing) = (String::new(), String::new());
    for level in 0..DEPTH {
        let dict = level % 3 == 0;
        opening += if dict { r#"{"k":"# } else { "[" };
        closing.insert(0, if dict { '}' } else { ']' });
    }
    assert!(skip(&format!("{opening}1{closing}")).is_ok());
    for wrong in 0..DEPTH {
        let mut swapped = closing.clone().into_bytes();
        swapped[wrong] ^= b'}' ^ b']';
        assert!(skip(&format!("{opening}1{}", String::from_utf8(swapped).unwrap())).is_err());
    }
}

#[test]
fn endless_nesting_is_an_error_and_no_stack_overflow() {
    for text in ["[", r#"{"a":"#, "[[],", r#"[{"a":"#] {
        let text = text.repeat(100_000);
        assert!(skip(&text).is_err());
        assert!(read::<serde_json::Value>(&text).is_err());
        assert!(read::<serde::de::IgnoredAny>(&text).is_err());
    }
}

#[test]
fn a_hundred_thousand_values_are_accepted_and_one_more_refused() {
    let list = |elements: usize| format!("[{}]", vec!["0"; elements].join(","));
    assert!(skip(&list(MAX_ELEMENTS - 1)).is_ok());
    assert!(skip(&list(MAX_ELEMENTS)).is_err());
    assert!(read::<serde::de::IgnoredAny>(&list(MAX_ELEMENTS)).is_err());
    let dict = |entries: usize| format!("{{{}}}", vec![r#""a":0"#; entries].join(","));
    assert!(skip(&dict(MAX_ELEMENTS - 1)).is_ok());
    assert!(skip(&dict(MAX_ELEMENTS)).is_err());
}
