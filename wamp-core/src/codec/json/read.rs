//! The cursor over a JSON text.

use std::ops::Range;

use bumpalo::Bump;

use crate::codec::cursor::{Cursor, Elements, Kind, MAX_DEPTH, Marks};
use crate::codec::de::{Malformed, Number};
use crate::codec::value::Encoded;
use crate::id::RequestId;

/// A cursor over one JSON text.
///
/// Strings without escapes are borrowed from the text, the others are unescaped into the arena.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
    pub(super) arena: &'de Bump,
    pub(super) depth: u8,
    marks: Marks,
    /// True if no string in the text stands for bytes.
    pub(super) plain: bool,
}

/// The states of [`Elements`]: before the first element, and after it, where a comma must come.
pub(super) const FIRST: usize = 0;
pub(super) const LATER: usize = 1;

impl<'de> Cursor<'de> for Reader<'de> {
    #[inline]
    fn slice(&self, range: Range<usize>) -> Self {
        Self { plain: self.plain, ..Self::new(self.slice(range), self.arena) }
    }

    #[inline]
    fn kind(&mut self) -> Kind {
        self.white_space();
        match self.peek() {
            Some(b'"') => Kind::String,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b'[') => Kind::List,
            Some(b'{') => Kind::Dict,
            Some(b'n') => Kind::Null,
            Some(b't' | b'f') => Kind::Boolean,
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
        match self.peek() {
            Some(_) => Err(Malformed::new(what, self.at)),
            None => Err(Malformed::new("unexpected end of the text", self.at)),
        }
    }

    #[inline]
    fn null(&mut self) -> Result<(), Malformed> {
        self.word("null")
    }

    #[inline]
    fn boolean(&mut self) -> Result<bool, Malformed> {
        let value = self.peek() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    #[inline]
    fn number(&mut self) -> Result<Number, Malformed> {
        self.any_notation()
    }

    fn exact_number(&mut self) -> Result<Number, Malformed> {
        let start = self.at;
        let number = self.any_notation()?;
        let is_float = self.slice(start..self.at).contains(['.', 'e', 'E']);
        Ok(if is_float { Number::Float(number.float()) } else { number })
    }

    // Parsed from the text and not from an `f64`: rounding twice may miss the nearest `f32`.
    fn f32(&mut self) -> Result<f32, Malformed> {
        let start = self.at;
        self.any_notation()?;
        match self.slice(start..self.at).parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(Malformed::new("number out of range", start)),
        }
    }

    #[inline]
    fn string(&mut self) -> Result<&'de str, Malformed> {
        self.white_space();
        self.any_string()
    }

    fn bytes(&mut self) -> Result<Option<&'de [u8]>, Malformed> {
        let start = self.at;
        let bytes = self.hidden_bytes()?;
        if bytes.is_none() {
            self.at = start;
        }
        Ok(bytes)
    }

    fn length(_: &Elements) -> Option<usize> {
        None
    }

    #[inline]
    fn list(&mut self) -> Result<Elements, Malformed> {
        if !self.is_list() {
            return self.fail("expected a list");
        }
        self.enter()
    }

    #[inline]
    fn dict(&mut self) -> Result<Elements, Malformed> {
        if !self.is_dict() {
            return self.fail("expected a dict");
        }
        self.enter()
    }

    #[inline]
    fn element(&mut self, elements: &mut Elements) -> Result<bool, Malformed> {
        self.white_space();
        let first = std::mem::replace(&mut elements.0, LATER) == FIRST;
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

    #[inline]
    fn key(&mut self, elements: &mut Elements) -> Result<Option<&'de str>, Malformed> {
        if !self.at_key(elements)? {
            return Ok(None);
        }
        let key = self.any_string()?;
        self.colon()?;
        Ok(Some(key))
    }

    #[inline]
    fn call_head(&mut self, _: &mut Elements) -> Option<(RequestId, &'de str)> {
        self.plain_call_head()
    }

    fn skip_counted(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        match self.skip_short(left) {
            Some(range) => Ok(range),
            None => self.skip_value(left),
        }
    }

    fn undecoded(&mut self) -> Result<Encoded<'de>, Malformed> {
        self.white_space();
        let range = self.pass()?;
        let text = self.slice(range);
        Ok(if self.plain { Encoded::PlainJson(text) } else { Encoded::Json(text) })
    }

    #[inline]
    fn end(&mut self) -> Result<(), Malformed> {
        self.white_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("expected the end of the text"),
        }
    }
}

impl<'de> Reader<'de> {
    /// Creates a cursor in front of the text's only value.
    #[inline]
    pub(crate) fn new(text: &'de str, arena: &'de Bump) -> Self {
        Self { text, at: 0, arena, depth: 0, marks: Marks::default(), plain: false }
    }

    /// Creates a cursor over a text in which no string stands for bytes.
    pub(crate) fn plain(text: &'de str, arena: &'de Bump) -> Self {
        Self { plain: true, ..Self::new(text, arena) }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(super) fn white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Returns a part of the text. Both ends must have been found next to an ASCII byte, which is
    /// always a character boundary.
    #[inline]
    pub(super) fn slice(&self, range: Range<usize>) -> &'de str {
        &self.text[range]
    }

    /// Returns whether the dict goes on: the cursor then stands at the next key, and otherwise
    /// behind the dict.
    #[inline]
    pub(super) fn at_key(&mut self, elements: &mut Elements) -> Result<bool, Malformed> {
        self.white_space();
        let first = std::mem::replace(&mut elements.0, LATER) == FIRST;
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

    /// Reads `true`, `false` or `null`. The next step judges what follows it, as after any value.
    #[inline]
    pub(super) fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.fail("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn enter(&mut self) -> Result<Elements, Malformed> {
        if self.depth == MAX_DEPTH {
            return self.fail("too many lists and dicts inside each other");
        }
        self.depth += 1;
        self.at += 1;
        Ok(Elements(FIRST))
    }

    /// Leaves the list or dict. Always returns false: there is no next element.
    #[inline]
    fn leave(&mut self) -> bool {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
        false
    }
}
