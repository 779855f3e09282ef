//! Realms: what they share, which is nothing, and what each has of its own.

use std::time::Duration;

use super::support::{Client, assert_error, handlers, hello, subscribed};
use serde_json::{Value, json};
use wamp_core::{Limits, MetaApi, Realm, Router, Topic};

fn realm(name: &str) -> wamp_core::RealmBuilder {
    Realm::new(name).topic("open.{name}", Topic::open()).meta_api(MetaApi::reading().killing())
}

fn router(small: Limits) -> Router {
    handlers::reset();
    let limits = Limits::default().subscriptions(3);
    Router::builder()
        .realm(realm("realm1"))
        .realm(realm("realm2").limits(small))
        .handlers([handlers::ALL])
        .limits(limits)
        .build()
        .expect("the realms of the tests are sound")
}

fn small() -> Limits {
    Limits::default().subscriptions(1).calls_in_flight(1).max_result_bytes(20)
}

#[test]
fn the_limits_of_a_realm_are_in_place_of_the_routers() {
    let router = router(small());
    for (realm, most) in [("realm1", 3), ("realm2", 1)] {
        let mut client = Client::join_in(&router, realm);
        for request in 1..=most {
            client.subscribe(request, &format!("open.{request}"));
        }
        let refused = client.ask(format!(r#"[32,{},{{}},"open.more"]"#, most + 1));
        assert_error(&refused, 32, most + 1, "wamp.error.not_authorized");
    }
    let mut client = Client::join_in(&router, "realm2");
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    assert_error(&client.ask(r#"[48,2,{},"test.add",[1,2]]"#), 48, 2, "wamp.error.unavailable");
    handlers::open("a");
    client.one();
    let long = "x".repeat(30);
    let refused = client.ask(format!(r#"[48,3,{{}},"test.echo",["{long}"]]"#));
    assert_error(&refused, 48, 3, "wamp.error.payload_size_exceeded");
    let mut client = Client::join(&router);
    assert_eq!(
        client.ask(format!(r#"[48,1,{{}},"test.echo",["{long}"]]"#)),
        json!([50, 1, {}, [long]])
    );
}

#[test]
fn what_waits_to_be_sent_is_bounded_by_the_realm() {
    let router = router(Limits::default().outgoing_bytes(100).queued_messages(2));
    let mut client = Client::connect(&router);
    assert!(client.wants_input());
    client.ask(hello("realm2"));
    let long = "x".repeat(200);
    client.send(format!(r#"[48,1,{{}},"test.echo",["{long}"]]"#));
    client.poll();
    assert!(!client.wants_input(), "the realm's limit, not the router's");
    client.received();
    assert!(client.wants_input());
}

#[test]
fn goodbye_has_the_time_of_the_realm() {
    let router = router(Limits::default().goodbye_timeout(Duration::from_secs(77)));
    let mut client = Client::join_in(&router, "realm2");
    client.session().close("wamp.close.killed");
    client.one();
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(77)));
}

#[test]
fn events_calls_and_sessions_stay_in_their_realm_u_09() {
    let router = router(Limits::default());
    let (mut here, mut there) = (Client::join(&router), Client::join_in(&router, "realm2"));
    there.subscribe(1, "open.a");
    // Named by its id, too.
    here.send(format!(r#"[16,1,{{"eligible":[{}]}},"open.a"]"#, there.id));
    there.assert_silent();
    router
        .realm("realm1")
        .unwrap()
        .publish("open.a")
        .eligible([there.session().id()])
        .send()
        .unwrap();
    there.assert_silent();
    let listed = here.ask(r#"[48,2,{},"wamp.session.list"]"#);
    assert_eq!(listed[3], json!([[here.id]]));
    let (got, killed) = (
        here.ask(format!(r#"[48,3,{{}},"wamp.session.get",[{}]]"#, there.id)),
        here.ask(format!(r#"[48,4,{{}},"wamp.session.kill",[{}]]"#, there.id)),
    );
    assert_error(&got, 48, 3, "wamp.error.no_such_session");
    assert_error(&killed, 48, 4, "wamp.error.no_such_session");
    there.assert_silent();
    let found = here.ask(r#"[48,5,{},"wamp.subscription.lookup",["open.a"]]"#);
    assert_eq!(found[3], json!([null]));
}

#[test]
fn meta_events_stay_in_their_realm_u_09() {
    let router = router(Limits::default());
    let mut here = Client::join(&router);
    for (request, topic) in [
        (1, "wamp.session.on_join"),
        (2, "wamp.session.on_leave"),
        (3, "wamp.subscription.on_create"),
    ] {
        subscribed(&here.ask(format!(r#"[32,{request},{{}},"{topic}"]"#)), request);
    }
    here.received();
    let mut there = Client::join_in(&router, "realm2");
    there.subscribe(1, "open.a");
    drop(there);
    here.assert_silent();
    let mut other: Client = Client::join(&router);
    let joined: Vec<Value> = here.received();
    assert_eq!(joined.len(), 1, "{joined:?}");
    other.lose();
}
