//! Skips a value without building it, its tags included, and checks it as if it were read, except
//! for the range of its numbers.

use super::head::{BREAK, Head};
use super::read::Reader;
use crate::codec::cursor::{Cursor as _, Elements, MAX_DEPTH};
use crate::codec::de::Malformed;
use crate::codec::odd::{Odd, Oddity};
use crate::codec::skip::utf8_end;
use crate::codec::skip::{Skip, pass_odd_key};

impl<'de> Skip<'de> for Reader<'de> {
    const BREAK: Option<u8> = Some(BREAK);

    #[inline]
    fn message(&self) -> &'de [u8] {
        self.bytes
    }

    #[inline(always)]
    fn scalar_end(message: &[u8], at: usize) -> Option<usize> {
        let end = match message.get(at)? {
            0x60..=0x79 => return Self::text_end(message, at),
            0x00..=0x17 | 0x20..=0x37 | 0xf4..=0xf7 => at + 1,
            0x18 | 0x38 => at + 2,
            0x19 | 0x39 | 0xf9 => at + 3,
            0x1a | 0x3a | 0xfa => at + 5,
            0x1b | 0x3b | 0xfb => at + 9,
            _ => return None,
        };
        (end <= message.len()).then_some(end)
    }

    #[inline]
    fn text_end(message: &[u8], at: usize) -> Option<usize> {
        match message.get(at)? {
            head @ 0x60..=0x77 => utf8_end(message, at + 1, usize::from(head & 0x1f)),
            0x78 => utf8_end(message, at + 2, usize::from(*message.get(at + 1)?)),
            0x79 => {
                let length = u16::from_be_bytes(*message[at + 1..].first_chunk()?);
                utf8_end(message, at + 3, length.into())
            }
            _ => None,
        }
    }

    #[inline]
    fn enter_or_pass(&mut self) -> Result<Option<(Elements, bool)>, Malformed> {
        let outside = self.depth;
        if self.is_tagged() {
            self.enter_tags()?;
        }
        match self.peek()? {
            (Head::List(length), end) => return Ok(Some((self.enter(length, end, 1)?, false))),
            (Head::Dict(length), end) => return Ok(Some((self.enter(length, end, 2)?, true))),
            (Head::Text(length), end) => self.skip_text(length, end)?,
            (Head::Bytes(length), end) => self.skip_binary(length, end)?,
            (Head::Bignum { negative }, end) => self.skip_bignum(negative, end)?,
            (Head::Simple, end) => {
                self.note(Oddity::Simple)?;
                self.at = end;
            }
            (_, end) => self.at = end,
        }
        self.depth = outside;
        Ok(None)
    }

    fn pass_key(&mut self, left: &mut usize) -> Result<(), Malformed> {
        let outside = self.depth;
        if self.is_tagged() {
            self.enter_tags()?;
        }
        match self.peek()? {
            (Head::Text(length), end) => self.skip_text(length, end)?,
            _ => pass_odd_key(self, left)?,
        }
        self.depth = outside;
        Ok(())
    }
}

impl Reader<'_> {
    /// Skips the tags before a value; each adds to the depth.
    #[cold]
    fn enter_tags(&mut self) -> Result<(), Malformed> {
        while let (tag @ (Head::Tag | Head::Reference), end) = Head::read(self.bytes, self.at)? {
            match tag {
                Head::Reference => self.note(Oddity::Reference)?,
                _ => self.owner().note(Odd::Dressed),
            }
            if self.depth == MAX_DEPTH {
                return self.fail("too many tags inside each other");
            }
            (self.at, self.depth) = (end, self.depth + 1);
        }
        Ok(())
    }
}
