//! Skips a value without building it, and checks it as if it were read.

use super::Reader;
use crate::codec::cursor::{Cursor as _, Elements, Kind};
use crate::codec::de::Malformed;
use crate::codec::odd::{Odd, Oddity};
use crate::codec::skip::utf8_end;
use crate::codec::skip::{Skip, pass_odd_key};

impl<'de> Skip<'de> for Reader<'de> {
    const BREAK: Option<u8> = None;

    #[inline]
    fn message(&self) -> &'de [u8] {
        self.bytes
    }

    #[inline(always)]
    fn scalar_end(message: &[u8], at: usize) -> Option<usize> {
        let end = match message.get(at)? {
            0xa0..=0xbf | 0xd9 | 0xda => return Self::text_end(message, at),
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => at + 1,
            0xcc | 0xd0 => at + 2,
            0xcd | 0xd1 => at + 3,
            0xca | 0xce | 0xd2 => at + 5,
            0xcb | 0xcf | 0xd3 => at + 9,
            _ => return None,
        };
        (end <= message.len()).then_some(end)
    }

    #[inline]
    fn text_end(message: &[u8], at: usize) -> Option<usize> {
        match message.get(at)? {
            head @ 0xa0..=0xbf => utf8_end(message, at + 1, usize::from(head & 0x1f)),
            0xd9 => utf8_end(message, at + 2, usize::from(*message.get(at + 1)?)),
            0xda => {
                let length = u16::from_be_bytes(*message[at + 1..].first_chunk()?);
                utf8_end(message, at + 3, length.into())
            }
            _ => None,
        }
    }

    #[inline]
    fn enter_or_pass(&mut self) -> Result<Option<(Elements, bool)>, Malformed> {
        match self.peek() {
            Some(0x90..=0x9f | 0xdc | 0xdd) => Ok(Some((self.list()?, false))),
            Some(0x80..=0x8f | 0xde | 0xdf) => Ok(Some((self.dict()?, true))),
            _ => self.pass_scalar().map(|()| None),
        }
    }

    fn pass_key(&mut self, left: &mut usize) -> Result<(), Malformed> {
        match self.is_string() {
            true => self.string().map(|_| ()),
            false => pass_odd_key(self, left),
        }
    }
}

impl Reader<'_> {
    fn pass_scalar(&mut self) -> Result<(), Malformed> {
        match self.kind() {
            Kind::String => self.string().map(|_| ()),
            Kind::Bytes => self.bytes().map(|_| ()),
            Kind::Number => self.exact_number().map(|_| ()),
            Kind::Boolean => self.boolean().map(|_| ()),
            Kind::Null => {
                if self.peek() != Some(0xc0) {
                    self.owner().note(Odd::Dressed);
                }
                self.null()
            }
            Kind::List | Kind::Dict | Kind::Unknown => self.pass_extension(),
        }
    }

    /// Skips a value of an extension type: a marker, its length where the marker does not tell it,
    /// the type, and the content.
    #[cold]
    fn pass_extension(&mut self) -> Result<(), Malformed> {
        let Some(marker @ (0xc7..=0xc9 | 0xd4..=0xd8)) = self.peek() else {
            return self.fail("0xc1 is not MessagePack");
        };
        self.note(Oddity::Extension)?;
        let length = match marker {
            0xc7 => u8::from_be_bytes(self.scalar()?).into(),
            0xc8 => u16::from_be_bytes(self.scalar()?).into(),
            0xc9 => self.long()?,
            _ => {
                self.at += 1;
                1 << (marker - 0xd4)
            }
        };
        self.take(1)?;
        self.take(length).map(drop)
    }
}
