//! The writing half: the server's frames, one after the other in the buffer of a single write.

use actix_http::ws::OpCode;

use super::{
    CloseCode,
    layout::{FIN, LENGTH_U16, LENGTH_U64, MAX_CONTROL_BYTES},
};

/// The maximum length of a close frame's reason, which follows the two bytes of the code.
const MAX_REASON_BYTES: usize = MAX_CONTROL_BYTES - 2;

/// Bytes to leave free in front of a payload for [`seal`]: the header of a payload below 126 bytes,
/// the most frequent case.
pub(crate) const RESERVE: usize = 2;

/// Completes, in place, an unmasked one-frame message whose payload was written to
/// `buffer[start + RESERVE..]`.
///
/// From 126 bytes on the header is longer, and the payload is shifted: a memmove costs less than
/// serialising into a second buffer, or sending eight bytes too many with every small message.
///
/// # Panics
/// The buffer ends before `start + RESERVE`, which is a bug of the caller.
pub(crate) fn seal(buffer: &mut Vec<u8>, start: usize, binary: bool) {
    let payload = start + RESERVE;
    let end = buffer.len();
    assert!(payload <= end, "the payload of a frame begins behind its RESERVE");
    let length = end - payload;
    buffer[start] = FIN | u8::from(if binary { OpCode::Binary } else { OpCode::Text });
    if let Some(short) = u8::try_from(length).ok().filter(|short| *short < LENGTH_U16) {
        buffer[start + 1] = short;
    } else if let Ok(length) = u16::try_from(length) {
        extend_header(buffer, payload, LENGTH_U16, &length.to_be_bytes());
    } else {
        extend_header(buffer, payload, LENGTH_U64, &(length as u64).to_be_bytes());
    }
}

/// Inserts a length that does not fit into the header's second byte between header and payload.
fn extend_header(buffer: &mut Vec<u8>, payload: usize, form: u8, length: &[u8]) {
    let end = buffer.len();
    buffer.resize(end + length.len(), 0);
    buffer.copy_within(payload..end, payload + length.len());
    buffer[payload - 1] = form;
    buffer[payload..payload + length.len()].copy_from_slice(length);
}

/// Writes a close frame with a code of the server. The reason is truncated to the 123 bytes for
/// which a control frame has room.
pub(crate) fn write_close(buffer: &mut Vec<u8>, code: CloseCode, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)];
    write_control(buffer, OpCode::Close, &code.code().to_be_bytes(), reason.as_bytes());
}

/// Writes the answer to the client's close frame: with the same code, or with none (RFC 6455,
/// 5.5.1).
pub(crate) fn write_close_reply(buffer: &mut Vec<u8>, received: Option<u16>) {
    match received {
        Some(code) => write_control(buffer, OpCode::Close, &code.to_be_bytes(), &[]),
        None => write_control(buffer, OpCode::Close, &[], &[]),
    }
}

/// Writes a ping. The payload is truncated to 125 bytes.
pub(crate) fn write_ping(buffer: &mut Vec<u8>, payload: &[u8]) {
    write_control(buffer, OpCode::Ping, payload, &[]);
}

/// Writes a pong with the payload of the ping. It is truncated to 125 bytes, the maximum of a valid
/// ping.
pub(crate) fn write_pong(buffer: &mut Vec<u8>, payload: &[u8]) {
    write_control(buffer, OpCode::Pong, payload, &[]);
}

fn write_control(buffer: &mut Vec<u8>, opcode: OpCode, head: &[u8], tail: &[u8]) {
    buffer.extend([FIN | u8::from(opcode), 0]);
    let start = buffer.len();
    buffer.extend(head.iter().chain(tail).take(MAX_CONTROL_BYTES));
    // At most 125, so the cast cannot truncate.
    buffer[start - 1] = (buffer.len() - start) as u8;
}
