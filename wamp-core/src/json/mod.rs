//! JSON from and for a stranger: a cursor over a text, serde on top of it, and a writer.
//!
//! Our own reader because no library does what a handler's arguments need: lend `&str` even where the text has
//! escapes, take `1.0` for an integer (decision 6 of the conformance list), skip without recursion, and be finite
//! in depth. serde_json is the oracle in the tests, and writes.

mod access;
mod deserializer;
mod error;
mod key;
mod number;
mod read;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use error::Malformed;
pub(crate) use read::{Elements, Reader};
pub(crate) use write::write;

/// How many lists and dicts may stand inside each other; [`Reader::skip`] keeps their kinds in the bits of a `u64`.
pub(crate) const MAX_DEPTH: u8 = 64;

/// How many values one skipped value may consist of: ten megabytes of `0,` made serde_json's tree 275 MB large.
pub(crate) const MAX_ELEMENTS: usize = 100_000;

/// The name under which a newtype asks for the text of its value instead of the value.
pub(crate) const RAW_TOKEN: &str = "$wamp::Raw";
