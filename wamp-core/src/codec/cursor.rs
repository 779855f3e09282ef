//! A cursor over one encoded value, which each format implements.
//!
//! Each format has a cursor of its own, because no library does what a handler's arguments need:
//! borrow `&str` and `&[u8]` from the frame, accept integral floats for integers at every depth
//! (decision 6 of the conformance list), skip without recursion, bound the depth, and stop at the
//! end of the value.

use std::ops::Range;

use bumpalo::Bump;
use serde::Deserialize;

use crate::codec::de::{AtCursor, Malformed, Number};
use crate::codec::odd::{Odd, Oddity, Owner};
use crate::codec::value::Encoded;
use crate::id::RequestId;

/// The number of lists and dicts that may be nested.
pub(crate) const MAX_DEPTH: u8 = 64;

/// The number of values that one skipped value may contain: ten megabytes of `0,` made serde_json's
/// tree 275 MB large.
pub(crate) const MAX_ELEMENTS: usize = 100_000;

/// The state of reading a list or dict: a number whose meaning is the format's own.
#[derive(Clone, Debug)]
#[must_use = "a list or dict is read to its end with `element` or `key`"]
pub(crate) struct Elements(pub(crate) usize);

/// The presentation of binary values to a type that accepts any value.
///
/// Types for which serde buffers values until it knows their type (untagged enums) need bytes.
/// `serde_json::Value` has no bytes, and needs the string that JSON has in their place. So
/// bytes are offered first; if the type rejects them, the value is read again with strings.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum BinaryAs {
    #[default]
    Bytes,
    /// Bytes, and at least one binary value was presented so.
    Given,
    String,
}

/// The part of a cursor's state that is the same in every format.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    binary: BinaryAs,
    owner: Owner,
    /// The range of a value that has been checked already: reading it undecoded need not check it
    /// once more.
    checked: Range<usize>,
}

/// The kind of a value, as far as its first byte tells.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`; in binary formats undefined as well.
    Null,
    Boolean,
    Number,
    String,
    /// Bytes, in formats that have them.
    Bytes,
    List,
    Dict,
    /// Any byte that begins no value of WAMP, or the end of the frame: [`Cursor::skip`] returns the
    /// error.
    Unknown,
}

