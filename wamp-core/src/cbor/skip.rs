//! Passing over a value without building it.

use std::ops::Range;

use super::head::Head;
use super::read::Reader;
use crate::format::{Cursor as _, Elements, MAX_DEPTH, MAX_ELEMENTS, Malformed};

// One bit for each list or dict that is open.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

impl Reader<'_> {
    /// Passes over one value and says where it stands, with its tags.
    ///
    /// The value is checked as if it were read, but for the range of its numbers. No recursion: how much is left of
    /// each list and dict that is open stands in a table, for which [`MAX_DEPTH`] gives the size.
    pub(super) fn skip_value(&mut self) -> Result<Range<usize>, Malformed> {
        let (start, outside) = (self.at, self.depth);
        let mut open = [const { Elements(0) }; MAX_DEPTH as usize];
        let mut dicts = 0_u64;
        for _ in 0..MAX_ELEMENTS {
            let elements = match self.peek()?.0 {
                Head::List(_) => {
                    dicts <<= 1;
                    Some(self.list()?)
                }
                Head::Dict(_) => {
                    dicts = dicts << 1 | 1;
                    Some(self.dict()?)
                }
                _ => self.skip_scalar().map(|()| None)?,
            };
            if let Some(elements) = elements {
                open[innermost(self.depth)] = elements;
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
    fn skip_scalar(&mut self) -> Result<(), Malformed> {
        match self.peek()? {
            (Head::Text(length), end) => self.skip_text(length, end),
            (Head::Bytes(length), end) => self.skip_binary(length, end),
            (Head::Bignum { .. }, end) => {
                self.at = end;
                match Head::read(self.bytes, end)? {
                    (Head::Bytes(length), end) => self.skip_binary(length, end),
                    _ => self.fail("expected the bytes of a bignum"),
                }
            }
            (_, end) => {
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
