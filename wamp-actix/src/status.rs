//! The conversion of actix's errors for `?`: the status code tells a fault of the client from
//! others.

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
