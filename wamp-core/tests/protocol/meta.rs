//! The meta API: what clients are told about sessions, registrations and subscriptions, and who may
//! end them.

use super::support::caller::Caller;
use super::support::*;
use serde_json::{Value, json};
use wamp_core::__private::HandlerEntry;
use wamp_core::{Close, Identity, MetaApi, Realm, Router, Topic};

static HANDLERS: &[HandlerEntry] = &[
    handlers::rpc("test.b", handlers::nothing),
    handlers::rpc("test.item.{name}", handlers::nothing),
    handlers::rpc("test.{rest..}", handlers::nothing),
    handlers::subscribe("gated.{name}", handlers::gated),
];

fn router() -> Router {
    router_of(MetaApi::reading().killing())
}

fn router_of(api: MetaApi) -> Router {
    handlers::reset();
    let realm = |name: &str| Realm::new(name).topic("a.{rest..}", Topic::open());
    Router::builder()
        .realm(realm("realm1").meta_api(api.clone()))
        .realm(realm("realm2").meta_api(api))
        .realm(realm("quiet"))
        .handlers([HANDLERS])
        .build()
        .expect("the declarations are sound")
}

fn with(router: &Router, authid: &str, authrole: &str) -> Client {
    let identity =
        Identity { authid: authid.into(), authrole: authrole.into(), ..Identity::anonymous() };
    Client::join_as(router, "realm1", identity)
}

fn calling(router: &Router) -> Caller {
    Caller::of(with(router, "caller", "admin"))
}

/// Subscribes to these topics; their ids.
fn watch<const N: usize>(client: &mut Client, topics: [&str; N]) -> [u64; N] {
    let mut request = 0;
    topics.map(|topic| {
        request += 1;
        client.subscribe(request, topic)
    })
}

/// Returns the subscription and the arguments of each event.
fn seen(client: &mut Client) -> Vec<Value> {
    client.received().into_iter().map(|event| json!([event[1], event[4]])).collect()
}

const INVALID: &str = "wamp.error.invalid_argument";
const NO_SESSION: &str = "wamp.error.no_such_session";

// Sessions.

#[test]
fn the_joining_of_a_session_is_published_k_01() {
    let router = router();
    let mut client = Client::join(&router);
    let [id] = watch(&mut client, ["wamp.session.on_join"]);
    let joe = with(&router, "joe", "staff");
    let details = json!({
        "session": joe.id, "authid": "joe", "authrole": "staff",
        "authmethod": "anonymous", "authprovider": "static",
    });
    assert_eq!(seen(&mut client), [json!([id, [details]])]);
}

