//! The output of a connection as messages, for hosts whose transport delimits them itself: each has
//! its length before it.

use bytes::{Buf as _, Bytes};
use wamp_core::Framing;

/// The bytes before each message: its length.
const LENGTH: usize = size_of::<usize>();

/// Returns the framing whose output [`messages`] takes apart.
pub(crate) fn framing() -> Framing {
    Framing { reserve: LENGTH, seal: |output, start, _| write_length(&mut output[start..]) }
}

fn write_length(output: &mut [u8]) {
    if let Some((length, message)) = output.split_first_chunk_mut::<LENGTH>() {
        *length = message.len().to_be_bytes();
    }
}

/// Returns the messages of an output, one after the other, without a copy.
pub(crate) fn messages(mut output: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = usize::from_be_bytes(*output.first_chunk::<LENGTH>()?);
        output.advance(LENGTH);
        (length <= output.len()).then(|| output.split_to(length))
    })
}
