//! A binary frame on `wamp.2.msgpack`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wamp_core::{__fuzz, Frame, Serializer};

fuzz_target!(|bytes: &[u8]| __fuzz::read(Serializer::MsgPack, Frame::Binary(bytes.to_vec().into())));
