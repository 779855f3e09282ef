//! Log lines about requests that get an ERROR: at ERROR where the server is to blame, at DEBUG
//! where the application or the router refuses.

use super::Core;
use crate::error::{Error, Fault, shortened};
use crate::handler::context::Link;
use crate::id::{RequestId, SubscriptionId};
use crate::log;
use crate::message::Action;
use crate::message::{MatchPolicy, code};
use crate::realm::pattern::Pattern;
use crate::uri;

/// A request, as the log tells of it.
#[derive(Copy, Clone, Debug)]
pub(in crate::connection) struct Request<'r> {
    pub(in crate::connection) code: u64,
    pub(in crate::connection) id: RequestId,
    /// The procedure or topic, where it is known.
    named: Option<(MatchPolicy, &'r str)>,
}

impl<'r> Request<'r> {
    pub(in crate::connection) fn of(code: u64, id: RequestId) -> Self {
        Self { code, id, named: None }
    }

    pub(in crate::connection) fn call(id: RequestId, procedure: Option<&'r str>) -> Self {
        let named = procedure.map(|procedure| (MatchPolicy::Exact, procedure));
        Self { code: code::CALL, id, named }
    }

    pub(in crate::connection) fn publish(id: RequestId, topic: &'r str) -> Self {
        Self { code: code::PUBLISH, id, named: Some((MatchPolicy::Exact, topic)) }
    }

    pub(in crate::connection) fn naming(self, pattern: &'r Pattern) -> Self {
        Self { named: Some((pattern.policy, &pattern.uri)), ..self }
    }

    /// Returns the action, and the URI or pattern that it names.
    pub(in crate::connection) fn asks_for(self) -> Option<(Action, &'r str)> {
        self.action().zip(self.named.map(|(_, uri)| uri))
    }

    fn action(self) -> Option<Action> {
        match self.code {
            code::CALL => Some(Action::Call),
            code::PUBLISH => Some(Action::Publish),
            code::SUBSCRIBE => Some(Action::Subscribe),
            code::REGISTER => Some(Action::Register),
            _ => None,
        }
    }
}

/// The work that failed.
#[derive(Copy, Clone, Debug)]
enum Failed<'r> {
    Request(Request<'r>),
    Stream(SubscriptionId, &'r Pattern),
}

impl Core {
    /// Tells the log of the error with which a request ends.
    pub(in crate::connection) fn tell(&self, request: Request<'_>, error: &Error) {
        if let Some(cause) = cause(error) {
            self.tell_failed(Failed::Request(request), error, cause);
            return;
        }
        let session = self.session();
        tracing::debug!(
            target: log::CALL,
            error = error.uri(),
            uri = request.named.map(|(_, uri)| debug(shortened(uri))),
            request = %request.id,
            session = %session.id(),
            authid = ?shortened(session.authid()),
            realm = ?shortened(session.realm().name()),
            "request refused"
        );
    }

    /// Tells the log of an error that no client gets, if the server is to blame.
    pub(in crate::connection) fn tell_fault(&self, request: Request<'_>, error: &Error) {
        if cause(error).is_some() {
            self.tell(request, error);
        }
    }

    /// Tells the log of an ERROR whose arguments cannot be written.
    pub(in crate::connection) fn tell_unwritten(
        &self,
        request: Request<'_>,
        error: &Error,
        fault: &str,
    ) {
        let cause = format!("the arguments of the error cannot be serialised: {fault}");
        self.tell_failed(Failed::Request(request), error, &cause);
    }

    /// Tells the log of a stream that has failed.
    pub(in crate::connection) fn tell_stream(
        &self,
        id: SubscriptionId,
        topic: &Pattern,
        error: &Error,
    ) {
        if let Some(cause) = cause(error) {
            self.tell_failed(Failed::Stream(id, topic), error, cause);
            return;
        }
        let session = self.session();
        tracing::debug!(
            target: log::CALL,
            error = error.uri(),
            uri = ?shortened(&topic.uri),
            subscription = %id,
            session = %session.id(),
            authid = ?shortened(session.authid()),
            realm = ?shortened(session.realm().name()),
            "a stream ended with an error: its subscription is revoked"
        );
    }

    #[cold]
    fn tell_failed(&self, failed: Failed<'_>, error: &Error, cause: &str) {
        let (action, named, request, subscription, what) = match failed {
            Failed::Request(request) => {
                (request.action(), request.named, Some(request.id), None, "a request failed")
            }
            Failed::Stream(id, topic) => {
                let named = Some((topic.policy, topic.uri.as_str()));
                let what = "a stream has failed: its subscription is revoked";
                (Some(Action::Subscribe), named, None, Some(id), what)
            }
        };
        let handler = action
            .zip(named)
            .and_then(|(action, (policy, uri))| self.served.registry.handler(action, policy, uri));
        let (session, fault) = (self.session(), error.fault());
        if let (Some(counters), Some(handler)) = (session.realm().counters(), handler)
            && fault.is_some_and(Fault::is_panic)
        {
            counters.handler_panicked(handler.uri);
        }
        tracing::error!(
            target: log::CALL,
            id = fault.and_then(Fault::id),
            cause,
            error = ?shortened(error.uri()),
            extractor = fault.and_then(Fault::extractor),
            uri = named.map(|(_, uri)| debug(shortened(uri))),
            declared = handler.map(|handler| handler.uri),
            function = handler.map(|handler| handler.function),
            request = request.map(display),
            subscription = subscription.map(display),
            session = %session.id(),
            authid = ?shortened(session.authid()),
            realm = ?shortened(session.realm().name()),
            "{what}"
        );
    }
}

/// Tells the log of a `#[session]` handler that refuses a session, or fails.
pub(in crate::connection) fn tell_refused_join(link: &Link, function: &str, error: &Error) {
    let (session, fault) = (&link.session, error.fault());
    if let Some(counters) = session.realm().counters()
        && fault.is_some_and(Fault::is_panic)
    {
        counters.handler_panicked("");
    }
    if let Some(cause) = cause(error) {
        tracing::error!(
            target: log::CALL,
            id = fault.and_then(Fault::id),
            cause,
            error = ?shortened(error.uri()),
            extractor = fault.and_then(Fault::extractor),
            function,
            session = %session.id(),
            authid = ?shortened(session.authid()),
            realm = ?shortened(session.realm().name()),
            "joining failed"
        );
        return;
    }
    tracing::debug!(
        target: log::CALL,
        error = error.uri(),
        function,
        session = %session.id(),
        authid = ?shortened(session.authid()),
        realm = ?shortened(session.realm().name()),
        "joining refused"
    );
}

/// Returns the cause of an error for which the server is to blame: an application that names no
/// URI is, too.
fn cause(error: &Error) -> Option<&str> {
    let is_uri = uri::is_valid(error.uri());
    let instead = "the error has no valid URI: wamp.error.runtime_error is sent in its place";
    error.cause().or((!is_uri).then_some(instead))
}
