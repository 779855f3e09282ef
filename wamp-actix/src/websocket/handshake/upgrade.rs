//! Checks that this crate, actix and every proxy agree that a request is a WebSocket upgrade.
//!
//! After a 101 a proxy forwards all bytes uninspected. So a 101 is sent only if actix, too, reads
//! them as WebSocket frames. actix does so (actix-http 3.20, `h1/decoder.rs`) if `Upgrade` is
//! exactly `websocket` and there is no `Transfer-Encoding`. Otherwise it reads a body or the next
//! request, and would answer requests that the proxy denies (request smuggling).

use actix_http::{
    RequestHead,
    header::{self, HeaderMap, HeaderValue},
    ws::{self, HandshakeError},
};
use actix_web::{
    HttpResponse,
    http::{StatusCode, Version},
};

use super::refusal;

/// Hint for a request whose upgrade a proxy has dropped.
const BEHIND_NGINX: &str = "behind nginx: proxy_http_version 1.1; \
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"";

/// Checks that a request is an upgrade to a WebSocket and to nothing else.
///
/// # Errors
/// The refusing response: 505 if it is not HTTP/1.1, 405 if it is not a GET, 426 if it does not ask
/// for a WebSocket or also asks for another protocol, 400 if a header that may occur only once
/// occurs twice or a body is announced.
pub(super) fn check(head: &RequestHead) -> Result<(), HttpResponse> {
    // RFC 9110, 7.8: `Upgrade` in an HTTP/1.0 request must be ignored.
    if head.version != Version::HTTP_11 {
        let text = format!(
            "a WebSocket needs HTTP/1.1, and this request is of {:?}; {BEHIND_NGINX}",
            head.version
        );
        return Err(refusal(StatusCode::HTTP_VERSION_NOT_SUPPORTED, text));
    }
    ws::verify_handshake(head).map_err(no_upgrade)?;
    if !asks_for_websocket_only(&head.headers) {
        return Err(no_upgrade(HandshakeError::NoWebsocketUpgrade));
    }
    for name in [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION] {
        if head.headers.get_all(&name).count() > 1 {
            return Err(refusal(StatusCode::BAD_REQUEST, format!("{name} may come only once")));
        }
    }
    if announces_body(&head.headers) {
        let text =
            "an upgrade has no body: neither Transfer-Encoding nor Content-Length belong there";
        return Err(refusal(StatusCode::BAD_REQUEST, text.to_owned()));
    }
    Ok(())
}

/// Returns whether `Upgrade` is a single line `websocket`, in any case. actix rejects even
/// `websocket,`.
fn asks_for_websocket_only(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::UPGRADE).map(HeaderValue::as_bytes);
    let first = lines.next().unwrap_or_default();
    first.trim_ascii().eq_ignore_ascii_case(b"websocket") && lines.next().is_none()
}

fn announces_body(headers: &HeaderMap) -> bool {
    let is_zero = |length: &HeaderValue| length.as_bytes().trim_ascii() == b"0";
    headers.contains_key(header::TRANSFER_ENCODING)
        || !headers.get_all(header::CONTENT_LENGTH).all(is_zero)
}

/// Returns the response to a request that is not a WebSocket upgrade: 426 names the protocol (RFC
/// 9110, 15.5.22) and its version (RFC 6455, 4.4). (actix answers most of these with 400, and with
/// its text in the reason phrase, which browsers and proxies hide.)
pub(super) fn no_upgrade(error: HandshakeError) -> HttpResponse {
    match error {
        HandshakeError::GetMethodRequired => {
            let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, error.to_string());
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
            response
        }
        HandshakeError::BadWebsocketKey => refusal(StatusCode::BAD_REQUEST, error.to_string()),
        HandshakeError::NoWebsocketUpgrade => upgrade_required(format!(
            "this is a WebSocket: the request needs the header `Upgrade: websocket`, with nothing \
             else in it; {BEHIND_NGINX}"
        )),
        HandshakeError::NoConnectionUpgrade => upgrade_required(format!(
            "this is a WebSocket: the request needs the header `Connection: Upgrade`; \
             {BEHIND_NGINX}"
        )),
        HandshakeError::NoVersionHeader | HandshakeError::UnsupportedVersion => {
            upgrade_required(error.to_string())
        }
    }
}

fn upgrade_required(text: String) -> HttpResponse {
    let mut response = refusal(StatusCode::UPGRADE_REQUIRED, text);
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
