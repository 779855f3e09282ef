//! Calls of the meta API.

use super::open::OpenSession;
use crate::codec::payload::Payload;
use crate::error::Error;
use crate::handler::arguments::{Arena, Arguments};
use crate::handler::context::{Context, Subject};
use crate::handler::reply::IntoReply as _;
use crate::id::RequestId;
use crate::message::{CallOptions, Details};
use crate::router::meta;
use crate::uri;

impl OpenSession {
    /// A call of what belongs to the protocol: answered at once, before any handler is looked up (U-08).
    pub(super) fn answer_meta(
        &self,
        request: RequestId,
        options: &CallOptions,
        procedure: &str,
        payload: Payload,
    ) -> Result<(), Error> {
        if !uri::is_valid(procedure) {
            return Err(Error::invalid_uri(procedure));
        }
        self.check_call(options, &payload)?;
        if options.goes_on() || options.passthru.is_some() {
            return Err(Error::feature_not_supported("the procedures of the router take plain calls")); // PI-03, X-03
        }
        let uri = procedure.to_owned().into();
        let context = Context { link: self.core.link.clone(), uri, payload, subject: Subject::Join };
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let reply = meta::call(&self.core.served, &context, arguments)?;
        let (limit, details) = (self.core.limits().max_result_bytes, Details::new(false, None));
        self.core.link.send_buffer.borrow_mut().result(request, &details, limit, |writer| reply.write(writer))
    }
}
