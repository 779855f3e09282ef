//! Skips the values of a binary format.

use std::ops::Range;

use crate::codec::cursor::{Cursor, Elements, MAX_DEPTH};
use crate::codec::de::Malformed;
use crate::codec::odd::Oddity;

/// The element count of a list or dict of indefinite length. A real count is never so large.
pub(crate) const UNTIL_BREAK: usize = usize::MAX;

// The kinds of the open lists and dicts are kept as one bit each.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

/// The operations that a binary format adds to its cursor for [`skip`]. The functions without a
/// cursor recognise the most common heads by their first byte, and return `None` for all others and
/// for malformed ones: those are left to the methods.
pub(crate) trait Skip<'de>: Cursor<'de> {
    /// The byte that ends a list or dict of indefinite length, if the format has one.
    const BREAK: Option<u8>;

    /// Returns the whole message.
    fn message(&self) -> &'de [u8];

    /// Returns the end of the value at `at` if it is a short string, a number, or a simple value.
    // Always inline: called from the loop it costs 7 % of the instructions of 64 KiB of records in
    // CBOR.
    fn scalar_end(message: &[u8], at: usize) -> Option<usize>;

    /// Returns the end of the string at `at` if it is short.
    fn text_end(message: &[u8], at: usize) -> Option<usize>;

    /// Enters a list or dict, and returns its elements and whether it is a dict; or skips any other
    /// value and returns `None`. A tag around the list or dict adds to the depth as well.
    fn enter_or_pass(&mut self) -> Result<Option<(Elements, bool)>, Malformed>;

    /// Skips the key at the cursor. A key that is not a string may contain as many values as are
    /// `left`.
    fn pass_key(&mut self, left: &mut usize) -> Result<(), Malformed>;
}

/// Skips one value that contains at most `left` values, and returns its range.
// Most arguments are scalars, which need no table: 4 % of the instructions of `bench.add` in CBOR
// and MessagePack.
#[inline]
pub(crate) fn skip<'de, R: Skip<'de>>(
    reader: &mut R,
    left: &mut usize,
) -> Result<Range<usize>, Malformed> {
    let start = reader.offset();
    match R::scalar_end(reader.message(), start) {
        Some(end) if *left > 0 => {
            *left -= 1;
            reader.seek(end, reader.depth());
            Ok(start..end)
        }
        _ => skip_any(reader, left),
    }
}

/// Skips any value, and checks it as if it were read, except for what [`Skip::enter_or_pass`]
/// leaves unchecked. Without recursion: a table of [`MAX_DEPTH`] entries holds the number of
/// elements left of each open list and dict.
// The offset is kept in locals and not in the cursor, and common heads are not made into values: of
// 64 KiB of records 23 % of the instructions less in CBOR and 7 % in MessagePack
// (`scripts/instructions call "64 KiB"`).
fn skip_any<'de, R: Skip<'de>>(
    reader: &mut R,
    left: &mut usize,
) -> Result<Range<usize>, Malformed> {
    let (message, start, outside) = (reader.message(), reader.offset(), reader.depth());
    let mut outer = [0; MAX_DEPTH as usize];
    let (mut at, mut depth, mut dicts, mut here) = (start, outside, 0_u64, 1_usize);
    loop {
        let is_open_ended = R::BREAK.is_some() && here == UNTIL_BREAK;
        let breaks = is_open_ended && message.get(at).copied() == R::BREAK;
        if here == 0 || breaks {
            at += usize::from(breaks);
            if depth == outside {
                reader.seek(at, outside);
                return Ok(start..at);
            }
            depth -= 1;
            dicts >>= 1;
            here = outer[usize::from(depth)];
            continue;
        }
        here -= usize::from(!is_open_ended);
        if dicts & 1 == 1 {
            at = match R::text_end(message, at) {
                Some(end) => end,
                None => rare_key_end(reader, at, depth, left)?,
            };
        }
        if *left == 0 {
            reader.seek(at, depth);
            return reader.fail("too many values");
        }
        *left -= 1;
        if let Some(end) = R::scalar_end(message, at) {
            at = end;
            continue;
        }
        reader.seek(at, depth);
        if let Some((elements, is_dict)) = reader.enter_or_pass()? {
            outer[usize::from(depth)] = here;
            depth += 1;
            dicts <<= 1;
            // The levels between are tags, which count like lists of which no element is left.
            while depth < reader.depth() {
                outer[usize::from(depth)] = 0;
                depth += 1;
                dicts <<= 1;
            }
            (dicts, here) = (dicts | u64::from(is_dict), elements.0);
        }
        at = reader.offset();
    }
}

#[cold]
fn rare_key_end<'de, R: Skip<'de>>(
    reader: &mut R,
    at: usize,
    depth: u8,
    left: &mut usize,
) -> Result<usize, Malformed> {
    reader.seek(at, depth);
    reader.pass_key(left)?;
    Ok(reader.offset())
}

/// Skips a key that is not a string. It does not count as a value, but its contents do. A key may
/// be a list or a dict with such a key inside: this recurses at most [`MAX_DEPTH`] deep.
#[cold]
pub(crate) fn pass_odd_key<'de, R: Skip<'de>>(
    reader: &mut R,
    left: &mut usize,
) -> Result<(), Malformed> {
    reader.note(Oddity::Key)?;
    *left += 1;
    skip_any(reader, left).map(drop)
}

/// Returns the end of the `length`-byte string at `start`, or `None` if it is truncated or not
/// UTF-8.
///
/// Most strings are keys and words of a few ASCII letters: two overlapping words suffice to check
/// those.
// Of 64 KiB of records, 38 % of the instructions less in MessagePack and 34 % in CBOR
// (`scripts/instructions call "64 KiB"`).
#[inline]
pub(crate) fn utf8_end(bytes: &[u8], start: usize, length: usize) -> Option<usize> {
    const NOT_ASCII: u64 = 0x8080_8080_8080_8080;
    let rest = bytes.get(start..)?;
    let string = rest.get(..length)?;
    let words = match (string.first_chunk(), string.last_chunk(), rest.first_chunk()) {
        (Some(first), Some(last), _) if length <= 16 => {
            u64::from_le_bytes(*first) | u64::from_le_bytes(*last)
        }
        // Shifts out the bytes after the string.
        (None, None, Some(more)) => u64::from_le_bytes(*more) & !(u64::MAX << (8 * length)),
        _ => NOT_ASCII,
    };
    let valid = words & NOT_ASCII == 0 || string.is_ascii() || std::str::from_utf8(string).is_ok();
    valid.then_some(start + length)
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
