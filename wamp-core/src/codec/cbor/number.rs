//! Numbers.

use super::Reader;
use super::head::Head;
use crate::codec::cursor::Cursor as _;
use crate::codec::de::{Malformed, Number};
use crate::codec::odd::{Odd, Oddity};

impl Reader<'_> {
    #[inline]
    pub(super) fn written_number(&mut self) -> Result<Number, Malformed> {
        if let Some(&short @ ..=0x17) = self.bytes.get(self.at) {
            self.at += 1;
            return Ok(Number::Unsigned(short.into()));
        }
        let (head, end) = self.peek()?;
        let number = match head {
            Head::Unsigned(value) => Number::Unsigned(value),
            Head::Negative(value) => below_zero(value),
            Head::Float(value) => Number::Float(value),
            Head::Bignum { negative } => return self.bignum(negative, end),
            _ => return self.fail("expected a number"),
        };
        self.at = end;
        Ok(number)
    }

    /// Reads a bignum. One that is wider than 64 bits becomes a float, as long integers do in JSON.
    #[cold]
    fn bignum(&mut self, negative: bool, end: usize) -> Result<Number, Malformed> {
        let start = self.at;
        let bytes = self.bignum_bytes(end)?;
        number_of(bytes, negative).ok_or_else(|| Malformed::new(Oddity::Number.text(), start))
    }

    /// Skips a bignum whose head ends at `end`.
    #[cold]
    pub(super) fn skip_bignum(&mut self, negative: bool, end: usize) -> Result<(), Malformed> {
        let bytes = self.bignum_bytes(end)?;
        let is_number = number_of(bytes, negative).is_some();
        self.owner().note(if is_number { Odd::Dressed } else { Odd::Refused(Oddity::Number) });
        Ok(())
    }

    fn bignum_bytes(&mut self, end: usize) -> Result<&[u8], Malformed> {
        self.at = end;
        match Head::read(self.bytes, end)? {
            (Head::Bytes(length), end) => self.binary(length, end),
            _ => self.fail("expected the bytes of a bignum"),
        }
    }
}

/// Returns the number with these big-endian digits, or `None` if it is beyond `f64`.
fn number_of(bytes: &[u8], negative: bool) -> Option<Number> {
    let digits = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    if digits.len() <= 8 {
        let value = digits.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        return Some(if negative { below_zero(value) } else { Number::Unsigned(value) });
    }
    let magnitude = nearest(digits, negative);
    magnitude.is_finite().then_some(Number::Float(if negative { -magnitude } else { magnitude }))
}

/// Returns -1 minus the value. If no `i64` is so low, returns the nearest float, as JSON does.
fn below_zero(value: u64) -> Number {
    match i64::try_from(value) {
        Ok(value) => Number::Negative(-1 - value),
        Err(_) => Number::Float(-((u128::from(value) + 1) as f64)),
    }
}

/// Returns the float nearest to a big-endian number of nine digits or more, the first of which is
/// not 0; with `one_more`, to its successor.
fn nearest(digits: &[u8], one_more: bool) -> f64 {
    let (high, low) = digits.split_at(digits.len().min(16));
    let high = high.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
    let carry = one_more && low.iter().all(|byte| *byte == 0xff);
    // A float has fewer bits than these: of the others it only matters whether any is set.
    let sticky = !carry && (one_more || low.iter().any(|byte| *byte != 0));
    let significant = high.saturating_add(carry.into()) | u128::from(sticky);
    let exponent = i32::try_from(low.len()).map_or(i32::MAX, |bytes| bytes.saturating_mul(8));
    significant as f64 * 2_f64.powi(exponent)
}
