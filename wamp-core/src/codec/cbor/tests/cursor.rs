//! The cursor itself: containers, numbers, tags, skipping.

use bumpalo::Bump;
use ciborium::Value;
use serde::de::IgnoredAny;

use super::{hex, read, refused_by_all, skip};
use crate::codec::cbor::Reader;
use crate::codec::cursor::{Cursor as _, Kind};

fn integer(digits: &str) -> Option<u64> {
    let (arena, bytes) = (Bump::new(), hex(digits));
    let mut reader = Reader::new(&bytes, &arena);
    let value = reader.integer().ok()?;
    reader.end().ok().map(|()| value)
}

#[test]
fn a_message_is_read_element_by_element() {
    let arena = Bump::new();
    // [48, 7814135, {"timeout": 10, "b": [{}]}, "com.a", [1, "x"], {}], its dict and its list of
    // indefinite length.
    let bytes =
        hex("86 1830 1a00773bc7 bf 6774696d656f7574 0a 6162 81a0 ff 65636f6d2e61 9f 01 6178 ff a0");
    let mut reader = Reader::new(&bytes, &arena);
    let mut message = reader.list().unwrap();
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.integer().unwrap(), 48);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.integer().unwrap(), 7_814_087);
    assert!(reader.element(&mut message).unwrap());
    assert!(reader.is_dict() && !reader.is_list());
    let mut options = reader.dict().unwrap();
    assert_eq!(reader.key(&mut options).unwrap(), Some("timeout"));
    assert_eq!(reader.integer().unwrap(), 10);
    assert_eq!(reader.key(&mut options).unwrap(), Some("b"));
    let skipped = reader.skip().unwrap();
    assert_eq!(&bytes[skipped], hex("81a0"));
    assert_eq!(reader.key(&mut options).unwrap(), None);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.string().unwrap(), "com.a");
    assert!(reader.element(&mut message).unwrap());
    assert!(reader.is_list() && !reader.is_dict());
    let start = reader.offset();
    assert_eq!(reader.skip().unwrap(), start..start + 5);
    assert_eq!(reader.offset(), start + 5);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.read::<Value>().unwrap(), Value::Map(vec![]));
    assert!(!reader.element(&mut message).unwrap());
    reader.end().unwrap();
}

#[test]
fn the_first_byte_tells_the_kind_of_a_value() {
    let arena = Bump::new();
    for (digits, kind) in [
        ("00", Kind::Number),
        ("20", Kind::Number),
        ("f93c00", Kind::Number),
        ("fb3ff0000000000000", Kind::Number),
        ("c24101", Kind::Number),
        ("40", Kind::Bytes),
        ("5fff", Kind::Bytes),
        ("60", Kind::String),
        ("7fff", Kind::String),
        ("80", Kind::List),
        ("9fff", Kind::List),
        ("a0", Kind::Dict),
        ("bfff", Kind::Dict),
        ("f4", Kind::Boolean),
        ("f5", Kind::Boolean),
        ("f6", Kind::Null),
        ("f7", Kind::Null),
        ("c1d9d9f780", Kind::List),
        ("", Kind::Unknown),
        ("1c", Kind::Unknown),
        ("ff", Kind::Unknown),
        ("f0", Kind::Unknown),
        ("c1", Kind::Unknown),
    ] {
        let bytes = hex(digits);
        let mut reader = Reader::new(&bytes, &arena);
        assert_eq!(reader.kind(), kind, "{digits}");
        assert_eq!(reader.is_list(), kind == Kind::List, "{digits}");
        assert_eq!(reader.is_dict(), kind == Kind::Dict, "{digits}");
        assert_eq!(reader.list().is_ok(), kind == Kind::List, "{digits}");
        let reader = || Reader::new(&bytes, &arena);
        assert_eq!(reader().dict().is_ok(), kind == Kind::Dict, "{digits}");
        assert_eq!(reader().string().is_ok(), kind == Kind::String, "{digits}");
        assert_eq!(
            reader().bytes().is_ok_and(|bytes| bytes.is_some()),
            kind == Kind::Bytes,
            "{digits}"
        );
        assert_eq!(reader().number().is_ok(), kind == Kind::Number, "{digits}");
        assert_eq!(reader().f32().is_ok(), kind == Kind::Number, "{digits}");
        assert_eq!(reader().null().is_ok(), kind == Kind::Null, "{digits}");
        assert_eq!(reader().boolean().is_ok(), kind == Kind::Boolean, "{digits}");
    }
}

