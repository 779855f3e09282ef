//! What the formats have in common: a cursor over an encoded value, and serde on top of any such cursor.
//!
//! Each format brings a [`Cursor`] of its own, because no library does what a handler's arguments need: lend `&str`
//! and `&[u8]` from the frame, take integral floats for integers at every depth (decision 6 of the conformance list),
//! skip without recursion, be finite in depth, and end where the value ends. What serde makes of a value is written
//! once, so that a type has one shape in all of them.

mod access;
mod deserializer;
mod error;
mod key;
pub(crate) mod lend;
mod number;
mod odd;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod skim;
pub(crate) mod transcode;
pub(crate) mod write;

use std::ops::Range;

use bumpalo::Bump;
use serde::Deserialize;

use crate::codec::encoded::Encoded;
use crate::id::RequestId;

pub(crate) use deserializer::AtCursor;
pub(crate) use error::Malformed;
pub(crate) use key::Key;
pub(crate) use number::{MAX_INTEGRAL, Number};
pub(crate) use odd::{Odd, Oddity, Owner};

/// How many lists and dicts may stand inside each other.
pub(crate) const MAX_DEPTH: u8 = 64;

/// How many values one skipped value may consist of: ten megabytes of `0,` made serde_json's tree 275 MB large.
pub(crate) const MAX_ELEMENTS: usize = 100_000;

/// How far a list or dict has been read: a number whose meaning is the format's own.
#[derive(Clone, Debug)]
#[must_use = "a list or dict is read to its end with `element` or `key`"]
pub(crate) struct Elements(pub(crate) usize);

/// As what binary values are given to a type that takes whatever comes.
///
/// Where serde keeps values until it knows their type, as for untagged enums, they have to be bytes. `serde_json::Value` has
/// no bytes, and must get the string that JSON has in their place (rule X-06). Which it is shows when bytes are refused.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum BinaryAs {
    #[default]
    Bytes,
    /// As bytes, and there were some.
    Given,
    String,
}

/// Where a value stands that has been checked: who wants it undecoded need not look through it once more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked(Range<usize>);

impl Checked {
    pub(crate) fn new(value: Range<usize>) -> Self {
        Self(value)
    }

    /// The value, if it is the one that begins here.
    #[inline]
    pub(crate) fn at(&self, start: usize) -> Option<Range<usize>> {
        (self.0.start == start && !self.0.is_empty()).then(|| self.0.clone())
    }
}

/// Where a string of so many bytes ends, if there are so many and they are UTF-8.
///
/// Most strings are keys and words of a few ASCII letters: those take two overlapping words to check.
// Of 64 KiB of records, 38 % of the instructions less in MessagePack and 34 % in CBOR (`scripts/instructions call "64 KiB"`).
#[inline]
pub(crate) fn utf8_end(bytes: &[u8], start: usize, length: usize) -> Option<usize> {
    const NOT_ASCII: u64 = 0x8080_8080_8080_8080;
    let rest = bytes.get(start..)?;
    let string = rest.get(..length)?;
    let words = match (string.first_chunk(), string.last_chunk(), rest.first_chunk()) {
        (Some(first), Some(last), _) if length <= 16 => {
            u64::from_le_bytes(*first) | u64::from_le_bytes(*last)
        }
        // What follows the string is shifted out.
        (None, None, Some(more)) => u64::from_le_bytes(*more) & !(u64::MAX << (8 * length)),
        _ => NOT_ASCII,
    };
    let valid = words & NOT_ASCII == 0 || string.is_ascii() || std::str::from_utf8(string).is_ok();
    valid.then_some(start + length)
}

/// What a value is, as far as its first byte tells.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`, and in binary formats undefined too.
    Null,
    Boolean,
    Number,
    String,
    /// Bytes, where the format has them.
    Bytes,
    List,
    Dict,
    /// Nothing that WAMP knows, or the end of the frame: [`Cursor::skip`] says what is wrong.
    Unknown,
}

