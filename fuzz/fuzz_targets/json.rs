//! A text frame on `wamp.2.json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wamp_core::{__fuzz, Serializer};

fuzz_target!(|text: &str| __fuzz::read(Serializer::Json, text.to_owned().into()));
