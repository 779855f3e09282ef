//! Messages that the server sends: values if they carry no payload, and otherwise functions that
//! write head and payload straight into the outgoing buffer.

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments_writer::ArgumentsWriter;
use super::code;
use super::features::RouterRoles;
use super::options::CancelMode;
use super::passthru::{Passthru, PassthruKeys};
use crate::codec::payload::Payload;
use crate::codec::serializer::{EncodeError, Serializer};
use crate::error::{shortened, uris};
use crate::id::{PublicationId, RegistrationId, RequestId, SessionId, SubscriptionId};
use crate::log;
use crate::uri;

/// Details with a text for humans, if there is one.
#[derive(Serialize)]
struct Explained<'t> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'t str>,
}

/// Returns the URI of an ERROR or an ABORT that the application chose, or another in place of a
/// text that is not a URI: clients such as autobahn end their session when they find such a text.
fn uri_or_instead(chosen: &str) -> &str {
    if uri::is_valid(chosen) { chosen } else { INSTEAD }
}

/// Returns the URI of an ABORT, as [`uri_or_instead`] does, and logs a text that is not a URI.
fn abort_uri(chosen: &str) -> &str {
    let sent = uri_or_instead(chosen);
    if sent != chosen {
        tracing::error!(
            target: log::SESSION,
            uri = ?shortened(chosen),
            "the reason of an ABORT has no valid URI: {INSTEAD} is sent in its place"
        );
    }
    sent
}

/// Returns the URI of an ERROR that a callee chose, as [`uri_or_instead`] does; logged at DEBUG
/// only, so that clients cannot fill the log.
pub(crate) fn callees_error_uri(chosen: &str) -> &str {
    if uri::is_valid(chosen) {
        return chosen;
    }
    tracing::debug!(
        target: log::CALL,
        uri = ?shortened(chosen),
        "a callee's ERROR has no valid URI: {INSTEAD} is sent in its place"
    );
    INSTEAD
}

const INSTEAD: &str = uris::RUNTIME_ERROR;

/// Splits the reason that the application gave: a text that is not a URI becomes the message for
/// humans.
fn reason_or_message(reason: Option<&str>) -> (Option<&str>, Option<&str>) {
    match reason.filter(|reason| !reason.is_empty()) {
        Some(text) if !uri::is_valid(text) => (None, Some(text)),
        uri => (uri, None),
    }
}

/// `WELCOME.Details`.
#[derive(Serialize)]
pub(crate) struct Welcome<'s> {
    pub(crate) realm: &'s str,
    pub(crate) authid: &'s str,
    pub(crate) authrole: &'s str,
    pub(crate) authmethod: &'s str,
    pub(crate) authprovider: &'s str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    authextra: &'s Map<String, Value>,
    pub(crate) agent: &'s str,
    roles: &'s RouterRoles,
}

impl Welcome<'_> {
    pub(crate) fn new<'s>(
        realm: &'s str,
        identity: &'s crate::identity::Identity,
        agent: &'s str,
        roles: &'s RouterRoles,
    ) -> Welcome<'s> {
        Welcome {
            realm,
            authid: &identity.authid,
            authrole: &identity.authrole,
            authmethod: &identity.authmethod,
            authprovider: &identity.authprovider,
            authextra: &identity.authextra,
            agent,
            roles,
        }
    }
}

type Written = Result<(), EncodeError>;

/// Returns `WELCOME [2, Session, Details]`.
pub(crate) fn welcome(session: SessionId, details: &Welcome<'_>) -> impl Serialize {
    (code::WELCOME, session, details)
}

/// Returns `ABORT [3, Details, Reason]`.
pub(crate) fn abort(reason: &str, message: &str) -> impl Serialize {
    (code::ABORT, Explained { message: Some(message) }, abort_uri(reason))
}

/// Returns `CHALLENGE [4, AuthMethod, Extra]`.
pub(crate) fn challenge(method: &str, extra: &impl Serialize) -> impl Serialize {
    (code::CHALLENGE, method, extra)
}

