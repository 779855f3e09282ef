//! The tokens of MessagePack, each in its shortest form.

use crate::codec::ser::{Tokens, WriteFault};

/// The tokens of MessagePack.
#[derive(Debug)]
pub(crate) struct MsgPack;

impl Tokens for MsgPack {
    fn null(out: &mut Vec<u8>) {
        out.push(0xc0);
    }

    fn boolean(out: &mut Vec<u8>, value: bool) {
        out.push(0xc2 | u8::from(value));
    }

    fn unsigned(out: &mut Vec<u8>, value: u64) {
        match value {
            0..=0x7f => out.push(value as u8),
            0x80..=0xff => token(out, 0xcc, (value as u8).to_be_bytes()),
            0x100..=0xffff => token(out, 0xcd, (value as u16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => token(out, 0xce, (value as u32).to_be_bytes()),
            _ => token(out, 0xcf, value.to_be_bytes()),
        }
    }

    fn negative(out: &mut Vec<u8>, value: i64) {
        match value {
            -0x20.. => out.push(value as u8),
            -0x80.. => token(out, 0xd0, (value as i8).to_be_bytes()),
            -0x8000.. => token(out, 0xd1, (value as i16).to_be_bytes()),
            -0x8000_0000.. => token(out, 0xd2, (value as i32).to_be_bytes()),
            _ => token(out, 0xd3, value.to_be_bytes()),
        }
    }

    fn f32(out: &mut Vec<u8>, value: f32) {
        token(out, 0xca, value.to_be_bytes());
    }

    fn f64(out: &mut Vec<u8>, value: f64) {
        token(out, 0xcb, value.to_be_bytes());
    }

    fn string(out: &mut Vec<u8>, value: &str) -> Result<(), WriteFault> {
        header(out, value.len(), Some((0xa0, 0x1f)), Some(0xd9), [0xda, 0xdb])?;
        out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    fn bytes(out: &mut Vec<u8>, value: &[u8]) -> Result<(), WriteFault> {
        header(out, value.len(), None, Some(0xc4), [0xc5, 0xc6])?;
        out.extend_from_slice(value);
        Ok(())
    }

    fn list(out: &mut Vec<u8>, length: usize) -> Result<(), WriteFault> {
        header(out, length, Some((0x90, 0x0f)), None, [0xdc, 0xdd])
    }

    fn dict(out: &mut Vec<u8>, length: usize) -> Result<(), WriteFault> {
        header(out, length, Some((0x80, 0x0f)), None, [0xde, 0xdf])
    }
}

#[inline]
fn token<const N: usize>(out: &mut Vec<u8>, marker: u8, value: [u8; N]) {
    out.push(marker);
    out.extend_from_slice(&value);
}

/// Writes a length into the marker (up to the second number), or after it in one, two or four
/// bytes.
#[inline]
fn header(
    out: &mut Vec<u8>,
    length: usize,
    short: Option<(u8, u8)>,
    one: Option<u8>,
    [two, four]: [u8; 2],
) -> Result<(), WriteFault> {
    if let Some((marker, most)) = short
        && length <= usize::from(most)
    {
        out.push(marker | length as u8);
    } else if let (Some(marker), Ok(length)) = (one, u8::try_from(length)) {
        token(out, marker, length.to_be_bytes());
    } else if let Ok(length) = u16::try_from(length) {
        token(out, two, length.to_be_bytes());
    } else {
        let length = u32::try_from(length)
            .map_err(|_| WriteFault("longer than MessagePack can say".into()))?;
        token(out, four, length.to_be_bytes());
    }
    Ok(())
}
