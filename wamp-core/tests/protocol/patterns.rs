//! Pattern subscriptions: which are accepted, and which events travel through them.

use super::support::{
    self, Client, arguments, assert_error, assert_event, handlers, id, subscribed,
};
use serde_json::{Value, json};
use wamp_core::__private::{
    Acceptance, Arena, Arguments, BoxedAnswer, Capture, HandlerEntry, Parameter, accept,
};
use wamp_core::{Context, Identity, Limits, Realm, Router, Subscription, Topic};

const NOT_AUTHORIZED: &str = "wamp.error.not_authorized";
const NO_SUCH_SUBSCRIPTION: &str = "wamp.error.no_such_subscription";
const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
const INVALID_URI: &str = "wamp.error.invalid_uri";

static HANDLERS: &[HandlerEntry] = &[
    HandlerEntry {
        roles: &["staff"],
        ..handlers::subscribe("com.staff.{rest..}", handlers::accepting)
    },
    handlers::subscribe("com.secret", handlers::refusing),
    handlers::subscribe("gate.{rest..}", handlers::refusing),
    handlers::subscribe("room.{number}.news", number),
    handlers::subscribe("file.{path..}", path),
    handlers::subscribe("seen.{name}.{what}", seen),
    handlers::subscribe("noted.{rest..}", handlers::accepting),
    handlers::subscribe("gated.{rest..}", handlers::gated),
];

const fn named(name: &'static str) -> Parameter {
    Parameter { name, camel: name, is_keyword: false }
}

/// A capture that must be a number.
fn number(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        let arena = Arena::default();
        let _: u32 =
            Arguments::of(&context, &arena).capture(&named("number"), Capture::Component(1))?;
        accept(())
    })
}

/// A capture that is any text.
fn path(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        let arena = Arena::default();
        let _: &str = Arguments::of(&context, &arena)
            .capture(&named("path"), Capture::Rest("file.".len()))?;
        accept(())
    })
}

/// Tells the subscriber what it captured, and the topic.
fn seen(context: Context) -> BoxedAnswer<Acceptance> {
    use wamp_core::FromContext as _;
    Box::pin(async move {
        let arena = Arena::default();
        let arguments = Arguments::of(&context, &arena);
        let name: Option<&str> = arguments.capture(&named("name"), Capture::Component(1))?;
        let what: Option<&str> = arguments.capture(&named("what"), Capture::Component(2))?;
        let subscription = Subscription::from_context(&context).await?;
        subscription.emit((name, what, subscription.topic()))?;
        accept(())
    })
}

/// `com.*` is open, with more specific declarations inside; `one.*` has topics of one more
/// component.
fn router() -> Router {
    router_with(Limits::default())
}

fn router_with(limits: Limits) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("com.{rest..}", Topic::open())
        .topic("one.{name}", Topic::open());
    let everything = Realm::new("everything").topic("{all..}", Topic::open());
    Router::builder()
        .realm(realm)
        .realm(everything)
        .handlers([HANDLERS])
        .limits(limits)
        .build()
        .expect("the declarations of the tests are sound")
}

fn ask(client: &mut Client, request: u64, policy: &str, topic: &str) -> Value {
    client.ask(format!(r#"[32,{request},{{"match":"{policy}"}},"{topic}"]"#))
}

#[track_caller]
fn subscribe(client: &mut Client, request: u64, policy: &str, topic: &str) -> u64 {
    subscribed(&ask(client, request, policy, topic), request)
}

/// The topics of the events that arrived, which all belong to one subscription.
#[track_caller]
fn topics(client: &mut Client, subscription: u64) -> Vec<Value> {
    let messages = client.received();
    assert!(
        messages.iter().all(|message| message[0] == 36 && message[1] == subscription),
        "{messages:?}"
    );
    messages.into_iter().map(|mut message| message[3]["topic"].take()).collect()
}

fn staff() -> Identity {
    Identity { authrole: "staff".into(), ..Identity::anonymous() }
}

#[test]
fn a_prefix_is_compared_character_by_character_w_01() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    let mut client = Client::join(&router);
    let id = subscribe(&mut client, 1, "prefix", "com.myapp.topic.emergency");
    let matching = [
        "com.myapp.topic.emergency.11",
        "com.myapp.topic.emergency-low",
        "com.myapp.topic.emergency.category.severe",
        "com.myapp.topic.emergency",
    ];
    for topic in ["com.myapp.topic.emerge", "com.myapp.topic", "com.myapp.topic.Emergency"]
        .iter()
        .chain(&matching)
    {
        realm.publish(*topic).send().unwrap();
    }
    assert_eq!(topics(&mut client, id), matching);
}

#[test]
fn a_prefix_may_end_with_a_dot_w_01() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    let mut client = Client::join(&router);
    let id = subscribe(&mut client, 1, "prefix", "com.a.");
    for topic in ["com.a", "com.ab", "com.a.b", "com.a.b.c"] {
        realm.publish(topic).send().unwrap();
    }
    assert_eq!(topics(&mut client, id), ["com.a.b", "com.a.b.c"]);
}

