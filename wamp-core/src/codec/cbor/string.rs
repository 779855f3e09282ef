//! Strings of text and of bytes, in one piece or in chunks.

use super::Reader;
use super::head::{Head, Length};
use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;

// Every method reads the content of a string whose head ends at `end`.
impl<'de> Reader<'de> {
    #[inline]
    pub(super) fn text(&mut self, length: Length, end: usize) -> Result<&'de str, Malformed> {
        match length {
            Some(length) => self.text_of(length, end),
            None => {
                let mut whole = String::new();
                self.text_chunks(end, |chunk| whole.push_str(chunk))?;
                Ok(self.arena.alloc_str(&whole))
            }
        }
    }

    pub(super) fn binary(&mut self, length: Length, end: usize) -> Result<&'de [u8], Malformed> {
        match length {
            Some(length) => self.bytes_of(length, end),
            None => {
                let mut whole = Vec::new();
                self.binary_chunks(end, |chunk| whole.extend_from_slice(chunk))?;
                Ok(self.arena.alloc_slice_copy(&whole))
            }
        }
    }

    pub(super) fn skip_text(&mut self, length: Length, end: usize) -> Result<(), Malformed> {
        match length {
            Some(length) => self.text_of(length, end).map(|_| ()),
            None => self.text_chunks(end, |_| ()),
        }
    }

    pub(super) fn skip_binary(&mut self, length: Length, end: usize) -> Result<(), Malformed> {
        match length {
            Some(length) => self.bytes_of(length, end).map(|_| ()),
            None => self.binary_chunks(end, |_| ()),
        }
    }

    #[cold]
    fn text_chunks(&mut self, end: usize, mut each: impl FnMut(&'de str)) -> Result<(), Malformed> {
        self.at = end;
        while !self.at_break() {
            match Head::read(self.bytes, self.at)? {
                (Head::Text(Some(length)), end) => each(self.text_of(length, end)?),
                _ => return self.fail("expected a chunk of a string"),
            }
        }
        Ok(())
    }

    #[cold]
    fn binary_chunks(
        &mut self,
        end: usize,
        mut each: impl FnMut(&'de [u8]),
    ) -> Result<(), Malformed> {
        self.at = end;
        while !self.at_break() {
            match Head::read(self.bytes, self.at)? {
                (Head::Bytes(Some(length)), end) => each(self.bytes_of(length, end)?),
                _ => return self.fail("expected a chunk of binary"),
            }
        }
        Ok(())
    }

    #[inline]
    fn text_of(&mut self, length: u64, end: usize) -> Result<&'de str, Malformed> {
        let bytes = self.bytes_of(length, end)?;
        std::str::from_utf8(bytes)
            .map_err(|error| Malformed::new("a string is not UTF-8", end + error.valid_up_to()))
    }

    #[inline]
    fn bytes_of(&mut self, length: u64, end: usize) -> Result<&'de [u8], Malformed> {
        let length = self.fitting(length, end, 1)?;
        self.at = end + length;
        Ok(&self.bytes[end..self.at])
    }
}
