//! The bridge from HTTP, without a port: calls, their errors and statuses, streams, and who may.

use std::time::Duration;

use actix_web::body::MessageBody as _;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpRequest};
use serde_json::{Value, json};
use std::pin::pin;
use wamp_actix::test::join;
use wamp_actix::{
    Attempt, AttemptExt as _, Authorization, Denied, Error, Http, Identity, Limits, MetaApi,
    Permission, Progress, Realm, Reply, Router, RouterBuilder, Session, Topic, handlers, rpc, uris,
};

#[rpc("test.add")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[rpc("test.nothing")]
async fn nothing() {}

#[rpc("test.several")]
async fn several() -> Reply {
    Reply::new().arg(1).arg("two").kwarg("three", 3.5)
}

#[rpc("test.greet.{name}")]
async fn greet(name: &str, request: HttpRequest, session: Session) -> String {
    let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok());
    format!("{name} {} {}", agent.unwrap_or("nobody"), session.authrole())
}

#[rpc("test.fail")]
async fn fail(uri: String) -> Result<(), Error> {
    Err(Error::new(uri).arg("a text").kwarg("left", 3))
}

#[rpc("test.gone")]
async fn gone() -> Result<(), Error> {
    Err(Error::new("shop.error.gone").with_status(410))
}

#[rpc("test.panic")]
async fn panics() {
    panic!("a panic of the test");
}

#[rpc("test.slow", timeout = "10ms")]
async fn slow() {
    std::future::pending::<()>().await;
}

#[rpc("test.admin", role = "admin")]
async fn admin() -> &'static str {
    "welcome"
}

#[rpc("test.count")]
async fn count(progress: Progress<u32>, to: u32) -> u32 {
    for number in 0..to {
        progress.send(number).await.ok();
    }
    to
}

#[wamp_actix::session]
async fn no_mallory(session: Session) -> Result<(), Error> {
    if session.authid() == "mallory" { Err(Error::not_authorized("not you")) } else { Ok(()) }
}

async fn by_token(attempt: Attempt) -> Result<Identity, Denied> {
    let header = attempt.request().headers().get(header::AUTHORIZATION);
    match header.and_then(|value| value.to_str().ok()) {
        Some("Bearer joe") => Ok(Identity::new("joe", "admin")),
        Some("Bearer mallory") => Ok(Identity::new("mallory", "user")),
        Some(_) => Err(Denied::credentials()),
        None => Err(Denied::absent()),
    }
}

fn router() -> RouterBuilder {
    Router::builder().realm(Realm::new("shop").topic("news", Topic::open())).handlers(handlers![
        add, nothing, several, greet, fail, gone, panics, slow, admin, count, no_mallory
    ])
}

fn post(uri: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(&format!("/call/{uri}"))
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(body.to_owned())
}

async fn respond(router: RouterBuilder, request: TestRequest) -> ServiceResponse {
    let router = router.build().unwrap();
    let app = init_service(App::new().service(router.http("/call"))).await;
    call_service(&app, request.to_request()).await
}

fn header_of<'r>(response: &'r ServiceResponse, name: &str) -> &'r HeaderValue {
    response.headers().get(name).unwrap()
}

/// Returns the status and the body.
async fn answer(router: RouterBuilder, request: TestRequest) -> (u16, Value) {
    let response = respond(router, request).await;
    let status = response.status().as_u16();
    assert_eq!(*header_of(&response, "cache-control"), "no-store");
    let body = read_body(response).await;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    (status, body)
}

#[actix_web::test]
async fn a_post_calls_with_a_list_a_dict_or_both() {
    for body in [
        "[2, 3]",
        r#"{"a": 2, "b": 3}"#,
        r#"{"args": [2], "kwargs": {"b": 3}}"#,
        r#"{"args": [2, 3]}"#,
        r#" {"kwargs": {"a": 2, "b": 3}} "#,
    ] {
        assert_eq!(answer(router(), post("test.add", body)).await, (200, json!(5)), "{body}");
    }
}