#[test]
fn a_wildcard_is_exactly_one_component_w_02() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    let mut client = Client::join(&router);
    let id = subscribe(&mut client, 1, "wildcard", "com.myapp..userevent");
    for topic in [
        "com.myapp.foo.userevent",
        "com.myapp.bar.userevent",
        "com.myapp.foo.userevent.bar",
        "com.myapp.foo.user",
        "com.myapp2.foo.userevent",
        "com.myapp.userevent",
        "com.myapp.a.b.userevent",
    ] {
        realm.publish(topic).send().unwrap();
    }
    assert_eq!(topics(&mut client, id), ["com.myapp.foo.userevent", "com.myapp.bar.userevent"]);
}

#[test]
fn a_wildcard_may_stand_first_and_last_w_02() {
    let router = router();
    let realm = router.realm("everything").unwrap();
    for (pattern, matching) in
        [(".a", ["x.a", "a.a"]), ("a.", ["a.x", "a.a"]), ("", ["a", "x"]), (".", ["x.y", "a.a"])]
    {
        let mut client = Client::join_in(&router, "everything");
        let id = subscribe(&mut client, 1, "wildcard", pattern);
        let others = ["b.b.b", "a.a.a", "x.a.a"];
        for topic in others.iter().chain(&matching) {
            realm.publish(*topic).send().unwrap();
        }
        assert_eq!(topics(&mut client, id), matching, "{pattern:?}");
    }
}

#[test]
fn a_wildcard_without_an_empty_component_matches_one_topic_w_02() {
    let router = router();
    let mut client = Client::join(&router);
    let id = subscribe(&mut client, 1, "wildcard", "com.a");
    let realm = router.realm("realm1").unwrap();
    ["com.a", "com.b", "com.a.b"].iter().for_each(|topic| drop(realm.publish(*topic).send()));
    assert_eq!(topics(&mut client, id), ["com.a"]);
}

#[test]
fn only_events_of_patterns_tell_the_topic_w_03_and_b_09() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let prefix = subscribe(&mut client, 1, "prefix", "com.");
    let exact = client.subscribe(2, "com.a");
    publisher.send(r#"[16,1,{},"com.a",[1],{"k":2}]"#);
    publisher.assert_silent();
    let mut messages = client.received();
    messages.sort_by_key(|message| message[1] == prefix);
    let publication = &messages[0][2];
    assert_eq!(messages[0], json!([36, exact, publication, {}, [1], {"k": 2}]));
    assert_eq!(messages[1], json!([36, prefix, publication, {"topic": "com.a"}, [1], {"k": 2}]));
}

