//! WELCOME announces what works, and nothing else (S-03): each feature has a probe here that fails
//! where it does not work, and what is announced is compared with the probes.

use std::collections::BTreeSet;
use std::time::Duration;

use super::support::{Client, assert_error, handlers, hello, id, subscribed, welcomed};
use serde_json::{Value, json};
use wamp_core::__private::{Feature, HandlerEntry};
use wamp_core::{History, MetaApi, Realm, Router};

type Probe = fn(&Router);

const BROKER: &[(&str, Probe)] = &[
    ("event_history", event_history),
    ("event_retention", event_retention),
    ("pattern_based_subscription", pattern_based_subscription),
    ("payload_passthru_mode", published_passthru),
    ("publication_trustlevels", publication_trustlevels),
    ("publisher_exclusion", publisher_exclusion),
    ("publisher_identification", publisher_identification),
    ("session_meta_api", session_meta_api),
    ("subscriber_blackwhite_listing", subscriber_blackwhite_listing),
    ("subscription_meta_api", subscription_meta_api),
    ("subscription_revocation", subscription_revocation),
];

const DEALER: &[(&str, Probe)] = &[
    ("call_canceling", call_canceling),
    ("call_timeout", call_timeout),
    ("call_trustlevels", call_trustlevels),
    ("caller_identification", caller_identification),
    ("pattern_based_registration", pattern_based_registration),
    ("payload_passthru_mode", called_passthru),
    ("progressive_call_invocations", progressive_call_invocations),
    ("progressive_call_results", progressive_call_results),
    ("registration_meta_api", registration_meta_api),
    ("registration_revocation", registration_revocation),
    ("session_meta_api", session_meta_api),
    ("shared_registration", shared_registration),
    ("testament_meta_api", testament_meta_api),
];

static HANDLERS: &[HandlerEntry] = &[HandlerEntry {
    features: &[Some(Feature::ProgressiveCallInvocations)],
    ..handlers::rpc("test.chunks", handlers::nothing)
}];

/// A realm in which everything is switched on, and one as it comes.
fn router() -> Router {
    handlers::reset();
    let everything = Realm::new("realm1")
        .route_clients(true)
        .meta_api(MetaApi::reading().killing())
        .trustlevel("anonymous", 3)
        .history("com.kept", History::last(10));
    let plain = Realm::new("plain").topic("com.{rest..}", wamp_core::Topic::open());
    Router::builder()
        .realm(everything)
        .realm(plain)
        .realm(Realm::new("discreet").disclosure(false))
        .handlers([handlers::ALL, HANDLERS])
        .build()
        .expect("the declarations are sound")
}

#[test]
fn every_feature_that_is_announced_works_and_every_one_that_works_is_announced_s_03() {
    let router = router();
    let welcome = Client::connect(&router).ask(hello("realm1"));
    for (role, probes) in [("broker", BROKER), ("dealer", DEALER)] {
        let announced = welcome[2]["roles"][role]["features"].as_object().expect("a dict");
        assert!(announced.values().all(|value| *value == true), "{announced:?}");
        let announced: BTreeSet<&str> = announced.keys().map(String::as_str).collect();
        let probed: BTreeSet<&str> = probes.iter().map(|(name, _)| *name).collect();
        assert_eq!(announced, probed, "{role}");
        probes.iter().for_each(|(_, probe)| probe(&self::router()));
    }
}

#[test]
fn what_a_realm_has_to_be_set_to_is_not_announced_by_one_that_is_not_s_03() {
    let router = router();
    let features = |realm: &str, role: &str| {
        let welcome = Client::connect(&router).ask(hello(realm));
        let features = welcome[2]["roles"][role]["features"].as_object().expect("a dict").clone();
        features.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>()
    };
    let without = |names: &[&str], all: &[(&str, Probe)]| -> BTreeSet<String> {
        all.iter()
            .map(|(name, _)| (*name).to_owned())
            .filter(|name| !names.contains(&name.as_str()))
            .collect()
    };
    let broker =
        ["event_history", "publication_trustlevels", "session_meta_api", "subscription_meta_api"];
    let dealer = [
        "call_trustlevels",
        "pattern_based_registration",
        "registration_meta_api",
        "registration_revocation",
        "session_meta_api",
        "shared_registration",
        "testament_meta_api",
    ];
    assert_eq!(features("plain", "broker"), without(&broker, BROKER));
    assert_eq!(features("plain", "dealer"), without(&dealer, DEALER));
    let discreet = without(&[&broker[..], &["publisher_identification"]].concat(), BROKER);
    assert_eq!(features("discreet", "broker"), discreet);
    let discreet = without(&[&dealer[..], &["caller_identification"]].concat(), DEALER);
    assert_eq!(features("discreet", "dealer"), discreet);
}

