//! Testaments: what a session leaves to be published when it ends.

use std::time::Duration;

use super::support::caller::Caller;
use super::support::*;
use serde_json::{Value, json};
use wamp_core::{Close, Identity, Limits, MetaApi, Realm, Router, Topic};

const ADD: &str = "wamp.session.add_testament";
const FLUSH: &str = "wamp.session.flush_testaments";

fn router() -> Router {
    router_with(Limits::default())
}

fn router_with(limits: Limits) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open().retained())
        .meta_api(MetaApi::reading().killing());
    Router::builder()
        .realm(realm)
        .handlers([handlers::ALL])
        .limits(limits)
        .build()
        .expect("the declarations are sound")
}

fn caller(router: &Router) -> Caller {
    Caller::of(Client::join(router))
}

/// A subscriber of the topic.
fn listener(router: &Router, topic: &str) -> (Client, u64) {
    let mut client = Client::join(router);
    let id = client.subscribe(1, topic);
    (client, id)
}

#[test]
fn a_testament_is_published_however_the_session_ends_e_13_and_e_14() {
    let router = router();
    let (mut client, id) = listener(&router, "open.a");
    let ends: [fn(&Router, &mut Client); 5] = [
        |_, joe| joe.send(r#"[6,{},"wamp.close.normal"]"#),
        |_, joe| joe.send(r#"[3,{},"wamp.close.normal"]"#),
        |_, joe| joe.lose(),
        |_, joe| joe.send("no JSON"),
        |router, joe| {
            let mut killer = Caller::of(Client::join(router));
            killer.call("wamp.session.kill", json!([joe.id]));
            joe.received();
        },
    ];
    for end in ends {
        let mut joe = caller(&router);
        assert_eq!(joe.call(ADD, json!(["open.a", [1, "x"], {"k": 2}])), Value::Null);
        client.assert_silent();
        end(&router, &mut joe.client);
        let event = client.one();
        assert_eq!(event, json!([36, id, event[2], {}, [1, "x"], {"k": 2}]));
        drop(joe);
        client.assert_silent();
    }
}

#[test]
fn null_arguments_of_a_testament_are_absent_m_01() {
    let router = router();
    let (mut client, id) = listener(&router, "open.a");
    for (args, kwargs, seen) in [
        (json!(null), json!({"k": 2}), json!([[], {"k": 2}])),
        (json!([1]), json!(null), json!([[1]])),
        (json!(null), json!(null), json!([])),
    ] {
        let mut joe = caller(&router);
        joe.call(ADD, json!(["open.a", args, kwargs]));
        joe.client.lose();
        let event = client.one();
        let head = [json!(36), json!(id), event[2].clone(), json!({})];
        let whole: Vec<Value> =
            head.into_iter().chain(seen.as_array().unwrap().iter().cloned()).collect();
        assert_eq!(event, json!(whole));
    }
}

#[test]
fn detached_ones_precede_destroyed_ones_each_in_their_order_e_14_and_e_16() {
    let router = router();
    let (mut client, _) = listener(&router, "open.a");
    let mut joe = caller(&router);
    for (number, scope) in [(1, "destroyed"), (2, "detached"), (3, "destroyed"), (4, "detached")] {
        joe.call_with(ADD, json!(["open.a", [number], {}]), json!({"scope": scope}));
    }
    joe.call(ADD, json!(["open.a", [5], {}]));
    joe.client.lose();
    assert_eq!(arguments(&client.received()), [2, 4, 1, 3, 5]);
}

#[test]
fn the_options_of_a_testament_are_honoured_e_14() {
    let router = router();
    let identity = Identity { authrole: "staff".into(), ..Identity::anonymous() };
    let mut staff = Client::join_as(&router, "realm1", identity);
    staff.subscribe(1, "open.a");
    let (mut other, _) = listener(&router, "open.a");
    let mut joe = caller(&router);
    let session = joe.client.id;
    for (number, options) in [
        (1, json!({"eligible_authrole": ["staff"]})),
        (2, json!({"exclude": [other.id], "acknowledge": true})),
        (3, json!({"eligible": []})),
        (4, json!({"disclose_me": true, "retain": true})),
        (5, json!({"exclude": null})),
    ] {
        joe.call_with(ADD, json!(["open.a", [number], {}]), json!({"publish_options": options}));
    }
    joe.client.lose();
    assert_eq!(arguments(&staff.received()), [1, 2, 4, 5]);
    let heard = other.received();
    assert_eq!(arguments(&heard), [4, 5]);
    assert_eq!(heard[0][3]["publisher"], json!(session));
    let mut late = Client::join(&router);
    late.send(r#"[32,1,{"get_retained":true},"open.a"]"#);
    assert_eq!(arguments(&late.received()), [4]);
}

#[test]
fn flushing_forgets_one_scope_of_the_caller_only_e_15() {
    let router = router();
    let (mut client, _) = listener(&router, "open.a");
    let (mut joe, mut eve) = (caller(&router), caller(&router));
    for (number, scope) in [(1, "destroyed"), (2, "detached")] {
        joe.call_with(ADD, json!(["open.a", [number], {}]), json!({"scope": scope}));
        eve.call_with(ADD, json!(["open.a", [number + 10], {}]), json!({"scope": scope}));
    }
    assert_eq!(joe.call(FLUSH, json!([])), Value::Null);
    assert_eq!(eve.call_with(FLUSH, json!([]), json!({"scope": "detached"})), Value::Null);
    joe.client.lose();
    eve.client.lose();
    assert_eq!(arguments(&client.received()), [2, 11]);
}

#[test]
fn kill_all_publishes_none_e_16_and_k_10() {
    let router = router();
    let mut killer = Caller::of(listener(&router, "open.a").0);
    killer.request = 1;
    let mut joe = caller(&router);
    joe.call(ADD, json!(["open.a", [1], {}]));
    assert_eq!(killer.call("wamp.session.kill_all", json!([])), json!([1]));
    assert_eq!(joe.client.one()[0], 6);
    killer.client.assert_silent();
}

#[test]
fn a_testament_is_authorised_as_a_publication_e_17() {
    let mut joe = caller(&router());
    for (topic, uri) in [
        ("nowhere", "wamp.error.not_authorized"),
        ("pub.staff", "wamp.error.not_authorized"),
        // A handler would have to decide when the session is gone.
        ("pub.accept", "wamp.error.not_authorized"),
        ("wamp.session.on_leave", "wamp.error.invalid_uri"),
        ("a..b", "wamp.error.invalid_uri"),
    ] {
        joe.fails(ADD, json!([topic, [], {}]), json!({}), uri);
    }
}

#[test]
fn where_an_authoriser_decides_about_publications_nothing_is_left_to_be_published_e_17() {
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open())
        .meta_api(MetaApi::reading())
        .authorize(|_| async { Ok(wamp_core::Permission::allow()) });
    let router = Router::builder().realm(realm).handlers([]).build().unwrap();
    caller(&router).fails(ADD, json!(["open.a", [], {}]), json!({}), "wamp.error.not_authorized");
}

#[test]
fn missing_and_wrong_arguments_are_refused_e_13() {
    let mut joe = caller(&router());
    for (args, kwargs) in [
        (json!([]), json!({})),
        (json!(["open.a"]), json!({})),
        (json!(["open.a", []]), json!({})),
        (json!(["open.a", {}, {}]), json!({})),
        (json!(["open.a", [], []]), json!({})),
        (json!([1, [], {}]), json!({})),
        (json!(["open.a", [], {}]), json!({"scope": "x"})),
        (json!(["open.a", [], {}]), json!({"scope": 1})),
        (json!(["open.a", [], {}]), json!({"publish_options": 1})),
        (json!(["open.a", [], {}]), json!({"publish_options": []})),
        (json!(["open.a", [], {}]), json!({"publish_options": {"exclude": "x"}})),
        (json!(["open.a", [], {}]), json!({"publish_options": {"retain": 1}})),
        (json!(["open.a", [], {}]), json!({"x": 1})),
    ] {
        joe.fails(ADD, args, kwargs, "wamp.error.invalid_argument");
    }
    joe.fails(FLUSH, json!([]), json!({"scope": "x"}), "wamp.error.invalid_argument");
    let ppt = json!({"publish_options": {"ppt_scheme": "x_own"}});
    joe.fails(ADD, json!(["open.a", [], {}]), ppt, "wamp.error.feature_not_supported");
}

#[test]
fn the_testaments_of_a_session_are_limited_in_number_and_bytes() {
    let router = router_with(Limits::default().testaments(2).bytes_in_flight(4096));
    let mut joe = caller(&router);
    let long = json!(["open.a", ["x".repeat(2500)], {}]);
    joe.call(ADD, long.clone());
    joe.fails(ADD, long, json!({}), "wamp.error.unavailable");
    joe.call(FLUSH, json!([]));
    joe.call(ADD, json!(["open.a", [], {}]));
    joe.call(ADD, json!(["open.a", [], {}]));
    joe.fails(ADD, json!(["open.a", [], {}]), json!({}), "wamp.error.unavailable");
    joe.call(FLUSH, json!([]));
    joe.call(ADD, json!(["open.a", [], {}]));
}

#[test]
fn testaments_are_announced_where_the_meta_api_is_and_precede_the_leaving_k_11() {
    let router = router();
    let features =
        Client::connect(&router).ask(hello("realm1"))[2]["roles"]["dealer"]["features"].clone();
    assert_eq!(features["testament_meta_api"], true);
    let (mut client, id) = listener(&router, "open.a");
    let leave = client.subscribe(2, "wamp.session.on_leave");
    let mut joe = caller(&router);
    joe.call(ADD, json!(["open.a", [1], {}]));
    joe.client.lose();
    let order: Vec<_> = client.received().iter().map(|event| event[1].clone()).collect();
    assert_eq!(order, [id, leave]);
}

/// A subscriber's queue holds 64 KiB, and 128 KiB at its peak; a round is 1 KiB.
fn small_queues() -> Limits {
    Limits::default().queued_bytes(64 << 10).queued_bytes_peak(128 << 10)
}

/// A session that leaves testaments of so many bytes, which say its number and their own.
fn leaver(router: &Router, number: usize, testaments: usize, bytes: usize) -> Client {
    let mut leaver = caller(router);
    for testament in 0..testaments {
        leaver.call(ADD, json!(["open.a", [[number, testament], "x".repeat(bytes)], {}]));
    }
    leaver.client
}

/// One turn of a client that takes what it is sent, or does not, and a millisecond.
fn turn(client: &mut Client, reads: bool) -> (bool, Vec<Value>) {
    let was_due = client.poll_once();
    let messages = if reads { client.ready() } else { Vec::new() };
    client.advance(Duration::from_millis(1));
    (was_due, messages)
}

/// Returns what the first client, which reads, gets until no client has anything to do any more.
fn turns(clients: &mut [Client]) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut idle = 0;
    while idle < 100 {
        idle += 1;
        for (number, client) in clients.iter_mut().enumerate() {
            let (was_due, mut taken) = turn(client, number == 0);
            idle = if was_due { 0 } else { idle };
            messages.append(&mut taken);
        }
    }
    messages
}

/// Everything of each that has left, in its order.
fn assert_complete(messages: &[Value], leavers: usize, testaments: usize) {
    let heard = arguments(messages);
    assert_eq!(heard.len(), leavers * testaments);
    for leaver in 0..leavers {
        let of_one: Vec<_> =
            heard.iter().filter(|heard| heard[0] == leaver).map(|heard| &heard[1]).collect();
        assert_eq!(
            of_one,
            (0..testaments).map(Value::from).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
}

/// Twenty times as much as a queue may hold.
#[test]
fn a_subscriber_that_reads_gets_the_testaments_of_all_that_leave_at_once_e_14() {
    let router = router_with(small_queues());
    let mut clients = vec![listener(&router, "open.a").0];
    let leavers: Vec<_> = (0..20).map(|number| leaver(&router, number, 60, 1000)).collect();
    leavers.into_iter().for_each(|mut leaver| leaver.lose());
    assert_complete(&turns(&mut clients), 20, 60);
    assert_eq!(clients[0].close(), None);
}

#[test]
fn a_subscriber_that_does_not_read_keeps_no_other_from_testaments_e_14() {
    let router = router_with(small_queues());
    let mut clients: Vec<_> = (0..4).map(|_| listener(&router, "open.a").0).collect();
    let leavers: Vec<_> = (0..20).map(|number| leaver(&router, number, 60, 1000)).collect();
    leavers.into_iter().for_each(|mut leaver| leaver.lose());
    assert_complete(&turns(&mut clients), 20, 60);
    assert_eq!(clients[0].close(), None);
    assert!(clients[1..].iter().all(|client| client.close() == Some(Close::TooSlow)));
}

/// Not after the first of those who leave much.
#[test]
fn a_small_testament_does_not_wait_for_those_of_others_e_14() {
    let router = router_with(small_queues());
    let mut clients = vec![listener(&router, "open.a").0];
    for (number, testaments) in [(0, 60), (1, 60), (2, 1)] {
        leaver(&router, number, testaments, 1000).lose();
    }
    let heard = arguments(&turns(&mut clients));
    assert_eq!(heard.len(), 121);
    let place = heard.iter().position(|heard| heard[0] == 2).unwrap();
    assert!(place < 8, "{place}");
}

#[test]
fn others_are_told_that_a_session_has_left_after_the_last_of_its_testaments_k_02() {
    let router = router_with(small_queues());
    let (mut client, id) = listener(&router, "open.a");
    let leave = client.subscribe(2, "wamp.session.on_leave");
    let mut leavers: Vec<_> = (0..3).map(|number| leaver(&router, number, 20, 1000)).collect();
    let ids: Vec<_> = leavers.iter().map(|leaver| leaver.id).collect();
    leavers.iter_mut().for_each(Client::lose);
    let messages = turns(&mut [client]);
    assert_eq!(messages.len(), 63);
    for (number, left) in ids.iter().enumerate() {
        let place = |message: &Value| match message[1] == leave {
            true => message[4][0] == *left,
            false => message[1] == id && message[4][0] == json!([number, 19]),
        };
        let places: Vec<_> =
            messages.iter().filter(|message| place(message)).map(|message| &message[1]).collect();
        assert_eq!(places, [&json!(id), &json!(leave)]);
    }
}

/// The session that goes on with them leaves, too.
#[test]
fn all_testaments_are_published_whichever_session_leaves_meanwhile_e_14() {
    let router = router_with(small_queues());
    let mut clients = vec![listener(&router, "open.a").0];
    clients.extend((0..8).map(|_| Client::join(&router)));
    leaver(&router, 0, 60, 1000).lose();
    let mut messages = Vec::new();
    while let [_, _, ..] = &clients[..] {
        for client in &mut clients {
            messages.append(&mut turn(client, true).1);
        }
        drop(clients.pop());
    }
    assert!(arguments(&messages).len() < 60, "some are left");
    messages.append(&mut turns(&mut clients));
    assert_complete(&messages, 1, 60);
}

#[test]
fn when_the_last_session_leaves_its_testaments_are_published_at_once_e_14() {
    let router = router_with(small_queues());
    let mut joe = caller(&router);
    let retain = json!({"publish_options": {"retain": true}});
    for number in 0..60 {
        joe.call_with(
            ADD,
            json!([format!("open.{number}"), [number, "x".repeat(1000)], {}]),
            retain.clone(),
        );
    }
    drop(joe);
    let mut late = Client::join(&router);
    for number in 0..60 {
        late.send(format!(r#"[32,{},{{"get_retained":true}},"open.{number}"]"#, number + 1));
        assert_eq!(arguments(&late.received()), [number]);
    }
}

/// Testaments that wait leave half of the room for events.
#[test]
fn testaments_wait_for_their_turn_up_to_half_of_what_may_be_queued_for_all_e_14() {
    let bytes = 2 * 3000;
    for (total, at_once) in [(2 * (bytes - 1), 2), (2 * (bytes + 500), 1)] {
        let router = router_with(small_queues().queued_bytes_total(total));
        let (mut client, _) = listener(&router, "open.a");
        leaver(&router, 0, 2, 3000).lose();
        client.poll_woken();
        assert_eq!(arguments(&client.ready()).len(), at_once);
        assert_eq!(arguments(&turns(&mut [client])).len(), 2 - at_once);
    }
}
