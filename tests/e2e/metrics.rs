//! The metrics of `observability`, as Prometheus and its checker of texts read them.

use serde_json::json;

use crate::harness::{Prometheus, Server, Session, complaints, get};

fn server() -> Server {
    Server::start("observability", &["--operations-port", "0"])
}

/// Joins, and makes two calls that succeed and one of a procedure that does not exist.
fn visit(server: &Server) -> Session {
    let mut session = Session::join_in(server, "shop");
    for (request, procedure) in [(1, "shop.price"), (2, "shop.price"), (3, "shop.nothing")] {
        session.send(&json!([48, request, {}, procedure, ["tea"]]));
        session.receive();
    }
    session
}

#[test]
fn prometheus_scrapes_openmetrics_and_counts_sessions_and_calls() {
    let server = server();
    let Some(mut prometheus) = Prometheus::scraping(server.operations()) else { return };
    let mut session = visit(&server);
    prometheus.until("up", "1");
    prometheus.until(r#"wamp_calls_total{procedure="shop.price",outcome="ok"}"#, "2");
    let unknown = r#"wamp_calls_total{procedure="(unknown)",outcome="no_such_procedure"}"#;
    prometheus.until(unknown, "1");
    prometheus.until("sum(wamp_sessions_opened_total)", "1");
    prometheus.until(r#"wamp_messages_received_total{type="CALL"}"#, "3");
    prometheus.until(r#"wamp_messages_sent_total{type="RESULT"}"#, "2");
    prometheus.until("wamp_sessions", "1");
    session.send(&json!([6, {}, "wamp.close.close_realm"]));
    session.receive();
    prometheus.until(r#"wamp_sessions_closed_total{reason="goodbye"}"#, "1");
    prometheus.until("sum(wamp_sessions_closed_total)", "1");
    prometheus.until("wamp_sessions", "0");
}

#[test]
fn promtool_has_nothing_to_say_about_the_text() {
    let server = server();
    let _session = visit(&server);
    let (head, text) = get(server.operations(), "/metrics", "*/*").expect("it is served");
    assert!(head.contains("\ncontent-type: text/plain; version=0.0.4"), "{head}");
    assert!(text.contains("# TYPE wamp_calls_total counter\n"), "{text}");
    if let Some(complaints) = complaints(&text) {
        assert_eq!(complaints, "");
    }
}
