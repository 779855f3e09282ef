//! The cursor itself: containers, strings, integers, skipping.

use bumpalo::Bump;
use serde::de::IgnoredAny;

use super::{nested, nested_dicts, read, skip};
use crate::codec::cursor::{Cursor as _, Kind, MAX_DEPTH, MAX_ELEMENTS};
use crate::codec::msgpack::Reader;

const DEPTH: usize = MAX_DEPTH as usize;

fn integer(bytes: &[u8]) -> Option<u64> {
    let arena = Bump::new();
    let mut reader = Reader::new(bytes, &arena);
    let value = reader.integer().ok()?;
    reader.end().ok().map(|()| value)
}

/// Returns whether the bytes are one value, on which reading and skipping must agree.
fn is_value(bytes: &[u8]) -> bool {
    let skipped = skip(bytes).is_ok();
    assert_eq!(read::<IgnoredAny>(bytes).is_ok(), skipped, "{bytes:02x?}");
    skipped
}

#[test]
fn a_message_is_read_element_by_element() {
    let arena = Bump::new();
    // [48, 7814151, {"timeout": 10, "b": [{}]}, "com.a", [1, "x"], {}]
    let bytes =
        b"\x96\x30\xce\x00\x77\x3c\x07\x82\xa7timeout\x0a\xa1b\x91\x80\xa5com.a\x92\x01\xa1x\x80";
    let mut reader = Reader::new(bytes, &arena);
    let mut message = reader.list().unwrap();
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.integer().unwrap(), 48);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.integer().unwrap(), 7_814_151);
    assert!(reader.element(&mut message).unwrap());
    assert!(reader.is_dict() && !reader.is_list());
    let mut options = reader.dict().unwrap();
    assert_eq!(reader.key(&mut options).unwrap(), Some("timeout"));
    assert_eq!(reader.integer().unwrap(), 10);
    assert_eq!(reader.key(&mut options).unwrap(), Some("b"));
    let skipped = reader.skip().unwrap();
    assert_eq!(&bytes[skipped], b"\x91\x80");
    assert_eq!(reader.key(&mut options).unwrap(), None);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.string().unwrap(), "com.a");
    assert!(reader.element(&mut message).unwrap());
    assert!(reader.is_list() && !reader.is_dict());
    let start = reader.offset();
    assert_eq!(reader.skip().unwrap(), start..start + 4);
    assert!(reader.element(&mut message).unwrap());
    assert_eq!(reader.read::<serde_json::Value>().unwrap(), serde_json::json!({}));
    assert!(!reader.element(&mut message).unwrap());
    reader.end().unwrap();
}

