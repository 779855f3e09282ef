//! Counts of a router, and what its observers and the log are told.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::Client;
use super::support::handlers::rpc;
use crate::log::Log;
use serde_json::json;
use wamp_core::__private::{BoxedAnswer, HandlerEntry, Outcome, Plain as _, reply};
use wamp_core::{
    Context, Error, FromContext as _, Left, ObservedCall, Observer, Progress, PublicationId, Realm,
    RealmCounts, RequestOutcome, Router, RouterBuilder, Session, Topic,
};

fn ok(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(1_u64).reply()) })
}

fn fail(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(Error::new("com.failed")) })
}

fn wait(_: Context) -> BoxedAnswer<()> {
    Box::pin(pending())
}

fn steps(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let progress = Progress::from_context(&context).await?;
        progress.send(1).await?;
        progress.send(2).await?;
        reply(&context, Outcome(3).reply())
    })
}

static HANDLERS: &[HandlerEntry] = &[
    HandlerEntry { function: "work::ok", ..rpc("work.{n}.ok", ok) },
    rpc("work.fail", fail),
    rpc("work.wait", wait),
    rpc("work.steps", steps),
    HandlerEntry { roles: &["admin"], ..rpc("work.admin", ok) },
];

fn builder() -> RouterBuilder {
    let realm = Realm::new("realm1")
        .route_clients(true)
        .topic("open.{name}", Topic::open())
        .topic("news", Topic::read_only());
    Router::builder().realm(realm).handlers([HANDLERS])
}

fn call(client: &mut Client, request: u64, procedure: &str) {
    client.send(json!([48, request, {}, procedure]).to_string());
    client.received();
}

fn counts(router: &Router) -> RealmCounts {
    router.stats().realms.remove(0).counts.expect("metrics are on")
}