#[test]
fn nothing_may_follow_a_value() {
    for digits in ["8000", "00 00", "f6f6", "a0ff", "80ff", "6000", "9fffff"] {
        assert!(skip(&hex(digits)).is_err(), "{digits}");
        assert!(read::<Value>(&hex(digits)).is_err(), "{digits}");
    }
}

#[test]
fn an_error_names_the_byte() {
    assert_eq!(skip(&hex("8201ff")).unwrap_err().to_string(), "expected a value at byte 2");
    assert_eq!(
        skip(&hex("8301")).unwrap_err().to_string(),
        "length beyond the end of the message at byte 0"
    );
    assert_eq!(
        skip(&hex("9f01")).unwrap_err().to_string(),
        "unexpected end of the message at byte 2"
    );
    assert_eq!(skip(&hex("8162c328")).unwrap_err().to_string(), "a string is not UTF-8 at byte 2");
    assert_eq!(
        skip(&hex("810000")).unwrap_err().to_string(),
        "expected the end of the message at byte 2"
    );
}

#[test]
fn ids_are_integers_in_any_notation_m_13() {
    for (digits, value) in [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1807", 7),
        ("190007", 7),
        ("1a00000007", 7),
        ("1b0000000000000007", 7),
        ("1b0020000000000000", 1 << 53),
        ("1b0020000000000001", (1 << 53) + 1),
        ("1bffffffffffffffff", u64::MAX),
        ("fb41f0000000000000", 1 << 32), // clients.md 2
        ("fb4340000000000000", 1 << 53),
        ("fa4f800000", 1 << 32),
        ("f93c00", 1),
        ("f97bff", 65504),
        ("f90000", 0),
        ("f98000", 0),
        ("fb8000000000000000", 0),
        ("c240", 0),
        ("c24101", 1),
        ("c2480020000000000000", 1 << 53),
        ("c24a0000ffffffffffffffff", u64::MAX),
        ("c25f4101 4102ff", 258),
        ("c101", 1),
        ("d9d9f7 fb41f0000000000000", 1 << 32),
    ] {
        assert_eq!(integer(digits), Some(value), "{digits}");
        assert!(skip(&hex(digits)).is_ok(), "{digits}");
    }
}

#[test]
fn what_is_not_exactly_an_unsigned_integer_is_no_id_m_12() {
    for digits in [
        "20",
        "3bffffffffffffffff",
        "fbbff0000000000000",
        "fb3ff8000000000000",
        "f93e00",
        "f90001",
        "fb4340000000000001",
        "fb7ff0000000000000",
        "fbfff0000000000000",
        "fb7ff8000000000000",
        "fa7f800000",
        "fa7fc00000",
        "f97c00",
        "f97e00",
        "c249010000000000000000",
        "c340",
        "6131",
        "4101",
        "f5",
        "f6",
        "f7",
        "8101",
    ] {
        assert_eq!(integer(digits), None, "{digits}");
        assert!(skip(&hex(digits)).is_ok(), "well-formed: {digits}");
    }
}

#[test]
fn reserved_lengths_and_unknown_simple_values_are_refused() {
    for major in 0..8 {
        for info in 28..31 {
            refused_by_all(&format!("{:02x}", major << 5 | info));
            refused_by_all(&format!("{:02x}0000000000000000", major << 5 | info));
        }
    }
    for digits in [
        "1f", "3f", "df", "1f00ff", "3f00ff", "df00ff", "ff", "f814", "f816", "f818", "f820",
        "f8ff",
    ] {
        refused_by_all(digits);
    }
    for simple in (0xe0..0xf4_u8).chain([0xf8]) {
        refused_by_all(&format!("{simple:02x}"));
        refused_by_all(&format!("81{simple:02x}"));
    }
}