/// Sessions that announce everything.
fn join<const N: usize>(router: &Router) -> [Client; N] {
    std::array::from_fn(|_| {
        let features = [
            "call_canceling",
            "call_timeout",
            "payload_passthru_mode",
            "progressive_call_invocations",
            "progressive_call_results",
            "registration_revocation",
            "subscription_revocation",
        ];
        let features: Value =
            features.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        let role = json!({ "features": features });
        let roles = json!({"caller": role, "callee": role, "publisher": role, "subscriber": role});
        let mut client = Client::connect(router);
        let welcome = client.ask(json!([1, "realm1", {"roles": roles}]).to_string());
        client.id = welcomed(&welcome);
        client
    })
}

fn ask(client: &mut Client, message: &Value) -> Value {
    client.ask(message.to_string())
}

fn send(client: &mut Client, message: &Value) {
    client.send(message.to_string());
}

#[track_caller]
fn register(callee: &mut Client, request: u64, options: &Value) -> u64 {
    let answer = ask(callee, &json!([64, request, options, "com.p"]));
    assert_eq!(answer[0], 65, "{answer}");
    id(&answer[2])
}

fn event_history(router: &Router) {
    let [mut client] = join(router);
    let subscription = client.subscribe(1, "com.kept");
    client.publish(2, "com.kept", 7);
    let result =
        ask(&mut client, &json!([48, 3, {}, "wamp.subscription.get_events", [subscription]]));
    assert_eq!(result[3][0]["args"], json!([7]), "{result}");
}

fn event_retention(router: &Router) {
    let [mut publisher, mut subscriber] = join(router);
    send(&mut publisher, &json!([16, 1, {"retain": true}, "com.a", [7]]));
    send(&mut subscriber, &json!([32, 1, {"get_retained": true}, "com.a"]));
    let messages = subscriber.received();
    assert_eq!((&messages[1][3]["retained"], &messages[1][4]), (&json!(true), &json!([7])));
}

fn pattern_based_subscription(router: &Router) {
    let [mut publisher, mut subscriber] = join(router);
    subscribed(&ask(&mut subscriber, &json!([32, 1, {"match": "wildcard"}, "com..b"])), 1);
    publisher.publish(1, "com.a.b", 7);
    assert_eq!(subscriber.one()[3]["topic"], "com.a.b");
}

const SEALED: &str = "\u{0}EOP/kFMHXFJvX8BtT+N82w==";

fn published_passthru(router: &Router) {
    let [mut publisher, mut subscriber] = join(router);
    subscriber.subscribe(1, "com.a");
    send(&mut publisher, &json!([16, 1, {"ppt_scheme": "x_a"}, "com.a", [SEALED]]));
    assert_eq!(subscriber.one()[3]["ppt_scheme"], "x_a");
}

fn publication_trustlevels(router: &Router) {
    let [mut publisher, mut subscriber] = join(router);
    subscriber.subscribe(1, "com.a");
    publisher.publish(1, "com.a", 7);
    assert_eq!(subscriber.one()[3]["trustlevel"], 3);
}

fn publisher_exclusion(router: &Router) {
    let [mut client] = join(router);
    client.subscribe(1, "com.a");
    send(&mut client, &json!([16, 2, {"exclude_me": false}, "com.a", [7]]));
    assert_eq!(client.one()[4], json!([7]));
}

fn publisher_identification(router: &Router) {
    let [mut publisher, mut subscriber] = join(router);
    subscriber.subscribe(1, "com.a");
    send(&mut publisher, &json!([16, 1, {"disclose_me": true}, "com.a"]));
    assert_eq!(subscriber.one()[3]["publisher"], publisher.id);
}

fn session_meta_api(router: &Router) {
    let [mut client] = join(router);
    client.subscribe(1, "wamp.session.on_join");
    let [other] = join(router);
    assert_eq!(client.one()[4][0]["session"], other.id);
    assert_eq!(ask(&mut client, &json!([48, 2, {}, "wamp.session.count"]))[3], json!([2]));
}

fn subscriber_blackwhite_listing(router: &Router) {
    let [mut publisher, mut one, mut two] = join(router);
    one.subscribe(1, "com.a");
    two.subscribe(1, "com.a");
    send(&mut publisher, &json!([16, 1, {"exclude": [one.id]}, "com.a"]));
    one.assert_silent();
    assert_eq!(two.one()[0], 36);
}

