//! Strings, and binary values that are written as strings.

use std::num::NonZeroU64;
use std::ops::Range;

use base64::engine::general_purpose::STANDARD;
use base64::{Engine, decoded_len_estimate};

use super::Reader;
use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;

/// A checked string, before it is unescaped.
pub(super) struct Scanned {
    /// The range without the quotes.
    pub(super) range: Range<usize>,
    pub(super) escaped: bool,
}

impl<'de> Reader<'de> {
    /// Reads a string, borrowed from the text or, if it has escapes, unescaped into the arena.
    #[inline]
    pub(super) fn any_string(&mut self) -> Result<&'de str, Malformed> {
        let scanned = self.scan_string()?;
        if scanned.escaped {
            return self.unescape(scanned.range);
        }
        Ok(self.slice(scanned.range))
    }

    /// Reads bytes that are written as a string of U+0000 and base64 (X-06). Returns `None` for any
    /// other string, which may or may not be consumed.
    pub(super) fn hidden_bytes(&mut self) -> Result<Option<&'de [u8]>, Malformed> {
        // Fast path: most strings do not begin with an escape.
        let (quote, prefix) =
            (self.peek() == Some(b'"'), self.text.as_bytes().get(self.at + 1..self.at + 7));
        if quote && (self.plain || prefix != Some(br"\u0000")) {
            return Ok(None);
        }
        let scanned = self.scan_string()?;
        let written = self.slice(scanned.range.clone());
        let base64 = match written.strip_prefix(r"\u0000") {
            Some(rest) if !rest.contains('\\') => rest,
            // Unescaped, because some encoders write `/` as `\/`.
            Some(_) => &self.unescape(scanned.range)?[1..],
            None => return Ok(None),
        };
        let buffer = self.arena.alloc_slice_fill_copy(decoded_len_estimate(base64.len()), 0);
        Ok(STANDARD.decode_slice(base64, buffer).ok().map(|length| &buffer[..length]))
    }

    /// Checks a string and moves behind it.
    #[inline]
    pub(super) fn scan_string(&mut self) -> Result<Scanned, Malformed> {
        if self.peek() != Some(b'"') {
            return self.fail("expected a string");
        }
        let start = self.at + 1;
        let mut escaped = false;
        let end = match end(self.text.as_bytes(), self.at, &mut escaped) {
            Ok(end) => end,
            Err(error) => self.odd_end(self.at, error)?,
        };
        self.at = end;
        Ok(Scanned { range: start..end - 1, escaped })
    }

    /// Returns the end of a string that [`short_end`] did not find.
    #[inline(never)]
    pub(super) fn long_end(&mut self, start: usize) -> Result<usize, Malformed> {
        any_end::<false>(self.text.as_bytes(), start + 1, &mut false)
            .or_else(|error| self.odd_end(start, error))
    }

    /// Returns the end of a string that [`end`] refused, if it is in the application's part and has
    /// no other fault than lone surrogates, which browsers send for a text that was cut.
    #[cold]
    fn odd_end(&mut self, start: usize, error: Malformed) -> Result<usize, Malformed> {
        match self.owner().is_application() {
            true => any_end::<true>(self.text.as_bytes(), start + 1, &mut false),
            false => Err(error),
        }
    }

    #[cold]
    fn unescape(&self, range: Range<usize>) -> Result<&'de str, Malformed> {
        let mut plain = String::with_capacity(range.len());
        let mut at = range.start;
        while let Some(run) = self.slice(at..range.end).find('\\') {
            plain.push_str(self.slice(at..at + run));
            let (character, next) = escape(self.text.as_bytes(), at + run)?;
            plain.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
            at = next;
        }
        plain.push_str(self.slice(at..range.end));
        Ok(self.arena.alloc_str(&plain))
    }
}

/// Returns the end of the string whose opening quote is at `start`, if it is well-formed; sets
/// `escaped` if it has escapes.
#[inline(always)]
pub(super) fn end(bytes: &[u8], start: usize, escaped: &mut bool) -> Result<usize, Malformed> {
    match short_end(bytes, start) {
        Some(end) => Ok(end),
        None => any_end::<false>(bytes, start + 1, escaped),
    }
}

