//! The bridge from HTTP and requests that nobody expects: odd paths, bodies and headers.

use std::time::Duration;

use actix_web::App;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use serde_json::{Map, Value, json};
use wamp_actix::{
    Error, Invocation, Limits, Next, Progress, Realm, Reply, Router, RouterBuilder, Topic, Trace,
    handlers, rpc, uris,
};

#[rpc("odd.echo")]
async fn echo(#[args] args: Vec<Value>, #[kwargs] kwargs: Map<String, Value>) -> Reply {
    Reply::new().arg(args).arg(kwargs)
}

#[rpc("odd.name.{name}")]
async fn name(name: &str) -> String {
    name.to_owned()
}

#[rpc("odd.nothing")]
async fn nothing() {}

#[rpc("odd.fails_late")]
async fn fails_late(progress: Progress<u8>) -> Result<(), Error> {
    progress.send(1).await?;
    Err(Error::new("odd.error.late").arg("line\nbreak"))
}

#[rpc("odd.status")]
async fn status(status: u16) -> Result<(), Error> {
    Err(Error::new("odd.error.status").with_status(status))
}

#[rpc("odd.trace")]
async fn trace(trace: Option<Trace>) -> Reply {
    let state = trace.as_ref().and_then(Trace::tracestate);
    Reply::new().arg(trace.as_ref().map(Trace::traceparent)).arg(state)
}

fn router() -> RouterBuilder {
    let realm = Realm::new("odd").topic("odd.news", Topic::open());
    Router::builder().realm(realm).handlers(handlers![echo, name, nothing, fails_late, status])
}

fn post(uri: &str, body: impl Into<Vec<u8>>) -> TestRequest {
    TestRequest::post()
        .uri(&format!("/call/{uri}"))
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(body.into())
}

async fn respond(router: RouterBuilder, request: TestRequest) -> ServiceResponse {
    let router = router.build().unwrap();
    let app = init_service(App::new().service(router.http("/call"))).await;
    call_service(&app, request.to_request()).await
}

/// Returns the status and the body.
async fn answer(router: RouterBuilder, request: TestRequest) -> (u16, Value) {
    let response = respond(router, request).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    (status, body)
}

#[actix_web::test]
async fn a_path_is_decoded_once() {
    for (path, expected) in [
        ("a%2Fb", "a/b"),
        ("a/b", "a/b"),
        ("%2541", "%41"),
        ("%252525", "%2525"),
        ("a+b%2B", "a+b+"),
        ("%C3%B6", "ö"),
        ("%22%5C", "\"\\"),
        ("%F0%9F%8D%B5", "🍵"),
    ] {
        let answered = answer(router(), post(&format!("odd.name.{path}"), "")).await;
        assert_eq!(answered, (200, json!(expected)), "{path}");
    }
}

#[actix_web::test]
async fn a_path_that_names_no_uri_is_refused() {
    for path in ["odd.name.%FF", "odd.name.%C3", "odd.name.%ED%A0%80", "odd.name.%20", "odd..a"] {
        let (status, body) = answer(router(), post(path, "")).await;
        assert_eq!((status, &body["error"]), (400, &json!(uris::INVALID_URI)), "{path}");
    }
    let events = TestRequest::get().uri("/call/events/odd.%FF");
    assert_eq!(answer(router(), events).await.0, 400);
    for path in ["/odd.nothing", "odd.nothing/", "odd.nothing%00", "events/odd.nothing"] {
        let (status, body) = answer(router(), post(path, "")).await;
        assert_eq!((status, &body["error"]), (404, &json!(uris::NO_SUCH_PROCEDURE)), "{path}");
    }
    let long = format!("odd.name.{}", "a".repeat(6000));
    let (status, _) = answer(router(), post(&long, "")).await;
    assert!((400..500).contains(&status), "{status}");
}

