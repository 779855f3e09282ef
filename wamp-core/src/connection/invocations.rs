//! The invocations of one session: calls of others that it has to answer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::core::Core;
use crate::codec::payload::Payload;
use crate::error::{Breach, Violation, uris};
use crate::id::RequestId;
use crate::log;
use crate::message::{
    self, CancelMode, Extras, InvocationDetails, Passthru, PassthruKeys, Trace, YieldOptions, code,
};
use crate::session::routed_call::{Answer, Invoked, RoutedCall, RoutedMessage};

/// The invocations of one session.
#[derive(Debug, Default)]
pub(super) struct Invocations {
    open: HashMap<RequestId, Arc<RoutedCall>>,
    /// The id of the last one (I-06).
    last: Option<RequestId>,
}

impl Invocations {
    /// Returns the id of the next one.
    fn next(&self) -> RequestId {
        self.last.map_or(RequestId::FIRST, RequestId::next)
    }

    /// Adds a call whose first INVOCATION was written.
    fn add(&mut self, id: RequestId, call: &Arc<RoutedCall>) {
        self.last = Some(id);
        self.open.insert(id, Arc::clone(call));
        call.sent_as(id);
    }

    /// Returns the call of an id, `None` if it is over; an id that was never given is a violation
    /// (P-03).
    fn find(&self, id: RequestId) -> Result<Option<&Arc<RoutedCall>>, Violation> {
        match self.open.get(&id) {
            None if self.last.is_none_or(|last| last < id) => Err(Breach::NoInvocation(id).into()),
            found => Ok(found),
        }
    }

    /// Sends INVOCATION for a new call or one more chunk (PI-01), unless the call is over.
    pub(super) fn invoke(
        &mut self,
        core: &Core,
        call: &Arc<RoutedCall>,
        details: &Invoked,
        payload: &Payload,
    ) {
        let id = match call.invocation() {
            _ if call.is_over() => return,
            None => self.next(),
            Some(id) if self.open.contains_key(&id) => id,
            Some(_) => return, // PI-10
        };
        let details = details_of(call, details);
        let write = |s, out: &mut Vec<u8>| {
            message::invocation(s, out, id, call.registration, &details, payload)
        };
        let written = core.link.send_buffer.borrow_mut().write(write);
        match written {
            Ok(()) if call.invocation().is_none() => self.add(id, call),
            Ok(()) => {}
            Err(error) => {
                tracing::debug!(
                    target: log::CALL,
                    %error,
                    "arguments that the callee's serializer cannot express"
                );
                self.break_off(core, call, uris::INVALID_PAYLOAD);
            }
        }
    }

    /// Ends a call of which the callee cannot be sent the rest.
    fn break_off(&mut self, core: &Core, call: &Arc<RoutedCall>, uri: &'static str) {
        // A callee that was sent a first chunk has announced call_canceling (PI-03).
        self.interrupt(core, call, CancelMode::KillNoWait);
        if let Some(id) = call.invocation() {
            self.open.remove(&id);
        }
        call.answer(Answer::error(uri));
        call.end();
    }

    /// Sends INTERRUPT, unless the call has been answered, or was not sent yet.
    pub(super) fn interrupt(&mut self, core: &Core, call: &RoutedCall, mode: CancelMode) {
        let Some(id) = call.invocation().filter(|id| self.open.contains_key(id)) else { return };
        core.send(&message::interrupt(id, mode));
    }

    pub(super) fn yielded(
        &mut self,
        core: &mut Core,
        id: RequestId,
        options: YieldOptions,
        payload: Payload,
    ) -> Result<(), Violation> {
        check_passthru(core, options.passthru.as_deref())?;
        let Some(call) = self.find(id)?.cloned() else {
            return Ok(()); // PR-04
        };
        let progress = options.progress == Some(true);
        if !progress {
            self.open.remove(&id);
        } else if call.is_over() {
            interrupt_again(core, id); // PR-06
            return Ok(());
        } else if !call.receive_progress {
            return Ok(()); // PR-05
        }
        core.pace.count_bytes(payload.kept_bytes(), &core.link.limits);
        call.answer(match (payload.oddity(), &options.passthru) {
            (Some(oddity), _) => Answer::odd(oddity),
            //
            (None, Some(_)) if !payload.is_one_binary() => Answer::error(uris::INVALID_ARGUMENT),
            _ => Answer::Result { progress, passthru: options.passthru, payload },
        });
        Ok(())
    }

    /// Handles ERROR, with which a client can answer only an INVOCATION (P-02).
    pub(super) fn failed(
        &mut self,
        core: &mut Core,
        request_type: u64,
        id: RequestId,
        passthru: Option<Box<Passthru>>,
        error: &str,
        payload: Payload,
    ) -> Result<(), Violation> {
        if request_type != code::INVOCATION {
            return Err(Breach::ErrorForOther(request_type).into());
        }
        check_passthru(core, passthru.as_deref())?;
        if let Some(call) = self.find(id)?.cloned() {
            self.open.remove(&id);
            core.pace.count_bytes(payload.kept_bytes(), &core.link.limits);
            // A text that is no URI would not go out anyhow, and is not kept: it may be as long as
            // a message.
            let error = Cow::Owned(message::callees_error_uri(error).to_owned());
            call.answer(match payload.oddity() {
                None => Answer::Error { error, passthru, payload },
                // As of any error whose arguments the caller cannot get.
                Some(_) => Answer::Error { error, passthru: None, payload: Payload::empty() },
            });
        }
        Ok(())
    }

    /// Answers all callers, also those of `unread` messages, for the callee leaves (C-10).
    pub(super) fn cancel_all(&mut self, unread: Vec<RoutedMessage>) {
        let open = std::mem::take(&mut self.open).into_values();
        let unread = unread.into_iter().filter_map(|message| match message {
            RoutedMessage::Invocation { call, .. } => Some(call),
            _ => None,
        });
        for call in open.chain(unread) {
            call.answer(Answer::error(uris::CANCELED));
        }
    }
}

/// Checks that passthru mode was announced.
fn check_passthru(core: &Core, passthru: Option<&Passthru>) -> Result<(), Violation> {
    if passthru.is_some() && !core.session().handle().features.callee.payload_passthru_mode {
        return Err(Breach::CalleePassthruNotAnnounced.into());
    }
    Ok(())
}

/// Repeats INTERRUPT for a callee that goes on with a call that is over (PR-06).
fn interrupt_again(core: &Core, id: RequestId) {
    if core.session().handle().features.callee.call_canceling {
        let mode = CancelMode::KillNoWait;
        core.send(&message::interrupt(id, mode));
    }
}

fn details_of<'c>(call: &'c RoutedCall, details: &'c Invoked) -> InvocationDetails<'c> {
    let caller = details.disclosed.then_some(&call.caller);
    let extras = details.extras.as_deref();
    let (passthru, trace) = (PassthruKeys(Extras::passthru(extras)), Extras::trace(extras));
    InvocationDetails {
        procedure: details.procedure.as_deref(),
        progress: details.progress,
        receive_progress: details.receive_progress,
        timeout: details.timeout,
        trustlevel: details.trustlevel,
        caller: caller.map(|caller| caller.id),
        caller_authid: caller.map(|caller| caller.identity.authid.as_str()),
        caller_authrole: caller.map(|caller| caller.identity.authrole.as_str()),
        ppt_scheme: passthru.scheme(),
        ppt_serializer: passthru.serializer(),
        ppt_cipher: passthru.cipher(),
        ppt_keyid: passthru.keyid(),
        traceparent: trace.map(Trace::traceparent),
        tracestate: trace.and_then(Trace::tracestate),
    }
}