/// Returns `GOODBYE [6, Details, Reason]`. A reason that is not a URI is sent as the message, if
/// there is no other.
pub(crate) fn goodbye<'t>(reason: &'t str, message: Option<&'t str>) -> impl Serialize {
    let (uri, text) = reason_or_message(Some(reason));
    let reason = uri.unwrap_or(uris::NORMAL);
    if let Some(text) = text {
        tracing::warn!(
            target: log::SESSION,
            reason = ?shortened(text),
            "the reason of a GOODBYE is no URI: {reason} is sent in its place"
        );
    }
    (code::GOODBYE, Explained { message: message.or(text) }, reason)
}

/// Returns `PUBLISHED [17, PUBLISH.Request, Publication]`.
pub(crate) fn published(request: RequestId, publication: PublicationId) -> impl Serialize {
    (code::PUBLISHED, request, publication)
}

/// Returns `SUBSCRIBED [33, SUBSCRIBE.Request, Subscription]`.
pub(crate) fn subscribed(request: RequestId, subscription: SubscriptionId) -> impl Serialize {
    (code::SUBSCRIBED, request, subscription)
}

/// Returns `UNSUBSCRIBED [35, UNSUBSCRIBE.Request]`.
pub(crate) fn unsubscribed(request: RequestId) -> impl Serialize {
    (code::UNSUBSCRIBED, request)
}

/// Returns `REGISTERED [65, REGISTER.Request, Registration]`.
pub(crate) fn registered(request: RequestId, registration: RegistrationId) -> impl Serialize {
    (code::REGISTERED, request, registration)
}

/// Returns `UNREGISTERED [67, UNREGISTER.Request]`.
pub(crate) fn unregistered(request: RequestId) -> impl Serialize {
    (code::UNREGISTERED, request)
}

/// Returns `UNSUBSCRIBED [35, 0, Details]`: the router ended the subscription (E-12). A reason that
/// is not a URI is sent as the message.
pub(crate) fn subscription_revoked(subscription: SubscriptionId, reason: &str) -> impl Serialize {
    #[derive(Serialize)]
    struct Details<'d> {
        subscription: SubscriptionId,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'d str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'d str>,
    }
    let (reason, message) = reason_or_message(Some(reason));
    (code::UNSUBSCRIBED, 0, Details { subscription, reason, message })
}

/// Returns `UNREGISTERED [67, 0, Details]`: the router revoked the registration (RR-04). A reason
/// that is not a URI is sent as the message.
pub(crate) fn registration_revoked(
    registration: RegistrationId,
    reason: Option<&str>,
) -> impl Serialize {
    #[derive(Serialize)]
    struct Details<'d> {
        registration: RegistrationId,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'d str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'d str>,
    }
    let (reason, message) = reason_or_message(reason);
    (code::UNREGISTERED, 0, Details { registration, reason, message })
}

/// `INVOCATION.Details`, and `timeout` in milliseconds. Keys that are false or unknown are left out
/// (C-13).
#[derive(Debug, Default, Serialize)]
pub(crate) struct InvocationDetails<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) procedure: Option<&'d str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) progress: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) receive_progress: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trustlevel: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caller: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caller_authid: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caller_authrole: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_scheme: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_serializer: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_cipher: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_keyid: Option<&'d str>,
    #[serde(rename = "_traceparent", skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<&'d str>,
    #[serde(rename = "_tracestate", skip_serializing_if = "Option::is_none")]
    pub(crate) tracestate: Option<&'d str>,
}

/// Writes `INVOCATION [68, Request, Registration, Details, Arguments?, ArgumentsKw?]`.
pub(crate) fn invocation(
    s: Serializer,
    out: &mut Vec<u8>,
    request: RequestId,
    registration: RegistrationId,
    details: &InvocationDetails<'_>,
    payload: &Payload,
) -> Written {
    let head = (code::INVOCATION, request, registration, details);
    ArgumentsWriter::of(s, out, &head, |writer| writer.payload(payload))
}

