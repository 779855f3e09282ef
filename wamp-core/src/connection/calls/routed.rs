//! Calls that a client answers, on the side of their caller.

use std::rc::Rc;
use std::sync::Arc;

use super::{Answerer, Calls, InFlight, NewCall, Procedure, limit, procedure};
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::error::{Error, uris};
use crate::handler::call_state::CallState;
use crate::handler::context::Asked;
use crate::message::{self, CallOptions, CancelMode, Details, MatchPolicy, RoleFeatures};
use crate::realm::dealer::{Callee, Registration};
use crate::realm::instruments::Label;
use crate::session::handle::SessionHandle;
use crate::session::routed_call::{Answer, Invoked, Refused, RoutedCall, RoutedMessage};

impl Calls {
    pub(super) fn route_call(
        &mut self,
        core: &mut Core,
        call: &NewCall<'_>,
        registered: &Registration,
        payload: Payload,
    ) -> Result<(), Error> {
        let &NewCall { request, options, uri, passed, now, .. } = call;
        let Some(Callee { handle: callee, forward_timeout, disclose_caller }) = registered.select()
        else {
            // All callees have left since it was found; or another client has taken it over, and
            // serves instead (C11).
            return match procedure(core, uri) {
                Some(Procedure::Registered(latest)) if latest.id != registered.id => {
                    self.route_call(core, call, &latest, payload)
                }
                _ => Err(Error::no_such_procedure(uri)),
            };
        };
        if let Some(oddity) = payload.oddity() {
            return Err(Error::odd(oddity));
        }
        let announced = callee.features.callee;
        check_features(options, announced)?;
        if callee.invocations.count() >= core.limits().invocations_in_flight {
            return Err(
                Error::new(uris::UNAVAILABLE).arg("the callee has too many calls to answer")
            );
        }
        // PR-01. Clients in use announce this and not `call_canceling`: such a call cannot be
        // interrupted (CA-04).
        let receive_progress =
            options.receive_progress == Some(true) && announced.progressive_call_results;
        // TO-03
        let forwarded = options.timeout.filter(|_| forward_timeout && announced.call_timeout);
        let details = Invoked {
            procedure: (registered.pattern.policy != MatchPolicy::Exact).then(|| uri.to_owned()),
            progress: options.goes_on(),
            receive_progress,
            timeout: forwarded.filter(|milliseconds| *milliseconds > 0),
            trustlevel: core.session().handle().trustlevel,
            disclosed: disclose_caller || options.disclose_me == Some(true),
            extras: options.extras.clone(),
        };
        let bytes = payload.kept_bytes();
        let caller = core.session().handle();
        let routed = RoutedCall::new(caller, request, callee, registered.id, receive_progress);
        let invocation = RoutedMessage::Invocation {
            call: Arc::clone(&routed),
            is_first: true,
            details,
            payload,
        };
        ask(invocation, &routed.callee).map_err(|refused| Error::new(uri_of(refused)))?;
        core.pace.count_bytes(bytes, &core.link.limits);
        let limit = if forwarded.is_some() { None } else { limit(options, None, now) };
        let call = passed.map_or_else(
            || {
                let asked = Asked::new(&core.link, "".into(), Payload::empty());
                Rc::new(CallState::new(asked, request, options, None))
            },
            Rc::clone,
        );
        self.insert(InFlight { call, by: Answerer::Callee(routed), limit, bytes, passing: None });
        Ok(())
    }

    /// Handles the answer of a callee; without effect if the call has its answer.
    pub(in crate::connection) fn answered(
        &mut self,
        core: &Core,
        routed: &Arc<RoutedCall>,
        answer: &Answer,
    ) {
        let Some(InFlight { call, by: Answerer::Callee(current), .. }) =
            self.at_work.get(&routed.request)
        else {
            return;
        };
        if !Arc::ptr_eq(routed, current) {
            return;
        }
        let call = Rc::clone(call);
        let is_final = answer.is_final();
        let mut ended = None;
        if is_final {
            routed.end();
            ended = self.end(call.request);
        }
        let forwarded = forward(core, &call, answer);
        if let Err(error) = &forwarded {
            if !is_final {
                routed.interrupt(CancelMode::KillNoWait);
                routed.end();
                ended = self.end(call.request);
            }
            super::answer(core, &call, Err(error.clone().blameless()));
        } else if is_final {
            core.call_ended(call.request, || answer.outcome());
        }
        if let Some(passing) = ended.and_then(|ended| ended.passing) {
            self.leave_layers(*passing, forwarded.and_then(|()| answer.result()));
        }
    }
}

/// Sends the answer of a callee to the caller.
fn forward(core: &Core, call: &CallState, answer: &Answer) -> Result<(), Error> {
    let (progress, passthru) = match answer {
        Answer::Result { progress, passthru, .. } => (*progress, passthru),
        Answer::Error { passthru, .. } => (false, passthru),
    };
    if passthru.is_some() && !core.session().handle().features.caller.payload_passthru_mode {
        return Err(Error::feature_not_supported("the callee answered in passthru mode"));
    }
    let details = Details::new(progress, passthru.as_deref());
    let mut send_buffer = core.link.send_buffer.borrow_mut();
    match answer {
        Answer::Result { payload, .. } => {
            let limit = core.limits().max_result_bytes;
            send_buffer.result(call.request, &details, limit, |writer| writer.payload(payload))?;
        }
        Answer::Error { error, payload, .. } => {
            let write = |s, out: &mut Vec<u8>| {
                message::forwarded_error(s, out, call.request, &details, error, payload)
            };
            send_buffer.write(write).map_err(|error| Error::encoding(&error))?;
        }
    }
    if progress {
        call.progress();
        if let Some(counters) = core.session().realm().counters() {
            counters.progressed(Label::CLIENT);
        }
    } else {
        call.answer();
    }
    Ok(())
}

/// Sends one more chunk to the callee; returns the URI of the error that the caller gets instead.
pub(super) fn chunk(
    routed: &Arc<RoutedCall>,
    goes_on: bool,
    payload: Payload,
) -> Result<(), &'static str> {
    if payload.oddity().is_some() {
        return Err(uris::INVALID_PAYLOAD);
    }
    // PI-05: all else was said by the first.
    let details = Invoked { progress: goes_on, ..Invoked::default() };
    let chunk =
        RoutedMessage::Invocation { call: Arc::clone(routed), is_first: false, details, payload };
    match ask(chunk, &routed.callee) {
        // A callee that has left has answered all its calls (C-10).
        Ok(()) | Err(Refused::Closed) => Ok(()),
        Err(Refused::Full) => Err(uri_of(Refused::Full)),
    }
}

/// Puts a call, or a chunk of one, before its callee. Many callees that do not read may hold no
/// more together than others.
fn ask(invocation: RoutedMessage, callee: &SessionHandle) -> Result<(), Refused> {
    callee.mailbox.routing(invocation)?;
    callee.mailbox.relieve();
    Ok(())
}

/// PI-03, X-03.
fn check_features(options: &CallOptions, announced: RoleFeatures) -> Result<(), Error> {
    if options.goes_on() && !(announced.progressive_call_invocations && announced.call_canceling) {
        return Err(Error::feature_not_supported(
            "the callee takes no progressive call invocations",
        ));
    }
    if options.passthru().is_some() && !announced.payload_passthru_mode {
        return Err(Error::feature_not_supported("the callee takes no payload in passthru mode"));
    }
    Ok(())
}

fn uri_of(refused: Refused) -> &'static str {
    match refused {
        Refused::Closed => uris::CANCELED, // C-10
        Refused::Full => uris::UNAVAILABLE,
    }
}