#[test]
fn calls_are_counted_once_by_their_declaration_and_outcome() {
    let router = builder().metrics(true).build().unwrap();
    let mut client = Client::join(&router);
    let mut callee = Client::join(&router);
    callee.ask(json!([64, 1, {}, "com.secret.name"]).to_string());
    for (request, procedure) in ["work.1.ok", "work.2.ok", "work.fail", "work.admin", "com.none"]
        .into_iter()
        .chain(["com.other", "wamp.session.none", "com.secret.name", "work.wait"])
        .enumerate()
    {
        call(&mut client, request as u64 + 1, procedure);
    }
    assert_eq!(counts(&router).calls_in_flight, 2);
    client.send(r#"[48,12,{"receive_progress":true},"work.steps"]"#);
    client.received();
    let invocation = callee.one();
    callee.send(json!([70, invocation[1], {}]).to_string());
    callee.poll();
    client.received();
    client.send(r#"[49,9,{"mode":"skip"}]"#);
    client.send(r#"[48,10,{"timeout":10},"work.wait"]"#);
    client.received();
    client.advance(Duration::from_millis(10));
    client.received();
    call(&mut client, 11, "work.wait");
    client.lose();
    let counts = counts(&router);
    let calls: Vec<_> = counts
        .calls
        .iter()
        .map(|calls| (&*calls.procedure, calls.outcome.as_str(), calls.durations.count()))
        .collect();
    assert_eq!(
        calls,
        [
            ("(client)", "ok", 1),
            ("(router)", "no_such_procedure", 1),
            ("(unknown)", "no_such_procedure", 2),
            ("work.admin", "denied", 1),
            ("work.fail", "error", 1),
            ("work.steps", "ok", 1),
            ("work.wait", "canceled", 2),
            ("work.wait", "timeout", 1),
            ("work.{n}.ok", "ok", 2),
        ]
    );
    assert_eq!(counts.calls_in_flight, 0);
    assert_eq!(counts.progressive_results, [("work.steps".to_owned(), 2)]);
    assert!(counts.calls.iter().all(|calls| calls.durations.sum > Duration::ZERO));
}

#[test]
fn sessions_and_violations_are_counted() {
    let router = builder().metrics(true).build().unwrap();
    let stays = Client::join(&router);
    Client::join(&router).lose();
    Client::join(&router).lose_for(Left::Ping);
    let mut breaks = Client::join(&router);
    breaks.send("no JSON");
    let stats = router.stats();
    assert_eq!((stats.connections, stats.violations), (2, 1));
    let counts = stats.realms[0].counts.as_ref().unwrap();
    assert_eq!(counts.sessions_opened, [("anonymous".to_owned(), 4)]);
    assert_eq!(counts.sessions_closed, [(Left::Lost, 1), (Left::Ping, 1), (Left::Violation, 1)]);
    drop(stays);
}

#[test]
fn publications_are_counted_once_by_their_declaration_and_outcome() {
    let router = builder().metrics(true).build().unwrap();
    let mut publisher = Client::join(&router);
    let mut subscribers = [Client::join(&router), Client::join(&router)];
    subscribers.iter_mut().for_each(|subscriber| {
        subscriber.subscribe(1, "open.a");
    });
    for (request, topic) in (1..).zip(["open.a", "open.b", "of.a.stranger", "news", "news"]) {
        publisher.publish(request, topic, 1);
    }
    publisher.poll();
    router.realm("realm1").unwrap().publish("news").send().unwrap();
    let counts = counts(&router);
    let received: Vec<_> = counts
        .messages_received
        .iter()
        .map(|messages| (messages.kind, messages.count, messages.bytes))
        .collect();
    assert_eq!(received, [("PUBLISH", 5, 113), ("SUBSCRIBE", 2, 36)]);
    let publications: Vec<_> = counts
        .publications
        .iter()
        .map(|published| (&*published.topic, published.outcome.as_str(), published.count))
        .collect();
    assert_eq!(
        publications,
        [("(client)", "ok", 1), ("news", "ok", 1), ("news", "denied", 2), ("open.{name}", "ok", 2)]
    );
    assert_eq!((counts.events_delivered, counts.events_left_out), (2, 0));
}

#[test]
fn without_metrics_the_state_is_shown_and_nothing_is_counted() {
    let router = builder().build().unwrap();
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    client.ask(json!([64, 2, {}, "com.one"]).to_string());
    router.realm("realm1").unwrap().publish("open.a").retain().send().unwrap();
    let stats = router.stats();
    let realm = &stats.realms[0];
    assert_eq!((realm.realm.as_str(), stats.connections), ("realm1", 1));
    assert_eq!((realm.sessions, realm.subscriptions, realm.registrations), (1, 1, 1));
    assert_eq!(realm.retained_events, 1);
    assert!(realm.retained_bytes > 0 && realm.counts.is_none());
}

#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Journal {
    fn session_opened(&self, _: &Session) {
        self.note("opened".to_owned());
    }
    fn session_closed(&self, _: &Session, left: Left) {
        self.note(format!("closed {left}"));
    }
    fn call_started(&self, call: &ObservedCall<'_>) {
        self.note(format!("{} {} {:?}", call.request(), call.procedure(), call.declared()));
    }
    fn call_ended(&self, call: &ObservedCall<'_>, outcome: RequestOutcome, _: Duration) {
        self.note(format!("{} {outcome}", call.request()));
    }
    fn published(&self, _: &Session, topic: &str, _: PublicationId) {
        self.note(format!("published {topic}"));
    }
    fn denied(&self, _: &Session, error: &Error) {
        self.note(format!("denied {}", error.uri()));
    }
}

struct Panics;

impl Observer for Panics {
    fn call_started(&self, _: &ObservedCall<'_>) {
        panic!("an observer panics");
    }
}

#[test]
fn observers_are_told_in_order_and_the_panic_of_one_costs_nothing() {
    let journal = Journal::default();
    let router = builder().observe(Panics).observe(journal.clone()).build().unwrap();
    let mut client = Client::join(&router);
    call(&mut client, 1, "work.7.ok");
    call(&mut client, 2, "work.admin");
    client.publish(3, "open.a", 1);
    client.publish(4, "news", 1);
    call(&mut client, 5, "work.wait");
    client.lose();
    let expected = [
        "opened",
        r#"1 work.7.ok Some("work.{n}.ok")"#,
        "1 ok",
        r#"2 work.admin Some("work.admin")"#,
        "denied wamp.error.not_authorized",
        "2 denied",
        "published open.a",
        "denied wamp.error.not_authorized",
        r#"5 work.wait Some("work.wait")"#,
        "5 canceled",
        "closed lost",
    ];
    assert_eq!(*journal.0.lock().unwrap(), expected);
}

#[test]
fn the_log_has_a_line_for_each_answer() {
    Log::install();
    let router = builder().build().unwrap();
    let mut client = Client::join(&router);
    let log = Log::of(|| call(&mut client, 1, "work.7.ok"));
    let line =
        log.lines().find(|line| line.contains("call answered")).unwrap_or_else(|| panic!("{log}"));
    let id = client.id.to_string();
    for field in [
        "DEBUG",
        r#"uri="work.7.ok""#,
        r#"declared="work.{n}.ok""#,
        r#"function="work::ok""#,
        r#"outcome="ok""#,
        "duration=",
        "request=1 ",
        &format!("session={id} "),
        "authid=",
        r#"realm="realm1""#,
    ] {
        assert!(line.contains(field), "{field}: {line}");
    }
}