#[actix_web::test]
async fn nothing_is_204_and_several_results_are_a_dict() {
    assert_eq!(answer(router(), post("test.nothing", "")).await, (204, Value::Null));
    let several = json!({ "args": [1, "two"], "kwargs": { "three": 3.5 } });
    assert_eq!(answer(router(), post("test.several", "[]")).await, (200, several));
}

#[actix_web::test]
async fn a_handler_gets_the_request_and_captures_that_were_percent_encoded() {
    let request = post("test.greet.J%C3%B6%2525", "").insert_header(("user-agent", "curl"));
    assert_eq!(answer(router(), request).await, (200, json!("Jö%25 curl anonymous")));
}

#[actix_web::test]
async fn each_error_has_its_status_and_says_its_uri() {
    for (uri, expected) in [
        ("shop.error.sold_out", 422),
        (uris::INVALID_ARGUMENT, 400),
        (uris::NOT_AUTHORIZED, 403),
        (uris::NO_SUCH_PROCEDURE, 404),
        (uris::TIMEOUT, 408),
        (uris::RUNTIME_ERROR, 500),
        (uris::FEATURE_NOT_SUPPORTED, 501),
        (uris::UNAVAILABLE, 503),
        (uris::CANCELED, 503),
    ] {
        let (status, body) = answer(router(), post("test.fail", &json!([uri]).to_string())).await;
        let error = json!({ "error": uri, "args": ["a text"], "kwargs": { "left": 3 } });
        assert_eq!((status, body), (expected, error));
    }
}

