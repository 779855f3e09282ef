//! MessagePack that clients send and receive: a cursor over a message, and the tokens of a writer.
//!
//! Lenient where clients need it: headers of every length are accepted, undefined (the extension
//! type 0 of one byte 0, which msgpackr writes) is null, and `codec::de` accepts integral floats
//! for integers. Strict where safety needs it: lengths are checked against the remaining bytes
//! before they are used, strings must be UTF-8 even if no handler reads them, and keys that are not
//! strings and other extension types are refused, or noted if they are in a payload (`codec::odd`).

mod read;
mod skip;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::MsgPack;