#[actix_web::test]
async fn a_body_of_a_stranger_is_never_the_servers_fault() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for body in [
        deep(2),
        deep(60),
        deep(200),
        deep(10_000),
        format!("{{\"a\":{}}}", deep(200)),
        r#"["\ud800"]"#.into(),
        r#"["\udc00\ud800"]"#.into(),
        r#"{"\ud800": 1}"#.into(),
        r#"["\u0000AQI="]"#.into(),
        r#"["\u0000!"]"#.into(),
        "[1e999]".into(),
        "[-1e-999]".into(),
        "[18446744073709551616]".into(),
        format!("[{}]", "9".repeat(400)),
        r#"{"a": 1, "a": 2}"#.into(),
        r#"{"args": [], "args": []}"#.into(),
        r#"{"args": null, "kwargs": null}"#.into(),
        r#"{"args": {}}"#.into(),
        r#"{"kwargs": []}"#.into(),
        r#"{"kwargs": {"": 1}}"#.into(),
        r#"{"\u0061rgs": [2, 3]}"#.into(),
        "[1,]".into(),
        "[01]".into(),
        "[NaN]".into(),
        "[1]]".into(),
        "[1],{}]".into(),
        "\u{feff}[1]".into(),
        "[\"\u{1}\"]".into(),
        "[\r\n\t 1 ]".into(),
        "null".into(),
        "\u{b}".into(),
    ] {
        let shown = &body[..body.len().min(40)];
        let (status, _) = answer(router(), post("odd.echo", body.clone())).await;
        assert!((200..500).contains(&status), "{status}: {shown}");
    }
    for body in [&b"[\"\xff\"]"[..], b"\xff", b"[\"\xed\xa0\x80\"]", b"\x00"] {
        let (status, _) = answer(router(), post("odd.echo", body)).await;
        assert_eq!(status, 400, "{body:?}");
    }
}

#[actix_web::test]
async fn what_a_caller_sends_comes_back_as_it_is() {
    for body in [
        r#"[9007199254740993,-0.5,null,true]"#,
        r#"["\u0000AQI=", {"a": [1, {"b": "line\nbreak \" \\ ö"}]}]"#,
    ] {
        let (status, echoed) = answer(router(), post("odd.echo", body)).await;
        let sent: Value = serde_json::from_str(body).unwrap();
        assert_eq!((status, &echoed["args"]), (200, &json!([sent, {}])));
    }
}

#[actix_web::test]
async fn a_stream_is_for_those_who_accept_one() {
    for (accept, is_stream) in [
        ("text/event-stream", true),
        ("TEXT/Event-Stream; charset=utf-8", true),
        ("application/json, text/event-stream;q=0.1", true),
        ("text/event-stream;q=0", false),
        ("text/event-stream; q=0.000, application/json", false),
        ("text/*", false),
        ("*/*", false),
        ("application/json", false),
        ("]", false),
    ] {
        let request = post("odd.nothing", "").insert_header((header::ACCEPT, accept));
        let response = respond(router(), request).await;
        let kind = response.headers().get(header::CONTENT_TYPE);
        let is_event_stream = kind.is_some_and(|kind| kind == "text/event-stream");
        assert_eq!(is_event_stream, is_stream, "{accept}");
    }
}

