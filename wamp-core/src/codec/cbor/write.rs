//! The tokens of CBOR, each in its shortest form, except for floats, which keep their width.

use crate::codec::ser::{Tokens, WriteFault};

/// The tokens of CBOR.
#[derive(Debug)]
pub(crate) struct Cbor;

impl Tokens for Cbor {
    fn null(out: &mut Vec<u8>) {
        out.push(0xf6);
    }

    fn boolean(out: &mut Vec<u8>, value: bool) {
        out.push(0xf4 | u8::from(value));
    }

    fn unsigned(out: &mut Vec<u8>, value: u64) {
        head(out, 0, value);
    }

    fn negative(out: &mut Vec<u8>, value: i64) {
        // In two's complement, -1 minus the value is its bits inverted.
        head(out, 1, (!value).cast_unsigned());
    }

    fn f32(out: &mut Vec<u8>, value: f32) {
        argument(out, 7, 26, value.to_be_bytes());
    }

    fn f64(out: &mut Vec<u8>, value: f64) {
        argument(out, 7, 27, value.to_be_bytes());
    }

    fn string(out: &mut Vec<u8>, value: &str) -> Result<(), WriteFault> {
        head(out, 3, value.len() as u64);
        out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    fn bytes(out: &mut Vec<u8>, value: &[u8]) -> Result<(), WriteFault> {
        head(out, 2, value.len() as u64);
        out.extend_from_slice(value);
        Ok(())
    }

    fn list(out: &mut Vec<u8>, length: usize) -> Result<(), WriteFault> {
        head(out, 4, length as u64);
        Ok(())
    }

    fn dict(out: &mut Vec<u8>, length: usize) -> Result<(), WriteFault> {
        head(out, 5, length as u64);
        Ok(())
    }
}

/// Writes a major type with a number: in the first byte, or after it in one, two, four or eight
/// bytes.
#[inline]
fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    match value {
        0..24 => out.push(major << 5 | value as u8),
        24..=0xff => argument(out, major, 24, (value as u8).to_be_bytes()),
        0x100..=0xffff => argument(out, major, 25, (value as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => argument(out, major, 26, (value as u32).to_be_bytes()),
        _ => argument(out, major, 27, value.to_be_bytes()),
    }
}

#[inline]
fn argument<const N: usize>(out: &mut Vec<u8>, major: u8, width: u8, value: [u8; N]) {
    out.push(major << 5 | width);
    out.extend_from_slice(&value);
}
