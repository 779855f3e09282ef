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
    Action, Attempt, Context, Denied, Error, FromContext as _, Identity, Left, Limits,
    ObservedCall, Observer, Permission, Progress, PublicationId, Realm, RealmCounts,
    RequestOutcome, Router, RouterBuilder, Session, Ticket, Topic,
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

fn panic(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { panic!("on purpose") })
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
    rpc("work.panic.{name}", panic),
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
        .filter(|(_, _, count)| *count > 0)
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
    let called = counts.calls.iter().filter(|calls| calls.durations.count() > 0);
    assert!(called.into_iter().all(|calls| calls.durations.sum > Duration::ZERO));
    let usual = counts.calls.iter().filter(|calls| calls.procedure == "work.admin");
    assert_eq!(usual.count(), 3, "`ok` and `error` are listed with 0, and `denied`");
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
    assert_eq!((stats.connections, stats.violations), (2, vec![("message".to_owned(), 1)]));
    let counts = stats.realms[0].counts.as_ref().unwrap();
    assert_eq!(counts.sessions_opened, [("anonymous".to_owned(), 4)]);
    let closed: Vec<_> = counts.sessions_closed.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(closed, [&(Left::Lost, 1), &(Left::Violation, 1), &(Left::Ping, 1)]);
    drop(stays);
}

