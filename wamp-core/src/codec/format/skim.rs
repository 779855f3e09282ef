//! Passing over the values of a binary format.

use std::ops::Range;

use super::{Cursor, Elements, MAX_DEPTH, Malformed, Oddity};

/// How many elements are left of a list or dict of indefinite length. As a number it would be more than there are bytes.
pub(crate) const UNTIL_BREAK: usize = usize::MAX;

// One bit for each list or dict that is open.
const _: () = assert!(MAX_DEPTH as u32 <= u64::BITS);

/// What a binary format adds to its cursor for [`skim`]. The functions without a cursor know the common heads by their
/// first byte, and say `None` of all others, and of all that is wrong: the methods judge those.
pub(crate) trait Skim<'de>: Cursor<'de> {
    /// What ends a list or dict of indefinite length, if the format has any.
    const BREAK: Option<u8>;

    /// The whole message.
    fn message(&self) -> &'de [u8];

    /// Where the value at `at` ends, if it is a short string, a number, or a simple value.
    // Always inline: called from the loop it costs 7 % of the instructions of 64 KiB of records in CBOR.
    fn scalar_end(message: &[u8], at: usize) -> Option<usize>;

    /// Where the string at `at` ends, if it is a short one.
    fn text_end(message: &[u8], at: usize) -> Option<usize>;

    /// Enters a list, or a dict, of which it says that it is one; or passes over any other value, and says nothing. What
    /// encloses the list or dict alone, as a tag does, adds to the depth, too.
    fn enter_or_pass(&mut self) -> Result<Option<(Elements, bool)>, Malformed>;

    /// Passes over the key at the cursor. One that is no string may hold so many values as are `left`.
    fn pass_key(&mut self, left: &mut usize) -> Result<(), Malformed>;
}

/// Passes over one value, of at most so many as are `left`, and says where it stands.
// Most arguments are scalars, which need no table: 4 % of the instructions of `bench.add` in CBOR and MessagePack.
#[inline]
pub(crate) fn skim<'de, R: Skim<'de>>(reader: &mut R, left: &mut usize) -> Result<Range<usize>, Malformed> {
    let start = reader.at();
    match R::scalar_end(reader.message(), start) {
        Some(end) if *left > 0 => {
            *left -= 1;
            reader.seek(end, reader.depth());
            Ok(start..end)
        }
        _ => skim_any(reader, left),
    }
}

/// The value is checked as if it were read, but for what [`Skim::enter_or_pass`] leaves unchecked. No recursion: how much
/// is left of each list and dict that is open stands in a table, for which [`MAX_DEPTH`] gives the size.
// Where it stands is kept in locals and not in the cursor, and common heads are not made into values: of 64 KiB of records
// 23 % of the instructions less in CBOR and 7 % in MessagePack (`scripts/instructions call "64 KiB"`).
fn skim_any<'de, R: Skim<'de>>(reader: &mut R, left: &mut usize) -> Result<Range<usize>, Malformed> {
    let (message, start, outside) = (reader.message(), reader.at(), reader.depth());
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
            // What stands between is tags: lists, as it were, of which nothing is left.
            while depth < reader.depth() {
                outer[usize::from(depth)] = 0;
                depth += 1;
                dicts <<= 1;
            }
            (dicts, here) = (dicts | u64::from(is_dict), elements.0);
        }
        at = reader.at();
    }
}

#[cold]
fn rare_key_end<'de, R: Skim<'de>>(
    reader: &mut R,
    at: usize,
    depth: u8,
    left: &mut usize,
) -> Result<usize, Malformed> {
    reader.seek(at, depth);
    reader.pass_key(left)?;
    Ok(reader.at())
}

/// Passes over a key that is no string, and does not count as a value, though what is in it does. A key may be a list or a
/// dict with such a key in it: this recurses as deep as [`MAX_DEPTH`] lets it.
#[cold]
pub(crate) fn pass_odd_key<'de, R: Skim<'de>>(reader: &mut R, left: &mut usize) -> Result<(), Malformed> {
    reader.note(Oddity::Key)?;
    *left += 1;
    skim_any(reader, left).map(drop)
}
