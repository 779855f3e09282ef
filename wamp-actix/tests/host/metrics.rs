//! The service for Prometheus: every name, and exact counts after a scripted session.

use std::future::pending;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::rt::spawn;
use actix_web::rt::task::yield_now;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, guard};
use futures_util::stream;
use wamp_actix::test::{Wire, join};
use wamp_actix::{Error, Progressive, Realm, Router, Session, Topic, handlers, metrics, rpc, uris};
use wamp_core::{Connection, Framing, Identity, Left, Serializer, Transport};

#[rpc("metrics.ok")]
async fn ok() -> u8 {
    7
}

#[rpc("metrics.item.{id}")]
async fn item(id: u64) -> u64 {
    id
}

#[rpc("metrics.fails")]
async fn fails() -> Result<(), Error> {
    Err(Error::new("metrics.error.no"))
}

#[rpc("metrics.panics")]
async fn panics() {
    panic!("on purpose")
}

#[rpc("metrics.waits", timeout = "1s")]
async fn waits() {
    pending::<()>().await;
}

#[rpc("metrics.full")]
async fn full() -> Result<(), Error> {
    Err(Error::new(uris::UNAVAILABLE))
}

#[rpc("metrics.\"odd\"\\.{id}")]
async fn odd(id: &str) -> usize {
    id.len()
}

#[rpc("metrics.denied", role = "admin")]
async fn denied() {}

#[rpc("metrics.steps")]
async fn steps() -> Progressive<impl stream::Stream<Item = u8>> {
    Progressive(stream::iter([1, 2, 3]))
}

#[rpc("metrics.leave")]
async fn leave(session: Session) {
    session.close(uris::KILLED);
}

fn router() -> Router {
    let all = handlers![ok, item, fails, panics, waits, full, denied, steps, leave];
    let realm = Realm::new("realm1").topic("metrics.news", Topic::open());
    Router::builder().realm(realm).handlers(all).metrics(true).build().unwrap()
}

/// Returns the answer's status, type and text.
async fn scrape(router: &Router, accept: &str) -> (StatusCode, String, String) {
    let app = init_service(App::new().service(metrics("/metrics", router))).await;
    let request = TestRequest::get().uri("/metrics").insert_header(("accept", accept));
    let response = call_service(&app, request.to_request()).await;
    let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    let status = response.status();
    (status, kind, String::from_utf8(read_body(response).await.to_vec()).unwrap())
}

/// Returns the text 0.0.4.
async fn text(router: &Router) -> String {
    scrape(router, "*/*").await.2
}

#[track_caller]
fn assert_lines(text: &str, lines: &[&str]) {
    let missing: Vec<_> =
        lines.iter().filter(|line| !text.lines().any(|other| other == **line)).collect();
    assert!(missing.is_empty(), "missing: {missing:#?}\n{text}");
}

#[actix_web::test]
async fn every_metric_is_there_from_the_start() {
    let text = text(&router()).await;
    let named = |name: &str, kind: &str| {
        let help = text.contains(&format!("# HELP {name} "));
        help && text.contains(&format!("# TYPE {name} {kind}\n"))
    };
    let gauges = [
        "wamp_connections",
        "wamp_sessions",
        "wamp_subscriptions",
        "wamp_registrations",
        "wamp_retained_events",
        "wamp_retained_bytes",
        "wamp_calls_in_flight",
        "wamp_build_info",
    ];
    let counters = [
        "wamp_sessions_opened_total",
        "wamp_sessions_closed_total",
        "wamp_logins_denied_total",
        "wamp_calls_total",
        "wamp_progressive_results_total",
        "wamp_publications_total",
        "wamp_events_delivered_total",
        "wamp_events_left_out_total",
        "wamp_publisher_pauses_total",
        "wamp_messages_received_total",
        "wamp_received_bytes_total",
        "wamp_violations_total",
        "wamp_messages_sent_total",
        "wamp_sent_bytes_total",
        "wamp_handler_panics_total",
        "wamp_rate_limited_total",
        "wamp_connections_refused_total",
    ];
    let histograms = ["wamp_call_duration_seconds", "wamp_login_duration_seconds"];
    let all = [(&gauges[..], "gauge"), (&counters, "counter"), (&histograms, "histogram")];
    for (names, kind) in all {
        let missing: Vec<_> = names.iter().filter(|name| !named(name, kind)).collect();
        assert!(missing.is_empty(), "{kind}: {missing:?}\n{text}");
    }
}

