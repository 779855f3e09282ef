//! MessagePack from and for a stranger: a cursor over a message, and what a writer needs.
//!
//! Lenient where clients need it: every length of a header is taken, undefined (the extension type 0 of one byte 0,
//! which msgpackr writes) is null, and `format` takes integral floats for integers. Strict where safety needs it:
//! lengths are checked against what is left before anything is done with them, strings are UTF-8 even where nobody
//! reads them, and keys that are no strings and other extension types are refused, or noted where they stand in a payload
//! (`format::odd`).

mod read;
mod skip;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::MsgPack;
