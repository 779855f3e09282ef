//! The fast path for the head of most CALLs.

use super::Reader;
use super::head::Head;
use crate::codec::cursor::Elements;
use crate::codec::skip::UNTIL_BREAK;
use crate::id::RequestId;

const EMPTY_DICT: u8 = 0xa0;

impl<'de> Reader<'de> {
    /// Reads an id, an empty dict and a string in one piece, if they have no tags.
    #[inline]
    pub(super) fn plain_call_head(
        &mut self,
        elements: &mut Elements,
    ) -> Option<(RequestId, &'de str)> {
        let left = elements.0.checked_sub(3).filter(|_| elements.0 != UNTIL_BREAK)?;
        let (Head::Unsigned(id), options) = Head::read(self.bytes, self.at).ok()? else {
            return None;
        };
        let id = RequestId::new(id).filter(|_| self.bytes.get(options) == Some(&EMPTY_DICT))?;
        let (Head::Text(Some(length)), start) = Head::read(self.bytes, options + 1).ok()? else {
            return None;
        };
        let rest = &self.bytes[start..];
        let uri = std::str::from_utf8(rest.get(..usize::try_from(length).ok()?)?).ok()?;
        self.at = start + uri.len();
        elements.0 = left;
        Some((id, uri))
    }
}
