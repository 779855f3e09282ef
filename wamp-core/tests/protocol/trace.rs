//! W3C trace context: from CALL and PUBLISH to INVOCATION, EVENT and handlers.

use super::support::*;
use crate::log::Log;
use serde_json::{Value, json};
use wamp_core::__private::{BoxedAnswer, HandlerEntry, Outcome, Plain as _, reply};
use wamp_core::{
    Context, FromContext as _, History, MetaApi, Realm, RealmBuilder, Router, Topic, Trace,
};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATE: &str = "vendor=1,other=2";

static HANDLERS: &[HandlerEntry] = &[
    handlers::rpc("work.trace", shown),
    handlers::rpc("work.needs", needing),
    handlers::rpc("work.publish", passing_on),
    handlers::publish("decided", noting),
    HandlerEntry { subscribe: true, ..handlers::publish("heard", noting) },
];

async fn trace(context: &Context) -> Option<Trace> {
    Option::<Trace>::from_context(context).await.expect("an `Option` never fails")
}

fn shown(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        tracing::info!("shown");
        let trace = trace(&context).await;
        let state = trace.as_ref().and_then(Trace::tracestate);
        reply(&context, Outcome((trace.as_ref().map(Trace::traceparent), state)).reply())
    })
}

fn needing(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let trace = Trace::from_context(&context).await?;
        reply(&context, Outcome(trace.to_string()).reply())
    })
}

fn passing_on(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let trace = trace(&context).await;
        Realm::from_context(&context).await?.publish("open.a").arg(1).trace(trace).send()?;
        reply(&context, Outcome(()).reply())
    })
}

fn noting(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        handlers::note(format!("{:?}", trace(&context).await.map(|trace| trace.to_string())));
        Ok(())
    })
}

fn router_of(change: impl FnOnce(RealmBuilder) -> RealmBuilder) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open().retained())
        .history("open.a", History::last(5))
        .meta_api(MetaApi::reading())
        .route_clients(true);
    Router::builder().realm(change(realm)).handlers([HANDLERS]).build().expect("they are sound")
}

fn tracing_router() -> Router {
    router_of(|realm| realm.trace(true))
}

fn options() -> Value {
    json!({"_traceparent": PARENT, "_tracestate": STATE})
}

/// Publishes, and returns the Details of the event.
fn event_details(router: &Router, options: &Value) -> Value {
    let (mut client, mut publisher) = (Client::join(router), Client::join(router));
    client.subscribe(1, "open.a");
    publisher.send(json!([16, 1, options, "open.a", [1]]).to_string());
    publisher.assert_silent();
    client.one()[3].clone()
}

/// Calls another client, and returns the Details of the invocation.
fn invocation_details(router: &Router, options: &Value) -> Value {
    let (mut caller, mut callee) = (Client::join(router), Client::join(router));
    callee.ask(json!([64, 1, {}, "com.a"]).to_string());
    caller.send(json!([48, 1, options, "com.a"]).to_string());
    caller.poll();
    let invocation = callee.one();
    callee.send(json!([70, invocation[1], {}, [7]]).to_string());
    callee.poll();
    assert_eq!(caller.one(), json!([50, 1, {}, [7]]), "a result carries none");
    invocation[3].clone()
}

/// Calls the handler that tells the trace context that it was given.
fn told(router: &Router, options: &Value) -> Value {
    let answer = Client::join(router).ask(json!([48, 1, options, "work.trace"]).to_string());
    assert_eq!(answer[0], 50, "{answer}");
    answer[3][0].clone()
}

#[test]
fn the_context_goes_from_publish_to_event_and_from_call_to_invocation_tc_01() {
    let router = tracing_router();
    for options in [options(), json!({"_traceparent": PARENT})] {
        assert_eq!(event_details(&router, &options), options);
        assert_eq!(invocation_details(&router, &options), options);
    }
    assert_eq!(event_details(&router, &json!({})), json!({}));
}

#[test]
fn a_handler_takes_the_context_of_its_call_or_publication_tc_01() {
    let router = tracing_router();
    assert_eq!(told(&router, &options()), json!([PARENT, STATE]));
    assert_eq!(told(&router, &json!({})), json!([null, null]));
    let mut client = Client::join(&router);
    client.send(json!([16, 1, options(), "decided"]).to_string());
    client.send(json!([16, 2, {}, "decided"]).to_string());
    client.assert_silent();
    assert_eq!(handlers::journal(), [format!("Some({PARENT:?})"), "None".to_owned()]);
}

