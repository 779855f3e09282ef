//! Values in one of three formats, JSON, MessagePack and CBOR. Nothing here knows a WAMP message.

pub(crate) mod any;
pub(crate) mod binary;
pub(crate) mod cbor;
pub(crate) mod cursor;
pub(crate) mod de;
pub(crate) mod json;
pub(crate) mod msgpack;
pub(crate) mod odd;
pub(crate) mod payload;
pub(crate) mod raw;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod ser;
pub(crate) mod serializer;
pub(crate) mod skip;
pub(crate) mod value;
