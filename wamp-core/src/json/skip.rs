//! Passing over a value without building it.

use std::ops::Range;

use super::number;
use super::read::{Elements, LATER, Reader};
use crate::format::{Cursor as _, MAX_DEPTH, Malformed};

// One bit for each list or dict that is open.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

impl Reader<'_> {
    /// Passes over one value and says where it stands, without the white space around it.
    ///
    /// The value is checked as if it were read, but for the range of its numbers. No recursion: what is open is
    /// remembered in the bits of one word (set: a dict), for which [`MAX_DEPTH`] leaves room.
    pub(super) fn skip_value(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        self.white_space();
        let (start, outside) = (self.at, self.depth);
        let mut dicts = 0_u64;
        let mut elements = Elements(LATER);
        while *left > 0 {
            *left -= 1;
            self.white_space();
            match self.peek() {
                Some(b'[') => {
                    elements = self.list()?;
                    dicts <<= 1;
                }
                Some(b'{') => {
                    elements = self.dict()?;
                    dicts = dicts << 1 | 1;
                }
                _ => self.skip_scalar()?,
            }
            while self.depth != outside && !self.skip_to_next(&mut elements, dicts & 1 == 1)? {
                dicts >>= 1;
            }
            if self.depth == outside {
                return Ok(start..self.at);
            }
        }
        self.fail("too many values")
    }

    /// One state serves all open lists and dicts: only in the innermost can the next element be the first.
    #[inline]
    fn skip_to_next(&mut self, elements: &mut Elements, dict: bool) -> Result<bool, Malformed> {
        if !dict {
            return self.element(elements);
        }
        if !self.at_key(elements)? {
            return Ok(false);
        }
        self.scan_string()?;
        self.colon()?;
        Ok(true)
    }

    #[inline]
    fn skip_scalar(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"') => self.scan_string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => {
                self.at = number::end(self.text.as_bytes(), self.at)?;
                Ok(())
            }
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.fail("expected a value"),
        }
    }
}
