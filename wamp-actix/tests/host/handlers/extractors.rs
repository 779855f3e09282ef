//! Parameters that actix makes from the HTTP request of the upgrade.

use std::future::{Ready, ready};

use actix_web::test::init_service;
use actix_web::web::{Data, Path, scope};
use actix_web::{App, FromRequest, HttpRequest, dev};
use serde::Deserialize;
use serde_json::json;
use wamp_actix::test::{connect, join};
use wamp_actix::{Router, handlers, rpc};

use super::{client, refusal, single};
use crate::log::Log;

/// An extractor that is deserialisable, so that a client could send it.
#[derive(Default, Deserialize)]
struct Claims(String);

impl FromRequest for Claims {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self(format!("{} {}", request.method(), request.path()))))
    }
}

/// An extractor that is not deserialisable, so that no caller can send it.
struct Login;

impl FromRequest for Login {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Err(actix_web::error::ErrorUnauthorized("log in first")))
    }
}

type Text = Data<String>;

#[rpc("data")]
async fn data(text: Text, number: Option<Data<u8>>, request: HttpRequest, argument: u8) -> String {
    format!("{} {} {} {argument}", text.as_str(), number.is_none(), request.method())
}

#[rpc("claims.extract")]
async fn extracted(#[extract] claims: Claims) -> String {
    claims.0
}

#[rpc("claims.argument")]
async fn argument(#[arg] claims: Claims) -> String {
    claims.0
}

#[rpc("claims.default")]
async fn defaulted(
    #[arg]
    #[default]
    first: Claims,
    #[default(Claims("x".into()))]
    #[arg]
    second: Claims,
) -> String {
    format!("{} {}", first.0, second.0)
}

#[rpc("claims.result")]
async fn claims_or_error(
    injected: Result<Claims, actix_web::Error>,
    #[arg] sent: Result<Claims, String>,
) -> Vec<String> {
    injected.ok().into_iter().chain(sent.ok()).map(|claims| claims.0).collect()
}

#[rpc("login")]
async fn login(_login: Login) {}

#[rpc("login.maybe")]
async fn maybe_login(login: Option<Login>, result: Result<Login, actix_web::Error>) -> bool {
    login.is_some() || result.is_ok()
}

#[rpc("tenant")]
async fn tenant(tenant: Path<String>) -> String {
    tenant.into_inner()
}

#[actix_web::test]
async fn a_part_of_the_route_is_extracted_and_where_there_is_none_the_log_names_the_route() {
    let router = Router::builder().handlers(handlers![tenant]).build().unwrap();
    let scoped = scope("/{tenant}").service(router.endpoint("/ws"));
    let app = init_service(App::new().service(router.endpoint("/plain/ws")).service(scoped)).await;
    let client = connect(&app, "/acme/ws").await.unwrap();
    assert_eq!(single(client.call("tenant")).await, "acme");
    let client = connect(&app, "/plain/ws").await.unwrap();
    Log::start();
    assert_eq!(client.call("tenant").await.unwrap_err().uri(), "wamp.error.runtime_error");
    let log = Log::stop();
    let names_route = "extractor of `tenant` on the route `/plain/ws`: ";
    let is_told = |line: &&str| line.starts_with("ERROR ") && line.contains(names_route);
    let line = log.lines().find(is_told).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("extractor=\"actix_web::types::path::Path<alloc::string::String>\" "));
}

#[actix_web::test]
async fn the_log_names_the_data_that_the_application_lacks_and_the_handler_that_wants_it() {
    let client = client(handlers![data]).await;
    Log::start();
    assert_eq!(client.call("data").arg(1).await.unwrap_err().uri(), "wamp.error.runtime_error");
    let log = Log::stop();
    let lines: Vec<_> = log.lines().filter(|line| line.starts_with("ERROR ")).collect();
    let [line] = lines[..] else { panic!("{log}") };
    for field in [
        "target=wamp_actix::call ",
        "extractor=\"actix_web::data::Data<alloc::string::String>\" ",
        r#"uri="data" "#,
        r#"declared="data" "#,
        "function=\"host::handlers::extractors::data\" ",
        "request=",
        "session=",
        "authid=",
        "realm=",
    ] {
        assert!(line.contains(field), "{field}: {line}");
    }
}

#[actix_web::test]
async fn application_data_and_the_request_are_extracted() {
    let router = Router::builder().handlers(handlers![data]).build().unwrap();
    let client = join(&router).app_data(Data::new("shared".to_owned())).await.unwrap();
    assert_eq!(single(client.call("data").arg(1)).await, "shared true GET 1");
    assert!(refusal(client.call("data").arg("forged").arg(1)).await.contains("`argument`"));
}

#[actix_web::test]
async fn a_type_that_is_both_is_what_the_parameter_says() {
    let client = client(handlers![extracted, argument]).await;
    assert_eq!(single(client.call("claims.extract")).await, "GET /");
    assert!(refusal(client.call("claims.extract").arg("forged")).await.contains("too many"));
    assert_eq!(single(client.call("claims.argument").arg("sent")).await, "sent");
}

#[actix_web::test]
async fn what_is_marked_as_an_argument_can_have_a_default() {
    let client = client(handlers![defaulted]).await;
    assert_eq!(single(client.call("claims.default")).await, " x");
    assert_eq!(single(client.call("claims.default").arg("sent").arg("too")).await, "sent too");
}

#[actix_web::test]
async fn a_result_of_an_extractor_is_what_the_extractor_is() {
    let client = client(handlers![claims_or_error]).await;
    let sent = json!({ "Ok": "sent" });
    assert_eq!(single(client.call("claims.result").arg(sent)).await, json!(["GET /", "sent"]));
}

#[actix_web::test]
async fn an_extractor_that_refuses_is_the_error_of_the_call() {
    let client = client(handlers![login, maybe_login]).await;
    assert_eq!(client.call("login").await.unwrap_err().uri(), "wamp.error.not_authorized");
    assert_eq!(single(client.call("login.maybe")).await, false);
}

#[actix_web::test]
async fn data_that_is_not_there_is_an_internal_error() {
    let client = client(handlers![data]).await;
    assert_eq!(client.call("data").arg(1).await.unwrap_err().uri(), "wamp.error.runtime_error");
}
