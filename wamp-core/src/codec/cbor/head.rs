//! The head of a data item: its first byte and the number that follows.

use crate::codec::de::Malformed;

/// The byte that ends a list, a dict or a string of indefinite length.
pub(super) const BREAK: u8 = 0xff;

/// The number of bytes or items that follow; `None` for all items before a break.
pub(super) type Length = Option<u64>;

/// The head of an item, before its content (RFC 8949, section 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head {
    Unsigned(u64),
    /// The integer -1 minus this number.
    Negative(u64),
    Bytes(Length),
    Text(Length),
    List(Length),
    Dict(Length),
    /// Any tag except the two below.
    Tag,
    /// A tag that refers to another value or string of the message: the tagged item is only its
    /// number.
    Reference,
    /// The tag of an integer of any length; if `negative`, the value is -1 minus that integer.
    Bignum {
        negative: bool,
    },
    Boolean(bool),
    /// Null, or undefined, which JavaScript's encoders write for an option that is not given.
    Null,
    Float(f64),
    /// An unassigned simple value: there is no value that a handler could be given for it.
    Simple,
    Break,
}

impl Head {
    /// Reads the head at `at`, and returns it with its end.
    #[inline]
    pub(super) fn read(bytes: &[u8], at: usize) -> Result<(Self, usize), Malformed> {
        let Some(&initial) = bytes.get(at) else {
            return Err(Malformed::new("unexpected end of the message", at));
        };
        let (argument, end) = match initial & 0x1f {
            info @ 0..24 => (Some(u64::from(info)), at + 1),
            24 => number(bytes, at, |[byte]: [u8; 1]| byte.into())?,
            25 => number(bytes, at, |bytes| u16::from_be_bytes(bytes).into())?,
            26 => number(bytes, at, |bytes| u32::from_be_bytes(bytes).into())?,
            27 => number(bytes, at, u64::from_be_bytes)?,
            31 => (None, at + 1),
            _ => return Err(Malformed::new("reserved length", at)),
        };
        let head = match (initial >> 5, argument) {
            (0, Some(value)) => Self::Unsigned(value),
            (1, Some(value)) => Self::Negative(value),
            (2, length) => Self::Bytes(length),
            (3, length) => Self::Text(length),
            (4, length) => Self::List(length),
            (5, length) => Self::Dict(length),
            (6, Some(tag @ (2 | 3))) => Self::Bignum { negative: tag == 3 },
            (6, Some(25 | 29)) => Self::Reference,
            (6, Some(_)) => Self::Tag,
            (7, argument) => return Ok((simple(initial, argument, at)?, end)),
            _ => return Err(Malformed::new("indefinite length of a number or tag", at)),
        };
        Ok((head, end))
    }
}

/// Reads the `WIDTH` bytes after the first one as a number.
#[inline]
fn number<const WIDTH: usize>(
    bytes: &[u8],
    at: usize,
    value: impl FnOnce([u8; WIDTH]) -> u64,
) -> Result<(Option<u64>, usize), Malformed> {
    match bytes[at + 1..].first_chunk() {
        Some(&argument) => Ok((Some(value(argument)), at + 1 + WIDTH)),
        None => Err(Malformed::new("unexpected end of the message", bytes.len())),
    }
}

/// Returns the head of an item of major type 7.
fn simple(initial: u8, argument: Option<u64>, at: usize) -> Result<Head, Malformed> {
    let argument = argument.unwrap_or_default();
    Ok(match initial & 0x1f {
        20 => Head::Boolean(false),
        21 => Head::Boolean(true),
        22 | 23 => Head::Null,
        25 => Head::Float(half(argument as u16)),
        26 => Head::Float(f32::from_bits(argument as u32).into()),
        27 => Head::Float(f64::from_bits(argument)),
        31 => Head::Break,
        // RFC 8949, section 3.3: a value below 32 must be in the first byte.
        24 if argument < 32 => return Err(Malformed::new("unknown simple value", at)),
        _ => Head::Simple,
    })
}

/// Converts an IEEE 754 binary16: a sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}
