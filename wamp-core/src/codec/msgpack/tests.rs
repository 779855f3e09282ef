//! The rules of reading and writing; rmp-serde is the oracle where it does what we promise,
//! serde_json for the shapes.

mod cursor;
mod oracle;
mod typed;

use bumpalo::Bump;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MsgPack, Reader};
use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;
use crate::codec::ser;

/// Reads the whole message as one value.
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

/// Skips the whole message as one value.
fn skip(bytes: &[u8]) -> Result<std::ops::Range<usize>, Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(bytes, &arena);
    let range = reader.skip()?;
    reader.end()?;
    Ok(range)
}

fn written(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut out = vec![0x91];
    ser::write::<MsgPack>(&mut out, value).unwrap();
    out.split_off(1)
}

/// Returns `depth` nested lists.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = vec![0x91; depth];
    bytes.push(0xc0);
    bytes
}

/// Returns `depth` nested dicts.
fn nested_dicts(depth: usize) -> Vec<u8> {
    let mut bytes = [0x81, 0xa1, b'a'].repeat(depth);
    bytes.push(0xc0);
    bytes
}