#[test]
fn each_subscription_has_details_of_its_own_n_01_and_b_09() {
    let router = router();
    let mut publisher = Client::join_as(&router, "realm1", staff());
    let (mut exact, mut prefix) = (Client::join(&router), Client::join(&router));
    exact.subscribe(1, "com.a");
    subscribe(&mut prefix, 1, "prefix", "com.");
    publisher.send(r#"[16,1,{"disclose_me":true},"com.a"]"#);
    publisher.send(r#"[16,2,{},"com.a"]"#);
    publisher.assert_silent();
    let authid = publisher.session().authid().to_owned();
    let shown = json!({
        "publisher": publisher.id, "publisher_authid": authid, "publisher_authrole": "staff",
    });
    let mut with_topic = shown.clone();
    with_topic["topic"] = "com.a".into();
    let details = |client: &mut Client| {
        client.received().iter().map(|event| event[3].clone()).collect::<Vec<_>>()
    };
    assert_eq!(details(&mut exact), [shown, json!({})]);
    assert_eq!(details(&mut prefix), [with_topic, json!({"topic": "com.a"})]);
}

#[test]
fn an_event_comes_once_for_each_matching_subscription_w_04_and_b_11() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let mut ids = [
        client.subscribe(1, "com.a.b"),
        subscribe(&mut client, 2, "prefix", "com.a"),
        subscribe(&mut client, 3, "wildcard", "com..b"),
    ];
    publisher.send(r#"[16,1,{"acknowledge":true},"com.a.b"]"#);
    let publication = support::published(&publisher.one(), 1);
    let events = client.received();
    let mut seen: Vec<u64> = events.iter().map(|event| id(&event[1])).collect();
    seen.sort_unstable();
    ids.sort_unstable();
    assert_eq!(seen, ids);
    assert!(events.iter().all(|event| event[2] == publication), "{events:?}");
}

#[test]
fn exact_is_the_default_w_05() {
    let mut client = Client::join(&router());
    let id = client.subscribe(1, "com.a");
    assert_eq!(subscribe(&mut client, 2, "exact", "com.a"), id);
    assert_error(&ask(&mut client, 3, "exact", "com."), 32, 3, INVALID_URI);
}

#[test]
fn unsubscribing_from_one_pattern_leaves_the_others_w_06() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let wide = subscribe(&mut client, 1, "prefix", "com.");
    let narrow = subscribe(&mut client, 2, "prefix", "com.a");
    let exact = client.subscribe(3, "com.a");
    assert_eq!(client.ask(format!("[34,4,{wide}]")), json!([35, 4]));
    publisher.publish(1, "com.a", 1);
    publisher.publish(2, "com.b", 2);
    let events = client.received();
    assert_eq!(events.iter().map(|event| id(&event[1])).collect::<Vec<_>>(), [exact, narrow]);
    assert_eq!(client.ask(format!("[34,5,{exact}]")), json!([35, 5]));
    publisher.publish(3, "com.a", 3);
    assert_eq!(topics(&mut client, narrow), ["com.a"]);
    assert_eq!(client.ask(format!("[34,6,{narrow}]")), json!([35, 6]));
    publisher.publish(4, "com.a", 4);
    client.assert_silent();
}

#[test]
fn a_subscription_is_a_topic_and_a_way_to_match_b_02_and_b_03() {
    let router = router();
    let (mut one, mut two) = (Client::join(&router), Client::join(&router));
    let prefix = subscribe(&mut one, 1, "prefix", "com.a");
    let wildcard = subscribe(&mut one, 2, "wildcard", "com.a");
    let exact = one.subscribe(3, "com.a");
    assert!(prefix != wildcard && wildcard != exact && exact != prefix);
    assert_eq!(subscribe(&mut one, 4, "prefix", "com.a"), prefix);
    assert_eq!(subscribe(&mut two, 1, "prefix", "com.a"), prefix);
    assert_eq!(subscribe(&mut two, 2, "wildcard", "com.a"), wildcard);
    two.publish(3, "com.abc", 1);
    assert_eq!(topics(&mut one, prefix), ["com.abc"]);
    two.assert_silent(); // B-10
    assert_eq!(one.ask(format!("[34,5,{prefix}]")), json!([35, 5]));
    assert_error(&one.ask(format!("[34,6,{prefix}]")), 34, 6, NO_SUCH_SUBSCRIPTION);
    one.publish(7, "com.abc", 2);
    assert_eq!(topics(&mut two, prefix), ["com.abc"]);
}

#[test]
fn no_event_comes_after_unsubscribed_even_if_it_lay_in_the_mailbox_b_04() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = subscribe(&mut client, 1, "prefix", "com.");
    publisher.publish(1, "com.a", 1);
    client.send(format!("[34,2,{id}]"));
    publisher.publish(2, "com.a", 2);
    let messages = client.received();
    assert_eq!(arguments(&messages[..1]), [1]);
    assert_eq!(messages[1..], [json!([35, 2])]);
}

#[test]
fn events_keep_the_publishers_order_across_patterns_and_topics_b_12() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    subscribe(&mut client, 1, "wildcard", "com.");
    client.subscribe(2, "one.a");
    subscribe(&mut client, 3, "prefix", "com.b");
    subscribe(&mut client, 4, "wildcard", "one.");
    let topics = ["com.b", "one.a", "com.a", "one.b", "com.b"];
    for (number, topic) in (1..).zip(topics) {
        publisher.publish(number, topic, number);
    }
    publisher.poll();
    assert_eq!(arguments(&client.received()), [1, 1, 2, 2, 3, 4, 5, 5]);
}

