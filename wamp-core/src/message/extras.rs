//! Options that few requests have, kept apart so that others pay one word for all of them.

use super::passthru::Passthru;
use super::trace::Trace;

/// The options of CALL and PUBLISH that few requests have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) passthru: Option<Passthru>,
    pub(crate) trace: Option<Trace>,
}

impl Extras {
    /// Returns the description of a payload in passthru mode, for a request with or without extras.
    #[inline]
    pub(crate) fn passthru(of: Option<&Self>) -> Option<&Passthru> {
        of?.passthru.as_ref()
    }

    /// Returns the trace context; otherwise as [`passthru`](Self::passthru).
    #[inline]
    pub(crate) fn trace(of: Option<&Self>) -> Option<&Trace> {
        of?.trace.as_ref()
    }
}
