//! The cursor.

use std::ops::Range;

use bumpalo::Bump;
use serde::Deserialize;

use super::number::Number;
use super::{MAX_DEPTH, Malformed};

/// A cursor over one JSON text.
///
/// What it lends lives as long as the text: strings without escapes are part of it, the others are unescaped into
/// the arena. After an error the cursor stands nowhere in particular: nothing more should be read.
#[derive(Debug)]
pub(crate) struct Reader<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
    pub(super) arena: &'de Bump,
    pub(super) depth: u8,
}

/// How far a list or dict has been read. A type, so that formats that count their elements can offer the same methods.
#[derive(Debug)]
#[must_use = "a list or dict is read to its end with `element` or `key`"]
pub(crate) struct Elements {
    pub(super) first: bool,
}

impl<'de> Reader<'de> {
    /// The cursor stands in front of the text's only value.
    #[inline]
    pub(crate) fn new(text: &'de str, arena: &'de Bump) -> Self {
        Self { text, at: 0, arena, depth: 0 }
    }

    /// The cursor's offset in bytes.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Consumes the `[` of a list; then [`element`](Self::element) leads from value to value.
    #[inline]
    pub(crate) fn list(&mut self) -> Result<Elements, Malformed> {
        if !self.is_list() {
            return self.fail("expected a list");
        }
        self.enter()
    }

    /// Consumes the `{` of a dict; then [`key`](Self::key) leads from value to value.
    #[inline]
    pub(crate) fn dict(&mut self) -> Result<Elements, Malformed> {
        if !self.is_dict() {
            return self.fail("expected a dict");
        }
        self.enter()
    }

    /// Whether the list goes on: the cursor stands at the next element, or else its `]` is consumed.
    #[inline]
    pub(crate) fn element(&mut self, elements: &mut Elements) -> Result<bool, Malformed> {
        self.white_space();
        let first = std::mem::replace(&mut elements.first, false);
        match self.peek() {
            Some(b']') => Ok(self.leave()),
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => self.fail("expected `,` or `]`"),
        }
    }

    /// The next key, with the cursor at its value; none when the dict's `}` is consumed.
    #[inline]
    pub(crate) fn key(&mut self, elements: &mut Elements) -> Result<Option<&'de str>, Malformed> {
        if !self.at_key(elements)? {
            return Ok(None);
        }
        let key = self.string()?;
        self.colon()?;
        Ok(Some(key))
    }

    /// An unsigned integer, in whatever notation: JavaScript's encoders write ids as floats too (rule M-13).
    #[inline]
    pub(crate) fn integer(&mut self) -> Result<u64, Malformed> {
        self.white_space();
        let start = self.at;
        if !self.at_number() {
            return self.fail("expected an unsigned integer");
        }
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
    pub(crate) fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Malformed> {
        self.white_space();
        let start = self.at;
        T::deserialize(&mut *self).map_err(|error| error.located(start))
    }

    /// Whether the next value is a list, as far as its first byte tells.
    #[inline]
    pub(crate) fn is_list(&mut self) -> bool {
        self.white_space();
        self.peek() == Some(b'[')
    }

    /// Whether the next value is a dict, as far as its first byte tells.
    #[inline]
    pub(crate) fn is_dict(&mut self) -> bool {
        self.white_space();
        self.peek() == Some(b'{')
    }

    /// Nothing but white space may follow.
    #[inline]
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        self.white_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("expected the end of the text"),
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(super) fn at_number(&self) -> bool {
        matches!(self.peek(), Some(b'-' | b'0'..=b'9'))
    }

    #[inline]
    pub(super) fn white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Both ends must have been found next to an ASCII byte, which is always a character's boundary.
    #[inline]
    pub(super) fn slice(&self, range: Range<usize>) -> &'de str {
        &self.text[range]
    }

    /// Whether the dict goes on: the cursor stands at the next key, or else its `}` is consumed.
    #[inline]
    pub(super) fn at_key(&mut self, elements: &mut Elements) -> Result<bool, Malformed> {
        self.white_space();
        let first = std::mem::replace(&mut elements.first, false);
        match self.peek() {
            Some(b'}') => Ok(self.leave()),
            Some(b',') if !first => {
                self.at += 1;
                self.white_space();
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => self.fail("expected `,` or `}`"),
        }
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Malformed> {
        self.white_space();
        if self.peek() != Some(b':') {
            return self.fail("expected `:`");
        }
        self.at += 1;
        Ok(())
    }

    /// Consumes `true`, `false` or `null`. What follows it is for the next step to judge, as after any value.
    #[inline]
    pub(super) fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.fail("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    #[cold]
    pub(super) fn fail<T>(&self, what: &str) -> Result<T, Malformed> {
        match self.peek() {
            Some(_) => Err(Malformed::new(what, self.at)),
            None => Err(Malformed::new("unexpected end of the text", self.at)),
        }
    }

    #[inline]
    fn enter(&mut self) -> Result<Elements, Malformed> {
        if self.depth == MAX_DEPTH {
            return self.fail("too many lists and dicts inside each other");
        }
        self.depth += 1;
        self.at += 1;
        Ok(Elements { first: true })
    }

    /// Always false: there is no next element.
    #[inline]
    fn leave(&mut self) -> bool {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
        false
    }
}
