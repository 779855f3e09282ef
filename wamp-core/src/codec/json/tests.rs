//! The rules of reading; serde_json is the oracle except where we deviate from it on purpose.

mod call_head;
mod cursor;
mod oracle;
mod typed;

use bumpalo::Bump;
use serde::de::DeserializeOwned;

use super::Reader;
use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;

/// Reads the whole text as one value.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    let value = reader.read()?;
    reader.end()?;
    Ok(value)
}

/// Returns the message with which the text is refused as a `T`.
fn refusal<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
    read::<T>(text).unwrap_err().to_string()
}

/// Skips the whole text as one value.
fn skip(text: &str) -> Result<std::ops::Range<usize>, Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    let range = reader.skip()?;
    reader.end()?;
    Ok(range)
}

/// Returns `depth` nested lists.
fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// Returns `depth` nested dicts.
fn nested_dicts(depth: usize) -> String {
    r#"{"a":"#.repeat(depth) + "0" + &"}".repeat(depth)
}
