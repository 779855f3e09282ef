//! Passing over a value without building it.

use std::ops::Range;

use super::head::{BREAK, Head};
use super::read::{Reader, UNTIL_BREAK};
use crate::format::{Cursor as _, Kind, MAX_DEPTH, Malformed, utf8_end};

// One bit for each list or dict that is open.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

impl Reader<'_> {
    /// Passes over one value and says where it stands, with its tags.
    ///
    /// The value is checked as if it were read, but for the range of its numbers. No recursion: how much is left of
    /// each list and dict that is open stands in a table, for which [`MAX_DEPTH`] gives the size.
    pub(super) fn skip_value(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let start = self.at;
        if *left > 0 && !matches!(self.kind(), Kind::List | Kind::Dict) {
            *left -= 1;
            let (head, end) = self.peek()?;
            self.skip_scalar(head, end)?;
            return Ok(start..self.at);
        }
        self.skip_nested(left)
    }

    // The loop keeps where it stands in locals and takes common heads by their first byte alone; what it does not know
    // it leaves to `peek`, errors too. Almost half of the instructions less.
    fn skip_nested(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let (bytes, start, outside) = (self.bytes, self.at, self.depth);
        let mut outer = [0; MAX_DEPTH as usize];
        let (mut at, mut depth, mut dicts, mut here) = (start, outside, 0_u64, 1);
        loop {
            if here == 0 || (here == UNTIL_BREAK && bytes.get(at) == Some(&BREAK)) {
                at += usize::from(here != 0);
                if depth == outside {
                    (self.at, self.depth) = (at, outside);
                    return Ok(start..at);
                }
                depth -= 1;
                dicts >>= 1;
                here = outer[usize::from(depth)];
                continue;
            }
            here -= usize::from(here != UNTIL_BREAK);
            if dicts & 1 == 1 {
                at = match text_end(bytes, at) {
                    Some(end) => end,
                    None => self.skip_any_key(at)?,
                };
            }
            if *left == 0 {
                self.at = at;
                return self.fail("too many values");
            }
            *left -= 1;
            if let Some(end) = scalar_end(bytes, at) {
                at = end;
                continue;
            }
            (self.at, self.depth) = (at, depth);
            let (elements, dict) = match self.peek()? {
                (Head::List(length), end) => (self.enter(length, end, 1)?, 0),
                (Head::Dict(length), end) => (self.enter(length, end, 2)?, 1),
                (scalar, end) => {
                    self.skip_scalar(scalar, end)?;
                    at = self.at;
                    continue;
                }
            };
            outer[usize::from(depth)] = here;
            (at, depth, dicts, here) = (self.at, self.depth, dicts << 1 | dict, elements.0);
        }
    }

    #[cold]
    fn skip_any_key(&mut self, at: usize) -> Result<usize, Malformed> {
        self.at = at;
        match self.peek()? {
            (Head::Text(length), end) => self.skip_text(length, end)?,
            _ => return self.fail("a key must be a string"),
        }
        Ok(self.at)
    }

    #[inline]
    fn skip_scalar(&mut self, head: Head, end: usize) -> Result<(), Malformed> {
        match head {
            Head::Text(length) => self.skip_text(length, end),
            Head::Bytes(length) => self.skip_binary(length, end),
            Head::Bignum { .. } => {
                self.at = end;
                match Head::read(self.bytes, end)? {
                    (Head::Bytes(length), end) => self.skip_binary(length, end),
                    _ => self.fail("expected the bytes of a bignum"),
                }
            }
            _ => {
                self.at = end;
                Ok(())
            }
        }
    }
}

/// Where the value at `at` ends, if it is a short text, a number, or one of the simple values.
#[inline]
fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = match bytes.get(at)? {
        0x60..=0x79 => return text_end(bytes, at),
        0x00..=0x17 | 0x20..=0x37 | 0xf4..=0xf7 => at + 1,
        0x18 | 0x38 => at + 2,
        0x19 | 0x39 | 0xf9 => at + 3,
        0x1a | 0x3a | 0xfa => at + 5,
        0x1b | 0x3b | 0xfb => at + 9,
        _ => return None,
    };
    (end <= bytes.len()).then_some(end)
}

/// Where the text at `at` ends, if its length takes no more than two bytes.
#[inline]
fn text_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        head @ 0x60..=0x77 => utf8_end(bytes, at + 1, usize::from(head & 0x1f)),
        0x78 => utf8_end(bytes, at + 2, usize::from(*bytes.get(at + 1)?)),
        0x79 => {
            let length = u16::from_be_bytes(*bytes[at + 1..].first_chunk()?);
            utf8_end(bytes, at + 3, length.into())
        }
        _ => None,
    }
}