#[test]
fn every_value_that_is_cut_off_is_refused() {
    let whole =
        hex("8a 1818 190001 3a00000001 fb3ff0000000000000 f93c00 6568656c6c6f 7f6161ff 43010203 \
         bf6161 9fff ff c249010000000000000000");
    assert!(skip(&whole).is_ok());
    assert!(read::<Value>(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(skip(&whole[..length]).is_err(), "{length}");
        assert!(read::<Value>(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn lengths_beyond_the_frame_are_refused_before_anything_else() {
    for head in ["5b", "7b", "9b", "bb"] {
        for length in
            ["00000000ffffffff", "0000000100000000", "8000000000000000", "ffffffffffffffff"]
        {
            refused_by_all(&format!("{head}{length}"));
            refused_by_all(&format!("{head}{length}6161"));
            refused_by_all(&format!("81{head}{length}6161"));
        }
    }
    for digits in [
        "5affffffff00",
        "7affffffff00",
        "9affffffff00",
        "baffffffff00",
        "42ff",
        "62 61",
        "82 01",
        "a1 6161",
    ] {
        refused_by_all(digits);
    }
    refused_by_all("5f 5bffffffffffffffff ff");
    refused_by_all("7f 7bffffffffffffffff ff");
    refused_by_all("c2 5bffffffffffffffff");
}

#[test]
fn keys_are_strings_m_04() {
    for digits in [
        "a10000",
        "a1206161",
        "a1f600",
        "a14161 00",
        "a18000",
        "a1a000",
        "bf0000ff",
        "a1fb3ff000000000000000",
        "a1f500",
    ] {
        assert!(skip(&hex(digits)).is_err(), "{digits}");
        assert!(read::<Value>(&hex(digits)).is_err(), "{digits}");
        assert!(read::<std::collections::HashMap<u8, u8>>(&hex(digits)).is_err(), "{digits}");
    }
    for digits in ["a1616100", "bf7f6161ff00ff", "b9000161 6100", "a1c1616100"] {
        assert_eq!(
            read::<Value>(&hex(digits)).unwrap(),
            Value::Map(vec![("a".into(), 0.into())]),
            "{digits}"
        );
        assert!(skip(&hex(digits)).is_ok(), "{digits}");
    }
}

#[test]
fn a_dict_has_a_value_for_each_key() {
    for digits in [
        "bf6161ff",
        "bf616100 6162ff",
        "a16161",
        "a16161ff",
        "bf",
        "9f",
        "9f01",
        "bf616100",
        "bfff ff",
        "81ff",
        "a1ff",
    ] {
        refused_by_all(digits);
    }
}

#[test]
fn tags_are_passed_over() {
    for digits in [
        "c074323031332d30332d32315432303a30343a30305a",
        "c11a514b67b0",
        "d818456449455446",
        "d9d9f7820102",
        "d81c820001",
        "c1c1c1c101",
        "dbffffffffffffffff60",
        "c1f6",
        "a1c16161c100",
    ] {
        assert_eq!(skip(&hex(digits)).unwrap(), 0..hex(digits).len(), "{digits}");
        assert!(read::<Value>(&hex(digits)).is_ok(), "{digits}");
        assert!(read::<IgnoredAny>(&hex(digits)).is_ok(), "{digits}");
    }
    assert_eq!(read::<u32>(&hex("c11a514b67b0")).unwrap(), 1_363_896_240);
    assert_eq!(read::<Option<u8>>(&hex("c1c1f6")).unwrap(), None);
    assert_eq!(read::<Vec<Option<String>>>(&hex("d9d9f781c1f7")).unwrap(), [None]);
    for digits in ["c1", "81c1", "c1ff", "9fc1ff", "c1c1"] {
        refused_by_all(digits);
    }
}

#[test]
fn a_bignum_has_bytes() {
    for digits in [
        "c2",
        "c200",
        "c26161",
        "c280",
        "c2c24101",
        "c2c14101",
        "c2f6",
        "c3",
        "c300",
        "c2ff",
        "c25f6161ff",
        "c25f",
    ] {
        refused_by_all(digits);
    }
}
