//! The cost of one call and one publication with few and many handlers, sessions, topics and
//! patterns.

mod support;

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

use serde_json::json;
use support::{Bench, Calls, Client};
use wamp_actix::{handlers, rpc};
use wamp_core::__private::HandlerEntry;
use wamp_core::{Limits, Realm, RealmBuilder, Router, Serializer, Topic};

#[rpc("bench.add")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {
    let mut bench = Bench::from_args();
    for handlers in [10, 1_000, 10_000] {
        call(&mut bench, &format!("call, {handlers} handlers"), handlers, "bench.h{}.get");
    }
    for handlers in [10, 1_000, 10_000] {
        call(
            &mut bench,
            &format!("call, {handlers} handlers with a capture"),
            handlers,
            "bench.h{}.{x}",
        );
    }
    for sessions in [1, 1_000, 10_000] {
        idle(&mut bench, sessions);
    }
    for topics in [1, 1_000, 10_000] {
        publish(&mut bench, &format!("publish, {topics} topics"), topics, "bench.t{}.now", "exact");
    }
    for topics in [1, 1_000, 10_000] {
        let name = format!("publish, {topics} topics of one pattern");
        publish(&mut bench, &name, topics, "bench.{topic..}", "exact");
    }
    for topics in [1, 1_000, 10_000] {
        let name = format!("publish, {topics} topics with a capture");
        publish(&mut bench, &name, topics, "bench.t{}.{x}", "exact");
    }
    for topics in [1, 1_000, 10_000] {
        let name = format!("publish, {topics} subscriptions to prefixes");
        publish(&mut bench, &name, topics, "bench.{topic..}", "prefix");
    }
    for topics in [1, 1_000, 10_000] {
        let name = format!("publish, {topics} subscriptions to wildcards");
        publish(&mut bench, &name, topics, "bench.{topic..}", "wildcard");
    }
    for procedures in [10, 1_000, 10_000] {
        route(&mut bench, &format!("routed call, {procedures} registrations"), procedures, "exact");
        route(
            &mut bench,
            &format!("routed call, {procedures} registrations of prefixes"),
            procedures,
            "prefix",
        );
        route(
            &mut bench,
            &format!("routed call, {procedures} registrations of wildcards"),
            procedures,
            "wildcard",
        );
    }
    bench.finish();
}

/// The pattern with this number.
fn numbered(pattern: &str, number: usize) -> String {
    pattern.replace("{}", &number.to_string())
}

fn router(realm: RealmBuilder, handlers: &'static [HandlerEntry]) -> Router {
    let limits = Limits::default().registrations(10_000);
    Router::builder()
        .realm(realm)
        .handlers([handlers])
        .limits(limits)
        .build()
        .expect("all is valid")
}

/// So many handlers, all of one function.
fn registrations(count: usize, pattern: &str) -> &'static [HandlerEntry] {
    let (listed, _) = handlers![add].resolve();
    let [add] = listed[..] else { unreachable!("one function with one attribute") };
    let registration = |number| HandlerEntry { uri: numbered(pattern, number).leak(), ..*add };
    (0..count).map(registration).collect::<Vec<_>>().leak()
}

fn call(bench: &mut Bench, name: &str, handlers: usize, pattern: &str) {
    if !bench.wants(name) {
        return;
    }
    let router = router(Realm::new("realm1"), registrations(handlers, pattern));
    let mut client = Client::join(&router, Serializer::Json, Instant::now());
    let procedure = numbered(pattern, handlers / 2).replace("{x}", "get");
    let mut calls = Calls::new(Serializer::Json, &procedure, json!([20, 22]));
    bench.step(
        name,
        || calls.frame(),
        |frame| {
            black_box(client.receive(frame));
        },
    );
}

/// A call and a publication, while so many sessions do nothing.
fn idle(bench: &mut Bench, sessions: usize) {
    let [call, publish] =
        ["call", "publish"].map(|step| format!("{step}, {sessions} idle sessions"));
    if !bench.wants(&call) && !bench.wants(&publish) {
        return;
    }
    let realm = Realm::new("realm1").topic("bench.topic", Topic::open());
    let router = router(realm, registrations(1, "bench.add"));
    let now = Instant::now();
    let _idle: Vec<_> =
        (0..sessions).map(|_| Client::join(&router, Serializer::Json, now)).collect();
    let mut client = Client::join(&router, Serializer::Json, now);
    let mut calls = Calls::new(Serializer::Json, "bench.add", json!([20, 22]));
    bench.step(
        &call,
        || calls.frame(),
        |frame| {
            black_box(client.receive(frame));
        },
    );
    let mut subscriber = Client::subscriber(&router, Serializer::Json, now, "bench.topic", "exact");
    let realm = router.realm("realm1").expect("declared above");
    bench.step(
        &publish,
        || (),
        |()| {
            realm.publish("bench.topic").arg(1).send().expect("a number can be published");
            black_box(subscriber.drain());
        },
    );
}

/// A publication to one of so many subscribers, each with a subscription of its own.
fn publish(bench: &mut Bench, name: &str, topics: usize, declared: &str, policy: &str) {
    if !bench.wants(name) {
        return;
    }
    let mut realm = Realm::new("realm1");
    for number in 0..if declared.contains("{}") { topics } else { 1 } {
        realm = realm.topic(numbered(declared, number), Topic::open());
    }
    let router = router(realm, &[]);
    let now = Instant::now();
    let subscriber = |number| {
        let topic =
            numbered(if policy == "exact" { "bench.t{}.now" } else { "bench.t{}." }, number);
        Client::subscriber(&router, Serializer::Json, now, &topic, policy)
    };
    let subscribers: Vec<_> = (0..topics).map(subscriber).collect();
    let subscribers = RefCell::new(subscribers);
    let realm = router.realm("realm1").expect("declared above");
    let (at, topic) = (topics / 2, numbered("bench.t{}.now", topics / 2));
    bench.step(
        name,
        || (),
        |()| {
            realm.publish(topic.as_str()).arg(1).send().expect("a number can be published");
            let event = subscribers.borrow_mut()[at].drain();
            assert!(!black_box(event).is_empty(), "{topic} reached nobody");
        },
    );
}

/// A call from one session to another, which has so many procedures.
fn route(bench: &mut Bench, name: &str, procedures: usize, policy: &str) {
    if !bench.wants(name) {
        return;
    }
    let router = router(Realm::new("realm1").route_clients(true), &[]);
    let now = Instant::now();
    let mut callee = Client::join(&router, Serializer::Json, now);
    for number in 0..procedures {
        let procedure = match policy {
            "exact" => format!("bench.p{number}.get"),
            _ => format!("bench.p{number}."),
        };
        callee.send(&json!([64, number + 1, { "match": policy }, procedure]));
    }
    let mut caller = Client::join(&router, Serializer::Json, now);
    let procedure = format!("bench.p{}.get", procedures / 2);
    let mut calls = Calls::new(Serializer::Json, &procedure, json!([20, 22]));
    let mut invocation = 0;
    bench.step(
        name,
        || {
            invocation += 1;
            let answer = support::frame(Serializer::Json, &json!([70, invocation, {}, [42]]));
            (calls.frame(), answer)
        },
        |(call, answer)| {
            caller.receive(call);
            assert!(!callee.drain().is_empty(), "no INVOCATION");
            callee.receive(answer);
            assert!(!caller.drain().is_empty(), "no RESULT");
        },
    );
}
