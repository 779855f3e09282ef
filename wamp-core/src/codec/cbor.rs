//! CBOR from and for a stranger: a cursor over a data item (RFC 8949), and what a writer needs.
//!
//! Lenient where clients need it: floats of every width, lengths of every width and none, undefined as null, tags passed
//! over, bignums read as JSON's long integers are. Strict where safety needs it: lengths are checked against what is left
//! before anything is done with them, text is UTF-8 even where nobody reads it, and keys that are no strings, simple values
//! without a meaning and tags that refer to another place are refused, or noted where they stand in a payload (`format::odd`).

mod head;
mod number;
mod read;
mod request;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Cbor;
