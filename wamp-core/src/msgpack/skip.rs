//! Passing over a value without building it.

use std::ops::Range;

use super::Reader;
use crate::format::{Cursor as _, Elements, Kind, MAX_DEPTH, Malformed};

// One bit for each list or dict that is open.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

impl Reader<'_> {
    /// Passes over one value and says where it stands. The value is checked as if it were read. No recursion: how much is
    /// left of each list and dict that is open stands in a table, for which [`MAX_DEPTH`] gives the size.
    pub(super) fn skip_value(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let start = self.at();
        match self.peek() {
            Some(0x80..=0x9f | 0xdc..=0xdf) => self.skip_nested(left),
            _ if *left > 0 => {
                *left -= 1;
                self.skip_scalar()?;
                Ok(start..self.at())
            }
            _ => self.fail("too many values"),
        }
    }

    fn skip_nested(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let (start, outside) = (self.at(), self.depth());
        let mut open = [const { Elements(0) }; MAX_DEPTH as usize];
        let mut dicts = 0_u64;
        while *left > 0 {
            *left -= 1;
            match self.peek() {
                Some(0x90..=0x9f | 0xdc | 0xdd) => {
                    dicts <<= 1;
                    let elements = self.list()?;
                    open[innermost(self.depth())] = elements;
                }
                Some(0x80..=0x8f | 0xde | 0xdf) => {
                    dicts = dicts << 1 | 1;
                    let elements = self.dict()?;
                    open[innermost(self.depth())] = elements;
                }
                _ => self.skip_scalar()?,
            }
            while self.depth() != outside
                && !self.skip_to_next(&mut open[innermost(self.depth())], dicts & 1 == 1)?
            {
                dicts >>= 1;
            }
            if self.depth() == outside {
                return Ok(start..self.at());
            }
        }
        self.fail("too many values")
    }

    #[inline]
    fn skip_to_next(&mut self, elements: &mut Elements, dict: bool) -> Result<bool, Malformed> {
        let more = self.element(elements)?;
        if more && dict {
            if !self.is_string() {
                return self.fail("a key must be a string");
            }
            self.skip_string()?;
        }
        Ok(more)
    }

    #[inline]
    fn skip_scalar(&mut self) -> Result<(), Malformed> {
        match self.kind() {
            Kind::String => self.skip_string(),
            Kind::Bytes => self.bytes().map(|_| ()),
            Kind::Number => self.notation().map(|_| ()),
            Kind::Boolean => self.boolean().map(|_| ()),
            Kind::Null => self.null(),
            Kind::List | Kind::Dict | Kind::Unknown => self.refuse(),
        }
    }

    /// Names what no WAMP message may hold.
    #[cold]
    fn refuse(&self) -> Result<(), Malformed> {
        match self.peek() {
            Some(0xc7..=0xc9 | 0xd4..=0xd8) => self.fail("extension types are not part of WAMP"),
            Some(_) => self.fail("0xc1 is not MessagePack"),
            None => self.fail(""),
        }
    }
}

/// Where a list or dict inside `depth - 1` others stands in the table.
fn innermost(depth: u8) -> usize {
    usize::from(depth) - 1
}
