//! Progressive call invocations whose callers have more to send.

use std::collections::{HashMap, VecDeque};

use crate::id::RequestId;

/// So many calls that ended before their callers had sent everything are remembered.
const MOST_ENDED: usize = 256;

/// Calls of which the last chunk has not come, with their procedures.
///
/// A call may end before that (PI-10), and its caller cannot know while it sends (PI-07): so it
/// stays here until the last chunk, and tells a late chunk from a new call.
#[derive(Debug, Default)]
pub(super) struct UnfinishedCalls {
    at_work: HashMap<RequestId, String>,
    /// In the order in which they ended, the latest at the back.
    ended: VecDeque<(RequestId, String)>,
}

/// The part that a CALL is, by its id and procedure.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Part {
    /// The first of its call, if the id is free.
    First,
    /// One more chunk.
    Chunk,
    /// A chunk of a call that has its answer.
    Late,
    /// The id of a call at work, and another procedure (PI-08).
    Contradiction,
}

impl UnfinishedCalls {
    pub(super) fn part(&self, request: RequestId, procedure: &str) -> Part {
        match self.at_work.get(&request) {
            Some(begun) if begun == procedure => Part::Chunk,
            Some(_) => Part::Contradiction,
            // As a rule, and looking for the id costs more.
            None if self.ended.is_empty() => Part::First,
            None if self.position(request, procedure).is_some() => Part::Late,
            None => Part::First,
        }
    }

    /// Returns whether there is a call at work whose caller has more to send.
    pub(super) fn awaits_chunks(&self) -> bool {
        !self.at_work.is_empty()
    }

    /// Adds a call whose caller has more to send.
    pub(super) fn begin(&mut self, request: RequestId, procedure: &str) {
        self.at_work.insert(request, procedure.to_owned());
    }

    /// Removes a call at work whose last chunk has come.
    pub(super) fn complete(&mut self, request: RequestId) {
        self.at_work.remove(&request);
    }

    /// Notes that the call has its answer. If its last chunk has not come, that will be late; of
    /// more such calls than are remembered, the one that ended first is forgotten.
    pub(super) fn end(&mut self, request: RequestId) {
        if !self.awaits_chunks() {
            return; // `remove` would hash the id first
        }
        let Some(procedure) = self.at_work.remove(&request) else { return };
        if self.ended.len() == MOST_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back((request, procedure));
    }

    /// Forgets a call that has its answer, for its last chunk has come.
    pub(super) fn forget(&mut self, request: RequestId, procedure: &str) {
        if let Some(position) = self.position(request, procedure) {
            self.ended.remove(position);
        }
    }

    fn position(&self, request: RequestId, procedure: &str) -> Option<usize> {
        self.ended.iter().rposition(|(id, name)| *id == request && name == procedure)
    }
}
