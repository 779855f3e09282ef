//! Errors on their way through `?`: hand-written WAMP forms, and those of actix.

use actix_web::error::{
    ErrorBadRequest, ErrorConflict, ErrorForbidden, ErrorInternalServerError, ErrorNotFound,
    ErrorUnauthorized,
};
use wamp_actix::{Error, WampError, handlers, rpc, wamp_error};

use super::{client, text};

#[derive(Debug, thiserror::Error)]
#[error("{left} left")]
struct OutOfStock {
    left: u32,
}

impl WampError for OutOfStock {
    fn to_error(&self) -> Error {
        Error::new("shop.error.out_of_stock").arg(self.to_string()).kwarg("left", self.left)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("closed")]
struct Closed;

impl WampError for Closed {
    fn to_error(&self) -> Error {
        Error::new("shop.error.closed").arg("closed")
    }
}

wamp_error!(OutOfStock, Closed);

#[derive(Debug, thiserror::Error)]
#[error("while buying")]
struct Buying(#[source] Closed);

#[rpc("errors.returned")]
async fn returned() -> Result<(), OutOfStock> {
    Err(OutOfStock { left: 7 })
}

#[rpc("errors.by_question_mark")]
async fn by_question_mark() -> Result<(), Error> {
    Err(OutOfStock { left: 7 })?
}

#[rpc("errors.source")]
async fn source() -> Result<(), Error> {
    Err(Buying(Closed))?
}

/// The status codes that actix has a function for.
#[rpc("errors.actix")]
async fn of_actix(status: u16) -> Result<(), Error> {
    Err(match status {
        400 => ErrorBadRequest("its text"),
        401 => ErrorUnauthorized("its text"),
        403 => ErrorForbidden("its text"),
        404 => ErrorNotFound("its text"),
        409 => ErrorConflict("its text"),
        _ => ErrorInternalServerError("its text"),
    })?
}

#[actix_web::test]
async fn a_hand_written_error_has_one_form_returned_and_through_the_question_mark() {
    let client = client(handlers![returned, by_question_mark, source]).await;
    for procedure in ["errors.returned", "errors.by_question_mark"] {
        let error = client.call(procedure).await.unwrap_err();
        assert_eq!((error.uri(), text(&error).as_str()), ("shop.error.out_of_stock", "7 left"));
    }
    assert_eq!(client.call("errors.source").await.unwrap_err().uri(), "shop.error.closed");
}

#[actix_web::test]
async fn the_status_of_an_error_of_actix_says_what_the_caller_is_told() {
    let client = client(handlers![of_actix]).await;
    for (status, uri) in [
        (400, "wamp.error.invalid_argument"),
        (401, "wamp.error.not_authorized"),
        (403, "wamp.error.not_authorized"),
        (404, "wamp.error.runtime_error"),
        (409, "wamp.error.runtime_error"),
    ] {
        let error = client.call("errors.actix").arg(status).await.unwrap_err();
        assert_eq!((error.uri(), text(&error).as_str()), (uri, "its text"), "{status}");
    }
    let error = client.call("errors.actix").arg(500).await.unwrap_err();
    assert_eq!(error.uri(), "wamp.error.runtime_error");
    assert!(text(&error).starts_with("internal error "), "{error}");
}
