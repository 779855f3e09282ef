//! The rules of reading; ciborium is the oracle except where we deviate from it on purpose.

mod call_head;
mod cursor;
mod nesting;
mod oracle;
mod strings;
mod typed;
mod written;

use std::ops::Range;

use bumpalo::Bump;
use ciborium::Value;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::Reader;
use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;

/// Parses hexadecimal bytes as the specification writes them; white space is ignored.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// Reads all the bytes as one value.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(bytes, &arena);
    let value = reader.read()?;
    reader.end()?;
    Ok(value)
}

/// Returns the message with which the bytes are refused as a `T`.
fn refusal<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> String {
    read::<T>(bytes).unwrap_err().to_string()
}

/// Skips all the bytes as one value.
fn skip(bytes: &[u8]) -> Result<Range<usize>, Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(bytes, &arena);
    let range = reader.skip()?;
    reader.end()?;
    Ok(range)
}

/// Encodes a value with ciborium.
fn encoded(value: &impl serde::Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out
}

/// Returns `depth` times `open`, the innermost value, and `depth` times `close`.
fn nested(open: &str, inside: &str, close: &str, depth: usize) -> Vec<u8> {
    hex(&(open.repeat(depth) + inside + &close.repeat(depth)))
}

/// Asserts that no way of reading takes the bytes.
#[track_caller]
fn refused_by_all(digits: &str) {
    let bytes = hex(digits);
    assert!(skip(&bytes).is_err(), "{digits}");
    assert!(read::<Value>(&bytes).is_err(), "{digits}");
    assert!(read::<IgnoredAny>(&bytes).is_err(), "{digits}");
    assert!(read::<Option<String>>(&bytes).is_err(), "{digits}");
    assert!(read::<Vec<u8>>(&bytes).is_err(), "{digits}");
}
