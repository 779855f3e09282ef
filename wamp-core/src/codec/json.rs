//! JSON that clients send and receive: a cursor over a text, and a writer.
//!
//! The reader is our own, for the reasons given in `codec::cursor`. serde_json is the oracle in its
//! tests, and writes.

mod call_head;
mod careful;
mod number;
mod read;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::write;