/// A cursor over one encoded value.
///
/// What it lends lives as long as the frame, or as the arena where something had to be decoded. After an error the
/// cursor stands nowhere in particular: nothing more should be read. The methods that consume a value expect it at the
/// cursor; [`kind`](Self::kind) tells what is there.
pub(crate) trait Cursor<'de>: Sized {
    /// A cursor in front of the value that stands at this place.
    fn slice(&self, range: Range<usize>) -> Self;

    /// What stands at the cursor, which moves to the first byte of it.
    fn kind(&mut self) -> Kind;

    /// The offset in bytes.
    fn at(&self) -> usize;

    /// How many lists and dicts are open.
    fn depth(&self) -> u8;

    /// Sets the cursor to where it stood before.
    fn seek(&mut self, at: usize, depth: u8);

    /// As what it gives bytes to who takes anything.
    fn binary(&mut self) -> &mut BinaryAs;

    /// Whose the part of the message is in which the cursor stands.
    fn owner(&mut self) -> &mut Owner;

    /// Where decoded strings are kept.
    fn arena(&self) -> &'de Bump;

    /// The error for what stands at the cursor.
    fn fail<T>(&self, what: &str) -> Result<T, Malformed>;

    fn null(&mut self) -> Result<(), Malformed>;

    fn boolean(&mut self) -> Result<bool, Malformed>;

    fn number(&mut self) -> Result<Number, Malformed>;

    /// A number as it is written: a float that is integral stays one.
    fn exact_number(&mut self) -> Result<Number, Malformed>;

    /// A number as the nearest `f32`.
    fn single(&mut self) -> Result<f32, Malformed>;

    /// A string, borrowed from the frame if it can be.
    fn string(&mut self) -> Result<&'de str, Malformed>;

    /// Bytes: a value of their own, or in JSON a string of U+0000 and base64 (rule X-06). None if what stands there is
    /// another string, in front of which the cursor stays.
    fn bytes(&mut self) -> Result<Option<&'de [u8]>, Malformed>;

    /// How many elements or entries are left, where the format counts them.
    fn length(elements: &Elements) -> Option<usize>;

    /// Enters a list; then [`element`](Self::element) leads from value to value.
    fn list(&mut self) -> Result<Elements, Malformed>;

    /// Enters a dict; then [`key`](Self::key) leads from value to value.
    fn dict(&mut self) -> Result<Elements, Malformed>;

    /// Whether the list goes on: the cursor stands at the next element, or else behind the list.
    fn element(&mut self, elements: &mut Elements) -> Result<bool, Malformed>;

    /// The next key, with the cursor at its value; none if the cursor stands behind the dict.
    fn key(&mut self, elements: &mut Elements) -> Result<Option<&'de str>, Malformed>;

    /// An id, an empty dict and a string, if they are the next three elements of a list that are behind the first, and
    /// written as most clients write them. Else the cursor stays where it is.
    // `bench.add` takes so 7 % fewer instructions in JSON and 9 % in CBOR (`scripts/instructions call`).
    #[inline]
    fn plain_request(&mut self, _: &mut Elements) -> Option<(RequestId, &'de str)> {
        None
    }

    /// Passes over one value, checking it as if it were read, and says where it stands. What is odd in it is noted where the
    /// value is the application's.
    fn skip(&mut self) -> Result<Range<usize>, Malformed> {
        self.skip_counted(&mut { MAX_ELEMENTS })
    }

    /// As [`skip`](Self::skip), over one of several values which together are as many as are `left`.
    fn skip_counted(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed>;

    /// Passes over one value and lends it undecoded.
    fn undecoded(&mut self) -> Result<Encoded<'de>, Malformed>;

    /// Nothing may follow.
    fn end(&mut self) -> Result<(), Malformed>;

    /// Something is odd at the cursor: noted in the application's part, malformed in the protocol's.
    #[cold]
    fn note(&mut self, oddity: Oddity) -> Result<(), Malformed> {
        match self.owner() {
            Owner::Protocol => self.fail(oddity.text()),
            application @ Owner::Application(_) => {
                application.note(Odd::Refused(oddity));
                Ok(())
            }
        }
    }

    /// As [`skip`](Self::skip), of a value in which nothing is odd.
    fn skip_sound(&mut self) -> Result<Range<usize>, Malformed> {
        if self.owner().is_application() {
            *self.owner() = Owner::Application(Odd::Nothing);
        }
        let range = self.skip()?;
        match self.owner().odd() {
            Odd::Refused(oddity) => Err(Malformed::new(oddity.text(), range.start)),
            Odd::Nothing | Odd::Dressed => Ok(range),
        }
    }

    #[inline]
    fn is_list(&mut self) -> bool {
        self.kind() == Kind::List
    }

    #[inline]
    fn is_dict(&mut self) -> bool {
        self.kind() == Kind::Dict
    }

    /// Whether the list or dict at the cursor, which is entered, has nothing in it.
    #[inline]
    fn is_empty(&mut self) -> Result<bool, Malformed> {
        if self.is_list() {
            let mut list = self.list()?;
            return Ok(!self.element(&mut list)?);
        }
        let mut dict = self.dict()?;
        Ok(self.key(&mut dict)?.is_none())
    }

    /// An unsigned integer, in whatever notation: JavaScript's encoders write ids as floats too (rule M-13).
    #[inline]
    fn integer(&mut self) -> Result<u64, Malformed> {
        if self.kind() != Kind::Number {
            return self.fail("expected an unsigned integer");
        }
        let start = self.at();
        match self.number()? {
            Number::Unsigned(value) => Ok(value),
            Number::NegativeZero => Ok(0),
            Number::Negative(_) | Number::Float(_) => {
                Err(Malformed::new("expected an unsigned integer", start))
            }
        }
    }

    /// Any type that serde can read, borrowing where the type borrows.
    #[inline]
    fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Malformed> {
        self.kind();
        let (start, depth) = (self.at(), self.depth());
        *self.binary() = BinaryAs::Bytes;
        loop {
            match T::deserialize(AtCursor(self)) {
                Ok(value) => return Ok(value),
                Err(error) if *self.binary() != BinaryAs::Given => return Err(error.located(start)),
                Err(_) => {
                    self.seek(start, depth);
                    *self.binary() = BinaryAs::String;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::utf8_end;

    #[test]
    fn a_string_ends_where_it_is_declared_to_if_it_is_utf_8_whatever_surrounds_it() {
        for (length, start, behind) in
            (0..40).flat_map(|length| [(length, 0, 0), (length, 3, 1), (length, 1, 9)])
        {
            let ascii = [vec![0xff; start], vec![b'a'; length], vec![0xff; behind]].concat();
            assert_eq!(utf8_end(&ascii, start, length), Some(start + length));
            assert_eq!(utf8_end(&ascii, start, length + behind + 1), None, "beyond the end");
            for at in start..start + length {
                let mut invalid = ascii.clone();
                invalid[at] = 0xc3;
                assert_eq!(utf8_end(&invalid, start, length), None, "{length} at {at}");
                let mut valid = ascii.clone();
                valid[at - usize::from(at > start)..]
                    .iter_mut()
                    .zip("é".bytes())
                    .for_each(|(to, byte)| *to = byte);
                let expected = (length > 1).then_some(start + length);
                assert_eq!(utf8_end(&valid, start, length), expected, "{length} at {at}");
            }
        }
    }
}
