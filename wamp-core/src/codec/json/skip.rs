//! Skips a value without building it.

use std::ops::Range;

use super::read::Reader;
use super::{number, string};
use crate::codec::cursor::{Cursor as _, MAX_DEPTH};
use crate::codec::de::Malformed;

// The kinds of the open lists and dicts are kept as one bit each.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

impl Reader<'_> {
    /// Fast path: skips a short string without escapes, or a short run of digits, if no white space
    /// stands around it. Otherwise returns `None`, and the cursor does not move.
    // A third of the instructions that it takes to skip the arguments of `bench.add`.
    #[inline]
    pub(super) fn skip_short(&mut self, left: &mut usize) -> Option<Range<usize>> {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let end = match bytes.get(start)? {
            b'"' => string::short_end(bytes, start)?,
            b'1'..=b'9' => number::digits_end(bytes, start)?,
            _ => return None,
        };
        *left = left.checked_sub(1)?;
        self.at = end;
        Some(start..end)
    }

    /// Skips one value and returns its range, without the white space around it.
    ///
    /// The value is checked as if it were read. Odd values in the application's part are noted.
    /// Without recursion: the open lists and dicts are the bits of one word (set for a dict), for
    /// which [`MAX_DEPTH`] leaves room.
    // The offset is kept in a local and not in the reader, which with numbers in the same loop
    // saves 16 % of the instructions for 64 KiB of records; the count in a local, and short strings
    // in the loop, save 5 % more (`scripts/instructions call "64 KiB"`).
    pub(super) fn skip_value(&mut self, left: &mut usize) -> Result<Range<usize>, Malformed> {
        let bytes = self.text.as_bytes();
        let (mut at, mut first) = token(bytes, self.at);
        let start = at;
        let (mut depth, mut dicts, mut values) = (self.depth, 0_u64, *left);
        loop {
            if dicts & 1 == 1 {
                (at, first) = self.skip_key(at, first)?;
            }
            if values == 0 {
                return self.fail_at(at, "too many values");
            }
            values -= 1;
            match first {
                b'"' => {
                    at = match string::short_end(bytes, at) {
                        Some(end) => end,
                        None => self.long_end(at)?,
                    };
                }
                b'-' | b'0'..=b'9' => {
                    at = match number::end(bytes, at) {
                        Ok(end) => end,
                        Err(_) => self.far_end(at)?,
                    };
                }
                b'[' | b'{' => {
                    if depth == MAX_DEPTH {
                        return self.fail_at(at, "too many lists and dicts inside each other");
                    }
                    depth += 1;
                    dicts = dicts << 1 | u64::from(first == b'{');
                    (at, first) = token(bytes, at + 1);
                    if first != closing(dicts) {
                        continue;
                    }
                }
                _ => at = self.skip_word(at)?,
            }
            // After a value, or before the end of an empty list or dict.
            loop {
                if depth == self.depth {
                    (self.at, *left) = (at, values);
                    return Ok(start..at);
                }
                if let Some(b',') = bytes.get(at) {
                    break;
                }
                (at, first) = token(bytes, at);
                if first == b',' {
                    break;
                }
                if first != closing(dicts) {
                    let expected =
                        if dicts & 1 == 1 { "expected `,` or `}`" } else { "expected `,` or `]`" };
                    return self.fail_at(at, expected);
                }
                at += 1;
                depth -= 1;
                dicts >>= 1;
            }
            (at, first) = token(bytes, at + 1);
        }
    }

    /// Skips a key and its colon; returns the offset and first byte of the value.
    #[inline]
    fn skip_key(&mut self, at: usize, first: u8) -> Result<(usize, u8), Malformed> {
        if first != b'"' {
            return self.fail_at(at, "expected a string");
        }
        let bytes = self.text.as_bytes();
        let end = match string::short_end(bytes, at) {
            Some(end) => end,
            None => self.long_end(at)?,
        };
        // As a rule there is no white space, and then one comparison is enough.
        if let Some(b':') = bytes.get(end) {
            return Ok(token(bytes, end + 1));
        }
        match token_behind_space(bytes, end) {
            (at, b':') => Ok(token(bytes, at + 1)),
            (at, _) => self.fail_at(at, "expected `:`"),
        }
    }

    #[inline]
    fn skip_word(&mut self, at: usize) -> Result<usize, Malformed> {
        let rest = &self.text.as_bytes()[at..];
        match rest.first() {
            Some(b't') if rest.starts_with(b"true") => Ok(at + 4),
            Some(b'f') if rest.starts_with(b"false") => Ok(at + 5),
            Some(b'n') if rest.starts_with(b"null") => Ok(at + 4),
            _ => self.fail_at(at, "expected a value"),
        }
    }

    #[cold]
    fn fail_at<T>(&mut self, at: usize, what: &str) -> Result<T, Malformed> {
        self.at = at;
        self.fail(what)
    }
}

/// Returns the byte that ends the innermost list or dict.
#[inline]
fn closing(dicts: u64) -> u8 {
    // `]` and `}` are 32 apart.
    b']' + (dicts as u8 & 1) * (b'}' - b']')
}

/// Returns the offset of the first byte that is not white space, and that byte; 0 at the end of the
/// text.
#[inline]
fn token(bytes: &[u8], at: usize) -> (usize, u8) {
    match bytes.get(at) {
        Some(&byte) if byte > b' ' => (at, byte),
        _ => token_behind_space(bytes, at),
    }
}

#[inline(never)]
fn token_behind_space(bytes: &[u8], mut at: usize) -> (usize, u8) {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    (at, bytes.get(at).copied().unwrap_or_default())
}
