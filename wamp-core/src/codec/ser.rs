//! Writes serde's values in a binary format, in the shape that serde_json gives them.
//!
//! A serializer of our own, because a type has one shape in all formats: structs are dicts,
//! variants are named, units and `None` are null, keys are strings, and lists of unknown length are
//! written as well. The libraries differ from serde_json, and from each other, in each of these.

mod items;
mod next;
mod transcode;
mod write;

pub(crate) use next::Next;
pub(crate) use transcode::{Transcoded, transcode_json};
pub(crate) use write::{
    JSON_TOKENS, NO_TEXT, PLAIN_TOKEN, RAW_TOKEN, Tokens, WriteFault, head, write,
};
