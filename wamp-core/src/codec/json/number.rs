//! Numbers.

use super::Reader;
use crate::codec::cursor::Cursor as _;
use crate::codec::de::{MAX_INTEGRAL, Malformed, Number};
use crate::codec::odd::{Odd, Oddity};

/// The number of digits that always fit into a `u64`.
const SAFE_DIGITS: usize = 19;

/// The number of digits that are never beyond an `f64`, which ends at 1.8e308.
const FINITE_DIGITS: usize = 308;

impl Reader<'_> {
    /// Returns the end of a number that [`end`] refused, if it is well-formed and only beyond
    /// `f64`, which is noted in the application's part. In the protocol's part, reading the number
    /// refuses it.
    #[cold]
    pub(super) fn far_end(&mut self, start: usize) -> Result<usize, Malformed> {
        let bytes = self.text.as_bytes();
        let (_, end) = exponent_end(bytes, mantissa_end(bytes, start)?)?;
        self.owner().note(Odd::Refused(Oddity::Number));
        Ok(end)
    }

    /// Reads the number at the cursor, which must stand at its first byte, in its notation.
    #[inline]
    pub(super) fn any_notation(&mut self) -> Result<Number, Malformed> {
        let bytes = &self.text.as_bytes()[self.at..];
        let (mut value, mut digits) = (0_u64, 0);
        for byte in bytes.iter().take(SAFE_DIGITS) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value * 10 + u64::from(digit);
            digits += 1;
        }
        let leading_zero = digits > 1 && bytes[0] == b'0';
        if digits == 0
            || leading_zero
            || matches!(bytes.get(digits), Some(b'.' | b'e' | b'E' | b'0'..=b'9'))
        {
            return self.any_number();
        }
        self.at += digits;
        Ok(Number::Unsigned(value))
    }

    /// Reads a number that is not a short run of digits.
    fn any_number(&mut self) -> Result<Number, Malformed> {
        let start = self.at;
        self.at = end(self.text.as_bytes(), start)?;
        let text = self.slice(start..self.at);
        integer(text)
            .or_else(|| integral(text))
            .or_else(|| nearest(text).map(Number::Float))
            .ok_or_else(|| Malformed::new(Oddity::Number.text(), start))
    }
}

/// Returns the float nearest to a well-formed number, or `None` if that is infinity.
fn nearest(text: &str) -> Option<f64> {
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

/// Returns the end of the digits at `start`, if they are few and the next byte shows that they are
/// the whole number.
#[inline]
pub(super) fn digits_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    let is_whole = matches!(bytes.get(at), Some(b',' | b']' | b'}'));
    (is_whole && at - start <= SAFE_DIGITS).then_some(at)
}

/// Returns the end of the number at `start`, if it is well-formed (RFC 8259, section 6) and a float
/// is near to it.
// Always inline, as `string::end` is: calls in the loop of `skip_value` cost 25 % of the
// instructions for 64 KiB of records.
#[inline(always)]
pub(super) fn end(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let at = mantissa_end(bytes, start)?;
    if matches!(bytes.get(at), Some(b'e' | b'E')) || at - start > FINITE_DIGITS {
        return near_end(bytes, start, at);
    }
    Ok(at)
}

/// Returns the end of a number, as [`end`] does, that is long or has an exponent and whose mantissa
/// ends at `mantissa`.
#[cold]
fn near_end(bytes: &[u8], start: usize, mantissa: usize) -> Result<usize, Malformed> {
    let (exponent, end) = exponent_end(bytes, mantissa)?;
    let may_be_far = end > exponent + 2 || mantissa - start > 200;
    if may_be_far && std::str::from_utf8(&bytes[start..end]).ok().and_then(nearest).is_none() {
        return Err(Malformed::new(Oddity::Number.text(), start));
    }
    Ok(end)
}

/// Returns the end of the digits before the exponent.
#[inline(always)]
fn mantissa_end(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let whole = start + usize::from(bytes.get(start) == Some(&b'-'));
    let at = digits(bytes, whole)?;
    if at > whole + 1 && bytes[whole] == b'0' {
        return Err(Malformed::new("invalid number", whole + 1));
    }
    if bytes.get(at) == Some(&b'.') { digits(bytes, at + 1) } else { Ok(at) }
}

/// Returns the offset of the exponent's digits and their end; both are `at` if there is no
/// exponent.
fn exponent_end(bytes: &[u8], at: usize) -> Result<(usize, usize), Malformed> {
    if !matches!(bytes.get(at), Some(b'e' | b'E')) {
        return Ok((at, at));
    }
    let exponent = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
    Ok((exponent, digits(bytes, exponent)?))
}

/// Returns the end of the digits at `start`, of which there must be at least one.
#[inline]
fn digits(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let mut at = start;
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    match at > start {
        true => Ok(at),
        false => Err(Malformed::new("invalid number", start)),
    }
}

/// Parses a well-formed number without point and exponent, if it fits into 64 bits.
fn integer(text: &str) -> Option<Number> {
    match text {
        "-0" => Some(Number::NegativeZero),
        _ => {
            text.parse().map(Number::Unsigned).or_else(|_| text.parse().map(Number::Negative)).ok()
        }
    }
}

/// Parses a well-formed number that is integral although it is written as a float.
// From the digits, not from the nearest float: 9007199254740993.0 must not become 2^53.
fn integral(text: &str) -> Option<Number> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (significant, zeros) = significant(whole.bytes().chain(fraction.bytes()))?;
    let magnitude = match significant {
        0 => 0,
        _ => {
            let scale = exponent.parse::<i64>().ok()?.checked_sub_unsigned(fraction.len() as u64)?;
            let scale = u32::try_from(scale.checked_add_unsigned(zeros as u64)?).ok()?;
            significant.checked_mul(10_u64.checked_pow(scale)?)?
        }
    };
    match (negative, magnitude) {
        (true, 0) => Some(Number::NegativeZero),
        (true, 1..=MAX_INTEGRAL) => {
            i64::try_from(magnitude).ok().map(|value| Number::Negative(-value))
        }
        (false, 0..=MAX_INTEGRAL) => Some(Number::Unsigned(magnitude)),
        _ => None,
    }
}

/// Returns the number without its trailing zeros, and their count; `None` if it does not fit into a
/// `u64`.
fn significant(digits: impl Iterator<Item = u8>) -> Option<(u64, usize)> {
    let (mut value, mut zeros) = (0_u64, 0_usize);
    for digit in digits {
        if digit == b'0' {
            zeros += 1;
            continue;
        }
        if value != 0 {
            let power = u32::try_from(zeros).ok()?.checked_add(1)?;
            value = value.checked_mul(10_u64.checked_pow(power)?)?;
        }
        value = value.checked_add(u64::from(digit - b'0'))?;
        zeros = 0;
    }
    Some((value, zeros))
}
