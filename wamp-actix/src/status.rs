//! Errors of actix and errors of WAMP as each other. Of actix's, the status code tells a fault of
//! the client from others.

use std::any::TypeId;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use wamp_core::__private::{KnownError, inventory, log};
use wamp_core::{Error, uris};

inventory::submit! {
    KnownError {
        id: TypeId::of::<actix_web::Error>,
        convert: |error| error.downcast_ref().map(wamp_form),
    }
}

/// Returns the ERROR that the client gets: with the text of actix's error for a fault of the
/// client, otherwise with a neutral one.
fn wamp_form(error: &actix_web::Error) -> Error {
    match error.as_response_error().status_code() {
        StatusCode::BAD_REQUEST => Error::invalid_argument(error),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::not_authorized(error),
        status if status.is_client_error() => {
            Error::new(uris::RUNTIME_ERROR).arg(error.to_string())
        }
        _ => Error::internal(error),
    }
}

/// Returns the status of an ERROR as a response, for `#[derive(WampError)]`: 500 for a fault of the
/// server, 422 for an application's error that says none.
#[must_use]
pub fn status_code(error: &Error) -> StatusCode {
    let otherwise = match error.uri() {
        uris::RUNTIME_ERROR => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    error.status().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(otherwise)
}

/// Returns an ERROR as a response, in the form of the HTTP bridge. The text of an internal error
/// goes to the log only.
#[must_use]
pub fn error_response(error: &Error) -> HttpResponse {
    if let Some(cause) = error.cause() {
        tracing::error!(target: log::CALL, cause, error = error.uri(), "a route failed");
    }
    let args: Vec<Value> = error.args().unwrap_or_default();
    let kwargs: Map<String, Value> = error.kwargs().unwrap_or_default();
    let body = json!({ "error": error.uri(), "args": args, "kwargs": kwargs });
    HttpResponse::build(status_code(error)).json(body)
}
