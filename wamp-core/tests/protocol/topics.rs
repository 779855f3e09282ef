//! Subscriptions and publications: who gets what, in which order.

use std::time::Duration;

use super::support::{
    self, Client, arguments, assert_aborted, assert_error, assert_event, handlers, published,
    router, router_of, router_with, subscribed,
};
use serde_json::{Value, json};
use wamp_core::__private::HandlerEntry;
use wamp_core::{Close, Identity, Limits, PublishError, Realm, Router, Session, SessionId, Topic};

/// The limit by default.
const WRITE_STALL: Duration = Duration::from_secs(10);

const NOT_AUTHORIZED: &str = "wamp.error.not_authorized";
const NO_SUCH_SUBSCRIPTION: &str = "wamp.error.no_such_subscription";
const REFUSED: &str = "test.error.refused";

fn with(authid: &str, authrole: &str) -> Identity {
    Identity { authid: authid.into(), authrole: authrole.into(), ..Identity::anonymous() }
}

#[test]
fn subscribers_of_one_topic_share_an_id_that_others_do_not_have_b_01() {
    let router = router();
    let (mut one, mut two) = (Client::join(&router), Client::join(&router));
    let id = one.subscribe(1, "open.a");
    assert_eq!(two.subscribe(1, "open.a"), id);
    assert_ne!(two.subscribe(2, "open.b"), id);
}

