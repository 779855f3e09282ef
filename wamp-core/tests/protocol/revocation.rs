//! Subscriptions and registrations that the server ends.

use std::collections::HashMap;

use super::support::caller::Caller;
use super::support::handlers::events;
use super::support::*;
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use wamp_core::__private::{Acceptance, BoxedAnswer, HandlerEntry, accept};
use wamp_core::{
    Context, Hold, MetaApi, Realm, Router, SessionId, Subscription, SubscriptionId, Topic,
};

static FAILING: &[HandlerEntry] = &[
    handlers::subscribe("fails.panic", panicking),
    handlers::subscribe("fails.item", with_a_bad_item),
];

/// A value whose end the journal tells.
struct Watched;

impl Drop for Watched {
    fn drop(&mut self) {
        handlers::note("dropped");
    }
}

fn panicking(_: Context) -> BoxedAnswer<Acceptance> {
    let items = stream::iter([1, 2]).chain(stream::poll_fn(|_| panic!("a secret of the stream")));
    Box::pin(async { accept((Hold(Watched), events(items), events(stream::pending::<u8>()))) })
}

/// Its second item is a dict whose key is a list.
fn with_a_bad_item(_: Context) -> BoxedAnswer<Acceptance> {
    let items = [HashMap::new(), HashMap::from([(vec![1], 1)]), HashMap::new()];
    Box::pin(async { accept((Hold(Watched), events(stream::iter(items)))) })
}

fn router() -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open())
        .meta_api(MetaApi::reading().killing())
        .route_clients(true);
    Router::builder()
        .realm(realm)
        .handlers([handlers::ALL, FAILING])
        .build()
        .expect("the declarations are sound")
}

