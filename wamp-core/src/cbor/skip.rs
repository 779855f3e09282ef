//! Passing over a value without building it.

use std::ops::Range;

use super::head::Head;
use super::read::Reader;
use crate::format::{Cursor as _, Elements, Kind, MAX_DEPTH, Malformed};

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

    fn skip_nested(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let (start, outside) = (self.at, self.depth);
        let mut open = [const { Elements(0) }; MAX_DEPTH as usize];
        let mut dicts = 0_u64;
        while *left > 0 {
            *left -= 1;
            match self.peek()? {
                (Head::List(length), end) => {
                    dicts <<= 1;
                    let elements = self.enter(length, end, 1)?;
                    open[innermost(self.depth)] = elements;
                }
                (Head::Dict(length), end) => {
                    dicts = dicts << 1 | 1;
                    let elements = self.enter(length, end, 2)?;
                    open[innermost(self.depth)] = elements;
                }
                (scalar, end) => self.skip_scalar(scalar, end)?,
            }
            while self.depth != outside
                && !self.skip_to_next(&mut open[innermost(self.depth)], dicts & 1 == 1)?
            {
                dicts >>= 1;
            }
            if self.depth == outside {
                return Ok(start..self.at);
            }
        }
        self.fail("too many values")
    }

    #[inline]
    fn skip_to_next(&mut self, elements: &mut Elements, dict: bool) -> Result<bool, Malformed> {
        let more = self.element(elements)?;
        if more && dict {
            match self.peek()? {
                (Head::Text(length), end) => self.skip_text(length, end)?,
                _ => return self.fail("a key must be a string"),
            }
        }
        Ok(more)
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

/// Where a list or dict inside `depth - 1` others stands in the table.
fn innermost(depth: u8) -> usize {
    usize::from(depth) - 1
}
