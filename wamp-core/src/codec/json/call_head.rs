//! The fast path for the head of most CALLs.

use super::{Reader, string};
use crate::id::RequestId;

/// The number of digits that always fit into a `u64`.
const SAFE_DIGITS: usize = 15;

impl<'de> Reader<'de> {
    /// Reads `,1,{},"uri"` if it has no white space, options or escapes.
    #[inline]
    pub(super) fn plain_call_head(&mut self) -> Option<(RequestId, &'de str)> {
        let bytes = self.text.as_bytes();
        let digits = bytes.get(self.at..)?.strip_prefix(b",")?;
        let (mut id, mut length) = (0_u64, 0);
        for digit in digits.iter().take(SAFE_DIGITS).map(|byte| byte.wrapping_sub(b'0')) {
            if digit > 9 {
                break;
            }
            id = id * 10 + u64::from(digit);
            length += 1;
        }
        let uri = digits[length..].strip_prefix(b",{},")?;
        if digits[0] == b'0' || uri.first() != Some(&b'"') {
            return None;
        }
        let id = RequestId::new(id)?;
        let (start, mut escaped) = (bytes.len() - uri.len(), false);
        let end = string::end(bytes, start, &mut escaped).ok().filter(|_| !escaped)?;
        self.at = end;
        Some((id, self.slice(start + 1..end - 1)))
    }
}
