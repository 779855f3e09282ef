//! A binary frame on `wamp.2.msgpack`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wamp_core::{__fuzz, RawMessage, Serializer};

fuzz_target!(|bytes: &[u8]| {
    __fuzz::read(Serializer::MsgPack, RawMessage::Binary(bytes.to_vec().into()));
});
