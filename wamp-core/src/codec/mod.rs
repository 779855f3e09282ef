//! Values in one of three formats, JSON, MessagePack and CBOR. Nothing here knows a WAMP message.

pub(crate) mod binary;
pub(crate) mod cbor;
pub(crate) mod encoded;
pub(crate) mod format;
pub(crate) mod json;
pub(crate) mod msgpack;
pub(crate) mod payload;
pub(crate) mod serializer;
