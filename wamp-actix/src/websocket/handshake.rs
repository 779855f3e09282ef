//! Checks before the upgrade: a WebSocket, from an allowed origin, in a supported subprotocol.

#![expect(
    clippy::result_large_err,
    reason = "the refusal is the response as it goes out, once per connection"
)]

mod origins;
mod upgrade;

use actix_http::{
    header::{self, HeaderMap},
    ws,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::StatusCode};
use wamp_core::__private::log;
use wamp_core::Limits;

pub(crate) use origins::Origins;

/// The maximum number of characters of a client's text that a log line or a response shows.
const SHOWN_CHARACTERS: usize = 200;

/// Checks an upgrade request, and chooses the subprotocol: the first of the client's that is
/// `supported`.
///
/// A refused origin is logged only if `may_log` returns true.
///
/// # Errors
/// The refusing response: 431 for headers that are too long, 505, 405, 426 or 400 for a request
/// that is not a WebSocket upgrade, 403 for the origin, 400 if it offers no supported subprotocol,
/// without which a browser would drop the connection anyway (T-05).
pub(crate) fn check<'s>(
    request: &HttpRequest,
    supported: &[&'s str],
    origins: &Origins,
    limits: &Limits,
    may_log: impl FnOnce() -> bool,
) -> Result<&'s str, HttpResponse> {
    if let Some(text) = too_long(request, limits) {
        return Err(refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text));
    }
    upgrade::check(request.head())?;
    if let Some(text) = origins.fault(request.headers()) {
        if may_log() {
            tracing::warn!(target: log::AUTH, "WebSocket upgrade refused: {text}");
        }
        return Err(refusal(StatusCode::FORBIDDEN, text));
    }
    subprotocol(request.headers(), supported).ok_or_else(|| {
        let text = format!("Sec-WebSocket-Protocol must offer one of: {}", supported.join(", "));
        refusal(StatusCode::BAD_REQUEST, text)
    })
}

/// Returns what is wrong with a request whose URI and headers are longer than the limit.
pub(crate) fn too_long(request: &HttpRequest, limits: &Limits) -> Option<String> {
    let path_and_query = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    let (bytes, limit) = (path_and_query + headers.sum::<usize>(), limits.max_header_bytes);
    (bytes > limit).then(|| {
        format!("URI and headers have {bytes} bytes, of {limit} at most (Limits::max_header_bytes)")
    })
}

/// Builds the 101 for a request that passed [`check`], without its body. No extension is ever
/// accepted.
///
/// # Errors
/// The response to a request that is not a WebSocket upgrade.
pub(crate) fn switching_protocols(
    request: &HttpRequest,
    subprotocol: &str,
) -> Result<HttpResponseBuilder, HttpResponse> {
    let handshake = ws::handshake(request.head()).map_err(upgrade::no_upgrade)?.finish();
    let mut response = HttpResponse::SwitchingProtocols();
    response.upgrade("websocket").insert_header((header::SEC_WEBSOCKET_PROTOCOL, subprotocol));
    if let Some(accept) = handshake.headers().get(header::SEC_WEBSOCKET_ACCEPT) {
        response.insert_header((header::SEC_WEBSOCKET_ACCEPT, accept));
    }
    Ok(response)
}

/// Chooses the subprotocol in the client's order, over all header lines. Names are case-sensitive
/// (T-04, T-06).
fn subprotocol<'s>(headers: &HeaderMap, supported: &[&'s str]) -> Option<&'s str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .find_map(|offered| supported.iter().find(|name| **name == offered.trim()).copied())
}

/// Formats a client's text for a log line or a response: quoted, escaped, truncated.
fn shown(value: &str) -> String {
    let mut escaped = value.escape_debug();
    let text: String = escaped.by_ref().take(SHOWN_CHARACTERS).collect();
    let rest = if escaped.next().is_some() { "…" } else { "" };
    format!("\"{text}\"{rest}")
}

/// Returns the response that refuses a request. It has `Connection: close`, because actix closes a
/// connection that asked for an upgrade; otherwise a proxy would send another client's request into
/// it.
fn refusal(status: StatusCode, text: String) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.force_close().content_type("text/plain; charset=utf-8").body(text + "\n")
}

#[cfg(test)]
mod tests;
