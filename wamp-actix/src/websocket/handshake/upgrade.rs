//! Checks that a request is the upgrade to a WebSocket for all who read it: this crate, actix, and the proxies in between.
//!
//! After a 101 a proxy passes on all bytes without looking at them. So a 101 may be sent only where actix, too, takes them for
//! the bytes of a WebSocket. It does so (actix-http 3.20, `h1/decoder.rs`) if `Upgrade` is `websocket` and nothing more, and
//! there is no `Transfer-Encoding`. Otherwise it reads a body or the next request, and would answer requests that the proxy denies.

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
const BEHIND_NGINX: &str = "behind nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
    proxy_set_header Connection \"upgrade\"";

/// Checks that a request is an upgrade to a WebSocket, and nothing besides.
///
/// # Errors
/// The response that refuses it: 505 when it is not of HTTP/1.1, 405 when it is no GET, 426 when it does not ask for a
/// WebSocket or asks for something else as well, 400 when a header that may come once comes twice or a body is announced.
pub(super) fn check(head: &RequestHead) -> Result<(), HttpResponse> {
    // RFC 9110, 7.8: an `Upgrade` in a request of HTTP/1.0 is to be ignored.
    if head.version != Version::HTTP_11 {
        let text =
            format!("a WebSocket needs HTTP/1.1, and this request is of {:?}; {BEHIND_NGINX}", head.version);
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
        let text = "an upgrade has no body: neither Transfer-Encoding nor Content-Length belong there";
        return Err(refusal(StatusCode::BAD_REQUEST, text.to_owned()));
    }
    Ok(())
}

/// Returns whether `Upgrade` is one line that is `websocket`, in any case. Even `websocket,` is something else for actix.
fn asks_for_websocket_only(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::UPGRADE).map(HeaderValue::as_bytes);
    let first = lines.next().unwrap_or_default();
    first.trim_ascii().eq_ignore_ascii_case(b"websocket") && lines.next().is_none()
}

fn announces_body(headers: &HeaderMap) -> bool {
    let is_zero = |length: &HeaderValue| length.as_bytes().trim_ascii() == b"0";
    headers.contains_key(header::TRANSFER_ENCODING) || !headers.get_all(header::CONTENT_LENGTH).all(is_zero)
}

/// RFC 9110, 15.5.22: who speaks no WebSocket here learns by 426 that it must. RFC 6455, 4.4: and in which version.
/// (actix answers 400 to most of these, with its text in the reason phrase, which browsers and proxies hide.)
pub(super) fn no_upgrade(error: HandshakeError) -> HttpResponse {
    match error {
        HandshakeError::GetMethodRequired => {
            let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, error.to_string());
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
            response
        }
        HandshakeError::BadWebsocketKey => refusal(StatusCode::BAD_REQUEST, error.to_string()),
        HandshakeError::NoWebsocketUpgrade => upgrade_required(format!(
            "this is a WebSocket: the request needs the header `Upgrade: websocket`, with nothing else in it; {BEHIND_NGINX}"
        )),
        HandshakeError::NoConnectionUpgrade => upgrade_required(format!(
            "this is a WebSocket: the request needs the header `Connection: Upgrade`; {BEHIND_NGINX}"
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
