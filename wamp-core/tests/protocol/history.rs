//! Event history: what `wamp.subscription.get_events` tells of the past.

use super::support::caller::Caller;
use super::support::*;
use serde_json::{Value, json};
use wamp_core::__private::HandlerEntry;
use wamp_core::{History, Identity, MetaApi, Realm, RealmBuilder, Router, Topic};

static HANDLERS: &[HandlerEntry] = &[
    handlers::subscribe("gated.{name}", handlers::gated),
    handlers::publish("gated.{name}", handlers::letting_through),
];

const GET: &str = "wamp.subscription.get_events";
const INVALID: &str = "wamp.error.invalid_argument";

fn router() -> Router {
    router_of(|realm| realm)
}

fn router_of(change: impl FnOnce(RealmBuilder) -> RealmBuilder) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("past.{name}", Topic::open())
        .history("past.a", History::last(5))
        .history("past.b", History::last(5))
        .history("gated.a", History::last(5))
        .meta_api(MetaApi::reading());
    Router::builder()
        .realm(change(realm))
        .handlers([HANDLERS])
        .build()
        .expect("the declarations are sound")
}

fn with(router: &Router, authid: &str, authrole: &str) -> Client {
    let identity =
        Identity { authid: authid.into(), authrole: authrole.into(), ..Identity::anonymous() };
    Client::join_as(router, "realm1", identity)
}

/// A caller that subscribed to the topic, and the subscription.
fn subscriber(router: &Router, topic: &str) -> (Caller, u64) {
    let mut caller = Caller::of(Client::join(router));
    let id = caller.client.subscribe(1, topic);
    caller.request = 1;
    (caller, id)
}

/// The application publishes these numbers; the ids of the publications.
fn publish<const N: usize>(router: &Router, topic: &str, numbers: [u64; N]) -> [u64; N] {
    let realm = router.realm("realm1").expect("declared above");
    numbers.map(|number| realm.publish(topic).arg(number).send().expect("a valid topic").get())
}

/// The first arguments of the events that are told.
fn told(events: &Value) -> Vec<Value> {
    events.as_array().into_iter().flatten().map(|event| event["args"][0].clone()).collect()
}

/// Asks for the history, and leaves the live events alone.
#[track_caller]
fn ask(caller: &mut Caller, id: u64, kwargs: Value) -> Value {
    caller.client.received();
    caller.call_with(GET, json!([id]), kwargs)
}

#[test]
fn each_event_is_one_result_with_its_time_and_its_details_e_08() {
    let router = router();
    let (mut caller, id) = subscriber(&router, "past.a");
    assert_eq!(ask(&mut caller, id, json!({})), Value::Null);
    let mut joe = with(&router, "joe", "staff");
    let message =
        r#"[16,1,{"disclose_me":true,"acknowledge":true},"past.a",[1,"two"],{"three":3}]"#;
    let publication = published(&joe.ask(message), 1);
    router.realm("realm1").unwrap().publish("past.a").send().unwrap();
    let events = ask(&mut caller, id, json!({}));
    let shown =
        json!({"publisher": joe.id, "publisher_authid": "joe", "publisher_authrole": "staff"});
    let time = events[0]["timestamp"].clone();
    assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
    let expected = json!({
        "timestamp": time, "subscription": id, "publication": publication,
        "details": shown, "args": [1, "two"], "kwargs": {"three": 3},
    });
    assert_eq!(events[0], expected);
    let keys: Vec<_> = events[1].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["details", "publication", "subscription", "timestamp"]);
}

#[test]
fn the_order_is_that_of_occurrence_and_a_limit_counts_from_where_one_begins_e_09() {
    let router = router();
    let (mut caller, id) = subscriber(&router, "past.a");
    publish(&router, "past.a", [1, 2, 3, 4]);
    for (kwargs, expected) in [
        (json!({}), vec![1, 2, 3, 4]),
        (json!({"reverse": false}), vec![1, 2, 3, 4]),
        (json!({"reverse": true}), vec![4, 3, 2, 1]),
        (json!({"limit": 2}), vec![1, 2]),
        (json!({"limit": 2, "reverse": true}), vec![4, 3]),
        (json!({"limit": 9}), vec![1, 2, 3, 4]),
    ] {
        assert_eq!(told(&ask(&mut caller, id, kwargs.clone())), expected, "{kwargs}");
    }
}