#[test]
fn the_leaving_of_a_session_is_published_however_it_ends_k_02() {
    let router = router();
    let mut client = Client::join(&router);
    let [id] = watch(&mut client, ["wamp.session.on_leave"]);
    let ends: [fn(&Router, &mut Client); 5] = [
        |_, joe| joe.send(r#"[6,{},"wamp.close.normal"]"#),
        |_, joe| joe.send(r#"[3,{},"wamp.close.normal"]"#),
        |_, joe| joe.lose(),
        |_, joe| joe.send("no JSON"),
        |router, joe| {
            calling(router).call("wamp.session.kill", json!([joe.id]));
            joe.received();
        },
    ];
    for end in ends {
        let mut joe = with(&router, "joe", "staff");
        client.assert_silent();
        end(&router, &mut joe);
        assert!(seen(&mut client).contains(&json!([id, [joe.id, "joe", "staff"]])));
    }
}

#[test]
fn sessions_are_counted_and_listed_the_caller_among_them_k_03_and_k_04() {
    let router = router();
    let mut caller = calling(&router);
    let (joe, eve) = (with(&router, "joe", "staff"), with(&router, "eve", "guest"));
    let mut all = vec![caller.client.id, joe.id, eve.id];
    all.sort_unstable();
    for (filter, expected) in [
        (json!([]), all.clone()),
        (json!([null]), all),
        (json!([["staff"]]), vec![joe.id]),
        (json!([["staff", "nobody"]]), vec![joe.id]),
        (json!([["nobody"]]), vec![]),
        (json!([[]]), vec![]),
    ] {
        assert_eq!(
            caller.call("wamp.session.count", filter.clone()),
            json!([expected.len()]),
            "{filter}"
        );
        assert_eq!(caller.call("wamp.session.list", filter.clone()), json!([expected]), "{filter}");
    }
    assert_eq!(
        caller.call_with("wamp.session.count", json!([]), json!({"filter_authroles": []})),
        json!([0])
    );
    drop(joe);
    assert_eq!(caller.call("wamp.session.count", json!([])), json!([2]));
}

#[test]
fn sessions_of_another_realm_are_not_there_u_09() {
    let router = router();
    let mut caller = calling(&router);
    let mut stranger = Client::join_in(&router, "realm2");
    let [id] = watch(&mut caller.client, ["wamp.session.on_join"]);
    caller.request = 1;
    Client::join_in(&router, "realm2");
    caller.client.assert_silent();
    assert!(id > 0);
    assert_eq!(caller.call("wamp.session.list", json!([])), json!([[caller.client.id]]));
    caller.fails("wamp.session.get", json!([stranger.id]), json!({}), NO_SESSION);
    caller.fails("wamp.session.kill", json!([stranger.id]), json!({}), NO_SESSION);
    assert_eq!(caller.call("wamp.session.kill_all", json!([])), json!([0]));
    stranger.assert_silent();
}

#[test]
fn a_session_is_described_as_when_it_joined_k_05() {
    let router = router();
    let mut caller = calling(&router);
    let joe = with(&router, "joe", "staff");
    let details = json!([{
        "session": joe.id, "authid": "joe", "authrole": "staff",
        "authmethod": "anonymous", "authprovider": "static",
    }]);
    assert_eq!(caller.call("wamp.session.get", json!([joe.id])), details);
    assert_eq!(caller.call("wamp.session.get", json!([joe.id as f64])), details);
    drop(joe);
    for id in [1, 0, 1_u64 << 60] {
        caller.fails("wamp.session.get", json!([id]), json!({}), NO_SESSION);
    }
}

#[test]
fn a_killed_session_gets_goodbye_k_06() {
    let router = router();
    let mut caller = calling(&router);
    for (kwargs, details, reason) in [
        (json!({}), json!({}), "wamp.close.killed"),
        (json!({"reason": null}), json!({}), "wamp.close.killed"),
        (json!({"reason": "com.example.bye"}), json!({}), "com.example.bye"),
        (json!({"message": "go away"}), json!({"message": "go away"}), "wamp.close.killed"),
    ] {
        let mut joe = Client::join(&router);
        assert_eq!(caller.call_with("wamp.session.kill", json!([joe.id]), kwargs), Value::Null);
        assert_eq!(joe.one(), json!([6, details, reason]));
        joe.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#);
        joe.assert_silent();
        assert_eq!(joe.close(), Some(Close::Normal));
        assert_eq!(caller.call("wamp.session.count", json!([])), json!([1]));
    }
}

#[test]
fn no_caller_kills_itself_or_an_absent_session_or_for_no_reason_k_07() {
    let router = router();
    let mut caller = calling(&router);
    let mut joe = Client::join(&router);
    let own = caller.client.id;
    for id in [own, 1] {
        caller.fails("wamp.session.kill", json!([id]), json!({}), NO_SESSION);
    }
    for reason in ["", "a..b", "a b"] {
        for (procedure, args) in [
            ("wamp.session.kill", json!([joe.id])),
            ("wamp.session.kill_by_authid", json!(["x"])),
            ("wamp.session.kill_by_authrole", json!(["anonymous"])),
            ("wamp.session.kill_all", json!([])),
        ] {
            caller.fails(procedure, args, json!({"reason": reason}), "wamp.error.invalid_uri");
        }
    }
    joe.assert_silent();
    caller.client.assert_silent();
}

#[test]
fn sessions_are_killed_by_authid_and_authrole_but_the_caller_k_08_and_k_09() {
    let router = router();
    let mut caller = Caller::of(with(&router, "joe", "staff"));
    let (mut joe, mut eve) = (with(&router, "joe", "guest"), with(&router, "eve", "staff"));
    assert_eq!(caller.call("wamp.session.kill_by_authid", json!(["nobody"])), json!([[]]));
    assert_eq!(caller.call("wamp.session.kill_by_authid", json!(["joe"])), json!([[joe.id]]));
    assert_eq!(joe.one(), json!([6, {}, "wamp.close.killed"]));
    eve.assert_silent();
    let kwargs = json!({"reason": "a.b", "message": "bye"});
    assert_eq!(
        caller.call_with("wamp.session.kill_by_authrole", json!(["staff"]), kwargs),
        json!([1])
    );
    assert_eq!(eve.one(), json!([6, {"message": "bye"}, "a.b"]));
    assert_eq!(caller.call("wamp.session.count", json!([])), json!([1]));
}

#[test]
fn all_sessions_are_killed_but_the_caller_and_none_is_told_k_10() {
    let router = router();
    let mut caller = calling(&router);
    watch(
        &mut caller.client,
        [
            "wamp.session.on_leave",
            "wamp.subscription.on_unsubscribe",
            "wamp.subscription.on_delete",
        ],
    );
    caller.request = 3;
    let (mut joe, mut eve) = (Client::join(&router), Client::join(&router));
    joe.subscribe(1, "a.b");
    assert_eq!(caller.call("wamp.session.kill_all", json!([])), json!([2]));
    for victim in [&mut joe, &mut eve] {
        assert_eq!(victim.one(), json!([6, {}, "wamp.close.killed"]));
    }
    caller.client.assert_silent();
    assert_eq!(caller.call("wamp.session.count", json!([])), json!([1]));
}

// Roles that may use it.

#[test]
fn killing_is_granted_apart_from_reading_k_10() {
    let router = router_of(MetaApi::reading().killing_for(["admin"]));
    let (mut reader, mut killer) = (Caller::of(with(&router, "joe", "guest")), calling(&router));
    assert_eq!(reader.call("wamp.session.count", json!([])), json!([2]));
    for (procedure, args) in [
        ("wamp.session.kill", json!([killer.client.id])),
        ("wamp.session.kill_by_authid", json!(["caller"])),
        ("wamp.session.kill_by_authrole", json!(["admin"])),
        ("wamp.session.kill_all", json!([])),
    ] {
        reader.fails(procedure, args, json!({}), "wamp.error.not_authorized");
    }
    killer.client.assert_silent();
    assert_eq!(killer.call("wamp.session.kill_all", json!([])), json!([1]));
}

#[test]
fn reading_is_granted_by_role() {
    let router = router_of(MetaApi::reading_for(["admin"]));
    let (mut guest, mut admin) = (Caller::of(with(&router, "joe", "guest")), calling(&router));
    guest.fails("wamp.session.count", json!([]), json!({}), "wamp.error.not_authorized");
    let refused = guest.client.ask(r#"[32,2,{},"wamp.session.on_join"]"#);
    assert_error(&refused, 32, 2, "wamp.error.not_authorized");
    assert_eq!(admin.call("wamp.session.count", json!([])), json!([2]));
    admin.client.subscribe(2, "wamp.session.on_join");
    let refused = admin.client.ask(r#"[48,3,{},"wamp.session.kill_all"]"#);
    assert_error(&refused, 48, 3, "wamp.error.not_authorized");
}

#[test]
fn without_the_meta_api_its_procedures_do_not_exist_and_its_topics_are_closed() {
    let router = router();
    let mut client = Client::join_in(&router, "quiet");
    for (request, procedure) in
        (1..).zip(["wamp.session.count", "wamp.session.kill_all", "wamp.registration.list"])
    {
        let answer = client.ask(format!(r#"[48,{request},{{}},"{procedure}"]"#));
        assert_error(&answer, 48, request, "wamp.error.no_such_procedure");
    }
    let answer = client.ask(r#"[32,4,{},"wamp.session.on_join"]"#);
    assert_error(&answer, 32, 4, "wamp.error.not_authorized");
}

#[test]
fn the_meta_api_is_announced_where_it_is_s_04_and_s_05() {
    let router = router();
    for (realm, is_there) in [("realm1", json!(true)), ("quiet", Value::Null)] {
        let roles = Client::connect(&router).ask(hello(realm))[2]["roles"].clone();
        for (role, feature) in [
            ("broker", "session_meta_api"),
            ("broker", "subscription_meta_api"),
            ("dealer", "session_meta_api"),
            ("dealer", "registration_meta_api"),
        ] {
            assert_eq!(roles[role]["features"][feature], is_there, "{realm} {role} {feature}");
        }
    }
}

#[test]
fn an_unknown_procedure_under_wamp_is_none_though_a_pattern_of_the_application_has_all_u_08() {
    let router = router();
    let mut caller = calling(&router);
    for procedure in ["wamp.foo", "wamp", "wamp.session", "wamp.session.count.x"] {
        caller.fails(procedure, json!([]), json!({}), "wamp.error.no_such_procedure");
    }
    caller.fails("wamp..session", json!([]), json!({}), "wamp.error.invalid_uri");
    for (request, topic) in (6..).zip(["wamp.foo", "wamp.session", "wamp.session.on_join.x"]) {
        let answer = caller.client.ask(format!(r#"[32,{request},{{}},"{topic}"]"#));
        assert_error(&answer, 32, request, "wamp.error.not_authorized");
    }
}

#[test]
fn meta_events_cannot_be_forged_and_show_no_publisher_k_40_and_u_06() {
    let router = router();
    let mut client = Client::join(&router);
    let [id] = watch(&mut client, ["wamp.session.on_leave"]);
    let mut forger = Client::join(&router);
    for (request, options) in
        (1..).zip([r#"{"acknowledge":true}"#, r#"{"acknowledge":true,"disclose_me":true}"#])
    {
        let refused =
            forger.ask(format!(r#"[16,{request},{options},"wamp.session.on_leave",[1]]"#));
        assert_error(&refused, 16, request, "wamp.error.invalid_uri");
    }
    assert!(router.realm("realm1").unwrap().publish("wamp.session.on_leave").send().is_err());
    client.assert_silent();
    forger.lose();
    let event = client.one();
    assert_eq!((&event[1], &event[3]), (&json!(id), &json!({})));
}

#[test]
fn arguments_that_are_missing_or_wrong_or_too_many_are_refused() {
    let router = router();
    let mut caller = calling(&router);
    let session = caller.client.id;
    for (procedure, args, kwargs) in [
        ("wamp.session.count", json!(["staff"]), json!({})),
        ("wamp.session.count", json!([[1]]), json!({})),
        ("wamp.session.list", json!([[], 1]), json!({})),
        ("wamp.session.get", json!([]), json!({})),
        ("wamp.session.get", json!(["x"]), json!({})),
        ("wamp.session.get", json!([1.5]), json!({})),
        ("wamp.session.get", json!([session, 1]), json!({})),
        ("wamp.session.get", json!([session]), json!({"x": 1})),
        ("wamp.session.kill", json!([]), json!({})),
        ("wamp.session.kill", json!([1]), json!({"reason": 1})),
        ("wamp.session.kill", json!([1]), json!({"message": 1})),
        ("wamp.session.kill_by_authid", json!([]), json!({})),
        ("wamp.session.kill_by_authid", json!([1]), json!({})),
        ("wamp.session.kill_by_authrole", json!([["x"]]), json!({})),
        ("wamp.session.kill_all", json!([]), json!({"x": 1})),
        ("wamp.registration.list", json!([1]), json!({})),
        ("wamp.registration.lookup", json!([]), json!({})),
        ("wamp.registration.lookup", json!(["a", {"match": "x"}]), json!({})),
        ("wamp.registration.match", json!([1]), json!({})),
        ("wamp.registration.get", json!([]), json!({})),
        ("wamp.registration.list_callees", json!(["1"]), json!({})),
        ("wamp.registration.count_callees", json!([1, 2]), json!({})),
        ("wamp.subscription.list", json!([1]), json!({})),
        ("wamp.subscription.lookup", json!([1]), json!({})),
        ("wamp.subscription.lookup", json!(["a", 1]), json!({})),
        ("wamp.subscription.match", json!([]), json!({})),
        ("wamp.subscription.get", json!([null]), json!({})),
        ("wamp.subscription.list_subscribers", json!([]), json!({})),
        ("wamp.subscription.count_subscribers", json!(["x"]), json!({})),
    ] {
        caller.fails(procedure, args, kwargs, INVALID);
    }
}

// Registrations.

#[test]
fn the_procedures_of_the_application_are_listed_and_those_of_the_router_are_not_k_21_and_k_27() {
    let mut caller = calling(&router());
    let lists = json!([{"exact": [1], "prefix": [3], "wildcard": [2]}]);
    assert_eq!(caller.call("wamp.registration.list", json!([])), lists);
    let empty =
        Router::builder().realm(Realm::new("realm1").meta_api(MetaApi::reading())).handlers([]);
    let mut caller = calling(&empty.build().unwrap());
    let lists = json!([{"exact": [], "prefix": [], "wildcard": []}]);
    assert_eq!(caller.call("wamp.registration.list", json!([])), lists);
}

#[test]
fn a_registration_is_found_by_its_pattern_and_by_what_it_answers_k_22_and_k_23() {
    let mut caller = calling(&router());
    for (args, expected) in [
        (json!(["test.b"]), json!(1)),
        (json!(["test.b", {}]), json!(1)),
        (json!(["test.b", {"match": "exact"}]), json!(1)),
        (json!(["test.", {"match": "prefix"}]), json!(3)),
        (json!(["test.item.", {"match": "wildcard"}]), json!(2)),
        (json!(["test."]), Value::Null),
        (json!(["test.b", {"match": "prefix"}]), Value::Null),
        (json!(["wamp.session.count"]), Value::Null),
    ] {
        assert_eq!(
            caller.call("wamp.registration.lookup", args.clone()),
            json!([expected]),
            "{args}"
        );
    }
    for (uri, expected) in [
        ("test.b", json!(1)),
        ("test.c", json!(3)),
        ("nowhere", Value::Null),
        ("wamp.x", Value::Null),
    ] {
        assert_eq!(
            caller.call("wamp.registration.match", json!([uri])),
            json!([expected]),
            "{uri}"
        );
    }
}

#[test]
fn to_k_26_a_registration_of_the_application_is_described_and_has_no_callees_k_24() {
    let mut caller = calling(&router());
    let details = caller.call("wamp.registration.get", json!([2]));
    let created = details[0]["created"].clone();
    let expected = json!([{
        "id": 2, "created": created, "uri": "test.item.", "match": "wildcard", "invoke": "single",
    }]);
    assert_eq!(details, expected);
    assert_rfc_3339(&created);
    assert_eq!(caller.call("wamp.registration.list_callees", json!([2])), json!([[]]));
    assert_eq!(caller.call("wamp.registration.count_callees", json!([2])), json!([0]));
    for procedure in ["get", "list_callees", "count_callees"] {
        let procedure = format!("wamp.registration.{procedure}");
        caller.fails(&procedure, json!([99]), json!({}), "wamp.error.no_such_registration");
    }
}

#[track_caller]
fn assert_rfc_3339(time: &Value) {
    let text = time.as_str().expect("a timestamp is a string");
    assert!(text.starts_with("20") && text.ends_with('Z') && text.as_bytes()[10] == b'T', "{text}");
}

// Subscriptions.

const EVENTS: [&str; 4] = [
    "wamp.subscription.on_create",
    "wamp.subscription.on_subscribe",
    "wamp.subscription.on_unsubscribe",
    "wamp.subscription.on_delete",
];

#[test]
fn subscriptions_are_created_subscribed_unsubscribed_and_deleted_in_this_order_k_30() {
    let router = router();
    let mut client = Client::join(&router);
    let [create, subscribe, unsubscribe, delete] = watch(&mut client, EVENTS);
    let (mut joe, mut eve) = (Client::join(&router), Client::join(&router));
    let id = joe.subscribe(1, "a.b");
    eve.subscribe(1, "a.b");
    joe.subscribe(2, "a.b");
    let created = client.received();
    let details = &created[0][4][1];
    assert_eq!(
        details,
        &json!({"id": id, "created": details["created"], "uri": "a.b", "match": "exact"})
    );
    assert_rfc_3339(&details["created"]);
    let events: Vec<_> = created.iter().map(|event| json!([event[1], event[4][0]])).collect();
    let expected =
        [json!([create, joe.id]), json!([subscribe, joe.id]), json!([subscribe, eve.id])];
    assert_eq!(events, expected);
    assert_eq!(created[1][4], json!([joe.id, id]));
    joe.ask(format!("[34,3,{id}]"));
    eve.ask(format!("[34,2,{id}]"));
    assert_eq!(
        seen(&mut client),
        [
            json!([unsubscribe, [joe.id, id]]),
            json!([unsubscribe, [eve.id, id]]),
            json!([delete, [eve.id, id]])
        ]
    );
}

#[test]
fn a_session_that_leaves_is_unsubscribed_first_k_30() {
    let router = router();
    let mut client = Client::join(&router);
    let [unsubscribe, delete, leave] =
        watch(&mut client, [EVENTS[2], EVENTS[3], "wamp.session.on_leave"]);
    let mut joe = with(&router, "joe", "staff");
    let id = joe.subscribe(1, "a.b");
    joe.lose();
    assert_eq!(
        seen(&mut client),
        [
            json!([unsubscribe, [joe.id, id]]),
            json!([delete, [joe.id, id]]),
            json!([leave, [joe.id, "joe", "staff"]])
        ]
    );
}

#[test]
fn a_subscription_that_is_not_decided_or_refused_has_no_subscriber_k_30() {
    let router = router();
    let mut caller = calling(&router);
    let [create, subscribe, ..] = watch(&mut caller.client, EVENTS);
    caller.request = 4;
    let mut joe = Client::join(&router);
    joe.send(r#"[32,1,{},"gated.a"]"#);
    assert_eq!(caller.call("wamp.subscription.lookup", json!(["gated.a"])), json!([null]));
    handlers::refuse("gated.a");
    joe.one();
    caller.client.assert_silent();
    joe.send(r#"[32,2,{},"gated.a"]"#);
    joe.assert_silent();
    handlers::open("gated.a");
    let id = subscribed(&joe.one(), 2);
    let events: Vec<_> = caller.client.received().iter().map(|event| event[1].clone()).collect();
    assert_eq!(events, [create, subscribe]);
    assert_eq!(caller.call("wamp.subscription.lookup", json!(["gated.a"])), json!([id]));
}

#[test]
fn subscriptions_under_wamp_make_no_events_and_are_not_listed_k_38() {
    let router = router();
    let mut caller = calling(&router);
    watch(&mut caller.client, EVENTS);
    caller.request = 4;
    let mut joe = Client::join(&router);
    let id = joe.subscribe(1, "wamp.session.on_join");
    joe.ask(format!("[34,2,{id}]"));
    joe.subscribe(3, "wamp.session.on_join");
    joe.lose();
    caller.client.assert_silent();
    let lists = json!([{"exact": [], "prefix": [], "wildcard": []}]);
    assert_eq!(caller.call("wamp.subscription.list", json!([])), lists);
}

#[test]
fn to_k_33_subscriptions_are_listed_looked_up_and_matched_k_31() {
    let router = router();
    let mut caller = calling(&router);
    let mut joe = Client::join(&router);
    let exact = joe.subscribe(1, "a.b");
    let prefix = subscribed(&joe.ask(r#"[32,2,{"match":"prefix"},"a."]"#), 2);
    let wildcard = subscribed(&joe.ask(r#"[32,3,{"match":"wildcard"},"a..c"]"#), 3);
    let lists = json!([{"exact": [exact], "prefix": [prefix], "wildcard": [wildcard]}]);
    assert_eq!(caller.call("wamp.subscription.list", json!([])), lists);
    for (args, expected) in [
        (json!(["a.b"]), json!(exact)),
        (json!(["a.", {"match": "prefix"}]), json!(prefix)),
        (json!(["a..c", {"match": "wildcard"}]), json!(wildcard)),
        (json!(["a.b", {"match": "prefix"}]), Value::Null),
        (json!(["a.x"]), Value::Null),
    ] {
        assert_eq!(
            caller.call("wamp.subscription.lookup", args.clone()),
            json!([expected]),
            "{args}"
        );
    }
    for (topic, expected) in
        [("a.b", json!([exact, prefix])), ("a.b.c", json!([prefix, wildcard])), ("b", Value::Null)]
    {
        assert_eq!(
            caller.call("wamp.subscription.match", json!([topic])),
            json!([expected]),
            "{topic}"
        );
    }
}

#[test]
fn to_k_36_a_subscription_is_described_with_its_subscribers_k_34() {
    let router = router();
    let mut caller = calling(&router);
    let (mut joe, mut eve) = (Client::join(&router), Client::join(&router));
    let id = subscribed(&joe.ask(r#"[32,1,{"match":"prefix"},"a."]"#), 1);
    eve.ask(r#"[32,1,{"match":"prefix"},"a."]"#);
    let details = caller.call("wamp.subscription.get", json!([id]));
    let created = details[0]["created"].clone();
    assert_eq!(details, json!([{"id": id, "created": created, "uri": "a.", "match": "prefix"}]));
    assert_eq!(
        caller.call("wamp.subscription.list_subscribers", json!([id])),
        json!([[joe.id, eve.id]])
    );
    assert_eq!(caller.call("wamp.subscription.count_subscribers", json!([id])), json!([2]));
    joe.lose();
    assert_eq!(caller.call("wamp.subscription.list_subscribers", json!([id])), json!([[eve.id]]));
    eve.lose();
    for procedure in ["get", "list_subscribers", "count_subscribers"] {
        let procedure = format!("wamp.subscription.{procedure}");
        caller.fails(&procedure, json!([id]), json!({}), "wamp.error.no_such_subscription");
    }
}
