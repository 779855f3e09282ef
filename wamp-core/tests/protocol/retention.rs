//! Retained events: what later subscribers are shown of a topic.

use super::support::*;
use serde_json::{Value, json};
use wamp_core::__private::HandlerEntry;
use wamp_core::{Identity, Limits, Realm, Router, Topic};

static HANDLERS: &[HandlerEntry] = &[
    HandlerEntry { retain: true, ..handlers::publish("kept.{name}", handlers::letting_through) },
    handlers::publish("lost.{name}", handlers::letting_through),
    handlers::subscribe("kept.{name}", handlers::accepting),
    handlers::subscribe("lost.{name}", handlers::accepting),
    handlers::subscribe("staff.{name}", handlers::gated),
    HandlerEntry { retain: true, ..handlers::publish("staff.{name}", handlers::letting_through) },
    handlers::subscribe("shown.{name}", handlers::snapshot),
    HandlerEntry { retain: true, ..handlers::publish("shown.{name}", handlers::letting_through) },
];

fn router() -> Router {
    router_with(Limits::default())
}

fn router_with(limits: Limits) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("a.{rest..}", Topic::open().retained())
        .topic("a.special.{rest..}", Topic::open().retained())
        .topic("plain.{name}", Topic::open());
    Router::builder()
        .realm(realm)
        .handlers([HANDLERS])
        .limits(limits)
        .build()
        .expect("the declarations are sound")
}

fn with(router: &Router, authid: &str, authrole: &str) -> Client {
    let identity =
        Identity { authid: authid.into(), authrole: authrole.into(), ..Identity::anonymous() };
    Client::join_as(router, "realm1", identity)
}