/// A client that announced it understands revocation, subscribed to the topic.
fn subscriber(router: &Router, topic: &str) -> (Client, u64) {
    let mut client =
        Client::join_announcing(router, &json!({"subscriber": {"subscription_revocation": true}}));
    client.send(format!(r#"[32,1,{{}},"{topic}"]"#));
    let id = subscribed(&client.received()[0], 1);
    (client, id)
}

fn revoke(router: &Router, subscription: u64, session: u64) -> bool {
    let realm = router.realm("realm1").expect("declared above");
    let ids = (SubscriptionId::new(subscription), SessionId::new(session));
    realm.revoke(ids.0.expect("an id"), ids.1.expect("an id"), "no more")
}

#[test]
fn a_client_that_announced_it_is_told_of_the_revocation_e_12() {
    let router = router();
    let (mut client, id) = subscriber(&router, "open.a");
    let mut other = Client::join(&router);
    other.subscribe(1, "open.a");
    assert!(revoke(&router, id, client.id));
    assert_eq!(client.one(), json!([35, 0, {"subscription": id, "message": "no more"}]));
    router.realm("realm1").unwrap().publish("open.a").arg(1).send().unwrap();
    client.assert_silent();
    assert_event(&other.one(), id, 1);
    assert_error(&client.ask(format!("[34,2,{id}]")), 34, 2, "wamp.error.no_such_subscription");
    assert!(!revoke(&router, id, client.id));
}

#[test]
fn a_client_that_did_not_announce_it_is_told_nothing_e_12() {
    let router = router();
    let mut client = Client::join(&router);
    let id = client.subscribe(1, "open.a");
    assert!(revoke(&router, id, client.id));
    router.realm("realm1").unwrap().publish("open.a").arg(1).send().unwrap();
    client.assert_silent();
    assert_error(&client.ask(format!("[34,2,{id}]")), 34, 2, "wamp.error.no_such_subscription");
}

#[test]
fn events_before_the_revocation_precede_it_e_12() {
    let router = router();
    let (mut client, id) = subscriber(&router, "open.a");
    router.realm("realm1").unwrap().publish("open.a").arg(1).send().unwrap();
    assert!(revoke(&router, id, client.id));
    let messages = client.received();
    assert_eq!(messages.len(), 2);
    assert_event(&messages[0], id, 1);
    assert_eq!(messages[1][0], 35);
}

#[test]
fn a_revocation_on_its_way_precedes_what_the_client_asks_meanwhile_e_12() {
    let router = router();
    let (mut client, id) = subscriber(&router, "open.a");
    assert!(revoke(&router, id, client.id));
    client.send(format!("[34,2,{id}]"));
    let messages = client.received();
    assert_eq!(messages[0][1], 0);
    assert_error(&messages[1], 34, 2, "wamp.error.no_such_subscription");

    let id = client.subscribe(3, "open.a");
    assert!(revoke(&router, id, client.id));
    client.send(r#"[32,4,{},"open.a"]"#);
    let messages = client.received();
    assert_eq!(messages[0][1], 0);
    let id = subscribed(&messages[1], 4);
    router.realm("realm1").unwrap().publish("open.a").arg(1).send().unwrap();
    assert_event(&client.one(), id, 1);
}

#[test]
fn the_end_of_the_subscription_is_published_e_12_and_k_30() {
    let router = router();
    let mut watcher = Client::join(&router);
    let unsubscribe = watcher.subscribe(1, "wamp.subscription.on_unsubscribe");
    let delete = watcher.subscribe(2, "wamp.subscription.on_delete");
    let (mut client, id) = subscriber(&router, "open.a");
    assert!(revoke(&router, id, client.id));
    let seen = |watcher: &mut Client| {
        watcher.received().into_iter().map(|event| json!([event[1], event[4]])).collect::<Vec<_>>()
    };
    let expected = [json!([unsubscribe, [client.id, id]]), json!([delete, [client.id, id]])];
    assert_eq!(seen(&mut watcher), expected);
    client.received();
    client.lose();
    watcher.assert_silent();
}

#[test]
fn what_the_subscription_holds_is_dropped_and_its_stream_ends_e_12() {
    let router = router();
    let (mut client, id) = subscriber(&router, "hold.a");
    client.received();
    handlers::journal();
    assert!(revoke(&router, id, client.id));
    client.one();
    assert_eq!(handlers::journal(), ["dropped hold.a"]);
    let (mut client, id) = subscriber(&router, "feed.a");
    handlers::journal();
    assert!(revoke(&router, id, client.id));
    client.one();
    assert_eq!(handlers::journal(), ["dropped stream feed.a"]);
}

#[test]
fn the_handle_of_a_subscription_revokes_it_e_12() {
    let router = router();
    let (mut client, id) = subscriber(&router, "sub.emit");
    client.received();
    let subscription: Subscription = handlers::subscription();
    assert!(subscription.revoke("no more") && !subscription.revoke("again"));
    assert_eq!(client.one(), json!([35, 0, {"subscription": id, "message": "no more"}]));
    assert!(!subscription.is_active());
}

#[test]
fn a_subscription_whose_stream_fails_is_revoked_with_a_reason_that_tells_no_secret_e_12() {
    let router = router();
    let mut watcher = Client::join(&router);
    let unsubscribe = watcher.subscribe(1, "wamp.subscription.on_unsubscribe");
    for (topic, items, reason) in [
        ("fails.panic", vec![json!([1]), json!([2])], "internal error "),
        ("fails.item", vec![json!([{}])], "a value cannot be serialised"),
    ] {
        let mut client = Client::join_announcing(
            &router,
            &json!({"subscriber": {"subscription_revocation": true}}),
        );
        client.send(format!(r#"[32,1,{{}},"{topic}"]"#));
        let messages = client.received();
        let id = subscribed(&messages[0], 1);
        let (revoked, events) = messages[1..].split_last().expect("the subscription is revoked");
        assert_eq!(events.iter().map(|event| event[4].clone()).collect::<Vec<_>>(), items);
        let told = revoked[2]["message"].as_str().expect("a text for people").to_owned();
        assert_eq!(revoked, &json!([35, 0, {"subscription": id, "message": told}]));
        assert!(told.starts_with(reason) && !told.contains("secret"), "{told}");
        assert_eq!(handlers::journal(), ["dropped"]);
        assert_eq!(watcher.one()[4], json!([client.id, id]), "{unsubscribe}");
        assert_error(&client.ask(format!("[34,2,{id}]")), 34, 2, "wamp.error.no_such_subscription");
        client.send(format!(r#"[32,3,{{}},"{topic}"]"#));
        subscribed(&client.received()[0], 3);
        client.lose();
        handlers::journal();
        watcher.received();
    }
}

#[test]
fn without_revocation_a_subscriber_gets_no_more_of_a_failed_stream_and_may_subscribe_anew_e_12() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"fails.panic"]"#);
    let messages = client.received();
    assert_eq!(messages.len(), 3, "{messages:?}");
    let id = subscribed(&messages[0], 1);
    assert_error(&client.ask(format!("[34,2,{id}]")), 34, 2, "wamp.error.no_such_subscription");
    client.send(r#"[32,3,{},"fails.panic"]"#);
    assert_eq!(arguments(&client.received()), [1, 2]);
}

#[test]
fn a_subscription_that_is_not_decided_cannot_be_revoked() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"gated.a"]"#);
    client.assert_silent();
    assert!((1..10).all(|id| !revoke(&router, id, client.id)));
    handlers::open("gated.a");
    subscribed(&client.one(), 1);
}

#[test]
fn a_subscriber_is_removed_by_a_caller_that_may_kill_k_39() {
    let router = router();
    let mut caller = Caller::of(Client::join(&router));
    let (mut client, id) = subscriber(&router, "open.a");
    let procedure = "wamp.subscription.remove_subscriber";
    caller.fails(
        procedure,
        json!([id + 9, client.id]),
        json!({}),
        "wamp.error.no_such_subscription",
    );
    caller.fails(procedure, json!([id, caller.client.id]), json!({}), "wamp.error.no_such_session");
    caller.fails(procedure, json!([id]), json!({}), "wamp.error.invalid_argument");
    caller.fails(
        procedure,
        json!([id, client.id]),
        json!({"reason": "x y"}),
        "wamp.error.invalid_uri",
    );
    assert_eq!(
        caller.call_with(procedure, json!([id, client.id]), json!({"reason": "x"})),
        Value::Null
    );
    assert_eq!(client.one(), json!([35, 0, {"subscription": id, "reason": "x"}]));
    let id = client.subscribe(2, "open.a");
    caller.call(procedure, json!([id, client.id]));
    assert_eq!(client.one(), json!([35, 0, {"subscription": id}]));
}

#[test]
fn a_callee_is_removed_by_a_caller_that_may_kill_k_39() {
    let router = router();
    let mut caller = Caller::of(Client::join(&router));
    let mut callee =
        Client::join_announcing(&router, &json!({"callee": {"registration_revocation": true}}));
    let id = callee.ask(r#"[64,1,{},"com.proc"]"#)[2].clone();
    let procedure = "wamp.registration.remove_callee";
    caller.fails(procedure, json!([999, callee.id]), json!({}), "wamp.error.no_such_registration");
    caller.fails(procedure, json!([id, caller.client.id]), json!({}), "wamp.error.no_such_session");
    caller.fails(procedure, json!([1, callee.id]), json!({}), "wamp.error.no_such_session");
    caller.fails(
        procedure,
        json!([id, callee.id]),
        json!({"reason": "x y"}),
        "wamp.error.invalid_uri",
    );
    assert_eq!(
        caller.call_with(procedure, json!([id, callee.id]), json!({"reason": "x"})),
        Value::Null
    );
    assert_eq!(callee.one(), json!([67, 0, {"registration": id, "reason": "x"}]));
    caller.fails("com.proc", json!([]), json!({}), "wamp.error.no_such_procedure");
}

#[test]
fn a_callee_that_registers_anew_before_it_reads_of_its_revocation_leaves_nothing_rr_04_r_07() {
    let router = router();
    let mut caller = Caller::of(Client::join(&router));
    let announced = json!({"callee": {"registration_revocation": true}});
    let mut first = Client::join_announcing(&router, &announced);
    let mut second = Client::join(&router);
    let id = first.ask(r#"[64,1,{"invoke":"first"},"com.proc"]"#)[2].clone();
    second.ask(r#"[64,1,{"invoke":"first"},"com.proc"]"#);
    caller.call("wamp.registration.remove_callee", json!([id, first.id]));
    first.send(r#"[64,2,{"invoke":"first"},"com.proc"]"#);
    assert_eq!(first.received(), [json!([65, 2, id])]);
    let callees = caller.call("wamp.registration.list_callees", json!([id]));
    assert_eq!(callees, json!([[second.id, first.id]]));
    first.lose();
    let callees = caller.call("wamp.registration.list_callees", json!([id]));
    assert_eq!(callees, json!([[second.id]]));
}

// Registrations of clients in the meta API.

#[test]
fn registrations_are_created_registered_unregistered_and_deleted_in_this_order_k_20() {
    let router = router();
    let mut watcher = Client::join(&router);
    let topics = ["on_create", "on_register", "on_unregister", "on_delete"];
    let mut request = 0;
    let [create, register, unregister, delete] = topics.map(|topic| {
        request += 1;
        watcher.subscribe(request, &format!("wamp.registration.{topic}"))
    });
    let (mut joe, mut eve) = (Client::join(&router), Client::join(&router));
    let message = r#"[64,1,{"invoke":"roundrobin"},"com.proc"]"#;
    let id = joe.ask(message)[2].clone();
    eve.ask(message);
    let events = watcher.received();
    let details = &events[0][4][1];
    let created = details["created"].clone();
    let expected = json!({
        "id": id, "created": created, "uri": "com.proc", "match": "exact", "invoke": "roundrobin",
    });
    assert_eq!(details, &expected);
    let seen: Vec<_> = events.iter().map(|event| json!([event[1], event[4][0]])).collect();
    assert_eq!(
        seen,
        [json!([create, joe.id]), json!([register, joe.id]), json!([register, eve.id])]
    );
    joe.ask(format!("[66,2,{id}]"));
    eve.lose();
    let seen: Vec<_> = watcher.received().iter().map(|event| json!([event[1], event[4]])).collect();
    assert_eq!(
        seen,
        [
            json!([unregister, [joe.id, id]]),
            json!([unregister, [eve.id, id]]),
            json!([delete, [eve.id, id]])
        ]
    );
}

#[test]
fn to_k_26_registrations_of_clients_are_listed_with_those_of_the_application_k_21() {
    let router = router();
    let mut caller = Caller::of(Client::join(&router));
    let own = caller.call("wamp.registration.list", json!([]))[0].clone();
    let count: usize =
        ["exact", "prefix", "wildcard"].iter().map(|key| list(&own[key]).len()).sum();
    let mut callee = Client::join(&router);
    let id = callee.ask(r#"[64,1,{"match":"prefix"},"com.proc."]"#)[2].clone();
    assert_eq!(id, count + 1);
    let lists = caller.call("wamp.registration.list", json!([]))[0].clone();
    assert_eq!(list(&lists["prefix"]).last(), Some(&id));
    let lookup = caller.call("wamp.registration.lookup", json!(["com.proc.", {"match": "prefix"}]));
    assert_eq!(lookup, json!([id]));
    assert_eq!(caller.call("wamp.registration.match", json!(["com.proc.x"])), json!([id]));
    assert_eq!(caller.call("wamp.registration.match", json!(["test.add"])), json!([1]));
    assert_eq!(caller.call("wamp.registration.match", json!(["nowhere"])), json!([null]));
    let details = caller.call("wamp.registration.get", json!([id]));
    assert_eq!((&details[0]["match"], &details[0]["invoke"]), (&json!("prefix"), &json!("single")));
    assert_eq!(caller.call("wamp.registration.list_callees", json!([id])), json!([[callee.id]]));
    assert_eq!(caller.call("wamp.registration.count_callees", json!([id])), json!([1]));
    callee.lose();
    caller.fails(
        "wamp.registration.get",
        json!([id]),
        json!({}),
        "wamp.error.no_such_registration",
    );
}