#[actix_web::test]
async fn calls_are_counted_by_procedure_and_outcome() {
    let router = router();
    let client = join(&router).await.unwrap();
    for procedure in ["metrics.ok", "metrics.ok", "metrics.item.1", "metrics.item.2"] {
        client.call(procedure).await.unwrap();
    }
    for procedure in ["fails", "panics", "denied", "full", "strange"] {
        client.call(&format!("metrics.{procedure}")).await.unwrap_err();
    }
    let mut canceling = joined(&router).await;
    canceling.send(r#"[48,1,{},"metrics.waits"]"#);
    canceling.send(r#"[49,1,{"mode":"killnowait"}]"#);
    canceling.receive().await.unwrap();
    client.call("metrics.steps").option("receive_progress", true).await.unwrap();
    client.settle().await;
    let call = client.call("metrics.waits");
    let waits = spawn(async move { call.await.unwrap_err() });
    yield_now().await;
    client.settle().await;
    let waiting = text(&router).await;
    assert_lines(&waiting, &["wamp_calls_in_flight{realm=\"realm1\"} 1"]);
    client.clock().advance(Duration::from_secs(2));
    assert_eq!(waits.await.unwrap().uri(), uris::TIMEOUT);
    let text = text(&router).await;
    let called = |procedure: &str, outcome: &str, count: u64| {
        let labels = format!("realm=\"realm1\",procedure=\"{procedure}\",outcome=\"{outcome}\"");
        format!("wamp_calls_total{{{labels}}} {count}")
    };
    let lines = [
        called("metrics.ok", "ok", 2),
        called("metrics.item.{id}", "ok", 2),
        called("metrics.fails", "error", 1),
        called("metrics.panics", "error", 1),
        called("metrics.denied", "denied", 1),
        called("metrics.waits", "canceled", 1),
        called("metrics.waits", "timeout", 1),
        called("metrics.full", "unavailable", 1),
        called("metrics.steps", "ok", 1),
        called("(unknown)", "no_such_procedure", 1),
    ];
    assert_lines(&text, &lines.each_ref().map(String::as_str));
    assert_lines(
        &text,
        &[
            "wamp_progressive_results_total{realm=\"realm1\",procedure=\"metrics.steps\"} 3",
            "wamp_calls_in_flight{realm=\"realm1\"} 0",
            "wamp_messages_received_total{realm=\"realm1\",type=\"CALL\"} 12",
        ],
    );
    assert!(!text.contains("strange"), "a stranger's URI is a label: {text}");
}

#[actix_web::test]
async fn sessions_are_counted_by_the_reason_of_their_end() {
    let router = router();
    let said = join(&router).await.unwrap();
    said.goodbye().await;
    let killed = join(&router).await.unwrap();
    killed.call("metrics.leave").await.ok();
    killed.closed().await;
    let mut broken = joined(&router).await;
    broken.send("[1000]");
    broken.receive().await.unwrap();
    drop(broken);
    drop(joined(&router).await);
    let _open = join(&router).await.unwrap();
    let text = text(&router).await;
    let closed = |reason: &str| {
        format!("wamp_sessions_closed_total{{realm=\"realm1\",reason=\"{reason}\"}} 1")
    };
    let lines = ["goodbye", "killed", "violation", "lost"].map(closed);
    assert_lines(&text, &lines.each_ref().map(String::as_str));
    assert!(text.contains("wamp_sessions_opened_total{realm=\"realm1\",authmethod="), "{text}");
}

#[actix_web::test]
async fn each_reason_of_a_sessions_end_has_its_series() {
    let router = router();
    let reasons = [
        (Left::Goodbye, "goodbye"),
        (Left::Lost, "lost"),
        (Left::Killed, "killed"),
        (Left::Overflow, "overflow"),
        (Left::Violation, "violation"),
        (Left::Shutdown, "shutdown"),
        (Left::Stall, "stall"),
        (Left::Ping, "ping"),
    ];
    for (count, (left, _)) in (1..).zip(reasons) {
        for _ in 0..count {
            let transport = Transport {
                serializer: Serializer::Json,
                framing: Framing { reserve: 0, seal: |_, _, _| {} },
                identity: Identity::anonymous(),
                address: None,
                host: Rc::new(()),
            };
            let mut connection = Connection::new(&router, transport, Instant::now());
            let hello = r#"[1,"realm1",{"roles":{"caller":{}}}]"#.to_owned();
            connection.receive(hello.into(), Instant::now());
            connection.lost(left);
        }
    }
    let text = text(&router).await;
    let series = text.lines().filter(|line| line.starts_with("wamp_sessions_closed_total{"));
    assert_eq!(series.count(), reasons.len(), "{text}");
    let closed = (1..).zip(reasons).map(|(count, (_, reason))| {
        format!("wamp_sessions_closed_total{{realm=\"realm1\",reason=\"{reason}\"}} {count}")
    });
    let closed: Vec<_> = closed.collect();
    assert_lines(&text, &closed.iter().map(String::as_str).collect::<Vec<_>>());
}

#[actix_web::test]
async fn labels_are_escaped_and_no_label_is_a_strangers() {
    let realm = Realm::any().topic("odd.\"\\", Topic::open());
    let router = Router::builder().realm(realm).handlers(handlers![odd]).metrics(true);
    let router = router.build().unwrap();
    let client = join(&router).realm("stranger\"}1\\").await.unwrap();
    client.call("metrics.\"odd\"\\.stranger\u{1}\u{202e}").await.unwrap();
    client.call("stranger.\"procedure\"").await.unwrap_err();
    client.publish("odd.\"\\").await.unwrap();
    client.publish("stranger.\"topic\"").await.unwrap_err();
    for accept in ["*/*", "application/openmetrics-text"] {
        let (_, _, text) = scrape(&router, accept).await;
        let called = r#"procedure="metrics.\"odd\"\\.{id}",outcome="ok"} 1"#;
        assert!(text.contains(called), "{called}\n{text}");
        assert!(text.contains(r#"topic="odd.\"\\",outcome="ok"} 1"#), "{text}");
        assert!(!text.contains("strange"), "{text}");
        let is_sound = |line: &str| line.starts_with('#') || line.starts_with("wamp_");
        assert!(text.lines().all(is_sound), "{text}");
    }
}

/// Joins on a WebSocket that the test drives.
async fn joined(router: &Router) -> Wire {
    let mut wire = join(router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.receive().await.unwrap();
    wire
}

#[actix_web::test]
async fn events_are_counted_for_each_subscriber() {
    let router = router();
    let (one, two) = (join(&router).await.unwrap(), join(&router).await.unwrap());
    let mut first = one.subscribe("metrics.news").await.unwrap();
    let mut second = two.subscribe("metrics.news").await.unwrap();
    for number in 0..3 {
        router.realm("realm1").unwrap().publish("metrics.news").arg(number).send().unwrap();
        first.next().await.unwrap();
        second.next().await.unwrap();
    }
    assert_lines(&text(&router).await, &["wamp_events_delivered_total{realm=\"realm1\"} 6"]);
}

#[actix_web::test]
async fn openmetrics_is_for_those_who_ask() {
    let router = router();
    let (_, kind, text) = scrape(&router, "application/openmetrics-text;version=1.0.0").await;
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(text.contains("# TYPE wamp_calls counter\n") && text.ends_with("# EOF\n"), "{text}");
    let (_, kind, text) = scrape(&router, "*/*").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    assert!(text.contains("# TYPE wamp_calls_total counter\n") && !text.contains("EOF"), "{text}");
}

#[actix_web::test]
async fn a_guard_hides_the_metrics() {
    let router = router();
    let allowed = guard::Header("authorization", "Bearer secret");
    let app = init_service(App::new().service(metrics("/metrics", &router).guard(allowed))).await;
    let request = || TestRequest::get().uri("/metrics");
    let refused = call_service(&app, request().to_request()).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let bearer = request().insert_header(("authorization", "Bearer secret"));
    assert_eq!(call_service(&app, bearer.to_request()).await.status(), StatusCode::OK);
}

#[test]
#[should_panic = "`.metrics(true)`"]
fn metrics_of_a_router_that_counts_nothing_are_a_fault() {
    let router = Router::builder().handlers([]).build().unwrap();
    let _ = metrics("/metrics", &router);
}