#[test]
fn publications_bound_what_is_told_e_07() {
    let router = router();
    let (mut caller, id) = subscriber(&router, "past.a");
    let ids = publish(&router, "past.a", [1, 2, 3, 4]);
    for (kwargs, expected) in [
        (json!({"from_publication": ids[1]}), vec![2, 3, 4]),
        (json!({"after_publication": ids[1]}), vec![3, 4]),
        (json!({"before_publication": ids[2]}), vec![1, 2]),
        (json!({"until_publication": ids[2]}), vec![1, 2, 3]),
        (json!({"after_publication": ids[0], "before_publication": ids[3]}), vec![2, 3]),
        (json!({"after_publication": ids[0], "until_publication": ids[3], "limit": 2}), vec![2, 3]),
        (json!({"from_publication": ids[3], "before_publication": ids[1]}), vec![]),
        // An event that is not kept any more is older than all that are.
        (json!({"after_publication": 1}), vec![1, 2, 3, 4]),
        (json!({"until_publication": 1}), vec![]),
    ] {
        assert_eq!(told(&ask(&mut caller, id, kwargs.clone())), expected, "{kwargs}");
    }
}

#[test]
fn times_bound_what_is_told_e_07() {
    let router = router();
    let (mut caller, id) = subscriber(&router, "past.a");
    publish(&router, "past.a", [1]);
    let first = ask(&mut caller, id, json!({}))[0]["timestamp"].clone();
    for (kwargs, expected) in [
        (json!({"from_time": first}), 1),
        (json!({"after_time": first}), 0),
        (json!({"before_time": first}), 0),
        (json!({"until_time": first}), 1),
        (
            json!({"from_time": "2020-01-01T00:00:00Z", "until_time": "2199-01-01T00:00:00+01:00"}),
            1,
        ),
        (json!({"until_time": "2020-01-01T00:00:00.5Z"}), 0),
    ] {
        assert_eq!(told(&ask(&mut caller, id, kwargs.clone())).len(), expected, "{kwargs}");
    }
}