#[test]
fn a_second_subscribe_is_the_same_subscription_b_02() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "sub.accept");
    assert_eq!(subscribed(&client.ask(r#"[32,2,{"match":"exact"},"sub.accept"]"#), 2), id);
    assert_eq!(handlers::journal(), ["subscribe"]);
    let id = client.subscribe(3, "open.a");
    assert_eq!(client.subscribe(4, "open.a"), id);
    publisher.publish(1, "open.a", 1);
    assert_event(&client.one(), id, 1);
    assert_eq!(client.ask(format!("[34,5,{id}]")), json!([35, 5]));
    publisher.publish(2, "open.a", 2);
    client.assert_silent();
    assert_error(&client.ask(format!("[34,6,{id}]")), 34, 6, NO_SUCH_SUBSCRIPTION);
}

#[test]
fn a_second_subscribe_while_the_first_is_decided_shares_its_fate_b_02() {
    let mut client = Client::join(&router());
    client.send(r#"[32,1,{},"gated.a"]"#);
    client.send(r#"[32,2,{},"gated.a"]"#);
    client.assert_silent();
    assert_eq!(handlers::journal(), ["subscribe"]);
    handlers::open("gated.a");
    let messages = client.received();
    assert_eq!(messages.len(), 2);
    assert_eq!(subscribed(&messages[0], 1), subscribed(&messages[1], 2));
    client.send(r#"[32,3,{},"gated.b"]"#);
    client.send(r#"[32,4,{},"gated.b"]"#);
    handlers::refuse("gated.b");
    let messages = client.received();
    assert_eq!(messages.len(), 2);
    assert_error(&messages[0], 32, 3, REFUSED);
    assert_error(&messages[1], 32, 4, REFUSED);
}

#[test]
fn no_event_comes_after_unsubscribed_even_if_it_lay_in_the_mailbox_b_04() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "open.a");
    let other = client.subscribe(2, "open.b");
    publisher.publish(1, "open.a", 1);
    publisher.publish(2, "open.b", 2);
    client.send(format!("[34,3,{id}]"));
    publisher.publish(3, "open.a", 3);
    let messages = client.received();
    assert_event(&messages[0], id, 1);
    assert_event(&messages[1], other, 2);
    assert_eq!(messages[2..], [json!([35, 3])]);
}

#[test]
fn a_topic_that_is_subscribed_again_begins_anew_b_04() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "open.a");
    client.ask(format!("[34,2,{id}]"));
    publisher.publish(1, "open.a", 1);
    let id = client.subscribe(3, "open.a");
    publisher.publish(2, "open.a", 2);
    assert_event(&client.one(), id, 2);
}

#[test]
fn only_a_subscription_of_the_session_itself_can_be_ended_b_05() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    let id = other.subscribe(1, "open.a");
    for (request, id) in [(1, id), (2, 999), (3, 1 << 53)] {
        assert_error(
            &client.ask(format!("[34,{request},{id}]")),
            34,
            request,
            NO_SUCH_SUBSCRIPTION,
        );
    }
    client.publish(4, "open.a", "still there");
    assert_event(&other.one(), id, "still there");
}

#[test]
fn a_subscription_that_is_not_decided_cannot_be_ended_b_05() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    other.send(r#"[32,1,{},"gated.a"]"#);
    handlers::open("gated.a");
    let id = subscribed(&other.one(), 1);
    client.send(r#"[32,1,{},"gated.a"]"#);
    assert_error(&client.ask(format!("[34,2,{id}]")), 34, 2, NO_SUCH_SUBSCRIPTION);
    handlers::open("gated.a");
    assert_eq!(subscribed(&client.one(), 1), id);
}

#[test]
fn a_publish_without_acknowledgement_is_never_answered_b_06() {
    let mut client = Client::join(&router());
    for (request, topic) in [
        "open.a",
        "nowhere",
        "pub.accept",
        "pub.refuse",
        "pub.panic",
        "pub.staff",
        "a..b",
        "wamp.x",
    ]
    .iter()
    .enumerate()
    {
        client.publish(request as u64 + 1, topic, 1);
        client.assert_silent();
    }
    client.send(r#"[16,9,{"acknowledge":false},"pub.refuse"]"#);
    client.assert_silent();
    assert!(client.has_session());
}

#[test]
fn a_publish_is_acknowledged_with_the_id_that_subscribers_see_b_07() {
    let router = router();
    let (mut client, mut subscriber) = (Client::join(&router), Client::join(&router));
    let nobody = published(&client.ask(r#"[16,1,{"acknowledge":true},"open.a"]"#), 1);
    let id = subscriber.subscribe(1, "open.a");
    for (request, topic) in [(2, "open.a"), (3, "open.a")] {
        let publish = format!(r#"[16,{request},{{"acknowledge":true}},"{topic}",[7]]"#);
        let publication = published(&client.ask(publish), request);
        assert_eq!(assert_event(&subscriber.one(), id, 7), publication);
        assert_ne!(publication, nobody);
    }
}

#[test]
fn a_failed_publish_that_asked_for_acknowledgement_is_an_error_and_reaches_no_subscriber_b_08() {
    let router = router();
    let (mut client, mut subscriber) = (Client::join(&router), Client::join(&router));
    subscriber.subscribe(1, "pub.refuse");
    subscriber.subscribe(2, "pub.panic");
    for (request, topic, uri) in [
        (1, "pub.refuse", REFUSED),
        (2, "pub.panic", "wamp.error.runtime_error"),
        (3, "pub.staff", NOT_AUTHORIZED),
        (4, "nowhere", NOT_AUTHORIZED),
        (5, "a..b", "wamp.error.invalid_uri"),
    ] {
        let publish = format!(r#"[16,{request},{{"acknowledge":true}},"{topic}",[1]]"#);
        assert_error(&client.ask(publish), 16, request, uri);
    }
    subscriber.assert_silent();
}

#[test]
fn an_event_carries_the_arguments_and_empty_details_b_09() {
    let router = router();
    let (mut client, mut subscriber) = (Client::join(&router), Client::join(&router));
    let id = subscriber.subscribe(1, "open.a");
    for (request, (tail, expected)) in [
        ("", json!([])),
        (",[1,\"two\"]", json!([[1, "two"]])),
        (",[1],{\"k\":null}", json!([[1], {"k": null}])),
        (",[],{\"k\":{}}", json!([[], {"k": {}}])),
    ]
    .iter()
    .enumerate()
    {
        client.send(format!(r#"[16,{},{{"disclose_me":false}},"open.a"{tail}]"#, request + 1));
        let event = subscriber.one();
        let mut whole = vec![json!(36), json!(id), event[2].clone(), json!({})];
        whole.extend(support::list(expected).iter().cloned());
        assert_eq!(event, Value::from(whole));
    }
}

#[test]
fn the_publisher_gets_its_own_event_only_if_it_asks_for_it_b_10_and_l_01() {
    let mut client = Client::join(&router());
    let id = client.subscribe(1, "open.a");
    client.publish(2, "open.a", 1);
    client.send(r#"[16,3,{"exclude_me":true},"open.a",[2]]"#);
    client.assert_silent();
    client.send(r#"[16,4,{"exclude_me":false},"open.a",[3]]"#);
    assert_event(&client.one(), id, 3);
    client.send(r#"[16,5,{"exclude_me":false,"acknowledge":true},"open.a",[4]]"#);
    let messages = client.received();
    let publication = published(messages.iter().find(|message| message[0] == 17).unwrap(), 5);
    let event = messages.iter().find(|message| message[0] == 36).unwrap();
    assert_eq!((assert_event(event, id, 4), messages.len()), (publication, 2));
}

#[test]
fn events_keep_the_publishers_order_across_topics_b_12() {
    let router = router();
    let (mut client, mut subscriber) = (Client::join(&router), Client::join(&router));
    for (request, topic) in ["open.a", "open.b", "slow.a", "pub.refuse"].iter().enumerate() {
        subscriber.subscribe(request as u64 + 1, topic);
    }
    client.publish(1, "open.a", 1);
    client.publish(2, "slow.a", 2);
    client.publish(3, "open.b", 3);
    client.publish(4, "pub.refuse", 4);
    client.publish(5, "slow.a", 5);
    client.send(r#"[16,6,{"acknowledge":true},"open.a",[6]]"#);
    client.assert_silent();
    assert_eq!(arguments(&subscriber.received()), [1]);
    handlers::open("slow.a");
    client.assert_silent();
    assert_eq!(arguments(&subscriber.received()), [2, 3]);
    handlers::refuse("slow.a");
    published(&client.one(), 6);
    assert_eq!(arguments(&subscriber.received()), [6]);
}

#[test]
fn publish_handlers_run_one_after_the_other_b_12() {
    let mut client = Client::join(&router());
    client.publish(1, "slow.a", 1);
    client.publish(2, "slow.b", 2);
    client.assert_silent();
    assert_eq!(handlers::journal(), ["publish [1]"]);
    assert_eq!(handlers::waiting("slow.b"), 0);
    handlers::open("slow.a");
    client.assert_silent();
    assert_eq!(handlers::journal(), ["dropped wait slow.a", "publish [2]"]);
}

#[test]
fn a_publisher_that_waits_holds_no_other_client_back_b_12() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    let mut subscriber = Client::join(&router);
    subscriber.subscribe(1, "open.a");
    client.publish(1, "slow.a", 1);
    client.publish(2, "open.a", 2);
    other.publish(1, "open.a", 3);
    assert_eq!(client.ask(r#"[48,3,{},"test.add",[1,2]]"#), json!([50, 3, {}, [3]]));
    assert_eq!(arguments(&subscriber.received()), [3]);
    client.send("[");
    subscriber.assert_silent();
}

#[test]
fn subscribed_precedes_the_events_of_a_subscription_b_12() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.send(r#"[32,1,{},"gated.a"]"#);
    publisher.publish(1, "gated.a", 1);
    client.assert_silent();
    publisher.publish(2, "gated.a", 2);
    handlers::open("gated.a");
    publisher.publish(3, "gated.a", 3);
    let messages = client.received();
    subscribed(&messages[0], 1);
    assert_eq!(arguments(&messages[1..]), [1, 2, 3]);
}

#[test]
fn a_refused_subscription_gets_none_of_the_events_that_were_held() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.send(r#"[32,1,{},"gated.a"]"#);
    publisher.publish(1, "gated.a", 1);
    client.assert_silent();
    handlers::refuse("gated.a");
    assert_error(&client.one(), 32, 1, REFUSED);
    publisher.publish(2, "gated.a", 2);
    client.assert_silent();
}

#[test]
fn an_event_of_the_application_reaches_every_subscriber_b_13() {
    let router = router();
    let mut client = Client::join(&router);
    let id = client.subscribe(1, "open.a");
    let realm = router.realm("realm1").unwrap();
    let publication = realm.publish("open.a").arg(1).send().unwrap();
    assert_eq!(assert_event(&client.one(), id, 1), publication.get());
    realm.publish("open.a").arg(2).kwarg("k", "v").send().unwrap();
    let event = client.one();
    assert_eq!(event, json!([36, id, event[2], {}, [2], {"k": "v"}]));
    client.send(r#"[48,2,{},"test.publish",["open.a",3]]"#);
    let messages = client.received();
    assert_eq!((arguments(&messages), messages.len()), (vec![json!(3)], 2));
    let fault = realm.publish("open.a").arg(std::collections::HashMap::from([(vec![1], 1)])).send();
    assert!(matches!(fault, Err(PublishError::Payload(_))), "{fault:?}");
    client.assert_silent();
}

#[test]
fn an_event_of_another_thread_wakes_the_subscriber() {
    let router = router();
    let mut client = Client::join(&router);
    let id = client.subscribe(1, "open.a");
    client.assert_silent();
    let realm = router.realm("realm1").unwrap();
    std::thread::spawn(move || realm.publish("open.a").arg(1).send().unwrap()).join().unwrap();
    assert_event(&client.one(), id, 1);
}

/// Three subscribers: anna and bob of the role `user`, and carl of the role `staff`.
fn audience(router: &wamp_core::Router) -> Vec<Client> {
    let mut audience: Vec<Client> = [("anna", "user"), ("bob", "user"), ("carl", "staff")]
        .map(|(authid, authrole)| Client::join_as(router, "realm1", with(authid, authrole)))
        .into();
    for client in &mut audience {
        client.subscribe(1, "open.a");
    }
    audience
}

fn reached(audience: &mut [Client]) -> Vec<usize> {
    (0..audience.len()).filter(|place| !audience[*place].received().is_empty()).collect()
}

#[test]
fn an_event_is_for_subscribers_that_fulfil_every_filter_that_is_present_l_03() {
    let router = router();
    let mut audience = audience(&router);
    let mut publisher = Client::join(&router);
    let (anna, bob, carl) = (audience[0].id, audience[1].id, audience[2].id);
    let everybody = vec![0, 1, 2];
    for (request, (filter, expected)) in [
        ("{}".to_owned(), everybody.clone()),
        (format!(r#"{{"exclude":[{anna}]}}"#), vec![1, 2]),
        (format!(r#"{{"exclude":[{anna},{carl}]}}"#), vec![1]),
        (r#"{"exclude_authid":["bob"]}"#.into(), vec![0, 2]),
        (r#"{"exclude_authrole":["user"]}"#.into(), vec![2]),
        (format!(r#"{{"eligible":[{bob}]}}"#), vec![1]),
        (format!(r#"{{"eligible":[{bob}.0,{anna}]}}"#), vec![0, 1]),
        (r#"{"eligible_authid":["bob","carl"]}"#.into(), vec![1, 2]),
        (r#"{"eligible_authrole":["staff"]}"#.into(), vec![2]),
        (format!(r#"{{"eligible":[{anna},{bob}],"exclude":[{anna}]}}"#), vec![1]),
        (r#"{"eligible_authrole":["user"],"exclude_authid":["anna"]}"#.into(), vec![1]),
        (r#"{"eligible_authid":["anna","carl"],"eligible_authrole":["staff"]}"#.into(), vec![2]),
        (format!(r#"{{"eligible_authrole":["user"],"exclude":[{anna},{bob}]}}"#), vec![]),
        (r#"{"exclude":[],"exclude_authid":[],"exclude_authrole":[]}"#.into(), everybody.clone()),
        // L-04
        (r#"{"eligible":[]}"#.into(), vec![]),
        (r#"{"eligible_authid":[]}"#.into(), vec![]),
        (r#"{"eligible_authrole":[]}"#.into(), vec![]),
        (r#"{"eligible":null,"eligible_authid":null,"exclude":null}"#.into(), everybody.clone()),
        // L-06
        (
            r#"{"exclude":[12345],"exclude_authid":["x"],"exclude_authrole":["x"]}"#.into(),
            everybody,
        ),
        (format!(r#"{{"eligible":[12345,{bob}]}}"#), vec![1]),
    ]
    .iter()
    .enumerate()
    {
        publisher.send(format!(r#"[16,{},{filter},"open.a",[1]]"#, request + 1));
        assert_eq!(reached(&mut audience), *expected, "{filter}");
    }
}

#[test]
fn eligible_subscribes_no_client_and_the_publisher_is_still_excluded_l_05() {
    let router = router();
    let (mut publisher, mut other) = (Client::join(&router), Client::join(&router));
    publisher.subscribe(1, "open.a");
    let (me, them) = (publisher.id, other.id);
    publisher.send(format!(r#"[16,2,{{"eligible":[{me},{them}]}},"open.a",[1]]"#));
    publisher.assert_silent();
    other.assert_silent();
    publisher.send(format!(r#"[16,3,{{"eligible":[{me}],"exclude_me":false}},"open.a",[1]]"#));
    publisher.one();
    publisher.send(format!(r#"[16,4,{{"exclude":[{me}],"exclude_me":false}},"open.a",[1]]"#));
    publisher.assert_silent();
}

#[test]
fn the_application_has_the_same_filters_l_03() {
    let router = router();
    let mut audience = audience(&router);
    let ids: Vec<SessionId> = audience.iter().map(|client| client.session().id()).collect();
    let publish = || router.realm("realm1").unwrap().publish("open.a");
    for (publish, expected) in [
        (publish(), vec![0, 1, 2]),
        (publish().exclude([ids[0]]), vec![1, 2]),
        (publish().exclude_authid(["bob"]), vec![0, 2]),
        (publish().exclude_authrole(["user"]), vec![2]),
        (publish().eligible([ids[1]]), vec![1]),
        (publish().eligible([]), vec![]),
        (publish().eligible_authid(["anna"]), vec![0]),
        (publish().eligible_authrole(["staff"]), vec![2]),
    ] {
        publish.clone().send().unwrap();
        assert_eq!(reached(&mut audience), expected, "{publish:?}");
    }
}

#[test]
fn the_publisher_is_shown_if_it_asks_for_it_n_01() {
    let router = router();
    let mut client = Client::join(&router);
    let mut publisher = Client::join_as(&router, "realm1", with("joe", "staff"));
    let id = client.subscribe(1, "open.a");
    let options =
        ["{}", r#"{"disclose_me":true}"#, r#"{"disclose_me":false}"#, r#"{"disclose_me":null}"#];
    for (request, options) in (1..).zip(options) {
        publisher.send(format!(r#"[16,{request},{options},"open.a",[1]]"#));
    }
    publisher.assert_silent();
    let messages = client.received();
    let shown = json!({
        "publisher": publisher.id, "publisher_authid": "joe", "publisher_authrole": "staff",
    });
    let details: Vec<_> = messages.iter().map(|message| message[3].clone()).collect();
    assert_eq!(details, [json!({}), shown, json!({}), json!({})]);
    assert_eq!(messages[1], json!([36, id, messages[1][2], details[1], [1]]));
}

#[test]
fn a_realm_can_forbid_disclosure_n_02() {
    handlers::reset();
    let realm = Realm::new("realm1").topic("open.{name}", Topic::open()).disclosure(false);
    let router = Router::builder().realm(realm).handlers([handlers::ALL]).build().unwrap();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "open.a");
    let answer = publisher.ask(r#"[16,1,{"disclose_me":true,"acknowledge":true},"open.a"]"#);
    assert_error(&answer, 16, 1, "wamp.error.option_disallowed.disclose_me");
    publisher.send(r#"[16,2,{"disclose_me":true},"open.a"]"#);
    publisher.send(r#"[16,3,{"disclose_me":true},"slow.a"]"#);
    publisher.assert_silent();
    assert_eq!(handlers::journal(), [""; 0]);
    client.assert_silent();
    publisher.send(r#"[16,4,{"disclose_me":false},"open.a",[4]]"#);
    publisher.assert_silent();
    assert_event(&client.one(), id, 4);
}

#[test]
fn a_topic_that_is_not_declared_is_neither_for_subscribers_nor_for_publishers() {
    let mut client = Client::join(&router());
    for (request, topic) in
        ["nowhere", "open", "open.a.b", "test.add", "sub", "Open.a"].iter().enumerate()
    {
        let (first, second) = (2 * request as u64 + 1, 2 * request as u64 + 2);
        let answer = client.ask(format!(r#"[32,{first},{{}},"{topic}"]"#));
        assert_error(&answer, 32, first, NOT_AUTHORIZED);
        let answer = client.ask(format!(r#"[16,{second},{{"acknowledge":true}},"{topic}"]"#));
        assert_error(&answer, 16, second, NOT_AUTHORIZED);
    }
}

#[test]
fn each_direction_of_a_topic_is_declared_on_its_own() {
    let mut client = Client::join(&router());
    client.subscribe(1, "sub.accept");
    let answer = client.ask(r#"[16,2,{"acknowledge":true},"sub.accept"]"#);
    assert_error(&answer, 16, 2, NOT_AUTHORIZED);
    published(&client.ask(r#"[16,3,{"acknowledge":true},"pub.accept"]"#), 3);
    assert_error(&client.ask(r#"[32,4,{},"pub.accept"]"#), 32, 4, NOT_AUTHORIZED);
}

/// A router of one realm with this topic, which routes clients or not.
fn router_with_topic(
    uri: &str,
    topic: Topic,
    routes: bool,
    handlers: &'static [HandlerEntry],
) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1").topic(uri, topic).route_clients(routes);
    Router::builder().realm(realm).handlers([handlers]).build().expect("the declarations are sound")
}

#[test]
fn clients_subscribe_to_a_read_only_topic_and_only_the_server_publishes_to_it() {
    for routes in [false, true] {
        let router = router_with_topic("news.{name}", Topic::read_only(), routes, &[]);
        let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
        let id = client.subscribe(1, "news.a");
        assert_error(
            &publisher.ask(r#"[16,1,{"acknowledge":true},"news.a",[1]]"#),
            16,
            1,
            NOT_AUTHORIZED,
        );
        publisher.publish(2, "news.a", 2);
        client.assert_silent();
        router.realm("realm1").unwrap().publish("news.a").arg(3).send().unwrap();
        assert_event(&client.one(), id, 3);
    }
}

#[test]
fn a_read_only_topic_is_not_open_to_the_publishers_of_a_wider_one() {
    static HANDLERS: &[HandlerEntry] =
        &[handlers::publish("news.{rest..}", handlers::letting_through)];
    let router = router_with_topic("news.official", Topic::read_only(), false, HANDLERS);
    let mut publisher = Client::join(&router);
    let refused = publisher.ask(r#"[16,1,{"acknowledge":true},"news.official",[1]]"#);
    assert_error(&refused, 16, 1, NOT_AUTHORIZED);
    published(&publisher.ask(r#"[16,2,{"acknowledge":true},"news.local",[1]]"#), 2);
}

#[test]
fn a_publish_handler_may_open_its_topic_to_the_subscribers_of_its_roles() {
    static HANDLERS: &[HandlerEntry] = &[
        HandlerEntry {
            subscribe: true,
            ..handlers::publish("both.{name}", handlers::letting_through)
        },
        HandlerEntry {
            subscribe: true,
            roles: &["staff"],
            ..handlers::publish("staff.{name}", handlers::letting_through)
        },
    ];
    let router = router_of(HANDLERS);
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "both.a");
    publisher.publish(1, "both.a", 1);
    assert_event(&client.one(), id, 1);
    subscribed(&client.ask(r#"[32,2,{"match":"wildcard"},"both."]"#), 2);
    assert_error(&client.ask(r#"[32,3,{},"staff.a"]"#), 32, 3, NOT_AUTHORIZED);
    Client::join_as(&router, "realm1", with("joe", "staff")).subscribe(1, "staff.a");
}

#[test]
fn topics_of_a_role_are_for_sessions_of_that_role() {
    let router = router();
    for (role, may) in [("anonymous", false), ("staff", true)] {
        let mut client = Client::join_as(&router, "realm1", with("joe", role));
        let subscribe = client.ask(r#"[32,1,{},"sub.staff"]"#);
        let publish = client.ask(r#"[16,2,{"acknowledge":true},"pub.staff"]"#);
        if may {
            subscribed(&subscribe, 1);
            published(&publish, 2);
        } else {
            assert_error(&subscribe, 32, 1, NOT_AUTHORIZED);
            assert_error(&publish, 16, 2, NOT_AUTHORIZED);
        }
    }
}

#[test]
fn a_subscribe_handler_that_refuses_or_panics_leaves_no_subscription_behind() {
    let mut client = Client::join(&router());
    let answer = client.ask(r#"[32,1,{},"sub.refuse"]"#);
    assert_eq!(answer, json!([8, 32, 1, {}, REFUSED, ["not today"]]));
    let answer = client.ask(r#"[32,2,{},"sub.panic"]"#);
    assert_error(&answer, 32, 2, "wamp.error.runtime_error");
    assert!(!answer.to_string().contains("secret"), "{answer}");
    assert_error(&client.ask(r#"[32,3,{},"sub.refuse"]"#), 32, 3, REFUSED);
    (1..5).for_each(|id| {
        assert_error(
            &client.ask(format!("[34,{},{id}]", id + 3)),
            34,
            id + 3,
            NO_SUCH_SUBSCRIPTION,
        );
    });
}

#[test]
fn the_number_of_subscriptions_is_limited() {
    let mut client = Client::join(&router_with(Limits::default().subscriptions(2)));
    let first = client.subscribe(1, "open.a");
    client.send(r#"[32,2,{},"gated.b"]"#);
    assert_error(&client.ask(r#"[32,3,{},"open.c"]"#), 32, 3, NOT_AUTHORIZED);
    assert_eq!(client.subscribe(4, "open.a"), first);
    handlers::refuse("gated.b");
    assert_error(&client.one(), 32, 2, REFUSED);
    client.subscribe(5, "open.c");
    assert_error(&client.ask(r#"[32,6,{},"open.d"]"#), 32, 6, NOT_AUTHORIZED);
    client.ask(format!("[34,7,{first}]"));
    client.subscribe(8, "open.d");
}

#[test]
fn the_number_of_publications_that_wait_for_their_handler_is_limited() {
    let limits = Limits::default().publications_in_flight(2);
    let mut client = Client::join(&router_with(limits));
    (1..=3).for_each(|request| client.publish(request, "slow.a", request));
    let answer = client.ask(r#"[16,4,{"acknowledge":true},"slow.a",[4]]"#);
    assert_error(&answer, 16, 4, "wamp.error.unavailable");
    handlers::open("slow.a");
    client.assert_silent();
    client.send(r#"[16,5,{"acknowledge":true},"slow.a",[5]]"#);
    (0..3).for_each(|_| {
        client.assert_silent();
        handlers::open("slow.a");
    });
    published(&client.one(), 5);
}

#[test]
fn a_subscriber_that_does_not_keep_up_is_cut_off_and_others_lose_nothing() {
    for (limits, size, count) in [
        (Limits::default().queued_messages(10), 1, 10),
        (Limits::default().queued_bytes(1000), 200, 4),
    ] {
        let router = router_with(limits.outgoing_bytes(1));
        let (mut slow, mut quick) = (Client::join(&router), Client::join(&router));
        slow.subscribe(1, "sub.hold");
        slow.subscribe(2, "open.a");
        quick.subscribe(1, "open.a");
        let value = "x".repeat(size);
        let realm = router.realm("realm1").unwrap();
        for _ in 1..=count {
            realm.publish("open.a").arg(value.as_str()).send().unwrap();
        }
        assert_eq!(slow.received().len(), count);
        assert_eq!(quick.received().len(), count);
        // The first is what it has to take and does not.
        for request in count + 1..=2 * count + 2 {
            slow.poll();
            slow.advance(WRITE_STALL);
            assert!(slow.has_session(), "{request}");
            realm.publish("open.a").arg(value.as_str()).send().unwrap();
            assert_eq!(quick.received().len(), 1);
        }
        let messages = slow.received();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert_aborted(&messages[1], "wamp.error.unavailable");
        assert_eq!(slow.close(), Some(Close::TooSlow));
        assert_eq!(handlers::journal(), ["dropped sub.hold"]);
        assert_eq!(router.realm("realm1").unwrap().session_count(), 1);
        slow.assert_ended();
    }
}

#[test]
fn events_stay_queued_while_the_peer_does_not_take_its_output() {
    let router = router_with(Limits::default().outgoing_bytes(300).queued_messages(20));
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.subscribe(1, "open.a");
    for request in 1..=20 {
        publisher.publish(request, "open.a", request);
        client.poll();
    }
    assert!((150..200).contains(&client.output_len()), "half of it: {}", client.output_len());
    assert_eq!(arguments(&client.received()), (1..=20).collect::<Vec<u64>>());
    for request in 21..=60 {
        publisher.publish(request, "open.a", request);
        client.poll();
        client.advance(WRITE_STALL);
    }
    assert_aborted(client.received().last().unwrap(), "wamp.error.unavailable");
}

#[test]
fn an_order_to_close_does_not_wait_for_a_peer_that_does_not_read() {
    let router = router_with(Limits::default().outgoing_bytes(1));
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    let realm = router.realm("realm1").unwrap();
    for value in 0..3 {
        realm.publish("open.a").arg(value).send().unwrap();
    }
    client.poll();
    client.session().close("wamp.close.killed");
    client.poll();
    assert!(!client.has_session());
    let messages = client.received();
    assert_eq!(
        (arguments(&messages), &messages[1]),
        (vec![json!(0)], &json!([6, {}, "wamp.close.killed"]))
    );
}

#[test]
fn the_events_that_are_held_while_a_subscription_is_decided_are_limited() {
    let router = router_with(Limits::default().queued_messages(3));
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.send(r#"[32,1,{},"gated.a"]"#);
    for request in 1..=3 {
        publisher.publish(request, "gated.a", request);
        client.assert_silent();
    }
    publisher.publish(4, "gated.a", 4);
    assert_error(&client.one(), 32, 1, "wamp.error.unavailable");
    assert!(client.has_session());
}

#[test]
fn the_bytes_that_are_held_while_a_subscription_is_decided_are_limited() {
    let router = router_with(Limits::default().queued_bytes(1000));
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.send(r#"[32,1,{},"gated.a"]"#);
    for request in 1..=3 {
        publisher.publish(request, "gated.a", "x".repeat(250));
        publisher.poll();
        client.assert_silent();
    }
    publisher.publish(4, "gated.a", "x".repeat(250));
    assert_error(&client.one(), 32, 1, "wamp.error.unavailable");
    assert!(client.has_session());
}

#[test]
fn a_subscription_that_was_given_up_drops_its_handler_and_can_be_asked_for_again() {
    let router = router_with(Limits::default().queued_messages(1));
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    // Keeps the subscription, and so its id, alive.
    publisher.send(r#"[32,1,{},"gated.a"]"#);
    handlers::open("gated.a");
    let id = subscribed(&publisher.one(), 1);
    client.send(r#"[32,1,{},"gated.a"]"#);
    publisher.publish(2, "gated.a", 1);
    client.assert_silent();
    publisher.publish(3, "gated.a", 2);
    assert_error(&client.one(), 32, 1, "wamp.error.unavailable");
    assert_eq!(handlers::waiting("gated.a"), 0);
    client.send(r#"[32,2,{},"gated.a"]"#);
    handlers::open("gated.a");
    assert_eq!(subscribed(&client.one(), 2), id);
}

#[test]
fn a_snapshot_follows_subscribed_and_precedes_what_was_published_meanwhile() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.send(r#"[32,1,{},"snapshot.a"]"#);
    publisher.publish(1, "snapshot.a", 1);
    client.assert_silent();
    publisher.publish(2, "snapshot.a", 2);
    handlers::open("snapshot.a");
    let messages = client.received();
    let id = subscribed(&messages[0], 1);
    assert_eq!(messages[1], json!([36, id, messages[1][2], {"retained": true}, ["snapshot"]]));
    assert_eq!(arguments(&messages[2..4]), [1, 2]);
    assert_event(&messages[4], id, "stream");
    assert_eq!(messages.len(), 5);
}

#[test]
fn a_snapshot_precedes_what_its_own_handler_published() {
    let mut client = Client::join(&router());
    client.send(r#"[32,1,{},"sub.publish"]"#);
    let messages = client.received();
    let id = subscribed(&messages[0], 1);
    assert_eq!(arguments(&messages[1..]), ["snapshot", "meanwhile"]);
    assert_event(&messages[2], id, "meanwhile");
}

#[test]
fn what_a_handler_emits_follows_subscribed_and_reaches_this_subscriber_only() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    for client in [&mut client, &mut other] {
        client.send(r#"[32,1,{},"sub.emit"]"#);
        let messages = client.received();
        assert_event(&messages[1], subscribed(&messages[0], 1), "welcome");
        assert_eq!(messages.len(), 2);
    }
    client.assert_silent();
}

#[test]
fn the_handle_of_a_subscription_emits_until_the_subscription_ends() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    other.subscribe(1, "open.a");
    client.send(r#"[32,1,{},"sub.emit"]"#);
    let id = subscribed(&client.received()[0], 1);
    let handle = handlers::subscription();
    assert_eq!(
        (handle.id().get(), handle.session().get(), handle.topic()),
        (id, client.id, "sub.emit")
    );
    handle.emit(7).unwrap();
    assert_event(&client.one(), id, 7);
    client.ask(format!("[34,2,{id}]"));
    handle.emit(8).unwrap();
    client.assert_silent();
    client.lose();
    handle.emit(9).unwrap();
    client.assert_silent();
    other.assert_silent();
}

#[test]
fn a_held_value_is_dropped_when_the_session_unsubscribes() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "sub.hold");
    other.subscribe(1, "sub.hold");
    assert_eq!(client.subscribe(2, "sub.hold"), id);
    assert_eq!((handlers::alive(), handlers::journal()), (2, vec![]));
    client.send(format!("[34,3,{id}]"));
    assert_eq!((handlers::alive(), handlers::journal()), (1, vec!["dropped sub.hold".to_owned()]));
    assert_eq!(client.one(), json!([35, 3]));
    drop(other);
    assert_eq!((handlers::alive(), handlers::journal()), (0, vec!["dropped sub.hold".to_owned()]));
}

#[test]
fn a_held_value_is_dropped_however_the_session_ends() {
    let router = router();
    let ends: [fn(&mut Client); 5] = [
        |client| client.send(r#"[6,{},"wamp.close.normal"]"#),
        |client| client.send(r#"[3,{},"a.b"]"#),
        |client| client.send("["),
        Client::lose,
        |client| {
            Session::close(&client.session(), "wamp.close.killed");
            client.poll();
        },
    ];
    for end in ends {
        let mut client = Client::join(&router);
        client.subscribe(1, "sub.hold");
        client.subscribe(2, "feed.a");
        end(&mut client);
        let mut journal = handlers::journal();
        journal.sort_unstable();
        assert_eq!(journal, ["dropped stream feed.a", "dropped sub.hold"]);
        assert_eq!(handlers::alive(), 0);
    }
}

#[test]
fn a_held_value_that_panics_when_it_is_dropped_harms_no_session() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "sub.sore");
    assert_eq!(client.ask(format!("[34,2,{id}]")), json!([35, 2]));
    assert_eq!(handlers::journal(), ["sore", "sore"]);
    other.subscribe(1, "sub.sore");
    other.subscribe(2, "open.a");
    other.lose();
    assert_eq!(handlers::journal(), ["sore", "sore"]);
    assert_eq!(router.realm("realm1").unwrap().session_count(), 1);
    assert_eq!(client.ask(r#"[48,3,{},"test.add",[1,2]]"#), json!([50, 3, {}, [3]]));
}

#[test]
fn a_refused_subscription_drops_what_its_handler_had() {
    let mut client = Client::join(&router());
    client.send(r#"[32,1,{},"gated.a"]"#);
    client.assert_silent();
    client.send(r#"[6,{},"wamp.close.normal"]"#);
    assert_eq!(handlers::journal(), ["subscribe", "dropped wait gated.a"]);
}

#[test]
fn a_stream_sends_its_items_to_its_subscriber_only() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "feed.a");
    other.subscribe(1, "sub.accept");
    handlers::feed("feed.a", 1);
    handlers::feed("feed.a", "two");
    let messages = client.received();
    assert_ne!(assert_event(&messages[0], id, 1), assert_event(&messages[1], id, "two"));
    handlers::feed("feed.a", 3);
    assert_event(&client.one(), id, 3);
    other.assert_silent();
}

#[test]
fn a_stream_that_ends_leaves_the_subscription_open() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let id = client.subscribe(1, "feed.a");
    handlers::feed("feed.a", 1);
    handlers::end_feed("feed.a");
    assert_event(&client.one(), id, 1);
    assert_eq!(handlers::alive(), 0);
    publisher.publish(1, "feed.a", 2);
    assert_event(&client.one(), id, 2);
    assert_eq!(client.ask(format!("[34,2,{id}]")), json!([35, 2]));
}

#[test]
fn a_stream_is_dropped_at_unsubscribe_and_not_later() {
    let mut client = Client::join(&router());
    let id = client.subscribe(1, "feed.a");
    client.assert_silent();
    handlers::feed("feed.a", "too late");
    client.send(format!("[34,2,{id}]"));
    assert_eq!(
        (handlers::alive(), handlers::journal()),
        (0, vec!["dropped stream feed.a".to_owned()])
    );
    assert_eq!(client.one(), json!([35, 2]));
    client.assert_silent();
    client.send(r#"[32,3,{},"feed.a"]"#);
    let messages = client.received();
    assert_event(&messages[1], subscribed(&messages[0], 3), "too late");
}

#[test]
fn a_stream_waits_while_the_peer_does_not_take_its_output() {
    let router = router_with(Limits::default().outgoing_bytes(300));
    let mut client = Client::join(&router);
    let id = client.subscribe(1, "feed.a");
    (0..100).for_each(|item| handlers::feed("feed.a", item));
    client.poll();
    client.poll();
    assert!((150..200).contains(&client.output_len()), "half of it: {}", client.output_len());
    let messages = client.received();
    assert_eq!(arguments(&messages), (0..100).collect::<Vec<u64>>());
    // A stream that is parked ends with its subscription too.
    (0..100).for_each(|item| handlers::feed("feed.a", item));
    client.poll();
    client.send(format!("[34,2,{id}]"));
    assert_eq!(handlers::journal(), ["dropped stream feed.a"]);
    let messages = client.received();
    assert!(messages.len() < 20, "{}", messages.len());
    assert_eq!(messages.last(), Some(&json!([35, 2])));
}

#[test]
fn a_long_stream_leaves_room_for_calls() {
    let mut client = Client::join(&router());
    client.subscribe(1, "feed.a");
    (0..1000).for_each(|item| handlers::feed("feed.a", item));
    client.send(r#"[48,2,{},"test.add",[1,2]]"#);
    let messages = client.received();
    assert_eq!(arguments(&messages), (0..1000).collect::<Vec<u64>>());
    assert_eq!(messages[0], json!([50, 2, {}, [3]]));
}

#[test]
fn subscribing_and_unsubscribing_on_a_busy_topic_never_shows_an_event_outside() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    let mut id = None;
    for round in 0..2000 {
        publisher.publish(round + 1, "open.a", round);
        let request = round + 1;
        match id.take() {
            None => client.send(format!(r#"[32,{request},{{}},"open.a"]"#)),
            Some(id) => client.send(format!("[34,{request},{id}]")),
        }
        let messages = client.received();
        if request % 2 == 1 {
            assert_eq!(messages.len(), 1);
            id = Some(subscribed(&messages[0], request));
        } else {
            assert_eq!(arguments(&messages), [round]);
            assert_eq!(messages[1..], [json!([35, request])]);
        }
    }
}

#[test]
fn an_idle_session_has_no_deadline() {
    let mut client = Client::join(&router());
    client.subscribe(1, "open.a");
    assert_eq!(client.deadline_in(), None);
    client.advance(Duration::from_secs(1 << 20));
    client.assert_silent();
    assert!(client.has_session());
}
