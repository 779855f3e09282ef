//! The cursor over a MessagePack value.

use std::ops::Range;

use bumpalo::Bump;

use crate::codec::cursor::{Cursor, Elements, Kind, MAX_DEPTH, Marks};
use crate::codec::de::{Malformed, Number};
use crate::codec::skip::skip;
use crate::codec::value::Encoded;

/// A cursor over one MessagePack value. Strings and bytes are borrowed from the message; nothing
/// has to be decoded.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'de> {
    pub(super) bytes: &'de [u8],
    pub(super) at: usize,
    arena: &'de Bump,
    pub(super) depth: u8,
    marks: Marks,
}

impl<'de> Cursor<'de> for Reader<'de> {
    #[inline]
    fn slice(&self, range: Range<usize>) -> Self {
        Self::new(&self.bytes[range], self.arena)
    }

    #[inline]
    fn kind(&mut self) -> Kind {
        match self.peek() {
            Some(0xa0..=0xbf | 0xd9..=0xdb) => Kind::String,
            Some(0x00..=0x7f | 0xca..=0xd3 | 0xe0..=0xff) => Kind::Number,
            Some(0x90..=0x9f | 0xdc | 0xdd) => Kind::List,
            Some(0x80..=0x8f | 0xde | 0xdf) => Kind::Dict,
            Some(0xc0) => Kind::Null,
            Some(0xc2 | 0xc3) => Kind::Boolean,
            Some(0xc4..=0xc6) => Kind::Bytes,
            Some(0xd4) if self.bytes[self.at..].starts_with(UNDEFINED) => Kind::Null,
            _ => Kind::Unknown,
        }
    }

    #[inline]
    fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    fn depth(&self) -> u8 {
        self.depth
    }

    #[inline]
    fn seek(&mut self, at: usize, depth: u8) {
        (self.at, self.depth) = (at, depth);
    }

    #[inline]
    fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    #[inline]
    fn arena(&self) -> &'de Bump {
        self.arena
    }

    #[cold]
    fn fail<T>(&self, what: &str) -> Result<T, Malformed> {
        let what = if self.peek().is_none() { "unexpected end of the message" } else { what };
        Err(Malformed::new(what, self.at))
    }

    fn null(&mut self) -> Result<(), Malformed> {
        self.at += match self.peek() {
            Some(0xc0) => 1,
            _ if self.kind() == Kind::Null => UNDEFINED.len(),
            _ => return self.fail("expected null"),
        };
        Ok(())
    }

    fn boolean(&mut self) -> Result<bool, Malformed> {
        let value = match self.peek() {
            Some(0xc2) => false,
            Some(0xc3) => true,
            _ => return self.fail("expected a truth value"),
        };
        self.at += 1;
        Ok(value)
    }

    #[inline]
    fn number(&mut self) -> Result<Number, Malformed> {
        Ok(match self.exact_number()? {
            Number::Float(value) => Number::of_float(value),
            integer => integer,
        })
    }

    #[inline]
    fn exact_number(&mut self) -> Result<Number, Malformed> {
        let Some(marker) = self.peek() else {
            return self.fail("expected a number");
        };
        Ok(match marker {
            0x00..=0x7f => {
                self.at += 1;
                Number::Unsigned(u64::from(marker))
            }
            0xe0..=0xff => {
                self.at += 1;
                Number::Negative(i64::from(marker.cast_signed()))
            }
            0xca => Number::Float(f32::from_be_bytes(self.scalar()?).into()),
            0xcb => Number::Float(f64::from_be_bytes(self.scalar()?)),
            0xcc => Number::Unsigned(u8::from_be_bytes(self.scalar()?).into()),
            0xcd => Number::Unsigned(u16::from_be_bytes(self.scalar()?).into()),
            0xce => Number::Unsigned(u32::from_be_bytes(self.scalar()?).into()),
            0xcf => Number::Unsigned(u64::from_be_bytes(self.scalar()?)),
            0xd0 => Number::signed(i8::from_be_bytes(self.scalar()?).into()),
            0xd1 => Number::signed(i16::from_be_bytes(self.scalar()?).into()),
            0xd2 => Number::signed(i32::from_be_bytes(self.scalar()?).into()),
            0xd3 => Number::signed(i64::from_be_bytes(self.scalar()?)),
            _ => return self.fail("expected a number"),
        })
    }

    fn f32(&mut self) -> Result<f32, Malformed> {
        let start = self.at;
        self.exact_number()?.f32().ok_or_else(|| Malformed::new("number out of range", start))
    }

    #[inline]
    fn string(&mut self) -> Result<&'de str, Malformed> {
        let length = self.string_length()?;
        let start = self.at;
        std::str::from_utf8(self.take(length)?)
            .map_err(|_| Malformed::new("a string is not UTF-8", start))
    }

    fn bytes(&mut self) -> Result<Option<&'de [u8]>, Malformed> {
        let length = match self.peek() {
            Some(0xc4) => u8::from_be_bytes(self.scalar()?).into(),
            Some(0xc5) => u16::from_be_bytes(self.scalar()?).into(),
            Some(0xc6) => self.long()?,
            _ => return Ok(None),
        };
        self.take(length).map(Some)
    }

    fn length(elements: &Elements) -> Option<usize> {
        Some(elements.0)
    }

    #[inline]
    fn list(&mut self) -> Result<Elements, Malformed> {
        let start = self.at;
        let length = match self.peek() {
            Some(marker @ 0x90..=0x9f) => {
                self.at += 1;
                usize::from(marker & 0x0f)
            }
            Some(0xdc) => u16::from_be_bytes(self.scalar()?).into(),
            Some(0xdd) => self.long()?,
            _ => return self.fail("expected a list"),
        };
        self.enter(start, length, 1)
    }

    #[inline]
    fn dict(&mut self) -> Result<Elements, Malformed> {
        let start = self.at;
        let length = match self.peek() {
            Some(marker @ 0x80..=0x8f) => {
                self.at += 1;
                usize::from(marker & 0x0f)
            }
            Some(0xde) => u16::from_be_bytes(self.scalar()?).into(),
            Some(0xdf) => self.long()?,
            _ => return self.fail("expected a dict"),
        };
        self.enter(start, length, 2)
    }

    #[inline]
    fn element(&mut self, elements: &mut Elements) -> Result<bool, Malformed> {
        let Some(left) = elements.0.checked_sub(1) else {
            self.leave();
            return Ok(false);
        };
        elements.0 = left;
        Ok(true)
    }

    #[inline]
    fn key(&mut self, elements: &mut Elements) -> Result<Option<&'de str>, Malformed> {
        if !self.element(elements)? {
            return Ok(None);
        }
        match self.is_string() {
            true => self.string().map(Some),
            false => self.fail("a key must be a string"),
        }
    }

    fn skip_counted(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        skip(self, left)
    }

    fn undecoded(&mut self) -> Result<Encoded<'de>, Malformed> {
        let range = self.pass()?;
        Ok(Encoded::MsgPack(&self.bytes[range]))
    }

    #[inline]
    fn end(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("expected the end of the message"),
        }
    }
}