/// Returns `INTERRUPT [69, INVOCATION.Request, Options]`.
pub(crate) fn interrupt(request: RequestId, mode: CancelMode) -> impl Serialize {
    #[derive(Serialize)]
    struct Options {
        mode: &'static str,
    }
    (code::INTERRUPT, request, Options { mode: mode.name() })
}

/// `RESULT.Details`, and those of a forwarded ERROR. Only a progressive result has `progress`
/// (PR-02).
#[derive(Debug, Default, Serialize)]
pub(crate) struct Details<'d> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) progress: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppt_scheme: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppt_serializer: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppt_cipher: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppt_keyid: Option<&'d str>,
}

impl<'d> Details<'d> {
    pub(crate) fn new(progress: bool, passthru: Option<&'d Passthru>) -> Self {
        let passthru = PassthruKeys(passthru);
        Self {
            progress,
            ppt_scheme: passthru.scheme(),
            ppt_serializer: passthru.serializer(),
            ppt_cipher: passthru.cipher(),
            ppt_keyid: passthru.keyid(),
        }
    }
}

/// Writes `RESULT [50, CALL.Request, Details, Arguments?, ArgumentsKw?]`, the arguments written by
/// `tail`.
pub(crate) fn result<F>(
    s: Serializer,
    out: &mut Vec<u8>,
    request: RequestId,
    details: &Details<'_>,
    writer: F,
) -> Written
where
    F: FnOnce(&mut ArgumentsWriter<'_>) -> Written,
{
    ArgumentsWriter::of(s, out, &(code::RESULT, request, details), writer)
}

/// `EVENT.Details`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EventDetails<'e> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) retained: bool,
    /// The topic, if the subscription does not determine it (W-03).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<&'e str>,
    /// The publisher, if it asked to be disclosed (N-01).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publisher: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publisher_authid: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publisher_authrole: Option<&'e str>,
    /// The trust level of the publisher (N-05).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trustlevel: Option<u32>,
    /// From `PUBLISH.Options`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_scheme: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_serializer: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_cipher: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ppt_keyid: Option<&'e str>,
    #[serde(rename = "_traceparent", skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<&'e str>,
    #[serde(rename = "_tracestate", skip_serializing_if = "Option::is_none")]
    pub(crate) tracestate: Option<&'e str>,
}

/// Writes `EVENT [36, Subscription, Publication, Details, Arguments?, ArgumentsKw?]`.
pub(crate) fn event(
    s: Serializer,
    out: &mut Vec<u8>,
    subscription: SubscriptionId,
    publication: PublicationId,
    details: &EventDetails<'_>,
    payload: &Payload,
) -> Written {
    let head = (code::EVENT, subscription, publication, details);
    ArgumentsWriter::of(s, out, &head, |writer| writer.payload(payload))
}

/// The details of an ERROR for the bridge from HTTP.
#[derive(Serialize)]
struct ErrorDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// Writes `ERROR [8, REQUEST.Type, REQUEST.Request, Details, Error, Arguments?, ArgumentsKw?]`.
/// Only the bridge from HTTP is told the status.
pub(crate) fn error(
    s: Serializer,
    out: &mut Vec<u8>,
    (request_type, request): (u64, RequestId),
    status: Option<u16>,
    error: &crate::error::Error,
) -> Written {
    let details = ErrorDetails { status };
    ArgumentsWriter::of(
        s,
        out,
        &(code::ERROR, request_type, request, details, uri_or_instead(error.uri())),
        |writer| writer.payload(&error.payload()),
    )
}

/// Writes the ERROR with which a callee answered, for the CALL of its caller (P-04); unchanged if
/// its URI is valid (C-08).
pub(crate) fn forwarded_error(
    s: Serializer,
    out: &mut Vec<u8>,
    request: RequestId,
    details: &Details<'_>,
    error: &str,
    payload: &Payload,
) -> Written {
    ArgumentsWriter::of(
        s,
        out,
        &(code::ERROR, code::CALL, request, details, callees_error_uri(error)),
        |writer| writer.payload(payload),
    )
}
