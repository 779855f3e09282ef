//! Injects the trace context of a call or a publication.

use crate::error::Error;
use crate::handler::context::{Context, FromContext, Subject};
use crate::message::{Extras, Trace};

/// Fails if the client sent no valid trace context, or the realm passes none on; an `Option` is
/// `None` then.
impl FromContext for Trace {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        let trace = match (context.as_call(), context.subject()) {
            (Some(call), _) => Extras::trace(call.extras.as_deref()),
            (_, Some(Subject::Publish(_, trace))) => trace.as_deref(),
            _ => None,
        };
        trace.cloned().ok_or_else(|| Error::invalid_argument("the request has no trace context"))
    }
}