#[test]
fn a_realm_that_is_not_set_to_trace_drops_the_context_tc_01() {
    for router in [router_of(|realm| realm), router_of(|realm| realm.trace(false))] {
        assert_eq!(event_details(&router, &options()), json!({}));
        assert_eq!(invocation_details(&router, &options()), json!({}));
        assert_eq!(told(&router, &options()), json!([null, null]));
        let log = Log::of(|| drop(told(&router, &options())));
        assert!(log.contains("in wamp.call") && !log.contains("traceparent"), "{log}");
    }
}

#[test]
fn a_handler_that_cannot_do_without_refuses_calls_that_have_none_tc_01() {
    let router = tracing_router();
    let mut client = Client::join(&router);
    let answer = client.ask(json!([48, 1, options(), "work.needs"]).to_string());
    assert_eq!(answer, json!([50, 1, {}, [PARENT]]));
    let answer = client.ask(r#"[48,2,{},"work.needs"]"#);
    assert_error(&answer, 48, 2, "wamp.error.invalid_argument");
}

#[test]
fn a_handler_passes_the_context_on_with_what_it_publishes() {
    let router = tracing_router();
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    for options in [options(), json!({})] {
        client.send(json!([48, 2, options, "work.publish"]).to_string());
        let details: Vec<_> =
            client.received().into_iter().filter(|m| m[0] == 36).map(|m| m[3].clone()).collect();
        assert_eq!(details, [options]);
    }
}

#[test]
fn a_value_that_is_not_valid_counts_as_absent_tc_02() {
    let router = tracing_router();
    for parent in [json!(1), json!(true), json!(null), json!([PARENT]), json!({"a": PARENT})]
        .into_iter()
        .chain(["", "secret!!!", "00-0-0-01", "\u{0}AAAA"].map(Value::from))
    {
        let options = json!({"_tracestate": STATE, "_traceparent": parent});
        assert_eq!(event_details(&router, &options), json!({}), "{options}");
        assert_eq!(invocation_details(&router, &options), json!({}), "{options}");
        assert_eq!(told(&router, &options), json!([null, null]), "{options}");
    }
    for state in [json!(1), json!(null), json!([STATE]), json!({}), json!("no list of members")] {
        let options = json!({"_traceparent": PARENT, "_tracestate": state});
        assert_eq!(event_details(&router, &options), json!({"_traceparent": PARENT}));
        assert_eq!(told(&router, &options), json!([PARENT, null]));
    }
    let details = event_details(&router, &json!({"_tracestate": STATE}));
    assert_eq!(details, json!({}), "a state without a parent");
}

#[test]
fn a_value_that_is_not_valid_is_in_no_line_of_the_log_tc_02() {
    let router = tracing_router();
    let options = json!({"_traceparent": "secret!!!", "_tracestate": "a=secret!!!"});
    let valid = json!({"_traceparent": PARENT, "_tracestate": "a=secret!!!"});
    let log = Log::of(|| {
        for options in [options, valid] {
            told(&router, &options);
            event_details(&router, &options);
            invocation_details(&router, &options);
        }
    });
    assert!(log.contains("in wamp.call") && !log.contains("secret"), "{log}");
}

#[test]
fn a_payload_in_passthru_mode_may_have_a_context_beside_it_tc_01() {
    let router = tracing_router();
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    let features = json!({"publisher": {"payload_passthru_mode": true}});
    let mut publisher = Client::join_announcing(&router, &features);
    let mut options = options();
    options["ppt_scheme"] = json!("x_own");
    let binary = "\u{0}EOP/kFMHXFJvX8BtT+N82w==";
    publisher.send(json!([16, 1, options, "open.a", [binary]]).to_string());
    publisher.assert_silent();
    assert_eq!(client.one()[3], options);
}

#[test]
fn events_that_are_kept_have_no_context_tc_05() {
    let router = tracing_router();
    let mut publisher = Client::join(&router);
    let mut options = options();
    options["retain"] = json!(true);
    publisher.send(json!([16, 1, options, "open.a", [1]]).to_string());
    publisher.assert_silent();
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{"get_retained":true},"open.a"]"#);
    let messages = client.received();
    assert_eq!(messages[1][3], json!({"retained": true}), "{messages:?}");
    let get = json!([48, 2, {}, "wamp.subscription.get_events", [messages[0][2]], {"limit": 1}]);
    let events = client.ask(get.to_string()).to_string();
    assert!(events.contains(r#""publication""#), "{events}");
    assert!(!events.contains("_trace"), "{events}");
}

#[test]
fn the_span_of_a_call_has_the_context() {
    Log::install();
    let router = tracing_router();
    let log = Log::of(|| drop(told(&router, &options())));
    let line = log.lines().find(|line| line.contains("message=shown")).expect("a line");
    for field in
        [r#"trace_id="4bf92f3577b34da6a3ce929d0e0e4736""#, &format!("traceparent={PARENT:?}")]
    {
        assert!(line.contains(field), "{field}: {line}");
    }
}
