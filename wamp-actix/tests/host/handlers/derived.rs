//! `#[derive(WampError)]`.

use std::fmt::Display;

use serde::Serialize;
use serde_json::{Value, json};
use wamp_actix::{Error, WampError, handlers, rpc};

use super::{client, text};

#[derive(Debug, thiserror::Error, WampError)]
enum DocError {
    #[wamp("com.example.error.not_found")]
    #[error("there is no document {document_id}")]
    NotFound {
        document_id: String,
        r#type: Option<u8>,
        #[wamp(skip)]
        secret: NotSerializable,
    },
    #[wamp("com.example.error.locked")]
    #[error("locked by {0}")]
    Locked(&'static str),
    #[wamp("com.example.error.gone")]
    #[error("gone")]
    Gone,
    #[wamp(transparent)]
    #[error(transparent)]
    Quota(Quota),
    #[wamp(transparent)]
    #[error("{error:?}")]
    Other { error: Error },
    #[wamp(internal)]
    #[error("the password is {password}")]
    Database { password: &'static str },
}

#[derive(Debug)]
struct NotSerializable;

#[derive(Debug, thiserror::Error, WampError)]
#[wamp("com.example.error.quota", crate = ::wamp_actix)]
#[error("{used} of {limit} used")]
struct Quota {
    used: u64,
    limit: u64,
}

#[derive(Debug, thiserror::Error, WampError)]
#[error("{value}")]
#[wamp("com.example.error.generic")]
struct Generic<T: Display> {
    value: T,
    #[wamp(skip)]
    other: Vec<T>,
}

#[derive(Debug, thiserror::Error, WampError)]
enum Never {}

fn parts(error: &impl WampError) -> (String, Value, Value) {
    let error = error.to_error();
    (error.uri().to_owned(), error.args().unwrap(), error.kwargs().unwrap())
}

#[test]
fn the_display_is_the_argument_and_the_fields_are_the_keywords() {
    let error =
        DocError::NotFound { document_id: "x".into(), r#type: None, secret: NotSerializable };
    assert_eq!(
        parts(&error),
        (
            "com.example.error.not_found".into(),
            json!(["there is no document x"]),
            json!({ "document_id": "x", "type": null })
        )
    );
    assert_eq!(
        parts(&DocError::Locked("ada")),
        ("com.example.error.locked".into(), json!(["locked by ada"]), json!({}))
    );
    assert_eq!(parts(&DocError::Gone).1, json!(["gone"]));
    let generic = Generic { value: 7, other: vec![] };
    assert_eq!(
        parts(&generic),
        ("com.example.error.generic".into(), json!(["7"]), json!({ "value": 7 }))
    );
}

#[test]
fn a_transparent_variant_passes_its_error_on() {
    let quota = (
        "com.example.error.quota".to_owned(),
        json!(["2 of 1 used"]),
        json!({ "used": 2, "limit": 1 }),
    );
    assert_eq!(parts(&DocError::Quota(Quota { used: 2, limit: 1 })), quota);
    assert_eq!(parts(&DocError::Other { error: Error::new("a.b").arg(1) }).0, "a.b");
}

#[test]
fn an_internal_variant_tells_the_client_nothing() {
    let error = DocError::Database { password: "swordfish" };
    let (uri, args, kwargs) = parts(&error);
    assert_eq!((uri.as_str(), kwargs), ("wamp.error.runtime_error", json!({})));
    assert!(
        !args.to_string().contains("swordfish") && args.to_string().contains("internal error"),
        "{args}"
    );
}

#[test]
fn an_enum_without_variants_is_an_error_too() {
    fn is_error<E: WampError>() {}
    is_error::<Never>();
}

fn full() -> Result<u8, Quota> {
    Err(Quota { used: 3, limit: 2 })
}

#[rpc("full")]
async fn fails_with_derived() -> Result<u8, Error> {
    Ok(full()?)
}

#[rpc("parse")]
async fn fails_with_std(text: &str) -> Result<i32, Error> {
    Ok(text.parse::<i32>()?)
}

#[rpc("quota")]
async fn fails_directly() -> Result<impl Serialize, Quota> {
    full()
}

#[actix_web::test]
async fn a_derived_error_keeps_its_uri_and_fields_through_the_question_mark() {
    let client = client(handlers![fails_with_derived, fails_directly]).await;
    for procedure in ["full", "quota"] {
        let error = client.call(procedure).await.unwrap_err();
        assert_eq!(error.uri(), "com.example.error.quota");
        assert_eq!(text(&error), "3 of 2 used");
        assert_eq!(error.kwargs::<Value>().unwrap(), json!({ "used": 3, "limit": 2 }));
    }
}

#[actix_web::test]
async fn any_other_error_is_a_neutral_text_through_the_question_mark() {
    let client = client(handlers![fails_with_std]).await;
    let error = client.call("parse").arg("x").await.unwrap_err();
    assert_eq!(error.uri(), "wamp.error.runtime_error");
    assert!(text(&error).starts_with("internal error "), "{error}");
}

#[derive(Debug, thiserror::Error, WampError)]
enum RouteError {
    #[wamp("com.example.error.not_found", status = 404)]
    #[error("no {id}")]
    NotFound { id: u8 },
    #[wamp("com.example.error.full")]
    #[error("full")]
    Full,
    #[wamp(internal)]
    #[error("the password is xyz")]
    Hidden,
}

#[actix_web::test]
async fn an_error_with_a_status_is_a_response_of_a_route_without_what_is_internal() {
    assert_eq!(RouteError::NotFound { id: 1 }.to_error().status(), Some(404));
    for (error, status, expected) in [
        (RouteError::NotFound { id: 1 }, 404, r#"["no 1"],"error":"com.example.error.not_found""#),
        (RouteError::Full, 422, r#"["full"],"error":"com.example.error.full""#),
        (RouteError::Hidden, 500, r#"["internal error "#),
    ] {
        let response = actix_web::ResponseError::error_response(&error);
        assert_eq!(response.status().as_u16(), status);
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        let body = std::str::from_utf8(&body).unwrap();
        assert!(body.contains(expected) && !body.contains("xyz"), "{body}");
    }
}
