//! Framing cases of RFC 6455 and of the Autobahn test suite, and hostile lengths.

mod closing;
mod limits;
mod reading;
mod writing;

use super::*;

const LIMITS: FrameLimits = FrameLimits { max_frame_bytes: 1 << 20, max_message_bytes: 1 << 20 };
const SMALL: FrameLimits = FrameLimits { max_frame_bytes: 1_000, max_message_bytes: 2_500 };
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const CONTINUE: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// Returns a masked frame with `first` as its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    // Not `unmask`, which is under test.
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ MASK[i % 4]));
    bytes
}

/// Returns the header of a masked frame, with the shortest form of the length.
fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length as u8),
        126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes
}

fn last(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(FIN | opcode, payload)
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    last(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// Returns all messages and control frames up to the first fault.
fn drain(frames: &mut Frames) -> Result<Vec<Incoming>, CloseCode> {
    let mut all = Vec::new();
    while let Some(incoming) = frames.next()? {
        all.push(incoming);
    }
    Ok(all)
}

fn read_within(limits: FrameLimits, bytes: &[u8]) -> Result<Vec<Incoming>, CloseCode> {
    let mut frames = Frames::new(limits);
    frames.feed(bytes);
    drain(&mut frames)
}

fn read(bytes: &[u8]) -> Result<Vec<Incoming>, CloseCode> {
    read_within(LIMITS, bytes)
}

fn text(payload: &str) -> Incoming {
    Incoming::Text(payload.into())
}

fn binary(payload: &[u8]) -> Incoming {
    Incoming::Binary(Bytes::copy_from_slice(payload))
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 256) as u8).collect()
}