/// Returns the end of the string whose opening quote is at `start`, if it ends in the next eight
/// bytes and has no escapes.
// Most strings are keys and words that do, which needs no loop: 12 % of the instructions for 64 KiB
// of records (`scripts/instructions call "64 KiB"`).
#[inline(always)]
pub(super) fn short_end(bytes: &[u8], start: usize) -> Option<usize> {
    let chunk: &[u8; 8] = bytes[start + 1..].first_chunk()?;
    let special = NonZeroU64::new(special(u64::from_le_bytes(*chunk)))?;
    let length = special.trailing_zeros() as usize / 8;
    (chunk[length] == b'"').then_some(start + length + 2)
}

#[inline(never)]
fn any_end<const HALVES: bool>(
    bytes: &[u8],
    mut at: usize,
    escaped: &mut bool,
) -> Result<usize, Malformed> {
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {
                *escaped = true;
                at = match escape(bytes, at)? {
                    (None, _) if !HALVES => return Err(Malformed::new("lone surrogate", at)),
                    (_, end) => end,
                };
            }
            Some(_) => return Err(Malformed::new("control character in a string", at)),
            None => return Err(Malformed::new("unexpected end of the text", at)),
        }
    }
}

/// Returns the end of the characters without escapes: eight bytes a step, because most of a message
/// consists of these.
#[inline]
fn plain_end(bytes: &[u8], start: usize) -> usize {
    let mut rest = &bytes[start..];
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let special = special(u64::from_le_bytes(*chunk));
        if special != 0 {
            return bytes.len() - rest.len() + special.trailing_zeros() as usize / 8;
        }
        rest = after;
    }
    let plain = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
    bytes.len() - rest.len() + plain
}

/// Returns the high bit of the first byte that is a quote, a backslash or a control character; bits
/// above it mean nothing.
// A byte's subtraction borrows only if the byte itself matches, so the lowest bit of each mask is
// right ("Bit Twiddling Hacks", "Determine if a word has a byte less than n"). Flipping one bit
// moves the quote next to the control characters, and no other character among them.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    let below = |flipped: u8, limit: u8| {
        (word ^ (ONES * u64::from(flipped))).wrapping_sub(ONES * u64::from(limit))
    };
    // The flipped bits are those of ASCII, so the high bits of the results are the word's.
    (below(b'"' ^ 0x20, 0x21) | below(b'\\', 1)) & !word & (ONES * 0x80)
}

/// Returns the character of the escape at `at`, or `None` for a lone surrogate, and the end of the
/// escape.
fn escape(bytes: &[u8], at: usize) -> Result<(Option<char>, usize), Malformed> {
    let character = match bytes.get(at + 1) {
        Some(b'u') => return unicode_escape(bytes, at),
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
        _ => return Err(Malformed::new("invalid escape", at)),
    };
    Ok((Some(character), at + 2))
}

fn unicode_escape(bytes: &[u8], at: usize) -> Result<(Option<char>, usize), Malformed> {
    let invalid = || Malformed::new("invalid escape", at);
    let unit = hexadecimal(bytes, at + 2).ok_or_else(invalid)?;
    if let Some(character) = char::from_u32(unit) {
        return Ok((Some(character), at + 6));
    }
    let low = match bytes.get(at + 6..at + 8) {
        Some(br"\u") => hexadecimal(bytes, at + 8).ok_or_else(invalid)?,
        _ => 0,
    };
    Ok(match (unit, low) {
        (0xd800..0xdc00, 0xdc00..0xe000) => {
            (char::from_u32(0x1_0000 + ((unit - 0xd800) << 10 | (low - 0xdc00))), at + 12)
        }
        // The next escape is a character of its own.
        _ => (None, at + 6),
    })
}

fn hexadecimal(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .iter()
        .try_fold(0, |value, &byte| Some(value << 4 | char::from(byte).to_digit(16)?))
}
