//! The calls of one session that are open, with what is remembered of each.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::id::RequestId;

/// The calls of one session that are open, with what is remembered of each.
#[derive(Debug)]
pub(super) struct OpenCalls<T> {
    /// The call that began last, which as a rule ends before the next begins.
    latest: RefCell<Option<(RequestId, T)>>,
    /// The calls before it.
    before: RefCell<HashMap<RequestId, T>>,
}

impl<T> Default for OpenCalls<T> {
    fn default() -> Self {
        Self { latest: RefCell::default(), before: RefCell::default() }
    }
}

impl<T> OpenCalls<T> {
    #[inline]
    pub(super) fn start(&self, request: RequestId, call: T) {
        let before = self.latest.borrow_mut().replace((request, call));
        if let Some((request, before)) = before {
            self.before.borrow_mut().insert(request, before);
        }
    }

    /// Ends a call; returns `None` if it has ended.
    #[inline]
    pub(super) fn end(&self, request: RequestId) -> Option<T> {
        let mut latest = self.latest.borrow_mut();
        match latest.take_if(|(latest, _)| *latest == request) {
            Some((_, call)) => Some(call),
            None => self.before.borrow_mut().remove(&request),
        }
    }

    /// Ends all calls.
    pub(super) fn end_all(&self) -> impl Iterator<Item = (RequestId, T)> {
        self.before.take().into_iter().chain(self.latest.take())
    }
}