#[test]
fn every_reason_of_a_sessions_end_is_counted_exactly() {
    let limits = Limits::default().queued_messages(1).outgoing_bytes(1);
    let router = builder().metrics(true).limits(limits).build().unwrap();
    let listed = counts(&router).sessions_closed;
    assert!(listed.len() == 8 && listed.iter().all(|(_, count)| *count == 0), "{listed:?}");
    Client::join(&router).lose();
    Client::join(&router).lose_for(Left::Ping);
    Client::join(&router).lose_for(Left::Stall);
    Client::join(&router).send(r#"[6,{},"wamp.close.normal"]"#);
    Client::join(&router).send("[1000]");
    let mut killed = Client::join(&router);
    killed.session().close("wamp.close.killed");
    killed.received();
    let mut slow = Client::join(&router);
    slow.subscribe(1, "news");
    let publish = || router.realm("realm1").unwrap().publish("news").send().unwrap();
    for _ in 0..2 {
        publish();
        slow.poll();
    }
    slow.advance(Duration::from_secs(60));
    slow.poll_woken();
    publish();
    slow.received();
    let mut stays = Client::join(&router);
    drop(router.shutdown(Duration::ZERO));
    stays.received();
    let closed = counts(&router).sessions_closed;
    assert!(closed.iter().all(|(_, count)| *count == 1), "{closed:?}");
}

#[test]
fn a_call_beyond_a_limit_and_a_cancelled_one_are_counted() {
    let limits = Limits::default().calls_in_flight(1);
    let router = builder().metrics(true).limits(limits).build().unwrap();
    let mut client = Client::join(&router);
    call(&mut client, 1, "work.wait");
    call(&mut client, 2, "work.wait");
    client.ask(r#"[49,1,{"mode":"killnowait"}]"#);
    let counts = counts(&router);
    let outcomes: Vec<_> = counts
        .calls
        .iter()
        .filter(|calls| calls.procedure == "work.wait")
        .map(|calls| (calls.outcome.as_str(), calls.durations.count()))
        .collect();
    assert_eq!(outcomes, [("ok", 0), ("error", 0), ("canceled", 1), ("unavailable", 1)]);
}

#[test]
fn messages_that_are_sent_are_counted_by_type() {
    let router = builder().metrics(true).build().unwrap();
    let mut client = Client::join(&router);
    client.subscribe(1, "news");
    let result = client.ask(r#"[48,2,{},"work.1.ok"]"#);
    let bytes = result.to_string().len() as u64;
    router.realm("realm1").unwrap().publish("news").send().unwrap();
    client.one();
    let counts = counts(&router);
    let sent: Vec<_> = counts.messages_sent.iter().map(|sent| (sent.kind, sent.count)).collect();
    assert_eq!(sent, [("WELCOME", 1), ("SUBSCRIBED", 1), ("EVENT", 1), ("RESULT", 1)]);
    assert_eq!(counts.messages_sent[3].bytes, bytes);
}

#[test]
fn panics_are_counted_by_the_handler_that_panicked() {
    let router = builder().metrics(true).build().unwrap();
    let mut client = Client::join(&router);
    call(&mut client, 1, "work.panic.one");
    call(&mut client, 2, "work.panic.two");
    assert_eq!(counts(&router).handler_panics, [("work.panic.{name}".to_owned(), 2)]);
}

#[test]
fn logins_are_counted_and_measured_by_their_method() {
    let by_ticket = Ticket::new(|attempt: Attempt| async move {
        if attempt.ticket_is("right") {
            Ok(Identity::new("joe", "user"))
        } else {
            Err(Denied::credentials())
        }
    });
    let denied: Arc<Mutex<Vec<String>>> = Arc::default();
    let limits = Limits::default().denial_delay(Duration::ZERO);
    let realm = Realm::new("realm1").authenticate(by_ticket);
    let router = Router::builder().realm(realm).handlers([]).limits(limits).metrics(true);
    let router = router.observe(Logins(Arc::clone(&denied))).build().unwrap();
    for ticket in ["right", "wrong"] {
        let mut client = Client::connect(&router);
        let hello =
            json!({ "authmethods": ["ticket"], "authid": "joe", "roles": { "caller": {} } });
        client.ask(json!([1, "realm1", hello]).to_string());
        client.send(json!([5, ticket, {}]).to_string());
        client.received();
    }
    Client::connect(&router).send(super::support::hello("realm1"));
    let counts = counts(&router);
    let logins: Vec<_> =
        counts.logins.iter().map(|(method, took)| (&**method, took.count())).collect();
    assert_eq!(logins, [("ticket", 1)]);
    let expected = [("(none)".to_owned(), 1), ("ticket".to_owned(), 1)];
    assert_eq!(counts.logins_denied, expected);
    let denied = denied.lock().unwrap();
    assert_eq!(
        *denied,
        [
            "realm1 Some(\"ticket\") wamp.error.authentication_denied",
            "realm1 None wamp.error.authentication_required"
        ]
    );
}

/// Notes the logins that are refused.
struct Logins(Arc<Mutex<Vec<String>>>);

impl Observer for Logins {
    fn login_denied(&self, realm: &str, authmethod: Option<&str>, reason: &str) {
        self.0.lock().unwrap().push(format!("{realm} {authmethod:?} {reason}"));
    }
}

#[test]
fn a_session_that_its_rate_holds_back_or_cuts_off_is_counted() {
    let limits = Limits::default()
        .messages_per_second(Some(1))
        .burst(Some(1))
        .rate_patience(Duration::from_secs(2));
    let router = builder().metrics(true).limits(limits).build().unwrap();
    let mut client = Client::join(&router);
    for request in 1..=3 {
        call(&mut client, request, "work.1.ok");
    }
    let read = |counts: RealmCounts| counts.rate_limited;
    assert_eq!(read(counts(&router)), [("cut_off".to_owned(), 0), ("held_back".to_owned(), 1)]);
    client.advance(Duration::from_secs(2));
    client.received();
    assert_eq!(read(counts(&router)), [("cut_off".to_owned(), 1), ("held_back".to_owned(), 1)]);
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
    fn denied(&self, _: &Session, action: Action, uri: &str, error: &Error) {
        self.note(format!("denied {action:?} {uri} {}", error.uri()));
    }
}

#[test]
fn a_denial_with_an_error_of_the_authorisers_own_is_counted_and_told_as_one() {
    let realm = Realm::new("realm1").route_clients(true).topic("news", Topic::open()).authorize(
        async |_| {
            let error = Error::new("com.error.closed");
            Ok(Permission::deny_with(error))
        },
    );
    let journal = Journal::default();
    let router = Router::builder().realm(realm).handlers([HANDLERS]).metrics(true);
    let router = router.observe(journal.clone()).build().unwrap();
    let mut client = Client::join(&router);
    journal.0.lock().unwrap().clear();
    call(&mut client, 1, "work.7.ok");
    client.publish(2, "news", 1);
    client.ask(r#"[32,3,{},"news"]"#);
    client.ask(r#"[64,4,{},"com.one"]"#);
    let expected = [
        r#"1 work.7.ok Some("work.{n}.ok")"#,
        "denied Call work.7.ok com.error.closed",
        "1 denied",
        "denied Publish news com.error.closed",
        "denied Subscribe news com.error.closed",
        "denied Register com.one com.error.closed",
    ];
    assert_eq!(*journal.0.lock().unwrap(), expected);
    let counts = counts(&router);
    let published: Vec<_> =
        counts.publications.iter().map(|one| (one.outcome, one.count)).collect();
    assert_eq!(published, [(RequestOutcome::Denied, 1)]);
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
        "denied Call work.admin wamp.error.not_authorized",
        "2 denied",
        "published open.a",
        "denied Publish news wamp.error.not_authorized",
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
