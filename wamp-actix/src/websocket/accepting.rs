//! All that is decided before an upgrade, whichever host then serves the WebSocket.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder};
use wamp_core::__private::log;
use wamp_core::Serializer;

use super::closing_body::closing_after;
use super::handshake::{self, Origins};
use crate::admission::client_address::client_address;
use crate::admission::{Admission, Place};
use crate::router::Router;
use crate::worker::clock::Clock;

/// Checks an upgrade request, and takes a place for its connection. Returns the 101 without its
/// body.
///
/// # Errors
/// The response that refuses the request: those of [`handshake::check`], 503 while the router shuts
/// down or if a limit of connections is reached.
#[expect(clippy::result_large_err, reason = "a refusal is a response")]
pub(crate) fn accept(
    request: &HttpRequest,
    router: &Router,
    admission: &Arc<Admission>,
    origins: &Origins,
) -> Result<(HttpResponseBuilder, Serializer, Place), HttpResponse> {
    check(request, router, admission, origins)
        .map_err(|refusal| closing_after(refusal, request.conn_data()))
}

#[expect(clippy::result_large_err, reason = "a refusal is a response")]
fn check(
    request: &HttpRequest,
    router: &Router,
    admission: &Arc<Admission>,
    origins: &Origins,
) -> Result<(HttpResponseBuilder, Serializer, Place), HttpResponse> {
    let supported: Vec<_> =
        Serializer::ALL.iter().map(|serializer| serializer.subprotocol()).collect();
    let (limits, may_log) = (router.limits(), || may_log(request, router));
    let subprotocol = handshake::check(request, &supported, origins, limits, may_log)
        .inspect_err(|refusal| router.count_refused(kind(refusal.status())))?;
    if router.is_stopping() {
        router.count_refused("stopping");
        let retry = (header::RETRY_AFTER, "1");
        return Err(HttpResponse::ServiceUnavailable()
            .insert_header(retry)
            .body("the server shuts down"));
    }
    let response = handshake::switching_protocols(request, subprotocol)?;
    let serializer =
        Serializer::from_subprotocol(subprotocol).ok_or_else(HttpResponse::BadRequest)?;
    // Last, so that requests that are refused for another reason take no place.
    let place = admission.admit_request(router, request).map_err(|full| {
        if may_log() {
            let address = client_address(request, router).map(tracing::field::display);
            tracing::warn!(
                target: log::SESSION,
                address,
                limit = full.limit(),
                "WebSocket upgrade refused: no room"
            );
        }
        full.response()
    })?;
    Ok((response, serializer, place))
}

/// Returns the kind of a refused upgrade, as metrics show it.
fn kind(refusal: StatusCode) -> &'static str {
    match refusal {
        StatusCode::FORBIDDEN => "origin",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "headers",
        _ => "handshake",
    }
}

/// Returns whether another line about clients at this address may be logged (rate limit).
fn may_log(request: &HttpRequest, router: &Router) -> bool {
    let clock = request.extensions().get::<Clock>().cloned().unwrap_or_default();
    router.may_log(client_address(request, router), clock.now())
}
