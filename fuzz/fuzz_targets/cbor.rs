//! A binary frame on `wamp.2.cbor`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wamp_core::{__fuzz, RawMessage, Serializer};

fuzz_target!(|bytes: &[u8]| {
    __fuzz::read(Serializer::Cbor, RawMessage::Binary(bytes.to_vec().into()));
});
