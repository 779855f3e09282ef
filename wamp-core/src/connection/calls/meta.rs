//! Calls of the meta API.

use std::rc::Rc;

use super::{Calls, NewCall};
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::error::Error;
use crate::handler::arguments::{Arena, Arguments};
use crate::handler::call_state::CallState;
use crate::handler::context::Context;
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
        let asked = core.asked(None, procedure, payload);
        let context = Context::of_call(&Rc::new(CallState::new(asked, request, options, None)));
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