#[test]
fn the_history_of_a_pattern_is_that_of_its_topics_in_one_order_e_07() {
    let router = router();
    let mut caller = Caller::of(Client::join(&router));
    let id = subscribed(&caller.client.ask(r#"[32,1,{"match":"wildcard"},"past."]"#), 1);
    caller.request = 1;
    publish(&router, "past.a", [1]);
    publish(&router, "past.b", [2]);
    publish(&router, "past.a", [3]);
    publish(&router, "past.unkept", [4]);
    publish(&router, "gated.a", [5]);
    let events = ask(&mut caller, id, json!({}));
    assert_eq!(told(&events), [1, 2, 3]);
    assert_eq!(events[1]["details"], json!({"topic": "past.b"}));
    assert_eq!(told(&ask(&mut caller, id, json!({"topic": "past.a"}))), [1, 3]);
    assert_eq!(told(&ask(&mut caller, id, json!({"topic": "past.x"}))), [0; 0]);
}

#[test]
fn events_for_or_not_for_sessions_are_never_kept_and_other_filters_count_for_the_reader_e_10() {
    let router = router();
    let (mut caller, id) = subscriber(&router, "past.a");
    let realm = router.realm("realm1").unwrap();
    let mut publisher = Client::join(&router);
    for (request, options) in
        (1..).zip([r#"{"exclude":[]}"#, r#"{"eligible":[1]}"#, r#"{"exclude":[1]}"#])
    {
        publisher.send(format!(r#"[16,{request},{options},"past.a",[0]]"#));
    }
    assert_eq!(ask(&mut caller, id, json!({})), Value::Null);
    for (number, publish) in (1..).zip([
        realm.publish("past.a").eligible_authid(["joe"]),
        realm.publish("past.a").eligible_authrole(["staff"]),
        realm.publish("past.a").exclude_authid(["eve"]),
        realm.publish("past.a").exclude_authrole(["guest"]),
    ]) {
        publish.arg(number).send().unwrap();
    }
    let asked = |client: Client| told(&ask(&mut Caller::of(client), id, json!({})));
    assert_eq!(asked(with(&router, "joe", "staff")), [1, 2, 3, 4]);
    assert_eq!(asked(with(&router, "eve", "guest")), [0; 0]);
    assert_eq!(asked(with(&router, "ann", "guest")), [3]);
}

#[test]
fn a_caller_that_may_not_subscribe_may_not_see_the_past_e_11() {
    let router = router();
    let mut holder = Caller::of(Client::join(&router));
    holder.client.send(r#"[32,1,{},"gated.a"]"#);
    holder.client.assert_silent();
    handlers::open("gated.a");
    let id = subscribed(&holder.client.one(), 1);
    holder.request = 1;
    publish(&router, "gated.a", [1]);
    assert_eq!(told(&ask(&mut holder, id, json!({}))), [1]);
    let mut other = Caller::of(Client::join(&router));
    other.fails(GET, json!([id]), json!({}), "wamp.error.not_authorized");
    other.client.send(r#"[32,2,{},"gated.a"]"#);
    other.client.assert_silent();
    other.request = 2;
    other.fails(GET, json!([id]), json!({}), "wamp.error.not_authorized");
}

#[test]
fn unknown_subscriptions_wrong_arguments_and_topics_without_history_e_11() {
    let router = router();
    let (mut caller, id) = subscriber(&router, "past.a");
    caller.fails(GET, json!([99]), json!({}), "wamp.error.no_such_subscription");
    for kwargs in [
        json!({"limit": 0}),
        json!({"limit": -1}),
        json!({"limit": "x"}),
        json!({"reverse": 1}),
        json!({"from_time": "yesterday"}),
        json!({"after_time": 5}),
        json!({"from_publication": "x"}),
        json!({"topic": 1}),
        json!({"unknown": 1}),
    ] {
        caller.fails(GET, json!([id]), kwargs, INVALID);
    }
    caller.fails(GET, json!([]), json!({}), INVALID);
    let (mut caller, id) = subscriber(&router, "past.unkept");
    publish(&router, "past.unkept", [1]);
    assert_eq!(ask(&mut caller, id, json!({})), Value::Null);
}

#[test]
fn where_an_authoriser_decides_only_a_subscriber_may_see_the_past_e_11() {
    let router =
        router_of(|realm| realm.authorize(|_| async { Ok(wamp_core::Permission::allow()) }));
    let (mut caller, id) = subscriber(&router, "past.a");
    publish(&router, "past.a", [1]);
    assert_eq!(told(&ask(&mut caller, id, json!({}))), [1]);
    let mut other = Caller::of(Client::join(&router));
    other.fails(GET, json!([id]), json!({}), "wamp.error.not_authorized");
}

#[test]
fn the_history_of_a_topic_is_bounded_in_events_and_bytes() {
    let router = router_of(|realm| realm.history("past.c", History::last(100).max_bytes(4096)));
    let (mut caller, id) = subscriber(&router, "past.a");
    publish(&router, "past.a", [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(told(&ask(&mut caller, id, json!({}))), [3, 4, 5, 6, 7]);
    let (mut caller, id) = subscriber(&router, "past.c");
    for _ in 0..5 {
        router.realm("realm1").unwrap().publish("past.c").arg("x".repeat(1500)).send().unwrap();
    }
    assert_eq!(told(&ask(&mut caller, id, json!({}))).len(), 2);
}

#[test]
fn event_history_is_announced_where_it_is_kept() {
    let announced = |router: &Router| {
        let welcome = Client::connect(router).ask(hello("realm1"));
        welcome[2]["roles"]["broker"]["features"]["event_history"].clone()
    };
    assert_eq!(announced(&router()), json!(true));
    let realm = Realm::new("realm1").meta_api(MetaApi::reading());
    assert_eq!(
        announced(&Router::builder().realm(realm).handlers([]).build().unwrap()),
        Value::Null
    );
}

#[test]
fn a_history_that_is_declared_twice_is_refused_when_the_router_is_built() {
    let realm = Realm::new("realm1").history("a", History::last(1)).history("a", History::last(2));
    let error = Router::builder().realm(realm).handlers([]).build().unwrap_err();
    assert!(error.to_string().contains("history(\"a\") is declared twice"), "{error}");
}

#[test]
fn a_history_of_what_is_no_topic_of_the_application_is_refused_when_the_router_is_built() {
    for topic in ["a..b", "", "wamp.session.on_join", "a.{x}", "a.{x..}"] {
        let realm = Realm::new("realm1").history(topic, History::last(1));
        let error = Router::builder().realm(realm).handlers([]).build().unwrap_err();
        assert!(error.to_string().contains(&format!("history(\"{topic}\")")), "{error}");
    }
}