#[actix_web::test]
async fn what_the_router_refuses_has_a_status_too() {
    for (uri, body, expected, error) in [
        ("test.unknown", "", 404, uris::NO_SUCH_PROCEDURE),
        ("test..unknown", "", 400, uris::INVALID_URI),
        ("wamp.session.list", "", 404, uris::NO_SUCH_PROCEDURE),
        ("test.add", "[2]", 400, uris::INVALID_ARGUMENT),
        ("test.add", r#"["2", {}]"#, 400, uris::INVALID_ARGUMENT),
        ("test.admin", "", 403, uris::NOT_AUTHORIZED),
        ("test.slow", "", 408, uris::TIMEOUT),
        ("test.panic", "", 500, uris::RUNTIME_ERROR),
        ("test.gone", "", 410, "shop.error.gone"),
    ] {
        let (status, answer) = answer(router(), post(uri, body)).await;
        assert_eq!((status, &answer["error"]), (expected, &json!(error)), "{uri} {body}");
    }
}

#[actix_web::test]
async fn a_body_that_is_no_call_is_refused_before_a_session_opens() {
    for body in ["{", "17", "\"text\"", "[1] [2]", r#"{"args": [], "argz": 1}"#, r#"{"args": 1}"#] {
        let (status, answer) = answer(router(), post("test.add", body)).await;
        assert_eq!((status, &answer["error"]), (400, &json!(uris::INVALID_ARGUMENT)), "{body}");
    }
    let form = TestRequest::post()
        .uri("/call/test.add")
        .insert_header((header::CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload("a=2&b=3");
    assert_eq!(answer(router(), form).await.0, 415);
    let untyped = TestRequest::post().uri("/call/test.nothing");
    assert_eq!(answer(router(), untyped).await.0, 415);
}

#[actix_web::test]
async fn a_body_may_be_as_long_as_a_message_and_one_byte_longer_is_413() {
    let limits = || Limits::default().max_message_bytes(4096);
    let list = |length: usize| format!("[\"{}\"]", "x".repeat(length - 4));
    let (status, _) = answer(router().limits(limits()), post("test.nothing", &list(4096))).await;
    assert_ne!(status, 413);
    let (status, body) = answer(router().limits(limits()), post("test.nothing", &list(4097))).await;
    assert_eq!((status, &body["error"]), (413, &json!(uris::PAYLOAD_SIZE_EXCEEDED)));
}

#[actix_web::test]
async fn pages_of_other_origins_are_refused() {
    let with = |name: &'static str, value: &'static str| {
        post("test.nothing", "")
            .insert_header((header::HOST, "shop.example"))
            .insert_header((HeaderName::from_static(name), value))
    };
    for (name, value, expected) in [
        ("origin", "https://shop.example", 204),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("sec-fetch-site", "same-origin", 204),
        ("sec-fetch-site", "none", 204),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "cross-site", 403),
    ] {
        assert_eq!(answer(router(), with(name, value)).await.0, expected, "{name}: {value}");
    }
}

#[actix_web::test]
async fn methods_for_http_identify_the_client_and_session_handlers_may_refuse_it() {
    let router = || {
        let realm = Realm::new("shop").authenticate(Http::new("bearer", by_token));
        let limits = Limits::default().denial_delay(Duration::ZERO);
        Router::builder().realm(realm).limits(limits).handlers(handlers![admin, no_mallory])
    };
    let with =
        |token: &'static str| post("test.admin", "").insert_header((header::AUTHORIZATION, token));
    assert_eq!(answer(router(), with("Bearer joe")).await, (200, json!("welcome")));
    let (status, body) = answer(router(), with("Bearer mallory")).await;
    assert_eq!((status, &body["error"]), (403, &json!(uris::NOT_AUTHORIZED)));
    let (status, body) = answer(router(), with("Bearer eve")).await;
    assert_eq!((status, &body["error"]), (403, &json!(uris::AUTHENTICATION_DENIED)));
    let response = respond(router(), post("test.admin", "")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(*header_of(&response, "www-authenticate"), "Bearer realm=\"shop\"");
}

#[actix_web::test]
async fn an_authoriser_decides_about_a_call_over_http() {
    let router = || {
        let realm = Realm::new("shop").authorize(|request: Authorization| async move {
            Ok(Permission::when(request.uri() == Some("test.nothing")))
        });
        Router::builder().realm(realm).handlers(handlers![add, nothing])
    };
    assert_eq!(answer(router(), post("test.nothing", "")).await.0, 204);
    assert_eq!(answer(router(), post("test.add", "[1, 2]")).await.0, 403);
}

#[actix_web::test]
async fn progressive_results_are_a_stream_that_the_result_ends() {
    let request = post("test.count", "[2]").insert_header((header::ACCEPT, "text/event-stream"));
    let response = respond(router(), request).await;
    assert_eq!(*header_of(&response, "content-type"), "text/event-stream");
    assert_eq!(*header_of(&response, "x-accel-buffering"), "no");
    let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    let expected =
        "event: progress\ndata: 0\n\nevent: progress\ndata: 1\n\nevent: result\ndata: 2\n\n";
    assert_eq!(body.replace(":\n\n", ""), expected);
}

#[actix_web::test]
async fn without_a_stream_a_call_gets_the_final_result_alone() {
    assert_eq!(answer(router(), post("test.count", "[2]")).await, (200, json!(2)));
}

#[actix_web::test]
async fn an_error_before_the_first_result_of_a_stream_has_its_status() {
    let request = post("test.admin", "").insert_header((header::ACCEPT, "text/event-stream"));
    assert_eq!(answer(router(), request).await.0, 403);
}

#[actix_web::test]
async fn a_get_of_a_topic_streams_its_events_until_the_router_shuts_down() {
    let router = router().build().unwrap();
    let app = init_service(App::new().service(router.http("/call"))).await;
    let request = TestRequest::get().uri("/call/events/news").to_request();
    let response = call_service(&app, request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let realm = router.realm("shop").unwrap();
    assert_eq!(realm.session_count(), 0, "the session of a request is not listed");
    let id = realm.publish("news").arg("line\nbreak").kwarg("page", 1).send().unwrap();
    let shutdown = router.shutdown(Duration::ZERO);
    let (body, ()) = futures_util::future::join(read_body(response), shutdown).await;
    let body = String::from_utf8(body.to_vec()).unwrap().replace(":\n\n", "");
    let (event, end) = body.split_once("\n\n").unwrap();
    let data = r#"{"topic":"news","args":["line\nbreak"],"kwargs":{"page":1}}"#;
    assert_eq!(event, format!("event: event\nid: {id}\ndata: {data}"));
    assert!(end.starts_with("event: error\ndata: {"), "{end}");
    assert!(end.contains(uris::SYSTEM_SHUTDOWN), "{end}");
}

#[actix_web::test]
async fn a_topic_that_is_not_declared_is_refused_before_the_stream() {
    let request = TestRequest::get().uri("/call/events/secrets");
    assert_eq!(answer(router(), request).await.0, 403);
}

#[actix_web::test]
async fn a_stream_whose_client_is_gone_ends_its_subscription() {
    let router = router().build().unwrap();
    let app = init_service(App::new().service(router.http("/call"))).await;
    let request = TestRequest::get().uri("/call/events/news").to_request();
    let response = call_service(&app, request).await;
    let mut body = pin!(response.into_body());
    std::future::poll_fn(|context| body.as_mut().poll_next(context)).await.unwrap().unwrap();
    assert_eq!(router.stats().realms[0].subscriptions, 1);
    body.set(actix_web::body::BoxBody::new(()));
    while router.stats().realms[0].subscriptions > 0 {
        actix_web::rt::task::yield_now().await;
    }
}

#[actix_web::test]
async fn one_stream_is_one_connection() {
    let router = router().limits(Limits::default().connections(Some(1))).build().unwrap();
    let app = init_service(App::new().service(router.http("/call"))).await;
    let request = || TestRequest::get().uri("/call/events/news").to_request();
    let first = call_service(&app, request()).await;
    assert_eq!(first.status(), StatusCode::OK);
    let second = call_service(&app, request()).await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(second.headers().contains_key(header::RETRY_AFTER));
    drop(first);
    while call_service(&app, request()).await.status() != StatusCode::OK {
        actix_web::rt::task::yield_now().await;
    }
}

#[actix_web::test]
async fn the_session_of_a_request_is_not_counted_and_the_meta_api_does_not_tell_of_it() {
    let realm = Realm::new("shop").meta_api(MetaApi::reading());
    let router = Router::builder().realm(realm).handlers(handlers![add]);
    let router = router.metrics(true).build().unwrap();
    let client = join(&router).realm("shop").await.unwrap();
    let mut joined = client.subscribe("wamp.session.on_join").await.unwrap();
    let app = init_service(App::new().service(router.http("/call"))).await;
    let response = call_service(&app, post("test.add", "[1, 2]").to_request()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let stats = router.stats();
    assert_eq!(stats.realms[0].sessions, 1);
    let counts = stats.realms[0].counts.as_ref().unwrap();
    let opened: u64 = counts.sessions_opened.iter().map(|(_, count)| count).sum();
    assert_eq!(opened, 1);
    let calls: u64 = counts.calls.iter().map(|calls| calls.durations.count()).sum();
    assert_eq!(calls, 1, "its calls are counted");
    let second = join(&router).realm("shop").await.unwrap();
    let event: (Value,) = joined.next().await.unwrap().payload.args().unwrap();
    assert_eq!(event.0["session"], json!(second.session()));
}

#[actix_web::test]
#[should_panic(expected = "needs `.realm(")]
async fn a_router_with_several_realms_needs_the_name_of_one() {
    let router = Router::builder().realm(Realm::new("one")).realm(Realm::new("two"));
    let router = router.handlers([]).build().unwrap();
    init_service(App::new().service(router.http("/call"))).await;
}

#[actix_web::test]
async fn other_methods_and_paths_are_not_served() {
    for (request, expected) in [
        (TestRequest::get().uri("/call/test.add"), StatusCode::METHOD_NOT_ALLOWED),
        (TestRequest::put().uri("/call/events/news"), StatusCode::METHOD_NOT_ALLOWED),
        (TestRequest::get().uri("/call"), StatusCode::NOT_FOUND),
    ] {
        let response: ServiceResponse = respond(router(), request).await;
        assert_eq!(response.status(), expected);
    }
}
