//! Progressive call invocations whose callers have more to send.

use std::collections::HashMap;

use crate::id::RequestId;

/// So many calls that ended before their callers had sent everything are remembered.
const MOST_ENDED: usize = 256;

/// Calls of which the last chunk has not come, by id, with their procedures.
///
/// A call may end before that (PI-10), and its caller cannot know while it sends (PI-07): so it stays here until the last
/// chunk, and tells a late chunk from a request id that is used twice (I-02).
#[derive(Debug, Default)]
pub(super) struct Unfinished(HashMap<RequestId, String>);

impl Unfinished {
    pub(super) fn procedure(&self, request: RequestId) -> Option<&str> {
        self.0.get(&request).map(String::as_str)
    }

    /// Adds a call; `is_at_work` tells which others have not ended. Of those that have, the oldest is forgotten.
    pub(super) fn insert(
        &mut self,
        request: RequestId,
        procedure: &str,
        is_at_work: impl Fn(RequestId) -> bool,
    ) {
        let ended = || self.0.keys().copied().filter(|request| !is_at_work(*request));
        if self.0.len() >= MOST_ENDED
            && ended().count() >= MOST_ENDED
            && let Some(oldest) = ended().min()
        {
            self.0.remove(&oldest);
        }
        self.0.insert(request, procedure.to_owned());
    }

    pub(super) fn remove(&mut self, request: RequestId) {
        self.0.remove(&request);
    }
}
