//! CBOR that clients send and receive: a cursor over a data item (RFC 8949), and the tokens of a
//! writer.
//!
//! Lenient where clients need it: floats of every width, definite and indefinite lengths, undefined
//! as null, tags skipped, bignums read like JSON's long integers. Strict where safety needs it:
//! lengths are checked against the remaining bytes before they are used, text must be UTF-8 even if
//! no handler reads it, and keys that are not strings, unassigned simple values and tags that refer
//! to another place are refused, or noted if they are in a payload (`codec::odd`).

mod call_head;
mod head;
mod number;
mod read;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Cbor;