/// Publishes with acknowledgement; the publication's id.
fn publish(client: &mut Client, request: u64, mut options: Value, topic: &str, value: u64) -> u64 {
    options["acknowledge"] = true.into();
    published(&client.ask(format!(r#"[16,{request},{options},"{topic}",[{value}]]"#)), request)
}

fn retain(client: &mut Client, request: u64, topic: &str, value: u64) -> u64 {
    publish(client, request, json!({"retain": true}), topic, value)
}

/// Subscribes and asks for what is retained.
fn look(client: &mut Client, request: u64, options: Value, topic: &str) -> (u64, Vec<Value>) {
    let mut options = options;
    options["get_retained"] = true.into();
    client.send(format!(r#"[32,{request},{options},"{topic}"]"#));
    let mut messages = client.received();
    let id = subscribed(&messages.remove(0), request);
    (id, messages)
}

/// Returns the retained events of a topic that a new session is sent.
fn shown(router: &Router, topic: &str) -> Vec<Value> {
    arguments(&look(&mut Client::join(router), 1, json!({}), topic).1)
}

#[test]
fn a_subscriber_that_asks_for_it_gets_the_retained_event_after_subscribed_e_01() {
    let router = router();
    let mut publisher = Client::join(&router);
    let publication = retain(&mut publisher, 1, "a.b", 7);
    let (id, events) = look(&mut Client::join(&router), 1, json!({}), "a.b");
    assert_eq!(events, [json!([36, id, publication, {"retained": true}, [7]])]);
}

#[test]
fn a_subscriber_that_does_not_ask_gets_no_retained_event_e_01() {
    let router = router();
    retain(&mut Client::join(&router), 1, "a.b", 7);
    for options in ["{}", r#"{"get_retained":false}"#, r#"{"get_retained":null}"#] {
        let mut client = Client::join(&router);
        client.send(format!(r#"[32,1,{options},"a.b"]"#));
        subscribed(&client.one(), 1);
    }
}

#[test]
fn every_filter_counts_for_the_later_subscriber_e_02() {
    let router = router();
    let mut publisher = Client::join(&router);
    let mut joe = with(&router, "joe", "staff");
    let mut eve = with(&router, "eve", "guest");
    let id = joe.id;
    for (request, filter) in (1..).zip([
        json!({"eligible": [id]}),
        json!({"eligible_authid": ["joe"]}),
        json!({"eligible_authrole": ["staff"]}),
        json!({"exclude": [eve.id]}),
        json!({"exclude_authid": ["eve"]}),
        json!({"exclude_authrole": ["guest"]}),
    ]) {
        let topic = format!("a.{request}");
        let mut options = filter.clone();
        options["retain"] = true.into();
        publish(&mut publisher, request, options, &topic, request);
        assert_eq!(arguments(&look(&mut joe, request, json!({}), &topic).1), [request], "{filter}");
        assert_eq!(look(&mut eve, request, json!({}), &topic).1, [Value::Null; 0], "{filter}");
    }
    publish(&mut publisher, 7, json!({"retain": true, "eligible": []}), "a.7", 7);
    assert_eq!(look(&mut joe, 7, json!({}), "a.7").1, [Value::Null; 0]);
}

#[test]
fn the_publisher_gets_its_own_only_if_it_excluded_itself_not_e_02() {
    let router = router();
    let mut client = Client::join(&router);
    retain(&mut client, 1, "a.b", 1);
    publish(&mut client, 2, json!({"retain": true, "exclude_me": false}), "a.c", 2);
    assert_eq!(look(&mut client, 3, json!({}), "a.b").1, [Value::Null; 0]);
    assert_eq!(arguments(&look(&mut client, 4, json!({}), "a.c").1), [2]);
}

#[test]
fn the_most_recent_event_that_was_for_the_subscriber_is_shown_e_02() {
    let router = router();
    let mut publisher = Client::join(&router);
    retain(&mut publisher, 1, "a.b", 1);
    publish(&mut publisher, 2, json!({"retain": true, "eligible_authrole": ["staff"]}), "a.b", 2);
    assert_eq!(arguments(&look(&mut with(&router, "joe", "staff"), 1, json!({}), "a.b").1), [2]);
    assert_eq!(shown(&router, "a.b"), [1]);
    retain(&mut publisher, 3, "a.b", 3);
    assert_eq!(arguments(&look(&mut with(&router, "joe", "staff"), 1, json!({}), "a.b").1), [3]);
}

#[test]
fn how_many_events_of_one_topic_wait_for_their_readers_is_limited_e_02() {
    let router = router();
    let mut publisher = Client::join(&router);
    for request in 1..=17 {
        let options = json!({"retain": true, "eligible_authid": [format!("reader{request}")]});
        publish(&mut publisher, request, options, "a.b", request);
    }
    let read =
        |authid: &str| arguments(&look(&mut with(&router, authid, "x"), 1, json!({}), "a.b").1);
    assert_eq!(read("reader1"), [Value::Null; 0]);
    assert_eq!((read("reader2"), read("reader17")), (vec![json!(2)], vec![json!(17)]));
}

#[test]
fn an_event_that_takes_the_place_of_another_displaces_no_third_e_02() {
    let router = router();
    let mut publisher = Client::join(&router);
    for request in 1..=17 {
        let reader = request.min(16);
        let options = json!({"retain": true, "eligible_authid": [format!("reader{reader}")]});
        publish(&mut publisher, request, options, "a.b", request);
    }
    let read =
        |authid: &str| arguments(&look(&mut with(&router, authid, "x"), 1, json!({}), "a.b").1);
    assert_eq!((read("reader1"), read("reader16")), (vec![json!(1)], vec![json!(17)]));
}

#[test]
fn a_retained_event_is_the_original_one_e_03_and_n_01() {
    let router = router();
    let mut publisher = with(&router, "joe", "staff");
    let mut early = Client::join(&router);
    let id = early.subscribe(1, "a.b");
    let publication =
        publish(&mut publisher, 1, json!({"retain": true, "disclose_me": true}), "a.b", 1);
    let shown = json!({
        "publisher": publisher.id, "publisher_authid": "joe", "publisher_authrole": "staff",
    });
    assert_eq!(early.one(), json!([36, id, publication, shown, [1]]));
    publisher.lose();
    let mut retained = shown;
    retained["retained"] = true.into();
    let (_, events) = look(&mut Client::join(&router), 1, json!({}), "a.b");
    assert_eq!(events, [json!([36, id, publication, retained, [1]])]);
}

#[test]
fn a_pattern_is_shown_one_event_for_each_matching_topic_e_04() {
    let router = router();
    let mut publisher = Client::join(&router);
    for (request, topic) in (1..).zip(["a.b", "a.c", "a.c", "a.c.d", "a.cc.x", "a.special.c"]) {
        retain(&mut publisher, request, topic, request);
    }
    for (policy, pattern, expected) in [
        ("prefix", "a.", json!([["a.b", 1], ["a.c", 3], ["a.c.d", 4], ["a.cc.x", 5]])),
        ("prefix", "a.c", json!([["a.c", 3], ["a.c.d", 4], ["a.cc.x", 5]])),
        ("wildcard", "a.", json!([["a.b", 1], ["a.c", 3]])),
        ("wildcard", "a..d", json!([["a.c.d", 4]])),
        // Events that a more specific declaration serves do not travel through the pattern.
        ("wildcard", "a..c", json!([])),
        ("prefix", "a.special.", json!([["a.special.c", 6]])),
    ] {
        let (id, events) = look(&mut Client::join(&router), 1, json!({"match": policy}), pattern);
        assert!(
            events.iter().all(|event| event[1] == id && event[3]["retained"] == true),
            "{events:?}"
        );
        let shown: Vec<_> =
            events.iter().map(|event| json!([event[3]["topic"], event[4][0]])).collect();
        assert_eq!(Value::from(shown), expected, "{policy} {pattern}");
    }
}

#[test]
fn what_a_pattern_is_shown_is_limited_d_09() {
    let router = router_with(Limits::default().retained_per_subscription(2));
    let mut publisher = Client::join(&router);
    for request in 1..=3 {
        retain(&mut publisher, request, &format!("a.{request}"), request);
    }
    let (_, events) = look(&mut Client::join(&router), 1, json!({"match": "prefix"}), "a.");
    assert_eq!(events.len(), 2);
}

#[test]
fn live_events_are_not_marked_and_others_do_not_clear_e_05() {
    let router = router();
    let mut publisher = Client::join(&router);
    let mut client = Client::join(&router);
    let id = look(&mut client, 1, json!({}), "a.b").0;
    retain(&mut publisher, 1, "a.b", 1);
    publish(&mut publisher, 2, json!({"retain": false}), "a.b", 2);
    publish(&mut publisher, 3, json!({}), "a.b", 3);
    let messages = client.received();
    for (message, value) in messages.iter().zip(1..=3) {
        assert_event(message, id, value);
    }
    assert_eq!(messages.len(), 3);
    assert_eq!(shown(&router, "a.b"), [1]);
}

#[test]
fn where_the_topic_does_not_allow_it_an_event_is_delivered_and_not_kept_e_05() {
    let router = router();
    let mut publisher = Client::join(&router);
    let mut client = Client::join(&router);
    for (request, (topic, is_kept)) in
        (1..).zip([("plain.a", false), ("lost.a", false), ("kept.a", true)])
    {
        let id = client.subscribe(request, topic);
        retain(&mut publisher, request, topic, request);
        assert_event(&client.one(), id, request);
        assert_eq!(shown(&router, topic).len(), usize::from(is_kept), "{topic}");
    }
}

#[test]
fn the_application_retains_on_any_topic_e_05() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    realm.publish("plain.a").arg(1).retain().send().unwrap();
    realm.publish("plain.a").arg(2).send().unwrap();
    assert_eq!(shown(&router, "plain.a"), [1]);
    let publish = realm.publish("plain.b").arg(1).eligible_authrole(["staff"]).retain();
    publish.send().unwrap();
    assert_eq!(shown(&router, "plain.b"), [Value::Null; 0]);
}

#[test]
fn it_survives_its_publisher_and_is_sent_again_and_can_be_replaced_by_nothing_e_06() {
    let router = router();
    let mut publisher = Client::join(&router);
    retain(&mut publisher, 1, "a.b", 1);
    publisher.send(r#"[6,{},"wamp.close.normal"]"#);
    let mut client = Client::join(&router);
    let (id, events) = look(&mut client, 1, json!({}), "a.b");
    assert_eq!(arguments(&events), [1]);
    assert_eq!(look(&mut client, 2, json!({}), "a.b"), (id, events));
    Client::join(&router).ask(r#"[16,1,{"retain":true,"acknowledge":true},"a.b"]"#);
    assert_eq!(client.one()[3], json!({}));
    let (_, events) = look(&mut client, 3, json!({}), "a.b");
    assert_eq!(events, [json!([36, id, events[0][2], {"retained": true}])]);
}

#[test]
fn a_second_subscribe_while_the_first_is_decided_may_ask_for_it_e_06() {
    let router = router();
    retain(&mut Client::join(&router), 1, "staff.a", 1);
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"staff.a"]"#);
    client.send(r#"[32,2,{"get_retained":true},"staff.a"]"#);
    client.assert_silent();
    handlers::open("staff.a");
    let messages = client.received();
    assert_eq!(messages.iter().map(|message| message[0].clone()).collect::<Vec<_>>(), [33, 33, 36]);
}

#[test]
fn what_was_retained_precedes_what_is_published_while_the_handler_decides_b_12() {
    let router = router();
    let mut publisher = Client::join(&router);
    retain(&mut publisher, 1, "staff.a", 1);
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{"get_retained":true},"staff.a"]"#);
    retain(&mut publisher, 2, "staff.a", 2);
    client.assert_silent();
    handlers::open("staff.a");
    let messages = client.received();
    subscribed(&messages[0], 1);
    assert_eq!(arguments(&messages), [1, 2]);
    assert_eq!((&messages[1][3], &messages[2][3]), (&json!({"retained": true}), &json!({})));
}

#[test]
fn what_is_sent_again_follows_the_events_before_it_e_06() {
    let router = router();
    let mut client = Client::join(&router);
    client.subscribe(1, "a.b");
    let mut publisher = Client::join(&router);
    retain(&mut publisher, 1, "a.b", 1);
    retain(&mut publisher, 2, "a.b", 2);
    client.send(r#"[32,2,{"get_retained":true},"a.b"]"#);
    let messages = client.received();
    assert_eq!(
        messages.iter().map(|message| message[0].clone()).collect::<Vec<_>>(),
        [36, 36, 33, 36]
    );
    assert_eq!(arguments(&messages), [1, 2, 2]);
}

#[test]
fn a_refused_subscription_shows_nothing_that_was_retained() {
    let router = router();
    retain(&mut Client::join(&router), 1, "staff.a", 1);
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{"get_retained":true},"staff.a"]"#);
    client.assert_silent();
    handlers::refuse("staff.a");
    assert_error(&client.one(), 32, 1, "test.error.refused");
}

#[test]
fn what_was_retained_precedes_the_snapshot_of_the_handler() {
    let router = router();
    retain(&mut Client::join(&router), 1, "shown.a", 1);
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{"get_retained":true},"shown.a"]"#);
    client.assert_silent();
    handlers::open("shown.a");
    let messages = client.received();
    subscribed(&messages[0], 1);
    assert_eq!(arguments(&messages), [json!(1), json!("snapshot"), json!("stream")]);
    assert!(messages[1..3].iter().all(|event| event[3] == json!({"retained": true})));
}

#[test]
fn the_oldest_retained_events_of_a_realm_go_when_there_are_too_many() {
    let router = router_with(Limits::default().retained_events(2));
    let mut publisher = Client::join(&router);
    for (request, topic) in (1..).zip(["a.1", "a.2", "a.1", "a.3"]) {
        retain(&mut publisher, request, topic, request);
    }
    assert_eq!((shown(&router, "a.1"), shown(&router, "a.3")), (vec![json!(3)], vec![json!(4)]));
    assert_eq!(shown(&router, "a.2"), [Value::Null; 0]);
}

#[test]
fn the_bytes_of_the_retained_events_of_a_realm_are_limited() {
    let router = router_with(Limits::default().retained_bytes(4096));
    let realm = router.realm("realm1").unwrap();
    let text = "x".repeat(1500);
    for topic in ["a.1", "a.2", "a.3"] {
        realm.publish(topic).arg(&text).retain().send().unwrap();
    }
    let there = |topic| shown(&router, topic).len();
    assert_eq!((there("a.1"), there("a.2"), there("a.3")), (0, 1, 1));
    realm.publish("a.4").arg("x".repeat(5000)).retain().send().unwrap();
    assert_eq!(there("a.4"), 0);
}