/// The extension type 0 of one byte 0, which msgpackr writes for undefined.
const UNDEFINED: &[u8] = &[0xd4, 0x00, 0x00];

impl<'de> Reader<'de> {
    /// Creates a cursor in front of the message's only value.
    #[inline]
    pub(crate) fn new(bytes: &'de [u8], arena: &'de Bump) -> Self {
        Self { bytes, at: 0, arena, depth: 0, marks: Marks::default() }
    }

    #[inline]
    pub(super) fn is_string(&self) -> bool {
        matches!(self.peek(), Some(0xa0..=0xbf | 0xd9..=0xdb))
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Reads the next `length` bytes, or fails if the message is shorter.
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'de [u8], Malformed> {
        match self.bytes[self.at..].get(..length) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => Err(Malformed::new("unexpected end of the message", self.bytes.len())),
        }
    }

    /// Returns the `N` bytes after the marker at the cursor.
    #[inline]
    pub(super) fn scalar<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        match self.bytes[self.at + 1..].first_chunk() {
            Some(bytes) => {
                self.at += 1 + N;
                Ok(*bytes)
            }
            None => Err(Malformed::new("unexpected end of the message", self.bytes.len())),
        }
    }

    /// Reads the header of a string and returns its length.
    #[inline]
    fn string_length(&mut self) -> Result<usize, Malformed> {
        Ok(match self.peek() {
            Some(marker @ 0xa0..=0xbf) => {
                self.at += 1;
                usize::from(marker & 0x1f)
            }
            Some(0xd9) => u8::from_be_bytes(self.scalar()?).into(),
            Some(0xda) => u16::from_be_bytes(self.scalar()?).into(),
            Some(0xdb) => self.long()?,
            _ => return self.fail("expected a string"),
        })
    }

    /// Reads a length of four bytes; one beyond `usize` becomes `usize::MAX`, which is longer than
    /// any message.
    pub(super) fn long(&mut self) -> Result<usize, Malformed> {
        Ok(usize::try_from(u32::from_be_bytes(self.scalar()?)).unwrap_or(usize::MAX))
    }

    /// Enters the list or dict of `length` elements whose header is at `start`; each takes at least
    /// `least` bytes.
    #[inline]
    fn enter(&mut self, start: usize, length: usize, least: usize) -> Result<Elements, Malformed> {
        if length > (self.bytes.len() - self.at) / least {
            return Err(Malformed::new("more elements than the message can hold", start));
        }
        if self.depth == MAX_DEPTH {
            return Err(Malformed::new("too many lists and dicts inside each other", start));
        }
        self.depth += 1;
        Ok(Elements(length))
    }

    #[inline]
    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}