/// A cursor over one encoded value.
///
/// Borrowed values live as long as the frame, or as the arena if they had to be decoded. After an
/// error the position is unspecified, and nothing more should be read. The methods that consume a
/// value expect it at the cursor; [`kind`](Self::kind) returns its kind.
pub(crate) trait Cursor<'de>: Sized {
    /// Creates a cursor in front of the value at `range`.
    fn slice(&self, range: Range<usize>) -> Self;

    /// Returns the kind of the next value, and moves the cursor to its first byte.
    fn kind(&mut self) -> Kind;

    /// Returns the offset in bytes.
    fn offset(&self) -> usize;

    /// Returns how many lists and dicts are open.
    fn depth(&self) -> u8;

    /// Moves the cursor back to an earlier position.
    fn seek(&mut self, at: usize, depth: u8);

    /// Returns the state that every cursor has.
    fn marks(&mut self) -> &mut Marks;

    /// Returns the arena that keeps decoded strings.
    fn arena(&self) -> &'de Bump;

    /// Returns an error for the value at the cursor.
    fn fail<T>(&self, what: &str) -> Result<T, Malformed>;

    fn null(&mut self) -> Result<(), Malformed>;

    fn boolean(&mut self) -> Result<bool, Malformed>;

    fn number(&mut self) -> Result<Number, Malformed>;

    /// Reads a number in its notation: an integral float stays a float.
    fn exact_number(&mut self) -> Result<Number, Malformed>;

    /// Reads a number as the nearest `f32`.
    fn f32(&mut self) -> Result<f32, Malformed>;

    /// Reads a string, borrowed from the frame if possible.
    fn string(&mut self) -> Result<&'de str, Malformed>;

    /// Reads bytes: a value of their own, or in JSON a string of U+0000 and base64. Returns
    /// `None`, and does not move, at any other string.
    fn bytes(&mut self) -> Result<Option<&'de [u8]>, Malformed>;

    /// Returns how many elements or entries are left, in formats that count them.
    fn length(elements: &Elements) -> Option<usize>;

    /// Enters a list; then [`element`](Self::element) leads from value to value.
    fn list(&mut self) -> Result<Elements, Malformed>;

    /// Enters a dict; then [`key`](Self::key) leads from value to value.
    fn dict(&mut self) -> Result<Elements, Malformed>;

    /// Moves to the next element and returns true, or moves behind the list and returns false.
    fn element(&mut self, elements: &mut Elements) -> Result<bool, Malformed>;

    /// Reads the next key and moves to its value, or moves behind the dict and returns `None`.
    fn key(&mut self, elements: &mut Elements) -> Result<Option<&'de str>, Malformed>;

    /// Fast path for the head of most CALLs: reads an id, an empty dict and a string, if they are
    /// the next three elements of a list after the first one, and written as most clients write
    /// them. Otherwise returns `None`, and the cursor does not move.
    // Saves `bench.add` 7 % of its instructions in JSON and 9 % in CBOR
    // (`scripts/instructions call`).
    #[inline]
    fn call_head(&mut self, _: &mut Elements) -> Option<(RequestId, &'de str)> {
        None
    }

    /// Skips one value, checks it as if it were read, and returns its range. Odd values in the
    /// application's part are noted.
    fn skip(&mut self) -> Result<Range<usize>, Malformed> {
        self.skip_counted(&mut { MAX_ELEMENTS })
    }

    /// Skips one of several values that together contain at most `left` values; otherwise as
    /// [`skip`](Self::skip).
    fn skip_counted(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed>;

    /// Skips one value and returns it undecoded.
    fn undecoded(&mut self) -> Result<Encoded<'de>, Malformed>;

    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), Malformed>;

    /// Reports an odd value at the cursor: it is noted in the application's part, and malformed in
    /// the protocol's.
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

    /// Skips a value in which nothing may be odd; otherwise as [`skip`](Self::skip).
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

    /// Returns how binary values are presented to a type that accepts any value.
    #[inline]
    fn binary(&mut self) -> &mut BinaryAs {
        &mut self.marks().binary
    }

    /// Returns the owner of the part of the message in which the cursor stands.
    #[inline]
    fn owner(&mut self) -> &mut Owner {
        &mut self.marks().owner
    }

    /// Marks this value as checked.
    fn trust(&mut self, value: Range<usize>) {
        self.marks().checked = value;
    }

    /// Moves behind the value at the cursor, which is checked unless that was done before, and
    /// returns its range.
    fn pass(&mut self) -> Result<Range<usize>, Malformed> {
        let (start, depth) = (self.offset(), self.depth());
        let checked = &self.marks().checked;
        if checked.start != start || checked.is_empty() {
            return self.skip_sound();
        }
        let checked = checked.clone();
        self.seek(checked.end, depth);
        Ok(checked)
    }

    #[inline]
    fn is_list(&mut self) -> bool {
        self.kind() == Kind::List
    }

    #[inline]
    fn is_dict(&mut self) -> bool {
        self.kind() == Kind::Dict
    }

    /// Enters the list or dict at the cursor and returns whether it is empty.
    #[inline]
    fn is_empty(&mut self) -> Result<bool, Malformed> {
        if self.is_list() {
            let mut list = self.list()?;
            return Ok(!self.element(&mut list)?);
        }
        let mut dict = self.dict()?;
        Ok(self.key(&mut dict)?.is_none())
    }

    /// Reads an unsigned integer in any notation: JavaScript's encoders write ids as floats too
    /// (M-13).
    #[inline]
    fn integer(&mut self) -> Result<u64, Malformed> {
        if self.kind() != Kind::Number {
            return self.fail("expected an unsigned integer");
        }
        let start = self.offset();
        match self.number()? {
            Number::Unsigned(value) => Ok(value),
            Number::NegativeZero => Ok(0),
            Number::Negative(_) | Number::Float(_) => {
                Err(Malformed::new("expected an unsigned integer", start))
            }
        }
    }

    /// Reads any type that serde can read; it borrows where the type borrows.
    #[inline]
    fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Malformed> {
        self.kind();
        let (start, depth) = (self.offset(), self.depth());
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
