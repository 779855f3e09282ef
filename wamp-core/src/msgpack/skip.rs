//! Passing over a value without building it.

use std::ops::Range;

use super::Reader;
use crate::format::{Cursor as _, Kind, MAX_DEPTH, Malformed, utf8_end};

// One bit for each list or dict that is open.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

impl Reader<'_> {
    /// Passes over one value and says where it stands. The value is checked as if it were read. No recursion: how much is
    /// left of each list and dict that is open stands in a table, for which [`MAX_DEPTH`] gives the size.
    pub(super) fn skip_value(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let start = self.at;
        match self.peek() {
            Some(0x80..=0x9f | 0xdc..=0xdf) => self.skip_nested(left),
            _ if *left > 0 => {
                *left -= 1;
                self.skip_scalar()?;
                Ok(start..self.at)
            }
            _ => self.fail("too many values"),
        }
    }

    // The loop keeps where it stands in locals and takes common scalars by their first byte alone; what it does not know
    // it leaves to the methods that read, errors too. Almost half of the instructions less.
    fn skip_nested(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let (bytes, start, outside) = (self.bytes, self.at, self.depth);
        let mut outer = [0; MAX_DEPTH as usize];
        let (mut at, mut depth, mut dicts, mut here) = (start, outside, 0_u64, 1_usize);
        loop {
            if here == 0 {
                if depth == outside {
                    (self.at, self.depth) = (at, outside);
                    return Ok(start..at);
                }
                depth -= 1;
                dicts >>= 1;
                here = outer[usize::from(depth)];
                continue;
            }
            here -= 1;
            if dicts & 1 == 1 {
                at = match string_end(bytes, at) {
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
            let (elements, dict) = match self.peek() {
                Some(0x90..=0x9f | 0xdc | 0xdd) => (self.list()?, 0),
                Some(0x80..=0x8f | 0xde | 0xdf) => (self.dict()?, 1),
                _ => {
                    self.skip_scalar()?;
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
        if !self.is_string() {
            return self.fail("a key must be a string");
        }
        self.string()?;
        Ok(self.at)
    }

    #[inline]
    fn skip_scalar(&mut self) -> Result<(), Malformed> {
        match self.kind() {
            Kind::String => self.string().map(|_| ()),
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

/// Where the value at `at` ends, if it is a short string, a number, null or a truth value.
#[inline]
fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = match bytes.get(at)? {
        0xa0..=0xbf | 0xd9 | 0xda => return string_end(bytes, at),
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => at + 1,
        0xcc | 0xd0 => at + 2,
        0xcd | 0xd1 => at + 3,
        0xca | 0xce | 0xd2 => at + 5,
        0xcb | 0xcf | 0xd3 => at + 9,
        _ => return None,
    };
    (end <= bytes.len()).then_some(end)
}

/// Where the string at `at` ends, if its length takes no more than two bytes.
#[inline]
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        head @ 0xa0..=0xbf => utf8_end(bytes, at + 1, usize::from(head & 0x1f)),
        0xd9 => utf8_end(bytes, at + 2, usize::from(*bytes.get(at + 1)?)),
        0xda => {
            let length = u16::from_be_bytes(*bytes[at + 1..].first_chunk()?);
            utf8_end(bytes, at + 3, length.into())
        }
        _ => None,
    }
}
