//! The layout of a frame on the wire (RFC 6455, 5.2): bits, lengths and the mask.

use super::CloseCode;

/// The maximum payload of a control frame (RFC 6455, 5.5).
pub(super) const MAX_CONTROL_BYTES: usize = 125;

/// First byte of a frame: the last (or only) fragment of its message.
pub(super) const FIN: u8 = 0x80;
/// First byte: the bits of extensions, none of which is ever negotiated.
pub(super) const RESERVED: u8 = 0x70;
/// First byte: the kind of the frame.
pub(super) const OPCODE: u8 = 0x0f;
/// Second byte: the payload is masked.
pub(super) const MASKED: u8 = 0x80;
/// Second byte: the payload's length, or one of the two values below.
pub(super) const LENGTH: u8 = 0x7f;
/// The next two bytes are the length.
pub(super) const LENGTH_U16: u8 = 126;
/// The next eight bytes are the length.
pub(super) const LENGTH_U64: u8 = 127;

/// Returns the declared length of the payload and the offset of the mask, or `None` while the
/// length is incomplete.
///
/// RFC 6455, 5.2: the shortest form must be used. It also forbids the top bit of the longest form;
/// a length with that bit exceeds every limit, so it needs no check of its own.
pub(super) fn declared_length(input: &[u8], short: u8) -> Result<Option<(u64, usize)>, CloseCode> {
    let extended = &input[2..];
    let (length, mask_at, least) = match short {
        LENGTH_U16 => {
            (extended.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()), 4, 126)
        }
        LENGTH_U64 => (extended.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)), 10, 65_536),
        _ => (Some(short.into()), 2, 0),
    };
    match length {
        Some(length) if length < least => Err(CloseCode::ProtocolError),
        _ => Ok(length.map(|length| (length, mask_at))),
    }
}

/// Removes the mask (RFC 6455, 5.3), eight bytes at a time, which the compiler vectorises.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}
