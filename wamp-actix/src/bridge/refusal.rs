//! Requests that are refused before there is an answer, and the status of each error.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use wamp_core::__private::log;
use wamp_core::uris;

use super::answering;
use crate::admission::Full;
use crate::admission::client_address::client_address;
use crate::router::Router;
use crate::websocket::handshake::{self, Origins};
use crate::worker::clock::Clock;

/// The header in which browsers tell where a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The number of seconds after which a client may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// An answer without a result: a status, and the WAMP error that it stands for.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    text: String,
    advice: Advice,
}

/// A hint to the client about a refusal.
#[derive(Debug)]
enum Advice {
    None,
    /// Try again later.
    Retry,
    /// Log in to this realm.
    LogIn(String),
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: &str, text: impl Into<String>) -> Self {
        Self { status, error: error.to_owned(), text: text.into(), advice: Advice::None }
    }

    /// Refuses a path that is no URI of WAMP.
    pub(super) fn invalid_uri() -> Self {
        Self::new(StatusCode::BAD_REQUEST, uris::INVALID_URI, "the path is not UTF-8")
    }

    /// Refuses a body that is not what a call needs.
    pub(super) fn invalid(text: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, uris::INVALID_ARGUMENT, text)
    }

    pub(super) fn too_long(limit: usize) -> Self {
        let text = format!("the body is longer than {limit} bytes (Limits::max_message_bytes)");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, uris::PAYLOAD_SIZE_EXCEEDED, text)
    }

    pub(super) fn too_slow() -> Self {
        let text = "the body took too long (Limits::assembly_timeout)";
        Self::new(StatusCode::REQUEST_TIMEOUT, uris::TIMEOUT, text)
    }

    /// Reports that the session ended before there was an answer.
    pub(super) fn ended() -> Self {
        Self::unavailable("the server ended the session of the request")
    }

    fn unavailable(text: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, uris::UNAVAILABLE, text);
        Self { advice: Advice::Retry, ..refusal }
    }

    /// Reports that the session of the request was refused with ABORT.
    pub(super) fn join(reason: &str, text: &str, realm: &str) -> Self {
        let status = match reason {
            uris::AUTHENTICATION_REQUIRED | uris::NO_MATCHING_AUTH_METHOD => {
                let refusal = Self::new(StatusCode::UNAUTHORIZED, reason, text);
                return Self { advice: Advice::LogIn(realm.to_owned()), ..refusal };
            }
            uris::UNAVAILABLE | uris::SYSTEM_SHUTDOWN | uris::CANCELED => {
                return Self { error: reason.to_owned(), ..Self::unavailable(text) };
            }
            uris::AUTHENTICATION_FAILED | uris::RUNTIME_ERROR => StatusCode::INTERNAL_SERVER_ERROR,
            uris::PROTOCOL_VIOLATION => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        };
        Self::new(status, reason, text)
    }
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        Self::unavailable(format!("the limit `{}` is reached", full.limit()))
    }
}

impl From<Refusal> for HttpResponse {
    fn from(Refusal { status, error, text, advice }: Refusal) -> Self {
        let mut response = Self::build(status);
        match advice {
            Advice::None => {}
            Advice::Retry => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
            }
            Advice::LogIn(realm) => {
                let challenge = format!("Bearer realm={}", Value::from(realm));
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
        }
        answering(&mut response).json(json!({ "error": error, "args": [text], "kwargs": {} }))
    }
}

/// Checks what can be checked before anything is read: the length of the headers, where the page
/// comes from that sends the request, and that the server is not about to stop.
pub(super) fn check(
    request: &HttpRequest,
    origins: &Origins,
    router: &Router,
) -> Result<(), Refusal> {
    if let Some(text) = handshake::too_long(request, router.limits()) {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(Refusal::new(status, uris::INVALID_ARGUMENT, text));
    }
    if let Some(text) = foreign(request, origins) {
        if router.may_log(client_address(request, router), Clock::default().now()) {
            tracing::warn!(target: log::AUTH, "HTTP request refused: {text}");
        }
        return Err(Refusal::new(StatusCode::FORBIDDEN, uris::NOT_AUTHORIZED, text));
    }
    if router.is_stopping() {
        return Err(Refusal::unavailable("the server shuts down"));
    }
    Ok(())
}

/// Returns why the page that sends the request may not. Browsers name its origin, or, where they
/// leave it out, whether it is of another site.
fn foreign(request: &HttpRequest, origins: &Origins) -> Option<String> {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return origins.fault(headers);
    }
    // Later versions may know other words.
    let is_own = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
    let is_foreign = !headers.get_all(SEC_FETCH_SITE).all(is_own);
    (is_foreign && !origins.are_any()).then(|| {
        "a page of another origin may not send a request without the header Origin".to_owned()
    })
}

/// Returns the status of an ERROR of the router or of the application.
pub(super) fn status(error: &str) -> StatusCode {
    match error {
        uris::INVALID_ARGUMENT
        | uris::INVALID_URI
        | uris::INVALID_PAYLOAD
        | uris::PROTOCOL_VIOLATION => StatusCode::BAD_REQUEST,
        uris::NOT_AUTHORIZED | uris::OPTION_NOT_ALLOWED | uris::OPTION_DISALLOWED_DISCLOSE_ME => {
            StatusCode::FORBIDDEN
        }
        uris::NO_SUCH_PROCEDURE => StatusCode::NOT_FOUND,
        uris::TIMEOUT => StatusCode::REQUEST_TIMEOUT,
        uris::FEATURE_NOT_SUPPORTED => StatusCode::NOT_IMPLEMENTED,
        uris::UNAVAILABLE | uris::CANCELED => StatusCode::SERVICE_UNAVAILABLE,
        error if error.starts_with("wamp.") => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