#[actix_web::test]
async fn an_error_after_the_first_result_is_an_event() {
    let request = post("odd.fails_late", "").insert_header((header::ACCEPT, "text/event-stream"));
    let response = respond(router(), request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    let expected = "event: progress\ndata: 1\n\nevent: error\ndata: \
                    {\"error\":\"odd.error.late\",\"args\":[\"line\\nbreak\"],\"kwargs\":{}}\n\n";
    assert_eq!(body.replace(":\n\n", ""), expected);
}

#[actix_web::test]
async fn a_status_that_is_none_of_an_error_is_not_used() {
    for (status, expected) in [
        (400, 400),
        (599, 599),
        (0, 422),
        (100, 422),
        (101, 422),
        (200, 422),
        (204, 422),
        (304, 422),
        (399, 422),
        (600, 422),
        (999, 422),
        (u16::MAX, 422),
    ] {
        let (found, body) = answer(router(), post("odd.status", format!("[{status}]"))).await;
        assert_eq!((found, &body["error"]), (expected, &json!("odd.error.status")), "{status}");
    }
}

#[actix_web::test]
async fn a_page_that_says_where_it_comes_from_in_odd_words_is_foreign() {
    let with = |headers: &[(&'static str, &'static str)]| {
        let request = post("odd.nothing", "").insert_header((header::HOST, "shop.example"));
        headers.iter().fold(request, |request, &(name, value)| {
            request.append_header((HeaderName::from_static(name), value))
        })
    };
    for headers in [
        &[("sec-fetch-site", "Cross-Site")][..],
        &[("sec-fetch-site", "sibling")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none, cross-site")],
        &[("origin", "")],
        &[("origin", "https://shop.example"), ("origin", "https://evil.example")],
        &[("origin", "https://shop.example, https://evil.example")],
        &[("origin", "https://shop.example.evil.example")],
        &[("origin", "https://shop.example@evil.example")],
    ] {
        assert_eq!(answer(router(), with(headers)).await.0, 403, "{headers:?}");
    }
    for value in [&b"same-origin\xff"[..], b"\xff"] {
        let site = HeaderValue::from_bytes(value).unwrap();
        let request = post("odd.nothing", "").insert_header(("sec-fetch-site", site));
        assert_eq!(answer(router(), request).await.0, 403);
    }
}

#[actix_web::test]
async fn two_types_of_a_body_are_none() {
    for kinds in [
        ["application/json", "text/plain"],
        ["text/plain", "application/json"],
        ["application/json, text/plain", "application/json"],
    ] {
        let request = TestRequest::post().uri("/call/odd.nothing");
        let request = kinds
            .into_iter()
            .fold(request, |request, kind| request.append_header((header::CONTENT_TYPE, kind)));
        assert_eq!(answer(router(), request).await.0, 415, "{kinds:?}");
    }
}

#[actix_web::test]
async fn a_method_that_is_not_served_is_told_which_are() {
    for (method, path, allowed) in [
        (Method::GET, "odd.nothing", "POST"),
        (Method::HEAD, "odd.nothing", "POST"),
        (Method::OPTIONS, "odd.nothing", "POST"),
        (Method::PUT, "odd.nothing", "POST"),
        (Method::DELETE, "events/odd.news", "GET, POST"),
        (Method::HEAD, "events/odd.news", "GET, POST"),
    ] {
        let request = TestRequest::with_uri(&format!("/call/{path}")).method(method.clone());
        let response = respond(router(), request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        let told = response.headers().get(header::ALLOW).map(|value| value.to_str().unwrap());
        assert_eq!(told, Some(allowed), "{method} {path}");
    }
}

#[actix_web::test]
async fn a_rate_of_one_message_lets_each_request_through() {
    let limits = Limits::default()
        .messages_per_second(Some(1))
        .burst(Some(1))
        .rate_patience(Duration::from_secs(3600));
    let router = router().limits(limits);
    assert_eq!(answer(router, post("odd.nothing", "")).await.0, 204);
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[actix_web::test]
async fn the_trace_context_of_a_request_is_that_of_its_call() {
    let traced = |is_traced: bool, headers: &[(&'static str, &'static str)]| {
        let router = Router::builder().realm(Realm::new("odd").trace(is_traced));
        let request = headers.iter().fold(post("odd.trace", ""), |request, &(name, value)| {
            request.append_header((HeaderName::from_static(name), value))
        });
        answer(router.handlers(handlers![trace]), request)
    };
    let both = |parent: Option<&str>, state: Option<&str>| {
        let args = json!([parent, state]);
        json!({ "args": args, "kwargs": {} })
    };
    let none = || both(None, None);
    let (parent, other) = (("traceparent", PARENT), ("tracestate", "a=1"));
    for (headers, expected) in [
        (&[parent][..], both(Some(PARENT), None)),
        (&[parent, other], both(Some(PARENT), Some("a=1"))),
        (&[parent, other, ("tracestate", "b=2, c=3")], both(Some(PARENT), Some("a=1,b=2, c=3"))),
        (&[parent, ("tracestate", "\"")], both(Some(PARENT), None)),
        (&[parent, ("tracestate", "a=")], both(Some(PARENT), None)),
        (&[parent, parent, other], none()),
        (&[other], none()),
        (&[("traceparent", "00-0-0-01"), other], none()),
        (&[("traceparent", "\",\"progress\":true,\"")], none()),
        (&[], none()),
    ] {
        assert_eq!(traced(true, headers).await, (200, expected), "{headers:?}");
        assert_eq!(traced(false, headers).await, (200, none()), "{headers:?}");
    }
}

#[actix_web::test]
async fn layers_refuse_joining_and_calls_over_http() {
    let layer = async |work: Invocation, next: Next| {
        let token = work.host::<actix_web::HttpRequest>().and_then(|request| {
            request.headers().get("x-token").and_then(|value| value.to_str().ok().map(String::from))
        });
        match (work.action(), token.as_deref()) {
            (wamp_actix::Action::Join, Some("refused")) => Err(Error::new("odd.error.refused")),
            (wamp_actix::Action::Call, Some("teapot")) => {
                Err(Error::new("odd.error.teapot").with_status(418))
            }
            _ => next.run(work).await,
        }
    };
    let router = || {
        let realm = Realm::new("odd").around(layer);
        Router::builder().realm(realm).handlers(handlers![nothing])
    };
    for (token, expected) in [("refused", 403), ("teapot", 418), ("other", 204)] {
        let request = post("odd.nothing", "").insert_header(("x-token", token));
        assert_eq!(answer(router(), request).await.0, expected, "{token}");
    }
}
