//! Everything decided before the upgrade: is it a WebSocket, from an allowed origin, in a subprotocol we speak?

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
use wamp_core::Limits;

pub(crate) use origins::Origins;

/// What is shown at most of a value that a stranger chose, in characters.
const SHOWN_CHARACTERS: usize = 200;

/// Checks an upgrade request, and chooses the subprotocol: the first of the client's that is `supported`.
///
/// `may_log` is asked before a line about a page is written to the log.
///
/// # Errors
/// The response that refuses it: 431 when it is too long, 505, 405, 426 or 400 when it is no WebSocket upgrade, 403 for its
/// origin, 400 when it offers no supported subprotocol (conformance T-05; a browser would drop a connection without one anyway).
pub(crate) fn check<'s>(
    request: &HttpRequest,
    supported: &[&'s str],
    origins: &Origins,
    limits: &Limits,
    may_log: impl FnOnce() -> bool,
) -> Result<&'s str, HttpResponse> {
    within_limits(request, limits)?;
    upgrade::check(request.head())?;
    origins.check(request.headers(), may_log)?;
    subprotocol(request.headers(), supported).ok_or_else(|| {
        let text = format!("Sec-WebSocket-Protocol must offer one of: {}", supported.join(", "));
        refusal(StatusCode::BAD_REQUEST, text)
    })
}

fn within_limits(request: &HttpRequest, limits: &Limits) -> Result<(), HttpResponse> {
    let path_and_query = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    let (bytes, limit) = (path_and_query + headers.sum::<usize>(), limits.max_header_bytes);
    if bytes <= limit {
        return Ok(());
    }
    let text = format!("URI and headers have {bytes} bytes, of {limit} at most (Limits::max_header_bytes)");
    Err(refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text))
}

/// The 101 that answers a request which [`check`] let pass, without its body. No extension is ever accepted.
///
/// # Errors
/// The response to a request that is no WebSocket upgrade.
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

/// T-04, T-06: the client's order decides, over all header lines; a name is matched to the letter.
fn subprotocol<'s>(headers: &HeaderMap, supported: &[&'s str]) -> Option<&'s str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .find_map(|offered| supported.iter().find(|name| **name == offered.trim()).copied())
}

/// A stranger's text for a log line or a response: in quotes, without line breaks or control characters, cut.
fn shown(value: &str) -> String {
    let mut escaped = value.escape_debug();
    let text: String = escaped.by_ref().take(SHOWN_CHARACTERS).collect();
    let rest = if escaped.next().is_some() { "…" } else { "" };
    format!("\"{text}\"{rest}")
}

/// Returns the response that refuses a request. It says `Connection: close`, because actix closes a connection that asked for an
/// upgrade: a proxy would send another client's request into it.
fn refusal(status: StatusCode, text: String) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.force_close().content_type("text/plain; charset=utf-8").body(text + "\n")
}

#[cfg(test)]
mod tests;