#[test]
fn filters_apply_to_pattern_subscriptions_l_03() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = subscribe(&mut client, 1, "prefix", "com.");
    let excluded = format!(r#"[16,1,{{"exclude":[{}]}},"com.a"]"#, client.id);
    publisher.send(excluded);
    publisher.send(r#"[16,2,{"eligible":[]},"com.b"]"#);
    publisher.send(r#"[16,3,{"eligible_authrole":["anonymous"]},"com.c"]"#);
    publisher.poll();
    assert_eq!(topics(&mut client, id), ["com.c"]);
    client.send(r#"[16,2,{"exclude_me":false},"com.d"]"#);
    assert_eq!(topics(&mut client, id), ["com.d"]); // L-01
}

#[test]
fn a_session_that_ends_leaves_no_pattern_subscription_behind_s_19() {
    let router = router();
    let mut client = Client::join(&router);
    let id = subscribe(&mut client, 1, "prefix", "com.");
    client.lose();
    drop(client);
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    publisher.publish(1, "com.a", 1);
    publisher.poll();
    assert_ne!(subscribe(&mut client, 1, "prefix", "com."), id);
    client.assert_silent();
}

#[test]
fn patterns_have_a_syntax_of_their_own_u_05() {
    let mut client = Client::join_in(&router(), "everything");
    let mut request = 0;
    for (policy, valid, invalid) in [
        (
            "prefix",
            &["", "a", "a.", "a.b.", "A-b.ü"][..],
            &[".", ".a", "a..", "a..b", "a b", "a#", "a\u{a0}b."][..],
        ),
        ("wildcard", &["", ".", ".a", "a.", "a..b", "..", "a...b"], &["a b", "a. .b", "#", ".a#"]),
    ] {
        for pattern in valid {
            request += 1;
            subscribe(&mut client, request, policy, pattern);
        }
        for pattern in invalid {
            request += 1;
            assert_error(&ask(&mut client, request, policy, pattern), 32, request, INVALID_URI);
        }
        request += 1;
        assert_error(
            &ask(&mut client, request, policy, &"a".repeat(2000)),
            32,
            request,
            INVALID_URI,
        );
    }
    assert_error(
        &client.ask(format!(r#"[16,{},{{"acknowledge":true}},"a..b"]"#, request + 1)),
        16,
        request + 1,
        INVALID_URI,
    );
}

#[test]
fn a_pattern_that_no_declared_topic_covers_is_refused() {
    let mut client = Client::join(&router());
    for (request, (policy, pattern)) in (1..).zip([
        ("prefix", ""),
        ("prefix", "c"),
        ("prefix", "com"),
        ("prefix", "one."),
        ("prefix", "one.a"),
        ("prefix", "nothing."),
        ("wildcard", ""),
        ("wildcard", "."),
        ("wildcard", ".a"),
        ("wildcard", "one.."),
        ("wildcard", ".."),
        ("wildcard", "nothing."),
    ]) {
        assert_error(&ask(&mut client, request, policy, pattern), 32, request, NOT_AUTHORIZED);
    }
    assert_eq!(handlers::journal(), [""; 0]);
}

#[test]
fn a_pattern_inside_a_declared_topic_is_accepted() {
    let mut client = Client::join(&router());
    for (request, (policy, pattern)) in (1..).zip([
        ("prefix", "com."),
        ("prefix", "com.a"),
        ("prefix", "com.a.b."),
        ("wildcard", "com."),
        ("wildcard", "com.."),
        ("wildcard", "com..a"),
        ("wildcard", "com.a"),
        ("wildcard", "one."),
        ("wildcard", "one.a"),
    ]) {
        subscribe(&mut client, request, policy, pattern);
    }
}

#[test]
fn events_of_topics_that_a_more_specific_declaration_declares_do_not_travel_through_a_pattern() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    for (policy, pattern) in
        [("prefix", "com."), ("prefix", "com.s"), ("wildcard", "com."), ("wildcard", "com..")]
    {
        let mut client = Client::join_as(&router, "realm1", staff());
        subscribe(&mut client, 1, policy, pattern);
        for topic in ["com.secret", "com.staff.wages", "com.staff.wages.joe"] {
            realm.publish(topic).arg("leak").send().unwrap();
        }
        client.assert_silent();
        realm.publish("com.secrets").send().unwrap();
        realm.publish("com.staff").send().unwrap();
        realm.publish("com.secret.x").send().unwrap();
        assert!(!client.received().is_empty(), "{pattern:?} matches nothing");
    }
}

#[test]
fn a_pattern_inside_the_more_specific_declaration_is_for_its_roles() {
    let router = router();
    let (mut client, mut staff) =
        (Client::join(&router), Client::join_as(&router, "realm1", staff()));
    for (request, (policy, pattern)) in
        (1..).zip([("prefix", "com.staff."), ("wildcard", "com.staff.")])
    {
        assert_error(&ask(&mut client, request, policy, pattern), 32, request, NOT_AUTHORIZED);
    }
    let id = subscribe(&mut staff, 1, "prefix", "com.staff.");
    router.realm("realm1").unwrap().publish("com.staff.wages").send().unwrap();
    assert_eq!(topics(&mut staff, id), ["com.staff.wages"]);
    assert_error(&ask(&mut staff, 2, "wildcard", "com.secret"), 32, 2, "test.error.refused");
}

#[test]
fn the_handler_that_covers_a_pattern_decides_about_it_once() {
    let router = router();
    let mut client = Client::join(&router);
    for (request, (policy, pattern)) in
        (1..).zip([("prefix", "gate."), ("wildcard", "gate."), ("prefix", "gate.a.")])
    {
        assert_error(
            &ask(&mut client, request, policy, pattern),
            32,
            request,
            "test.error.refused",
        );
    }
    router.realm("realm1").unwrap().publish("gate.a").send().unwrap();
    client.assert_silent();
    let id = subscribe(&mut client, 4, "prefix", "noted.");
    assert_eq!(subscribe(&mut client, 5, "prefix", "noted."), id);
    ["noted.a", "noted.b.c"]
        .iter()
        .for_each(|topic| drop(router.realm("realm1").unwrap().publish(*topic).send()));
    assert_eq!(topics(&mut client, id), ["noted.a", "noted.b.c"]);
    assert_eq!(handlers::journal(), ["subscribe"]);
}

#[test]
fn a_handler_that_reads_a_capture_refuses_patterns_that_leave_it_open() {
    let mut client = Client::join(&router());
    assert_error(&ask(&mut client, 1, "wildcard", "room..news"), 32, 1, INVALID_ARGUMENT);
    subscribe(&mut client, 2, "wildcard", "room.7.news");
    for (request, (policy, pattern)) in (3..).zip([
        ("prefix", "file."),
        ("prefix", "file.a."),
        ("wildcard", "file."),
        ("wildcard", "file.a..b"),
    ]) {
        assert_error(&ask(&mut client, request, policy, pattern), 32, request, INVALID_ARGUMENT);
    }
    subscribe(&mut client, 7, "wildcard", "file.a.b");
}

#[test]
fn a_capture_that_may_be_absent_is_absent_where_the_pattern_leaves_it_open() {
    let mut client = Client::join(&router());
    for (request, (pattern, seen)) in (1..).zip([
        ("seen.ann.", json!(["ann", null, "seen.ann."])),
        ("seen..mail", json!([null, "mail", "seen..mail"])),
        ("seen..", json!([null, null, "seen.."])),
    ]) {
        client.send(format!(r#"[32,{request},{{"match":"wildcard"}},"{pattern}"]"#));
        let messages = client.received();
        assert_event(&messages[1], subscribed(&messages[0], request), seen);
    }
}

#[test]
fn a_handler_is_not_asked_about_a_prefix_that_looks_like_a_topic() {
    let router = router();
    let mut client = Client::join(&router);
    for (request, prefix) in (1..).zip(["file.4", "noted.a", "noted.a.b"]) {
        assert_error(&ask(&mut client, request, "prefix", prefix), 32, request, NOT_AUTHORIZED);
    }
    assert_eq!(handlers::journal(), [""; 0]);
}

#[test]
fn no_pattern_reaches_what_is_under_wamp_u_08() {
    let router = router();
    let mut client = Client::join_in(&router, "everything");
    for (request, (policy, pattern)) in (1..).zip([
        ("prefix", "wamp."),
        ("prefix", "wamp.session."),
        ("wildcard", "wamp."),
        ("wildcard", "wamp..x"),
        ("wildcard", "wamp"),
    ]) {
        assert_error(&ask(&mut client, request, policy, pattern), 32, request, NOT_AUTHORIZED);
    }
    for (request, (policy, pattern)) in
        (6..).zip([("prefix", ""), ("prefix", "w"), ("prefix", "wamp"), ("wildcard", ".x")])
    {
        subscribe(&mut client, request, policy, pattern);
    }
    let mut publisher = Client::join_in(&router, "everything");
    let answer = publisher.ask(r#"[16,1,{"acknowledge":true},"wamp.x"]"#);
    assert_error(&answer, 16, 1, INVALID_URI);
    assert!(router.realm("everything").unwrap().publish("wamp.x").send().is_err());
    client.assert_silent();
    publisher.publish(2, "wampum.x", 1);
    publisher.poll();
    assert_eq!(client.received().len(), 4);
}

#[test]
fn patterns_do_not_reach_into_another_realm_u_09() {
    let router = router();
    let mut client = Client::join_in(&router, "everything");
    subscribe(&mut client, 1, "prefix", "");
    router.realm("realm1").unwrap().publish("com.a").send().unwrap();
    client.assert_silent();
}

#[test]
fn patterns_count_among_the_subscriptions_of_a_session() {
    let mut client = Client::join(&router_with(Limits::default().subscriptions(2)));
    subscribe(&mut client, 1, "prefix", "com.");
    client.subscribe(2, "com.a");
    assert_error(&ask(&mut client, 3, "wildcard", "com."), 32, 3, NOT_AUTHORIZED);
    subscribe(&mut client, 4, "prefix", "com.");
}

#[test]
fn events_are_held_until_the_handler_of_a_pattern_has_decided() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{"match":"prefix"},"gated."]"#);
    client.assert_silent();
    realm.publish("gated.a").arg(1).send().unwrap();
    client.assert_silent();
    handlers::open("gated.");
    let messages = client.received();
    let id = subscribed(&messages[0], 1);
    assert_eq!(messages[1..], [json!([36, id, messages[1][2], {"topic": "gated.a"}, [1]])]);
    client.send(r#"[32,2,{"match":"wildcard"},"gated."]"#);
    realm.publish("gated.a").arg(2).send().unwrap();
    handlers::refuse("gated.");
    let messages = client.received();
    assert_eq!(arguments(&messages), [2]);
    assert_eq!(messages.iter().filter(|message| message[0] == 8).count(), 1);
    assert_eq!(client.ask(format!("[34,3,{id}]")), json!([35, 3]));
    realm.publish("gated.a").arg(3).send().unwrap();
    client.assert_silent();
    assert_eq!(handlers::alive(), 0);
}

#[test]
fn patterns_that_come_and_go_while_others_publish_lose_nothing_and_show_nothing_outside() {
    const EVENTS: u64 = 2000;
    let router = router_with(Limits::default().queued_messages(100_000));
    let mut steady = Client::join(&router);
    let (prefix, wildcard) = (
        subscribe(&mut steady, 1, "prefix", "com."),
        subscribe(&mut steady, 2, "wildcard", "com."),
    );
    let mut restless = Client::join(&router);
    std::thread::scope(|scope| {
        for topic in ["com.a", "com.b"] {
            let realm = router.realm("realm1").unwrap();
            scope.spawn(move || {
                (0..EVENTS).for_each(|number| drop(realm.publish(topic).arg(number).send()));
            });
        }
        for request in (1..500).step_by(2) {
            let policy = if request % 4 == 1 { "prefix" } else { "wildcard" };
            restless.send(format!(r#"[32,{request},{{"match":"{policy}"}},"com."]"#));
            let mut messages = restless.received();
            let id = subscribed(&messages.remove(0), request);
            restless.send(format!("[34,{},{id}]", request + 1));
            messages.extend(restless.received());
            assert_eq!(messages.pop(), Some(json!([35, request + 1])));
            assert!(messages.iter().all(|event| event[1] == id), "{messages:?}");
        }
    });
    restless.assert_silent();
    let events = steady.received();
    for (subscription, topic) in
        [(prefix, "com.a"), (prefix, "com.b"), (wildcard, "com.a"), (wildcard, "com.b")]
    {
        let of =
            events.iter().filter(|event| event[1] == subscription && event[3]["topic"] == topic);
        let numbers: Vec<_> = of.map(|event| event[4][0].as_u64().unwrap()).collect();
        assert!(numbers.iter().copied().eq(0..EVENTS), "{subscription} {topic}");
    }
}