fn subscription_meta_api(router: &Router) {
    let [mut client] = join(router);
    let subscription = client.subscribe(1, "com.a");
    let count = json!([48, 2, {}, "wamp.subscription.count_subscribers", [subscription]]);
    assert_eq!(ask(&mut client, &count)[3], json!([1]));
}

fn subscription_revocation(router: &Router) {
    let [mut admin, mut client] = join(router);
    let subscription = client.subscribe(1, "com.a");
    let remove =
        json!([48, 1, {}, "wamp.subscription.remove_subscriber", [subscription, client.id]]);
    assert_eq!(ask(&mut admin, &remove)[0], 50);
    let revoked = client.one();
    assert_eq!(
        (&revoked[0], &revoked[1], &revoked[2]["subscription"]),
        (&json!(35), &json!(0), &json!(subscription))
    );
}

fn call_canceling(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({}));
    send(&mut caller, &json!([48, 1, {}, "com.p"]));
    callee.one();
    assert_error(&ask(&mut caller, &json!([49, 1, {}])), 48, 1, "wamp.error.canceled");
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
}

fn call_timeout(router: &Router) {
    let [mut caller] = join(router);
    send(&mut caller, &json!([48, 1, {"timeout": 10}, "test.wait", ["gate"]]));
    caller.advance(Duration::from_millis(10));
    assert_error(&caller.one(), 48, 1, "wamp.error.timeout");
}

fn call_trustlevels(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({}));
    send(&mut caller, &json!([48, 1, {}, "com.p"]));
    assert_eq!(callee.one()[3]["trustlevel"], 3);
}

fn caller_identification(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({}));
    send(&mut caller, &json!([48, 1, {"disclose_me": true}, "com.p"]));
    assert_eq!(callee.one()[3]["caller"], caller.id);
}

fn pattern_based_registration(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({"match": "prefix"}));
    send(&mut caller, &json!([48, 1, {}, "com.p.q"]));
    assert_eq!(callee.one()[3]["procedure"], "com.p.q");
}

fn called_passthru(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({}));
    send(&mut caller, &json!([48, 1, {"ppt_scheme": "x_a"}, "com.p", [SEALED]]));
    assert_eq!(callee.one()[3]["ppt_scheme"], "x_a");
}

fn progressive_call_invocations(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({}));
    send(&mut caller, &json!([48, 1, {"progress": true}, "com.p", [1]]));
    send(&mut caller, &json!([48, 1, {}, "com.p", [2]]));
    let invocations = callee.received();
    assert_eq!((&invocations[0][3]["progress"], invocations.len()), (&json!(true), 2));
    // Of a handler too.
    assert_eq!(
        ask(&mut caller, &json!([48, 2, {"progress": true}, "test.chunks"])),
        json!([50, 2, {}])
    );
}

fn progressive_call_results(router: &Router) {
    let [mut caller, mut callee] = join(router);
    register(&mut callee, 1, &json!({}));
    send(&mut caller, &json!([48, 1, {"receive_progress": true}, "com.p"]));
    assert_eq!(callee.one()[3]["receive_progress"], true);
    send(&mut callee, &json!([70, 1, {"progress": true}, [1]]));
    assert_eq!(caller.one(), json!([50, 1, {"progress": true}, [1]]));
}

fn registration_meta_api(router: &Router) {
    let [mut client] = join(router);
    let registration = register(&mut client, 1, &json!({}));
    let lookup = json!([48, 2, {}, "wamp.registration.lookup", ["com.p"]]);
    assert_eq!(ask(&mut client, &lookup)[3], json!([registration]));
}

fn registration_revocation(router: &Router) {
    let [mut admin, mut callee] = join(router);
    let registration = register(&mut callee, 1, &json!({}));
    let remove = json!([48, 1, {}, "wamp.registration.remove_callee", [registration, callee.id]]);
    assert_eq!(ask(&mut admin, &remove)[0], 50);
    let revoked = callee.one();
    assert_eq!(
        (&revoked[0], &revoked[1], &revoked[2]["registration"]),
        (&json!(67), &json!(0), &json!(registration))
    );
}

fn shared_registration(router: &Router) {
    let [mut one, mut two] = join(router);
    let options = json!({"invoke": "roundrobin"});
    assert_eq!(register(&mut one, 1, &options), register(&mut two, 1, &options));
}

fn testament_meta_api(router: &Router) {
    let [mut client, mut subscriber] = join(router);
    subscriber.subscribe(1, "com.a");
    let testament = json!([48, 1, {}, "wamp.session.add_testament", ["com.a", [7], {}]]);
    assert_eq!(ask(&mut client, &testament)[0], 50);
    client.lose();
    assert_eq!(subscriber.one()[4], json!([7]));
}
