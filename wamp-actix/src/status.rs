//! What `?` makes of an error of actix: its status code says whose fault it is.

use std::any::TypeId;

use actix_web::http::StatusCode;
use wamp_core::__private::{KnownError, inventory};
use wamp_core::{Error, uris};

inventory::submit! {
    KnownError {
        id: TypeId::of::<actix_web::Error>,
        convert: |error| error.downcast_ref().map(wamp_form),
    }
}

/// Returns what a caller gets: the error's own text where it is the client's fault, else a neutral one.
fn wamp_form(error: &actix_web::Error) -> Error {
    match error.as_response_error().status_code() {
        StatusCode::BAD_REQUEST => Error::invalid_argument(error),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::not_authorized(error),
        status if status.is_client_error() => Error::new(uris::RUNTIME_ERROR).arg(error.to_string()),
        _ => Error::internal(error),
    }
}
