//! Calls of the meta API.

use super::{Calls, NewCall};
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::error::Error;
use crate::handler::arguments::{Arena, Arguments};
use crate::handler::context::{Context, Subject};
use crate::handler::reply::IntoReply as _;
use crate::message::Details;
use crate::router::meta;
use crate::session::request_outcome::RequestOutcome;
use crate::uri;

impl Calls {
    /// Answers a call of a procedure under `wamp.`: at once, before any handler is looked up
    /// (U-08).
    pub(super) fn answer_meta(
        &self,
        core: &Core,
        call: &NewCall<'_>,
        payload: Payload,
    ) -> Result<(), Error> {
        let &NewCall { request, options, uri: procedure, .. } = call;
        if !uri::is_valid(procedure) {
            return Err(Error::invalid_uri(procedure));
        }
        self.check_call(core, call, &payload)?;
        if options.goes_on() || options.passthru().is_some() {
            return Err(Error::feature_not_supported(
                "the procedures of the router take plain calls",
            )); // PI-03, X-03
        }
        let uri = procedure.to_owned().into();
        let context = Context { link: core.link.clone(), uri, payload, subject: Subject::Join };
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let reply = meta::call(&core.served, &context, arguments)?;
        let (limit, details) = (core.limits().max_result_bytes, Details::new(false, None));
        core.link
            .send_buffer
            .borrow_mut()
            .result(request, &details, limit, |writer| reply.write(writer))?;
        core.call_ended(request, || RequestOutcome::Ok);
        Ok(())
    }
}
