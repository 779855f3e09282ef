//! The span in which a call's handler runs, so that the application's own lines name the call.

use tracing::level_filters::LevelFilter;
use tracing::{Instrument as _, Level};

use super::NewCall;
use crate::connection::core::Core;
use crate::error::shortened;
use crate::handler::entry::{BoxedAnswer, HandlerEntry};
use crate::log;
use crate::message::Trace;

/// Puts a handler's work into the span `wamp.call`, if a subscriber wants it. The span is entered
/// whenever the work is polled, and when it is dropped.
#[inline(always)]
pub(super) fn spanned(
    core: &Core,
    call: &NewCall<'_>,
    handler: &'static HandlerEntry,
    work: BoxedAnswer<()>,
) -> BoxedAnswer<()> {
    // One relaxed load, where no subscriber wants anything below INFO.
    if LevelFilter::current() < LevelFilter::DEBUG {
        return work;
    }
    in_span(core, call, handler, work)
}

#[cold]
fn in_span(
    core: &Core,
    call: &NewCall<'_>,
    handler: &'static HandlerEntry,
    work: BoxedAnswer<()>,
) -> BoxedAnswer<()> {
    let (session, trace) = (core.session(), call.options.trace());
    let span = tracing::span!(
        target: log::CALL,
        Level::DEBUG,
        "wamp.call",
        uri = ?shortened(call.uri),
        declared = handler.uri,
        function = handler.function,
        request = %call.request,
        session = %session.id(),
        authid = ?shortened(session.authid()),
        realm = ?shortened(session.realm().name()),
        trace_id = trace.map(Trace::trace_id),
        traceparent = trace.map(Trace::traceparent),
    );
    if span.is_disabled() { work } else { Box::pin(work.instrument(span)) }
}