#[test]
fn every_notation_of_an_integer_is_read_m_13() {
    for bytes in [
        &b"\x07"[..],
        b"\xcc\x07",
        b"\xcd\x00\x07",
        b"\xce\x00\x00\x00\x07",
        b"\xcf\x00\x00\x00\x00\x00\x00\x00\x07",
        b"\xd0\x07",
        b"\xd1\x00\x07",
        b"\xd2\x00\x00\x00\x07",
        b"\xd3\x00\x00\x00\x00\x00\x00\x00\x07",
        b"\xca\x40\xe0\x00\x00",
        b"\xcb\x40\x1c\x00\x00\x00\x00\x00\x00",
    ] {
        assert_eq!(integer(bytes), Some(7), "{bytes:02x?}");
        assert_eq!(read::<i8>(bytes).unwrap(), 7);
        for length in 0..bytes.len() {
            assert_eq!(integer(&bytes[..length]), None, "{bytes:02x?}");
            assert!(!is_value(&bytes[..length]));
        }
    }
    assert_eq!(integer(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), Some(u64::MAX));
    assert_eq!(integer(b"\xcb\x43\x40\x00\x00\x00\x00\x00\x00"), Some(1 << 53));
    // -0.0 is 0 for a type that asks for an integer.
    assert_eq!(integer(b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00"), Some(0));
}

#[test]
fn what_is_no_unsigned_integer_is_refused_as_one() {
    for bytes in [
        &b""[..],
        b"\xff",
        b"\xd0\xff",
        b"\xca\x3f\xc0\x00\x00",                 // 1.5
        b"\xca\x7f\xc0\x00\x00",                 // NaN
        b"\xca\x7f\x80\x00\x00",                 // infinity
        b"\xcb\x43\x40\x00\x00\x00\x00\x00\x01", // 2^53 + 2
        b"\xcb\xbf\xf0\x00\x00\x00\x00\x00\x00", // -1.0
        b"\xc0",
        b"\xc3",
        b"\xa11",
        b"\x91\x01",
    ] {
        assert_eq!(integer(bytes), None, "{bytes:02x?}");
    }
}

#[test]
fn every_length_of_a_header_is_taken() {
    for bytes in [&b"\xa1x"[..], b"\xd9\x01x", b"\xda\x00\x01x", b"\xdb\x00\x00\x00\x01x"] {
        assert_eq!(read::<String>(bytes).unwrap(), "x", "{bytes:02x?}");
        assert_eq!(skip(bytes).unwrap(), 0..bytes.len());
    }
    for bytes in [&b"\x91\x05"[..], b"\xdc\x00\x01\x05", b"\xdd\x00\x00\x00\x01\x05"] {
        assert_eq!(read::<Vec<u8>>(bytes).unwrap(), [5], "{bytes:02x?}");
        assert_eq!(skip(bytes).unwrap(), 0..bytes.len());
    }
    // msgpackr writes the second.
    for bytes in [&b"\x81\xa1x\x05"[..], b"\xde\x00\x01\xa1x\x05", b"\xdf\x00\x00\x00\x01\xa1x\x05"]
    {
        let dict = read::<std::collections::BTreeMap<String, u8>>(bytes).unwrap();
        assert_eq!(dict, [("x".to_owned(), 5)].into(), "{bytes:02x?}");
        assert_eq!(skip(bytes).unwrap(), 0..bytes.len());
    }
    for bytes in
        [&b"\xc4\x02\x00\xff"[..], b"\xc5\x00\x02\x00\xff", b"\xc6\x00\x00\x00\x02\x00\xff"]
    {
        let arena = Bump::new();
        assert_eq!(Reader::new(bytes, &arena).read::<&[u8]>().unwrap(), [0, 255], "{bytes:02x?}");
        assert_eq!(skip(bytes).unwrap(), 0..bytes.len());
    }
}

#[test]
fn lengths_beyond_the_message_are_refused_before_anything_is_done_with_them() {
    for bytes in [
        &b"\xa2x"[..],
        b"\xdb\xff\xff\xff\xffx",
        b"\xc6\xff\xff\xff\xffx",
        b"\x92\x05",
        b"\xdd\xff\xff\xff\xff\x05",
        b"\xdf\xff\xff\xff\xff\xa1x\x05",
        b"\x82\xa1x\x05",
        b"\x81\xa1x",
        b"\xdd\xff\xff",
    ] {
        assert!(!is_value(bytes), "{bytes:02x?}");
        assert!(read::<Vec<IgnoredAny>>(bytes).is_err());
        assert!(read::<std::collections::BTreeMap<String, u8>>(bytes).is_err());
    }
}

#[test]
fn undefined_is_null_and_other_extension_types_are_refused() {
    assert_eq!(read::<Option<u8>>(b"\xd4\x00\x00").unwrap(), None);
    read::<()>(b"\xd4\x00\x00").unwrap();
    assert!(is_value(b"\xd4\x00\x00"));
    assert_eq!(
        read::<Vec<Option<u8>>>(b"\x93\xd4\x00\x00\x07\xc0").unwrap(),
        [None, Some(7), None]
    );
    let timestamp = b"\xd6\xff\x00\x00\x00\x00";
    for bytes in [
        &b"\xd4\x00\x01"[..],
        b"\xd4\x01\x00",
        b"\xd4\x00",
        timestamp,
        b"\xc7\x00\x00",
        b"\xd8\x00",
    ] {
        assert!(!is_value(bytes), "{bytes:02x?}");
        let refused = read::<Option<u8>>(bytes).unwrap_err().to_string();
        assert_eq!(refused, "extension types are not part of WAMP at byte 0", "{bytes:02x?}");
    }
    assert_eq!(skip(b"\x91\xc1").unwrap_err().to_string(), "0xc1 is not MessagePack at byte 1");
}

#[test]
fn text_must_be_utf_8_even_where_it_is_not_read() {
    for bytes in
        [&b"\xa1\xff"[..], b"\x91\xa2\xc3\x28", b"\x81\xa1\xff\x01", b"\xd9\x03\xed\xa0\x80"]
    {
        assert!(!is_value(bytes), "{bytes:02x?}");
    }
    assert!(is_value(b"\xa3\xc3\xa9\x00"));
}

#[test]
fn a_key_that_is_no_string_is_refused() {
    for bytes in [&b"\x81\x01\x02"[..], b"\x81\xc4\x01a\x02", b"\x81\xc0\x02", b"\x81\x90\x02"] {
        assert!(!is_value(bytes), "{bytes:02x?}");
        let refused =
            read::<std::collections::BTreeMap<String, u8>>(bytes).unwrap_err().to_string();
        assert_eq!(refused, "a key must be a string at byte 1");
    }
}

#[test]
fn what_follows_the_value_is_refused() {
    assert!(!is_value(b"\xc0\xc0"));
    assert!(!is_value(b"\x90\x00"));
    assert!(!is_value(b"\xa1xy"));
    assert!(!is_value(b""));
}

#[test]
fn depth_is_limited_for_reading_and_skipping_alike() {
    for bytes in [nested(DEPTH), nested_dicts(DEPTH)] {
        assert!(is_value(&bytes));
        assert!(read::<serde_json::Value>(&bytes).is_ok());
    }
    for depth in [DEPTH + 1, 1_000_000] {
        for bytes in [nested(depth), nested_dicts(depth)] {
            assert!(!is_value(&bytes));
            assert!(read::<serde_json::Value>(&bytes).is_err());
        }
    }
    // Siblings do not add to the depth.
    let mut siblings = vec![0xdc, 0x01, 0x00];
    siblings.extend(nested(DEPTH - 1).repeat(256));
    assert!(is_value(&siblings));
}

#[test]
fn a_skipped_value_has_a_limited_number_of_values() {
    let list = |length: u32| {
        let mut bytes = vec![0xdd];
        bytes.extend(length.to_be_bytes());
        bytes.resize(5 + length as usize, 0);
        bytes
    };
    assert!(is_value(&list(MAX_ELEMENTS as u32 - 1)));
    assert!(!is_value(&list(MAX_ELEMENTS as u32)));
}

#[test]
fn a_kind_is_told_by_the_first_byte() {
    let arena = Bump::new();
    for (first, kind) in [
        (0x00, Kind::Number),
        (0x7f, Kind::Number),
        (0x80, Kind::Dict),
        (0x90, Kind::List),
        (0xa0, Kind::String),
        (0xbf, Kind::String),
        (0xc0, Kind::Null),
        (0xc1, Kind::Unknown),
        (0xc2, Kind::Boolean),
        (0xc3, Kind::Boolean),
        (0xc4, Kind::Bytes),
        (0xc7, Kind::Unknown),
        (0xca, Kind::Number),
        (0xd3, Kind::Number),
        (0xd4, Kind::Unknown),
        (0xd8, Kind::Unknown),
        (0xd9, Kind::String),
        (0xdc, Kind::List),
        (0xde, Kind::Dict),
        (0xe0, Kind::Number),
        (0xff, Kind::Number),
    ] {
        assert_eq!(Reader::new(&[first], &arena).kind(), kind, "{first:02x}");
    }
}
