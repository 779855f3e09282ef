//! Bytes of a WebSocket, behind the number of bytes that arrive at a time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some((piece, bytes)) = input.split_first() {
        wamp_actix::__fuzz::read(bytes, usize::from(*piece));
    }
});
