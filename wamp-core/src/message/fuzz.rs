//! Entry points of the fuzz targets, and the properties that hold for every input.

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::codec::odd::Odd;
use crate::codec::payload::Payload;
use crate::codec::raw::Raw;
use crate::codec::serializer::{RawMessage, Serializer};
use crate::codec::value::{Encoded, Format};
use crate::message::batch::Delimiter;
use crate::message::{Message, decode, unframe};

/// Reads a frame as one message, and as any value, in every way there is.
///
/// # Panics
/// Two ways of reading disagree.
pub fn read(serializer: Serializer, frame: RawMessage) {
    let Ok(shared) = unframe(serializer, frame) else { return };
    let arena = Bump::new();
    if let Ok(Message::Call { payload, .. } | Message::Publish { payload, .. }) =
        decode(&shared, &arena)
    {
        read_payload(&payload);
    }
    let whole = shared.slice(0..shared.len());
    if is_one_value(whole) {
        every_format_knows(whole);
    }
    read_as::<BTreeMap<i64, Option<u8>>>(whole);
    read_as::<Vec<(u64, f32)>>(whole);
    read_as::<Vec<String>>(whole);
    read_as::<Result<bool, char>>(whole);
    let _ = whole.reader(&arena).read::<Vec<&str>>();
    let _ = whole.reader(&arena).read::<&[u8]>();
}

/// Encodes a message that is given as JSON; `None` if it is not JSON.
#[must_use]
pub fn encode(serializer: Serializer, text: &str) -> Option<Vec<u8>> {
    let message = Encoded::Json(text);
    let mut out = Vec::new();
    (is_one_value(message) && message.write(serializer.format(), &mut out).is_ok()).then_some(out)
}

/// Returns a frame with this message only.
#[must_use]
pub fn delimit(serializer: Serializer, message: Vec<u8>) -> Vec<u8> {
    let delimiter = Delimiter::of(serializer);
    let mut out = vec![0; delimiter.reserve()];
    let start = out.len();
    out.extend(message);
    delimiter.complete(&mut out, start);
    out
}

/// Returns whether the frame holds exactly one message.
#[must_use]
pub fn is_message(serializer: Serializer, frame: &[u8]) -> bool {
    let message = match (Delimiter::of(serializer), frame) {
        (Delimiter::None, message) | (Delimiter::Separator(_), [message @ .., 0x1e | 0x18]) => {
            message
        }
        (Delimiter::Length, [_, _, _, _, message @ ..]) => message,
        _ => return false,
    };
    let delimited =
        serializer == Serializer::JsonBatched || delimit(serializer, message.to_vec()) == frame;
    delimited && is_one_value(of(serializer.format(), message))
}

/// Returns whether the bytes are one value, on which skipping and ignoring must agree.
fn is_one_value(encoded: Encoded<'_>) -> bool {
    let arena = Bump::new();
    let skipped = encoded.reader(&arena).skip();
    let ignored = encoded.reader(&arena).read::<IgnoredAny>();
    assert_eq!(skipped.is_ok(), ignored.is_ok(), "{skipped:?}");
    skipped.is_ok_and(|range| range.end == length(encoded))
}

/// Checks that a well-formed value can be written in every format, unless it must not be passed on.
/// The written value is valid, has nothing odd in it, and reads back as the same value.
fn every_format_knows(encoded: Encoded<'_>) {
    let original = encoded.format();
    for format in [Format::Json, Format::MsgPack, Format::Cbor] {
        let (mut there, mut back, mut again) = (Vec::new(), Vec::new(), Vec::new());
        // Its own format is tested too: there the value is written again.
        let written = format.write(&mut there, &encoded);
        assert_eq!(written.is_err(), matches!(odd(encoded), Odd::Refused(_)), "{written:?}");
        if written.is_err() {
            continue;
        }
        assert!(is_one_value(of(format, &there)));
        assert_eq!(odd(of(format, &there)), Odd::Nothing);
        of(format, &there).write(original, &mut back).expect("what was written can be read");
        assert!(is_one_value(of(original, &back)));
        of(original, &back).write(format, &mut again).expect("what was written can be read");
        assert_eq!(there, again);
    }
}

/// Returns the way in which a value can be passed on.
fn odd(encoded: Encoded<'_>) -> Odd {
    let arena = Bump::new();
    let mut reader = encoded.reader(&arena);
    let _ = reader.skip();
    reader.owner().odd()
}

fn read_payload(payload: &Payload) {
    let parts = payload.encoded_args().into_iter().chain(payload.encoded_kwargs());
    let odds: Vec<_> = parts.map(odd).collect();
    match payload.oddity() {
        None => assert!(odds.iter().all(|odd| *odd == Odd::Nothing), "{odds:?}"),
        Some(_) => assert!(odds.iter().any(|odd| matches!(odd, Odd::Refused(_))), "{odds:?}"),
    }
    let arena = Bump::new();
    if let Some(args) = payload.encoded_args() {
        let raw = args.reader(&arena).read::<Vec<Raw<'_>>>();
        assert_eq!(raw.is_err(), matches!(odds[0], Odd::Refused(_)), "{raw:?}");
    }
    let _ = payload.args::<Vec<serde_json::Value>>();
    let _ = payload.args::<(i64, Option<String>)>();
    let _ = payload.kwargs::<BTreeMap<String, IgnoredAny>>();
    let _ = payload.to_string();
}

fn read_as<T: DeserializeOwned>(encoded: Encoded<'_>) {
    let arena = Bump::new();
    if encoded.reader(&arena).read::<T>().is_ok() {
        assert!(encoded.reader(&arena).skip().is_ok());
    }
}

fn of(format: Format, bytes: &[u8]) -> Encoded<'_> {
    match format {
        Format::Json => Encoded::Json(std::str::from_utf8(bytes).expect("JSON is UTF-8")),
        Format::MsgPack => Encoded::MsgPack(bytes),
        Format::Cbor => Encoded::Cbor(bytes),
    }
}

fn length(encoded: Encoded<'_>) -> usize {
    match encoded {
        Encoded::Json(text) | Encoded::PlainJson(text) => text.trim_ascii_end().len(),
        Encoded::MsgPack(bytes) | Encoded::Cbor(bytes) => bytes.len(),
    }
}
