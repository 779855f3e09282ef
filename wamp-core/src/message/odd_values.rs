//! Tests of odd values: those that must not be passed on are found, and all others keep their
//! meaning in every format.

use bumpalo::Bump;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::codec::odd::Odd;
use crate::codec::payload::Payload;
use crate::codec::raw::Raw;
use crate::codec::value::{Encoded, Format, Shared};
use crate::message::{Message, decode};

const FORMATS: [Format; 3] = [Format::Json, Format::MsgPack, Format::Cbor];

/// An encoded value, whether it can be passed on, and the value that the receiver gets.
#[derive(Clone, Debug)]
struct Piece {
    written: Vec<u8>,
    can_go_on: bool,
    value: Value,
}

fn piece(written: &[u8], value: Value) -> Piece {
    Piece { written: written.to_owned(), can_go_on: true, value }
}

fn refused(written: &[u8]) -> Piece {
    Piece { written: written.to_owned(), can_go_on: false, value: Value::Null }
}

fn sound(format: Format, value: &Value) -> Piece {
    let mut written = Vec::new();
    format.write(&mut written, value).unwrap();
    piece(&written, value.clone())
}

fn leaves(format: Format) -> Vec<Piece> {
    let odd = match format {
        Format::Json => vec![
            piece(br#""\ud83d""#, json!("\u{fffd}")),
            piece(br#""\udc00\ud83d\ude00x""#, json!("\u{fffd}😀x")),
            piece(b"12345678901234567890123", json!(1.2345678901234568e22)),
            refused(b"1e999"),
            refused(&[b'7'; 400]),
        ],
        Format::MsgPack => vec![
            piece(b"\xd4\0\0", Value::Null),
            refused(b"\xd4\0\x01"),
            refused(b"\xd6\xff\0\0\0\0"),
            refused(b"\xc7\0\0"),
        ],
        Format::Cbor => vec![
            piece(b"\xf7", Value::Null),
            piece(b"\xc0\x7f\x61a\x60\xff", json!("a")),
            piece(b"\xd8\x1c\xd8\x1c\x05", json!(5)),
            piece(b"\xc3\x41\x05", json!(-6)),
            refused(b"\xd8\x1d\0"),
            refused(b"\xc1\xd8\x19\x05"),
            refused(b"\xf8\x20"),
            refused(&[&b"\xc2\x58\xf0"[..], &[0xff; 0xf0]].concat()),
        ],
    };
    let values =
        [json!(1), json!(null), json!("text"), json!([]), json!({}), json!(-1.5), json!("\0AAAA")];
    values.iter().map(|value| sound(format, value)).chain(odd).collect()
}

/// Joins the values to a list or, in a binary format, the keys and values to a dict.
fn joined(
    format: Format,
    short: u8,
    brackets: [&[u8]; 2],
    parts: &[Vec<u8>],
    count: usize,
) -> Vec<u8> {
    match format {
        Format::Json => [brackets[0], &parts.join(&b","[..]), brackets[1]].concat(),
        Format::MsgPack | Format::Cbor => [&[short + count as u8], &parts.concat()[..]].concat(),
    }
}

fn list(format: Format, elements: &[Piece]) -> Piece {
    let short = if format == Format::MsgPack { 0x90 } else { 0x80 };
    let written: Vec<_> = elements.iter().map(|element| element.written.clone()).collect();
    Piece {
        written: joined(format, short, [b"[", b"]"], &written, elements.len()),
        can_go_on: elements.iter().all(|element| element.can_go_on),
        value: elements.iter().map(|element| element.value.clone()).collect(),
    }
}

/// Joins entries to a dict. In JSON only strings are well-formed keys.
fn dict(format: Format, entries: Vec<(Piece, Piece)>) -> Piece {
    let is_fit = |(key, _): &(Piece, Piece)| format != Format::Json || key.value.is_string();
    let entries: Vec<_> = entries.into_iter().filter(is_fit).collect();
    let separator: &[u8] = if format == Format::Json { b":" } else { b"" };
    let written: Vec<_> = entries
        .iter()
        .map(|(key, value)| [&key.written, separator, &value.written].concat())
        .collect();
    // In JSON bytes are strings, but not in keys; in the other formats bytes are not keys.
    let can_be_key = |key: &Piece| key.can_go_on && key.value.is_string();
    let key = |key: &Piece| key.value.as_str().unwrap_or_default().to_owned();
    Piece {
        written: joined(
            format,
            if format == Format::MsgPack { 0x80 } else { 0xa0 },
            [b"{", b"}"],
            &written,
            entries.len(),
        ),
        can_go_on: entries.iter().all(|(key, value)| can_be_key(key) && value.can_go_on),
        value: entries
            .iter()
            .map(|(name, value)| (key(name), value.value.clone()))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn pieces(format: Format) -> impl Strategy<Value = Piece> {
    let leaf = prop::sample::select(leaves(format));
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let entry = (inner.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(move |elements| list(format, &elements)),
            prop::collection::vec(entry, 0..5).prop_map(move |entries| dict(format, entries)),
        ]
    })
}

fn of(format: Format, bytes: &[u8]) -> Encoded<'_> {
    match format {
        Format::Json => Encoded::Json(std::str::from_utf8(bytes).unwrap()),
        Format::MsgPack => Encoded::MsgPack(bytes),
        Format::Cbor => Encoded::Cbor(bytes),
    }
}

fn odd(encoded: Encoded<'_>) -> Odd {
    let arena = Bump::new();
    let mut reader = encoded.reader(&arena);
    reader.skip().unwrap();
    reader.owner().odd()
}

/// Returns the payload of a CALL with these arguments.
fn called(format: Format, args: &Piece, kwargs: &Piece) -> Payload {
    let head = [json!(48), json!(1), json!({}), json!("a.b")];
    let elements: Vec<_> = head
        .iter()
        .map(|value| sound(format, value).written)
        .chain([args.written.clone(), kwargs.written.clone()])
        .collect();
    let short = if format == Format::MsgPack { 0x90 } else { 0x80 };
    let message = joined(format, short, [b"[", b"]"], &elements, 6);
    let frame = match format {
        Format::Json => Shared::Json(String::from_utf8(message).unwrap().into()),
        Format::MsgPack => Shared::MsgPack(Bytes::from(message)),
        Format::Cbor => Shared::Cbor(Bytes::from(message)),
    };
    let arena = Bump::new();
    match decode(&frame, &arena) {
        Ok(Message::Call { payload, .. }) => payload,
        other => panic!("{other:?}"),
    }
}

fn agrees(
    format: Format,
    args: &[Piece],
    kwargs: Vec<(Piece, Piece)>,
) -> Result<(), TestCaseError> {
    let (args, kwargs) = (list(format, args), dict(format, kwargs));
    let payload = called(format, &args, &kwargs);
    prop_assert_eq!(payload.oddity().is_none(), args.can_go_on && kwargs.can_go_on);
    prop_assert_eq!(payload.args::<Value>().is_ok(), args.can_go_on);
    prop_assert_eq!(payload.kwargs::<Value>().is_ok(), kwargs.can_go_on);
    let arena = Bump::new();
    let raw_args =
        payload.encoded_args().map(|args| args.reader(&arena).read::<Vec<Raw<'_>>>().is_ok());
    prop_assert_eq!(raw_args.unwrap_or(true), args.can_go_on);
    let parts = [(payload.encoded_args(), args), (payload.encoded_kwargs(), kwargs)];
    for (part, piece) in parts.iter().filter(|_| payload.oddity().is_none()) {
        let Some(part) = part else { continue };
        prop_assert_eq!(odd(*part), Odd::Nothing);
        for into in FORMATS {
            let mut written = Vec::new();
            part.write(into, &mut written).unwrap();
            prop_assert_eq!(odd(of(into, &written)), Odd::Nothing);
            let value: Value = of(into, &written).reader(&Bump::new()).read().unwrap();
            prop_assert_eq!(&value, &piece.value);
        }
    }
    Ok(())
}

macro_rules! alike {
    ($($name:ident: $format:expr)*) => {
        proptest! {
            #![proptest_config(ProptestConfig {
                failure_persistence: None,
                ..ProptestConfig::default()
            })]
            $(
                #[test]
                fn $name(
                    args in prop::collection::vec(pieces($format), 0..4),
                    kwargs in prop::collection::vec((pieces($format), pieces($format)), 0..3),
                ) {
                    agrees($format, &args, kwargs)?;
                }
            )*
        }
    };
}

alike! {
    what_is_odd_in_json_is_found_or_means_the_same_in_all_formats: Format::Json
    what_is_odd_in_messagepack_is_found_or_means_the_same_in_all_formats: Format::MsgPack
    what_is_odd_in_cbor_is_found_or_means_the_same_in_all_formats: Format::Cbor
}
