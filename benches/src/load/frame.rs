//! WebSocket frames as a client writes and reads them (RFC 6455, section 5.2).
//!
//! The masking key is fixed. A client that is not a load generator must draw a new one for every
//! frame (section 5.3); the server's work is the same either way.

use std::ops::Range;

use crate::Result;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One masked frame.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        long => match u16::try_from(long) {
            Ok(long) => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
            Err(_) => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        },
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// Opcode and place of the payload of the frame at the front, if the whole of it is there.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(u8, Range<usize>)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0xf0 != 0x80 || second & 0x80 != 0 {
        return Err("a fragmented, extended or masked frame from the server".into());
    }
    let width = match second {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let Some(extended) = rest.get(..width) else {
        return Ok(None);
    };
    let length = match width {
        0 => usize::from(*second),
        _ => extended.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)),
    };
    let start = 2 + width;
    Ok((rest.len() - width >= length).then_some((first & 0x0f, start..start + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_frame_takes_as_many_bytes_as_it_needs() {
        for (length, head) in [
            (5, vec![0x81, 0x85]),
            (300, vec![0x81, 0xfe, 1, 44]),
            (70_000, vec![0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
        ] {
            let written = frame(TEXT, &vec![b'x'; length]);
            assert_eq!(written[..head.len()], head);
            let payload = &written[head.len() + MASK.len()..];
            assert!(payload.iter().zip(MASK.iter().cycle()).all(|(byte, key)| byte ^ key == b'x'));
            assert_eq!(payload.len(), length);
        }
    }

    #[test]
    fn a_servers_frame_is_found_once_all_of_it_is_there() {
        for (head, length) in [
            (vec![0x82, 5], 5),
            (vec![0x82, 126, 1, 44], 300),
            (vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70], 70_000),
        ] {
            let payload = head.len()..head.len() + length;
            let whole = [head, vec![7; length]].concat();
            assert_eq!(parse(&whole).unwrap(), Some((BINARY, payload)));
            assert!((0..12.min(whole.len())).all(|end| parse(&whole[..end]).unwrap().is_none()));
            assert_eq!(parse(&whole[..whole.len() - 1]).unwrap(), None);
        }
        assert!(parse(&[0x81, 0x85]).is_err());
    }
}
