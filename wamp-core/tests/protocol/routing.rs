//! Procedures that clients register for each other.

use std::collections::HashSet;
use std::time::Duration;

use super::support::{self, Client, assert_error, handlers, id, welcomed};
use serde_json::{Value, json};
use wamp_core::{Close, Identity, Limits, Realm, Router, Serializer};

/// The features that callees of these tests announce, if the test does not say otherwise.
const ALL: &[&str] = &[
    "call_canceling",
    "call_timeout",
    "progressive_call_results",
    "progressive_call_invocations",
    "payload_passthru_mode",
    "registration_revocation",
];

const SEALED: &str = r#"["\u0000EOP/kFMHXFJvX8BtT+N82w=="]"#;

fn router() -> Router {
    router_with(Limits::default())
}

fn router_with(limits: Limits) -> Router {
    handlers::reset();
    Router::builder()
        .realm(Realm::new("realm1").route_clients(true))
        .realm(Realm::new("realm2").route_clients(true).disclosure(false))
        .realm(Realm::new("closed"))
        .realm(Realm::new("strict").route_clients(true).strict_request_ids(true))
        .handlers([handlers::ALL])
        .limits(limits)
        .build()
        .expect("the handlers of the tests are sound")
}

fn join(router: &Router, realm: &str, features: &[&str]) -> Client {
    join_by(router, support::wire::serializer(), realm, features)
}

fn join_by(router: &Router, serializer: Serializer, realm: &str, features: &[&str]) -> Client {
    let features: Value = features.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
    let role = json!({ "features": features });
    let roles = json!({"caller": role, "callee": role, "publisher": role, "subscriber": role});
    let mut client = Client::connect_in(router, Identity::anonymous(), serializer);
    let welcome = client.ask(json!([1, realm, {"roles": roles}]).to_string());
    client.id = welcomed(&welcome);
    client
}

fn pair(router: &Router) -> (Client, Client) {
    (join(router, "realm1", ALL), join(router, "realm1", ALL))
}

/// Registers a procedure; the registration's id.
#[track_caller]
fn register(callee: &mut Client, request: u64, options: &Value, procedure: &str) -> u64 {
    let answer = callee.ask(json!([64, request, options, procedure]).to_string());
    assert_eq!((&answer[0], &answer[1]), (&json!(65), &json!(request)), "{answer}");
    id(&answer[2])
}

fn call(caller: &mut Client, request: u64, options: &Value, procedure: &str) {
    caller.send(json!([48, request, options, procedure, [request]]).to_string());
}

#[test]
fn c_08_a_call_reaches_the_callee_and_its_answer_the_caller() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let registration = register(&mut callee, 1, &json!({}), "com.p");
    caller.send(r#"[48,1,{},"com.p",["hi",1.0],{"k":null}]"#);
    // C-13: Details are empty.
    assert_eq!(callee.one(), json!([68, 1, registration, {}, ["hi", 1.0], {"k": null}]));
    caller.assert_silent();
    callee.send(r#"[70,1,{},[],{"x":1}]"#);
    callee.assert_silent();
    assert_eq!(caller.one(), json!([50, 1, {}, [], {"x": 1}]));
}

#[test]
fn c_08_an_error_of_the_callee_is_the_callers() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    callee.send(r#"[8,68,1,{"x":1},"com.error",["why"],{"code":7}]"#);
    callee.assert_silent();
    assert_eq!(caller.one(), json!([8, 48, 1, {}, "com.error", ["why"], {"code": 7}]));
}

#[test]
fn c_12_a_session_may_call_what_it_registered_itself() {
    let mut client = join(&router(), "realm1", ALL);
    let registration = register(&mut client, 1, &json!({}), "com.p");
    call(&mut client, 2, &json!({}), "com.p");
    assert_eq!(client.one(), json!([68, 1, registration, {}, [2]]));
    assert_eq!(client.ask("[70,1,{},[3]]"), json!([50, 2, {}, [3]]));
}

#[test]
fn r_02_r_03_r_07_a_procedure_has_one_registration_until_that_ends() {
    let router = router();
    let (mut one, mut two) = pair(&router);
    let registration = register(&mut one, 1, &json!({}), "com.p");
    let taken = "wamp.error.procedure_already_exists";
    assert_error(&one.ask(r#"[64,2,{},"com.p"]"#), 64, 2, taken);
    assert_error(&two.ask(r#"[64,1,{},"com.p"]"#), 64, 1, taken);
    assert_error(&two.ask(r#"[64,2,{},"test.add"]"#), 64, 2, taken);
    assert_error(&two.ask(r#"[64,3,{"match":"wildcard"},"test.item."]"#), 64, 3, taken);
    // H-07
    register(&mut two, 4, &json!({"match": "prefix"}), "com.p");
    assert_eq!(one.ask(format!("[66,3,{registration}]")), json!([67, 3]));
    register(&mut two, 5, &json!({}), "com.p");
    two.lose();
    register(&mut one, 4, &json!({}), "com.p");
}

#[test]
fn r_03_a_call_of_a_registration_that_has_ended_finds_no_procedure_and_one_at_work_goes_on() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let registration = register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.send(format!("[66,2,{registration}]"));
    // Calls that were made before come before UNREGISTERED.
    assert_eq!(callee.received(), [json!([68, 1, registration, {}, [1]]), json!([67, 2])]);
    call(&mut caller, 2, &json!({}), "com.p");
    assert_error(&caller.one(), 48, 2, "wamp.error.no_such_procedure");
    callee.send("[70,1,{}]");
    callee.assert_silent();
    assert_eq!(caller.one(), json!([50, 1, {}]));
}

#[test]
fn no_client_ends_the_registration_of_another_r_04() {
    let router = router();
    let (mut one, mut two) = pair(&router);
    let registration = register(&mut one, 1, &json!({}), "com.p");
    for (request, id) in (1..).zip([registration, registration + 1, 1 << 53]) {
        assert_error(
            &two.ask(format!("[66,{request},{id}]")),
            66,
            request,
            "wamp.error.no_such_registration",
        );
    }
    assert_eq!(one.ask(format!("[66,2,{registration}]")), json!([67, 2]));
    assert_error(
        &one.ask(format!("[66,3,{registration}]")),
        66,
        3,
        "wamp.error.no_such_registration",
    );
}

#[test]
fn r_06_where_clients_are_not_routed_none_can_register() {
    let mut client = join(&router(), "closed", ALL);
    assert_error(&client.ask(r#"[64,1,{},"com.p"]"#), 64, 1, "wamp.error.not_authorized");
    assert_error(&client.ask(r#"[32,2,{},"com.t"]"#), 32, 2, "wamp.error.not_authorized");
    assert_error(&client.ask("[66,3,1]"), 66, 3, "wamp.error.no_such_registration");
}

#[test]
fn u_03_u_06_what_is_no_uri_or_reserved_cannot_be_registered() {
    let mut client = join(&router(), "realm1", ALL);
    let invalid = [
        ("{}", ""),
        ("{}", "a..b"),
        ("{}", "a b"),
        ("{}", "wamp"),
        ("{}", "wamp.x"),
        (r#"{"match":"prefix"}"#, "wamp."),
        (r#"{"match":"prefix"}"#, "a..b"),
        (r#"{"match":"wildcard"}"#, "wamp..x"),
        (r#"{"match":"wildcard"}"#, "a#."),
    ];
    for (request, (options, uri)) in (1..).zip(invalid) {
        let answer = client.ask(format!(r#"[64,{request},{options},"{uri}"]"#));
        assert_error(&answer, 64, request, "wamp.error.invalid_uri");
    }
    register(&mut client, 10, &json!({}), "wampx.y");
}

#[test]
fn u_08_no_pattern_of_a_client_receives_calls_of_the_protocols_own_procedures() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({"match": "prefix"}), "");
    register(&mut callee, 2, &json!({"match": "prefix"}), "w");
    register(&mut callee, 3, &json!({"match": "wildcard"}), "..");
    call(&mut caller, 1, &json!({}), "wamp.foo.bar");
    assert_error(&caller.one(), 48, 1, "wamp.error.no_such_procedure");
    callee.assert_silent();
    call(&mut caller, 2, &json!({}), "wampum.foo");
    assert_eq!(callee.one()[3], json!({"procedure": "wampum.foo"}));
}

/// The table of the specification, registered by a client, and H-03.
#[test]
fn h_03_h_05_the_best_match_is_called_and_told_the_procedure() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let registered: Vec<u64> = (1..)
        .zip([
            ("exact", "a1.b2.c3.d4.e55"),
            ("prefix", "a1.b2.c3"),
            ("prefix", "a1.b2.c3.d4"),
            ("wildcard", "a1.b2..d4.e5"),
            ("wildcard", "a1.b2.c33..e5"),
            ("wildcard", "a1.b2..d4.e5..g7"),
            ("wildcard", "a1.b2..d4..f6.g7"),
        ])
        .map(|(request, (policy, uri))| {
            register(&mut callee, request, &json!({"match": policy}), uri)
        })
        .collect();
    for (request, (uri, serves)) in (1..).zip([
        ("a1.b2.c3.d4.e55", 1),
        ("a1.b2.c3.d98.e74", 2),
        ("a1.b2.c3.d4.e325", 3),
        ("a1.b2.c55.d4.e5", 4),
        ("a1.b2.c33.d4.e5", 5),
        ("a1.b2.c88.d4.e5.f6.g7", 6),
    ]) {
        call(&mut caller, request, &json!({}), uri);
        let details = if serves == 1 { json!({}) } else { json!({"procedure": uri}) };
        let registration = registered[serves - 1];
        assert_eq!(callee.one(), json!([68, request, registration, details, [request]]), "{uri}");
    }
    call(&mut caller, 7, &json!({}), "a2.b2.c2.d2.e2");
    assert_error(&caller.one(), 48, 7, "wamp.error.no_such_procedure");
}

#[test]
fn h_01_h_02_h_06_patterns_match_as_strings_or_by_components() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let prefix = register(&mut callee, 1, &json!({"match": "prefix"}), "com.myapp.myobject1");
    let better = register(&mut callee, 2, &json!({"match": "wildcard"}), "a.b.");
    register(&mut callee, 3, &json!({"match": "wildcard"}), "a..cccccccc");
    let wildcard =
        register(&mut callee, 4, &json!({"match": "wildcard"}), "com.myapp..myprocedure1");
    for (request, (uri, serves)) in (1..).zip([
        ("com.myapp.myobject1.myprocedure1", Some(prefix)),
        ("com.myapp.myobject1-mysubobject1", Some(prefix)),
        ("com.myapp.myobject1", Some(prefix)),
        ("com.myapp.myobject2", None),
        ("com.myapp.myobject", None),
        ("com.myapp.x.myprocedure1", Some(wildcard)),
        ("com.myapp.x.y.myprocedure1", None),
        ("com.myapp.myprocedure1", None),
        ("a.b.cccccccc", Some(better)),
    ]) {
        call(&mut caller, request, &json!({}), uri);
        match serves {
            Some(registration) => assert_eq!(callee.one()[2], registration, "{uri}"),
            None => assert_error(&caller.one(), 48, request, "wamp.error.no_such_procedure"),
        }
    }
}

#[test]
fn h_04_of_the_applications_procedures_and_the_clients_the_better_match_serves() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    // The application has `test.item.{name}`, `test.rest.{path..}` and `test.add`.
    register(&mut callee, 1, &json!({}), "test.item.mine");
    register(&mut callee, 2, &json!({"match": "prefix"}), "test.rest.mine");
    register(&mut callee, 3, &json!({"match": "prefix"}), "test");
    for (request, (uri, is_client)) in (1..).zip([
        ("test.item.mine", true),
        ("test.rest.mine.a", true),
        ("test.rest.other", false),
        ("test.nothing", false),
        // A prefix goes before a wildcard.
        ("test.item.other", true),
        ("test.unknown", true),
    ]) {
        caller.send(format!(r#"[48,{request},{{}},"{uri}"]"#));
        if is_client {
            assert_eq!(
                callee.one()[3],
                if uri == "test.item.mine" { json!({}) } else { json!({"procedure": uri}) }
            );
        } else {
            assert_eq!(caller.one()[0], 50, "{uri}");
        }
    }
}

fn callees<const N: usize>(router: &Router, invoke: &str) -> ([Client; N], u64) {
    let mut registration = None;
    let callees = std::array::from_fn(|_| {
        let mut callee = join(router, "realm1", ALL);
        let id = register(&mut callee, 1, &json!({"invoke": invoke}), "com.p");
        // H-08: all share it.
        assert_eq!(*registration.get_or_insert(id), id);
        callee
    });
    (callees, registration.expect("N is not 0"))
}

/// Which of them is invoked, and answers.
fn invoked(callees: &mut [Client]) -> usize {
    let received: Vec<Vec<Value>> = callees.iter_mut().map(Client::received).collect();
    let at = received.iter().position(|messages| !messages.is_empty()).expect("one is called");
    assert_eq!(received.iter().flatten().count(), 1);
    callees[at].send(format!("[70,{},{{}}]", received[at][0][1]));
    at
}

fn who_is_called(
    caller: &mut Client,
    callees: &mut [Client],
    requests: std::ops::Range<u64>,
) -> Vec<usize> {
    requests
        .map(|request| {
            call(caller, request, &json!({}), "com.p");
            let at = invoked(callees);
            assert_eq!(caller.one(), json!([50, request, {}]));
            at
        })
        .collect()
}

#[test]
fn each_policy_calls_the_callee_that_it_says_h_09() {
    let router = router();
    let (mut caller, _) = pair(&router);
    let (mut all, _) = callees::<3>(&router, "roundrobin");
    assert_eq!(who_is_called(&mut caller, &mut all, 1..8), [0, 1, 2, 0, 1, 2, 0]);
    drop(all);
    let (mut all, _) = callees::<3>(&router, "first");
    assert_eq!(who_is_called(&mut caller, &mut all, 8..10), [0, 0]);
    all[0].lose();
    assert_eq!(who_is_called(&mut caller, &mut all, 10..12), [1, 1]);
    drop(all);
    let (mut all, _) = callees::<3>(&router, "last");
    assert_eq!(who_is_called(&mut caller, &mut all, 12..14), [2, 2]);
    all[2].lose();
    assert_eq!(who_is_called(&mut caller, &mut all, 14..16), [1, 1]);
    drop(all);
    let (mut all, _) = callees::<3>(&router, "random");
    let called: HashSet<usize> =
        who_is_called(&mut caller, &mut all, 16..116).into_iter().collect();
    assert_eq!(called.len(), 3, "100 calls miss one of three once in 10^17");
}

#[test]
fn the_callee_after_one_that_leaves_keeps_its_turn_h_09() {
    let router = router();
    let (mut caller, _) = pair(&router);
    let (mut all, _) = callees::<3>(&router, "roundrobin");
    assert_eq!(who_is_called(&mut caller, &mut all, 1..2), [0]);
    all[0].lose();
    assert_eq!(who_is_called(&mut caller, &mut all, 2..5), [1, 2, 1]);
}

#[test]
fn h_08_h_11_h_12_a_shared_registration_has_one_policy_and_lasts_as_long_as_its_callees() {
    let router = router();
    let (mut caller, mut other) = pair(&router);
    let ([mut one, mut two], registration) = callees::<2>(&router, "roundrobin");
    let taken = "wamp.error.procedure_already_exists";
    assert_error(&other.ask(r#"[64,1,{"invoke":"last"},"com.p"]"#), 64, 1, taken);
    assert_error(&other.ask(r#"[64,2,{},"com.p"]"#), 64, 2, taken);
    assert_eq!(register(&mut one, 2, &json!({"invoke": "roundrobin"}), "com.p"), registration);
    assert_eq!(two.ask(format!("[66,2,{registration}]")), json!([67, 2]));
    for request in 1..3 {
        call(&mut caller, request, &json!({}), "com.p");
        assert_eq!(one.one()[0], 68);
    }
    assert_eq!(one.ask(format!("[66,3,{registration}]")), json!([67, 3]));
    call(&mut caller, 3, &json!({}), "com.p");
    assert_error(&caller.one(), 48, 3, "wamp.error.no_such_procedure");
    register(&mut other, 3, &json!({"invoke": "last"}), "com.p");
}

#[test]
fn h_10_m_05_options_of_register_that_do_not_exist_are_violations() {
    let router = router();
    for options in [
        r#"{"invoke":"foo"}"#,
        r#"{"invoke":1}"#,
        r#"{"match":"foo"}"#,
        r#"{"disclose_caller":1}"#,
        r#"{"forward_timeout":"yes"}"#,
    ] {
        let mut client = join(&router, "realm1", ALL);
        client.send(format!(r#"[64,1,{options},"com.p"]"#));
        client.assert_violated(options);
    }
}

#[test]
fn i_06_invocations_are_numbered_from_1_in_each_session() {
    let router = router();
    let (mut caller, mut one) = pair(&router);
    let mut two = join(&router, "realm1", ALL);
    register(&mut one, 1, &json!({}), "com.one");
    register(&mut two, 1, &json!({}), "com.two");
    for (request, (callee, id)) in (1..).zip([(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)]) {
        call(&mut caller, request, &json!({}), if callee == 1 { "com.one" } else { "com.two" });
        let callee = if callee == 1 { &mut one } else { &mut two };
        assert_eq!(callee.one()[1], id);
    }
}

/// A JSON text may hold a number that no double is: a caller that can send it, and a callee that
/// cannot be sent it.
fn pair_of_formats(router: &Router) -> (Client, Client) {
    let by = |serializer| join_by(router, serializer, "realm1", ALL);
    (by(Serializer::Json), by(Serializer::MsgPack))
}

#[test]
fn i_06_a_call_that_the_callee_cannot_be_sent_takes_no_id() {
    let router = router();
    let (mut caller, mut callee) = pair_of_formats(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in [1, 2] {
        caller.send(format!(r#"[48,{request},{{"progress":true}},"com.p",[1e400]]"#));
        caller.send(format!(r#"[48,{request},{{}},"com.p",[1]]"#));
        callee.assert_silent();
        assert_error(&caller.one(), 48, request, "wamp.error.invalid_payload");
    }
    call(&mut caller, 3, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 1);
    // It does not count as one that the callee has to answer, and there is nothing to answer
    // (P-03).
    callee.send("[70,2,{}]");
    callee.assert_violated("an id that was never given");
}

#[test]
fn pi_01_a_later_chunk_that_the_callee_cannot_be_sent_ends_the_call_on_both_sides() {
    let router = router();
    let (mut caller, mut callee) = pair_of_formats(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    caller.send(r#"[48,1,{"progress":true},"com.p",[1]]"#);
    assert_eq!(callee.one()[1], 1);
    caller.send(r#"[48,1,{"progress":true},"com.p",[1e400]]"#);
    caller.send(r#"[48,1,{},"com.p",[3]]"#);
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    assert_error(&caller.one(), 48, 1, "wamp.error.invalid_payload");
    // A late answer is nobody's, and the next call has the next id.
    callee.send("[70,1,{}]");
    call(&mut caller, 2, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 2);
    caller.assert_silent();
}

#[test]
fn p_03_an_answer_to_what_was_never_asked_is_a_violation_and_a_late_one_is_dropped() {
    let router = router();
    for message in ["[70,1,{}]", r#"[8,68,1,{},"a.b"]"#, "[70,9007199254740992,{}]"] {
        let mut client = join(&router, "realm1", ALL);
        client.send(message);
        client.assert_violated(message);
    }
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    callee.send("[70,1,{},[1]]");
    for late in ["[70,1,{},[2]]", r#"[70,1,{"progress":true},[2]]"#, r#"[8,68,1,{},"a.b"]"#] {
        callee.send(late);
        callee.assert_silent();
    }
    assert_eq!(caller.one(), json!([50, 1, {}, [1]]));
    callee.send("[70,2,{}]");
    callee.assert_violated("an id that was not given yet");
}

#[test]
fn p_02_an_error_for_anything_but_an_invocation_is_a_violation() {
    let router = router();
    for request_type in [16, 32, 34, 48, 49, 64, 66, 70] {
        let mut client = join(&router, "realm1", ALL);
        client.send(format!(r#"[8,{request_type},1,{{}},"a.b"]"#));
        client.assert_violated("ERROR");
    }
}

#[test]
fn c_10_the_callers_of_a_callee_that_leaves_are_told() {
    for leave in [Client::lose, |client: &mut Client| client.send(r#"[6,{},"wamp.close.normal"]"#)]
    {
        let router = router();
        let (mut caller, mut callee) = pair(&router);
        register(&mut callee, 1, &json!({}), "com.p");
        call(&mut caller, 1, &json!({}), "com.p");
        callee.one();
        // CA-10
        caller.send(r#"[49,1,{"mode":"kill"}]"#);
        // Not seen by the callee before it leaves.
        call(&mut caller, 2, &json!({}), "com.p");
        leave(&mut callee);
        let mut answers = caller.received();
        answers.sort_by_key(|answer| answer[2].as_u64());
        assert_eq!(answers.len(), 2, "{answers:?}");
        assert_error(&answers[0], 48, 1, "wamp.error.canceled");
        assert_error(&answers[1], 48, 2, "wamp.error.canceled");
        call(&mut caller, 3, &json!({}), "com.p");
        assert_error(&caller.one(), 48, 3, "wamp.error.no_such_procedure");
    }
}

#[test]
fn c_11_the_callees_of_a_caller_that_leaves_are_interrupted_if_they_can_be() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let mut plain = join(&router, "realm1", &[]);
    register(&mut callee, 1, &json!({}), "com.p");
    register(&mut plain, 1, &json!({}), "com.plain");
    call(&mut caller, 1, &json!({}), "com.p");
    call(&mut caller, 2, &json!({}), "com.plain");
    callee.one();
    plain.one();
    caller.lose();
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    plain.assert_silent();
    for callee in [&mut callee, &mut plain] {
        callee.send("[70,1,{}]");
        callee.assert_silent();
    }
}

#[test]
fn ca_01_skip_releases_the_caller_and_tells_the_callee_nothing() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    assert_error(&caller.ask(r#"[49,1,{"mode":"skip"}]"#), 48, 1, "wamp.error.canceled");
    callee.assert_silent();
    callee.send("[70,1,{},[1]]");
    caller.assert_silent();
    callee.assert_silent();
}

#[test]
fn ca_02_ca_05_killnowait_releases_the_caller_and_interrupts_the_callee() {
    for options in [r#"{"mode":"killnowait"}"#, "{}"] {
        let router = router();
        let (mut caller, mut callee) = pair(&router);
        register(&mut callee, 1, &json!({}), "com.p");
        call(&mut caller, 1, &json!({}), "com.p");
        callee.one();
        assert_error(&caller.ask(format!("[49,1,{options}]")), 48, 1, "wamp.error.canceled");
        assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
        callee.send(r#"[8,68,1,{},"wamp.error.canceled"]"#);
        caller.assert_silent();
        // CA-07
        caller.send("[49,1,{}]");
        caller.assert_silent();
        callee.assert_silent();
    }
}

#[test]
fn ca_03_ca_08_under_kill_the_callee_answers_and_is_asked_once() {
    for (answer, result) in [
        ("[70,1,{},[7]]", json!([50, 1, {}, [7]])),
        (r#"[8,68,1,{},"com.stopped",[3]]"#, json!([8, 48, 1, {}, "com.stopped", [3]])),
    ] {
        let router = router();
        let (mut caller, mut callee) = pair(&router);
        register(&mut callee, 1, &json!({}), "com.p");
        call(&mut caller, 1, &json!({}), "com.p");
        callee.one();
        caller.send(r#"[49,1,{"mode":"kill"}]"#);
        caller.send(r#"[49,1,{"mode":"kill"}]"#);
        caller.assert_silent();
        assert_eq!(callee.one(), json!([69, 1, {"mode": "kill"}]));
        callee.send(answer);
        assert_eq!(caller.one(), result);
    }
}

#[test]
fn ca_08_a_caller_that_does_not_want_to_wait_for_a_kill_is_released() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    caller.send(r#"[49,1,{"mode":"kill"}]"#);
    assert_error(&caller.ask(r#"[49,1,{"mode":"skip"}]"#), 48, 1, "wamp.error.canceled");
    callee.one();
    callee.send("[70,1,{}]");
    caller.assert_silent();
}

#[test]
fn no_client_cancels_the_call_of_another_ca_07() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let mut other = join(&router, "realm1", ALL);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    other.send("[49,1,{}]");
    other.assert_silent();
    callee.assert_silent();
    callee.send("[70,1,{}]");
    assert_eq!(caller.one(), json!([50, 1, {}]));
}

#[test]
fn to_01_to_02_a_call_that_takes_too_long_ends_and_its_callee_is_interrupted() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({"timeout": 100}), "com.p");
    assert_eq!(callee.one()[3], json!({}));
    caller.advance(Duration::from_millis(99));
    caller.assert_silent();
    caller.advance(Duration::from_millis(1));
    assert_error(&caller.one(), 48, 1, "wamp.error.timeout");
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    callee.send("[70,1,{}]");
    caller.assert_silent();
}

#[test]
fn to_03_to_04_a_callee_that_asked_for_timeouts_keeps_them_itself() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({"forward_timeout": true}), "com.p");
    call(&mut caller, 1, &json!({"timeout": 100}), "com.p");
    assert_eq!(callee.one()[3], json!({"timeout": 100}));
    assert_eq!(caller.deadline_in(), None);
    callee.send(r#"[8,68,1,{},"wamp.error.timeout",["mine"]]"#);
    assert_eq!(caller.one(), json!([8, 48, 1, {}, "wamp.error.timeout", ["mine"]]));
    // One that did not announce it is not asked.
    let mut plain = join(&router, "realm1", &[]);
    register(&mut plain, 1, &json!({"forward_timeout": true}), "com.plain");
    call(&mut caller, 2, &json!({"timeout": 100}), "com.plain");
    assert_eq!(plain.one()[3], json!({}));
    assert_eq!(caller.deadline_in(), Some(Duration::from_millis(100)));
}

#[test]
fn to_05_each_progressive_result_starts_the_time_anew() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({"timeout": 100, "receive_progress": true}), "com.p");
    callee.one();
    for _ in 0..3 {
        caller.advance(Duration::from_millis(90));
        callee.send(r#"[70,1,{"progress":true},[1]]"#);
        assert_eq!(caller.one(), json!([50, 1, {"progress": true}, [1]]));
    }
    caller.advance(Duration::from_millis(100));
    assert_error(&caller.one(), 48, 1, "wamp.error.timeout");
}

#[test]
fn pr_02_pr_03_progressive_results_come_in_order_and_the_last_has_no_mark() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({"receive_progress": true}), "com.p");
    assert_eq!(callee.one()[3], json!({"receive_progress": true}));
    callee.send(r#"[70,1,{"progress":true},[1]]"#);
    callee.send(r#"[70,1,{"progress":true}]"#);
    callee.send(r#"[70,1,{"progress":false},[],{"a":1}]"#);
    let progress = json!({"progress": true});
    let expected =
        [json!([50, 1, progress, [1]]), json!([50, 1, progress]), json!([50, 1, {}, [], {"a": 1}])];
    assert_eq!(caller.received(), expected);
}

#[test]
fn pr_01_progress_is_asked_of_a_callee_that_announces_it_whether_or_not_it_can_be_interrupted() {
    let router = router();
    for (features, is_asked) in [
        (&["progressive_call_results", "call_canceling"] as &[&str], true),
        (&["progressive_call_results"], true),
        (&["call_canceling"], false),
        (&[], false),
    ] {
        let (mut caller, mut callee) =
            (join(&router, "realm1", ALL), join(&router, "realm1", features));
        register(&mut callee, 1, &json!({}), "com.p");
        call(&mut caller, 1, &json!({"receive_progress": true}), "com.p");
        let details = callee.one()[3].clone();
        assert_eq!(
            details,
            if is_asked { json!({"receive_progress": true}) } else { json!({}) },
            "{features:?}"
        );
        callee.send(r#"[70,1,{"progress":true},[1]]"#);
        let progress: &[Value] =
            if is_asked { &[json!([50, 1, {"progress": true}, [1]])] } else { &[] };
        assert_eq!(caller.received(), progress, "{features:?}");
        callee.send("[70,1,{},[2]]");
        assert_eq!(caller.one(), json!([50, 1, {}, [2]]), "{features:?}");
    }
}

#[test]
fn ca_04_a_stream_that_cannot_be_interrupted_is_cancelled_for_the_caller_alone() {
    let router = router();
    let ends: [fn(&mut Client); 6] = [
        |caller| caller.send(r#"[49,1,{"mode":"skip"}]"#),
        |caller| caller.send(r#"[49,1,{"mode":"kill"}]"#),
        |caller| caller.send(r#"[49,1,{"mode":"killnowait"}]"#),
        |caller| caller.send("[49,1,{}]"),
        |caller| caller.advance(Duration::from_secs(1)),
        Client::lose,
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut caller = join(&router, "realm1", ALL);
        let mut callee = join(&router, "realm1", &["progressive_call_results"]);
        register(&mut callee, 1, &json!({}), "com.p");
        call(&mut caller, 1, &json!({"receive_progress": true, "timeout": 1000}), "com.p");
        callee.one();
        callee.send(r#"[70,1,{"progress":true},[1]]"#);
        assert_eq!(caller.one(), json!([50, 1, {"progress": true}, [1]]));
        end(&mut caller);
        match number {
            0..4 => assert_error(&caller.one(), 48, 1, "wamp.error.canceled"),
            4 => assert_error(&caller.one(), 48, 1, "wamp.error.timeout"),
            _ => caller.assert_silent(),
        }
        callee.assert_silent();
        for late in
            [r#"[70,1,{"progress":true},[2]]"#, "[70,1,{},[3]]", r#"[70,1,{"progress":true},[4]]"#]
        {
            callee.send(late);
            callee.assert_silent();
            caller.assert_silent();
        }
        assert!(callee.has_session());
    }
}

#[test]
fn pr_05_progress_that_the_caller_did_not_ask_for_is_dropped() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    assert_eq!(callee.one()[3], json!({}));
    callee.send(r#"[70,1,{"progress":true},[1]]"#);
    caller.assert_silent();
    callee.send("[70,1,{},[2]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [2]]));
}

#[test]
fn pr_06_a_callee_that_goes_on_after_its_caller_left_is_interrupted_again() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({"receive_progress": true}), "com.p");
    callee.one();
    caller.lose();
    let interrupt = json!([69, 1, {"mode": "killnowait"}]);
    assert_eq!(callee.one(), interrupt);
    assert_eq!(callee.ask(r#"[70,1,{"progress":true},[1]]"#), interrupt);
    callee.send("[70,1,{}]");
    callee.assert_silent();
}

#[test]
fn pi_01_pi_05_chunks_are_one_invocation_and_the_first_says_how() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let registration = register(&mut callee, 1, &json!({}), "com.p");
    let first = json!({"progress": true, "disclose_me": true, "receive_progress": true});
    caller.send(json!([48, 1, first, "com.p", [1]]).to_string());
    caller.send(r#"[48,1,{"progress":true,"timeout":1},"com.p",[2]]"#);
    caller.send(r#"[48,1,{},"com.p",[3]]"#);
    let messages = callee.received();
    let details = messages[0][3].as_object().unwrap();
    assert_eq!(details["caller"], caller.id);
    assert_eq!((&details["progress"], &details["receive_progress"]), (&json!(true), &json!(true)));
    assert_eq!(messages[1], json!([68, 1, registration, {"progress": true}, [2]]));
    assert_eq!(messages[2], json!([68, 1, registration, {}, [3]]));
    assert_eq!(caller.deadline_in(), None);
    callee.send("[70,1,{},[6]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [6]]));
    // D-23: chunks consume no id.
    call(&mut caller, 2, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 2);
}

#[test]
fn a_client_that_did_not_announce_a_feature_must_not_use_it_pi_02_x_02() {
    let router = router();
    for message in [
        r#"[48,1,{"progress":true},"com.p",[1]]"#.to_owned(),
        format!(r#"[48,1,{{"ppt_scheme":"x_a"}},"com.p",{SEALED}]"#),
    ] {
        let mut client = join(&router, "realm1", &[]);
        client.send(&message);
        client.assert_violated(&message);
    }
    let (mut caller, _) = pair(&router);
    let mut callee = join(&router, "realm1", &[]);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    callee.send(format!(r#"[70,1,{{"ppt_scheme":"x_a"}},{SEALED}]"#));
    callee.assert_violated("YIELD in passthru mode");
    assert_error(&caller.one(), 48, 1, "wamp.error.canceled");
}

#[test]
fn pi_02_progressive_results_and_canceling_announce_progressive_invocations_too() {
    let router = router();
    for (features, is_allowed) in [
        (&["progressive_call_invocations"] as &[&str], true),
        (&["progressive_call_results", "call_canceling"], true),
        (&["progressive_call_results"], false),
        (&["call_canceling"], false),
    ] {
        let mut client = join(&router, "realm1", features);
        client.send(r#"[48,1,{"progress":true},"com.none",[1]]"#);
        if is_allowed {
            assert_error(&client.one(), 48, 1, "wamp.error.no_such_procedure");
        } else {
            client.assert_violated("a chunk");
        }
    }
}

#[test]
fn pi_03_x_03_a_callee_that_lacks_the_feature_is_not_called() {
    let router = router();
    let (mut caller, _) = pair(&router);
    for features in [&[] as &[&str], &["progressive_call_invocations"], &["call_canceling"]] {
        let mut callee = join(&router, "realm1", features);
        register(&mut callee, 1, &json!({}), "com.p");
        let mut caller = join(&router, "realm1", ALL);
        call(&mut caller, 1, &json!({"progress": true}), "com.p");
        assert_error(&caller.one(), 48, 1, "wamp.error.feature_not_supported");
        // PI-07: the caller may have sent more already.
        call(&mut caller, 1, &json!({}), "com.p");
        caller.assert_silent();
        callee.assert_silent();
    }
    let mut callee = join(&router, "realm1", &[]);
    register(&mut callee, 1, &json!({}), "com.p");
    caller.send(format!(r#"[48,1,{{"ppt_scheme":"x_a"}},"com.p",{SEALED}]"#));
    assert_error(&caller.one(), 48, 1, "wamp.error.feature_not_supported");
    callee.assert_silent();
}

#[test]
fn pi_06_pi_08_an_id_of_a_call_that_is_no_such_call_is_a_violation() {
    let router = router();
    for (first, second) in [
        // Not progressive, and still at work (C-14).
        (r#"[48,1,{},"com.p"]"#, r#"[48,1,{},"com.p"]"#),
        // The last chunk has been sent.
        (r#"[48,1,{"progress":true},"com.p"]"#, r#"[48,1,{},"com.p"]"#),
        (r#"[48,1,{"progress":true},"com.p"]"#, r#"[48,1,{},"com.other"]"#),
    ] {
        for realm in ["realm1", "strict"] {
            let (mut caller, mut callee) = (join(&router, realm, ALL), join(&router, realm, ALL));
            register(&mut callee, 1, &json!({}), "com.p");
            caller.send(first);
            caller.send(second);
            caller.send(second);
            caller.assert_violated(second);
        }
    }
}

#[test]
fn pi_06_chunks_do_not_move_the_watermark_of_a_strict_realm() {
    let router = router();
    for (id, is_next) in [(2, true), (3, false)] {
        let (mut caller, mut callee) = (join(&router, "strict", ALL), join(&router, "strict", ALL));
        register(&mut callee, 1, &json!({}), "com.p");
        call(&mut caller, 1, &json!({"progress": true}), "com.p");
        call(&mut caller, 1, &json!({"progress": true}), "com.p");
        call(&mut caller, id, &json!({}), "com.none");
        if is_next {
            assert_error(&caller.one(), 48, id, "wamp.error.no_such_procedure");
        } else {
            caller.assert_violated("a gap");
        }
    }
}

#[test]
fn pi_10_a_callee_may_answer_before_the_last_chunk() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({"progress": true}), "com.p");
    callee.one();
    callee.send("[70,1,{},[1]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [1]]));
    call(&mut caller, 1, &json!({"progress": true}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    caller.assert_silent();
    callee.assert_silent();
    // The last one has come: the id is free.
    call(&mut caller, 1, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 2);
}

#[test]
fn pi_04_chunks_stay_with_the_callee_of_the_first() {
    let router = router();
    let (mut caller, _) = pair(&router);
    let ([mut one, mut two], _) = callees::<2>(&router, "roundrobin");
    for options in [json!({"progress": true}), json!({"progress": true}), json!({})] {
        call(&mut caller, 1, &options, "com.p");
    }
    assert_eq!(one.received().len(), 3);
    two.assert_silent();
}

#[test]
fn pi_09_ca_11_a_caller_that_leaves_or_cancels_ends_its_progressive_call() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({"progress": true}), "com.p");
    callee.one();
    assert_error(&caller.ask("[49,1,{}]"), 48, 1, "wamp.error.canceled");
    let interrupt = json!([69, 1, {"mode": "killnowait"}]);
    assert_eq!(callee.one(), interrupt);
    call(&mut caller, 1, &json!({}), "com.p");
    caller.assert_silent();
    callee.assert_silent();
    call(&mut caller, 2, &json!({"progress": true}), "com.p");
    callee.one();
    caller.lose();
    assert_eq!(callee.one(), json!([69, 2, {"mode": "killnowait"}]));
}

#[test]
fn di_01_di_02_di_04_the_callee_sees_the_caller_if_one_of_them_asks() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let session = caller.session();
    let disclosed = json!({
        "caller": caller.id, "caller_authid": session.authid(),
        "caller_authrole": session.authrole(),
    });
    register(&mut callee, 1, &json!({}), "com.p");
    register(&mut callee, 2, &json!({"disclose_caller": true}), "com.always");
    call(&mut caller, 1, &json!({}), "com.p");
    assert_eq!(callee.one()[3], json!({}));
    call(&mut caller, 2, &json!({"disclose_me": true}), "com.p");
    assert_eq!(callee.one()[3], disclosed);
    call(&mut caller, 3, &json!({}), "com.always");
    assert_eq!(callee.one()[3], disclosed);
}

#[test]
fn di_03_di_04_a_realm_may_forbid_disclosure() {
    let router = router();
    let (mut caller, mut callee) = (join(&router, "realm2", ALL), join(&router, "realm2", ALL));
    let disallowed = "wamp.error.option_disallowed.disclose_me";
    assert_error(&callee.ask(r#"[64,1,{"disclose_caller":true},"com.p"]"#), 64, 1, disallowed);
    register(&mut callee, 2, &json!({}), "com.p");
    for (request, procedure) in [(1, "com.p"), (2, "test.add")] {
        call(&mut caller, request, &json!({"disclose_me": true}), procedure);
        assert_error(&caller.one(), 48, request, disallowed);
    }
    callee.assert_silent();
}

#[test]
fn x_01_x_04_a_payload_in_passthru_mode_travels_untouched_with_its_keys() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    let registration = register(&mut callee, 1, &json!({}), "com.p");
    let keys = json!({
        "ppt_scheme": "x_a", "ppt_serializer": "cbor", "ppt_cipher": "aes256gcm", "ppt_keyid": "7",
    });
    let sealed: Value = serde_json::from_str(SEALED).unwrap();
    caller.send(json!([48, 1, keys, "com.p", sealed]).to_string());
    assert_eq!(callee.one(), json!([68, 1, registration, keys, sealed]));
    callee.send(json!([70, 1, {"ppt_scheme": "mqtt"}, sealed]).to_string());
    assert_eq!(caller.one(), json!([50, 1, {"ppt_scheme": "mqtt"}, sealed]));
    caller.send(json!([48, 2, {"ppt_scheme": "x_a"}, "com.p", sealed]).to_string());
    callee.one();
    callee.send(json!([8, 68, 2, {"ppt_scheme": "x_b"}, "com.error", sealed]).to_string());
    assert_eq!(caller.one(), json!([8, 48, 2, {"ppt_scheme": "x_b"}, "com.error", sealed]));
    for (request, payload) in
        (3..).zip(["[1]", "[]", r#"["text"]"#, r#"["\u0000EA==",1]"#, r#"["\u0000EA=="],{"a":1}"#])
    {
        let answer =
            caller.ask(format!(r#"[48,{request},{{"ppt_scheme":"x_a"}},"com.p",{payload}]"#));
        assert_error(&answer, 48, request, "wamp.error.invalid_argument");
    }
    callee.assert_silent();
}

#[test]
fn x_03_a_caller_that_cannot_take_passthru_gets_an_error() {
    let router = router();
    let (mut caller, mut callee) = (join(&router, "realm1", &[]), join(&router, "realm1", ALL));
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    callee.send(format!(r#"[70,1,{{"ppt_scheme":"x_a"}},{SEALED}]"#));
    assert_error(&caller.one(), 48, 1, "wamp.error.feature_not_supported");
    callee.assert_silent();
}

#[test]
fn s_03_a_realm_that_routes_clients_announces_what_only_works_there() {
    let router = router();
    for (realm, routes) in [("realm1", true), ("closed", false)] {
        let welcome = Client::connect(&router).ask(support::hello(realm));
        let dealer = &welcome[2]["roles"]["dealer"]["features"];
        for feature in ["pattern_based_registration", "shared_registration"] {
            assert_eq!(dealer.get(feature), routes.then_some(&json!(true)), "{feature}");
        }
    }
}

#[test]
fn topics_that_are_not_declared_are_open_where_clients_are_routed() {
    let router = router();
    let (mut publisher, mut subscriber) = pair(&router);
    let exact = subscriber.subscribe(1, "com.t");
    let pattern = support::subscribed(&subscriber.ask(r#"[32,2,{"match":"prefix"},"com."]"#), 2);
    publisher.publish(1, "com.t", 7);
    let events = subscriber.received();
    assert_eq!(
        events.iter().map(|event| event[1].as_u64().unwrap()).collect::<Vec<_>>(),
        [exact, pattern]
    );
    // The application decides about the procedures that it declared.
    assert_error(&subscriber.ask(r#"[32,3,{},"sub.refuse"]"#), 32, 3, "test.error.refused");
    let refused = publisher.ask(r#"[16,2,{"acknowledge":true},"pub.refuse"]"#);
    assert_error(&refused, 16, 2, "test.error.refused");
    assert_error(&subscriber.ask(r#"[32,4,{},"sub.staff"]"#), 32, 4, "wamp.error.not_authorized");
    // A pattern that would have it does not.
    support::subscribed(&subscriber.ask(r#"[32,5,{"match":"prefix"},""]"#), 5);
    publisher.publish(3, "hold.x", 1);
    subscriber.assert_silent();
    publisher.publish(4, "wampum", 1);
    assert_eq!(subscriber.received().len(), 1);
}

#[test]
fn registrations_and_open_invocations_are_bounded() {
    let limits = Limits::default().registrations(2).invocations_in_flight(2);
    let router = router_with(limits);
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    register(&mut callee, 2, &json!({}), "com.q");
    assert_error(&callee.ask(r#"[64,3,{},"com.r"]"#), 64, 3, "wamp.error.not_authorized");
    for request in 1..3 {
        call(&mut caller, request, &json!({}), "com.p");
        assert_error(
            &caller.ask(format!(r#"[49,{request},{{"mode":"skip"}}]"#)),
            48,
            request,
            "wamp.error.canceled",
        );
    }
    assert_eq!(callee.received().len(), 0, "nobody waited for them when they came");
    for request in 3..5 {
        call(&mut caller, request, &json!({}), "com.p");
    }
    call(&mut caller, 5, &json!({}), "com.p");
    assert_error(&caller.one(), 48, 5, "wamp.error.unavailable");
    assert_eq!(callee.received().len(), 2);
    callee.send("[70,1,{}]");
    caller.one();
    call(&mut caller, 6, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 3);
}

#[test]
fn a_callee_that_does_not_read_costs_its_callers_an_error_and_is_not_cut_off() {
    let limits = Limits::default().queued_messages(3);
    let router = router_with(limits);
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..5 {
        call(&mut caller, request, &json!({}), "com.p");
    }
    assert_error(&caller.one(), 48, 4, "wamp.error.unavailable");
    assert_eq!(callee.received().len(), 3);
    assert_eq!(callee.close(), None);
}

#[test]
fn the_calls_and_chunks_that_wait_for_a_callee_do_not_cost_it_its_events() {
    let limits = [Limits::default().queued_messages(3), Limits::default().queued_bytes(200)];
    for limits in limits {
        let router = router_with(limits);
        let (mut caller, mut callee) = pair(&router);
        register(&mut callee, 1, &json!({}), "com.p");
        let subscription = callee.subscribe(2, "com.topic");
        let mut sent = 0;
        while caller.received().is_empty() {
            caller.send(r#"[48,1,{"progress":true},"com.p",["so and so many bytes"]]"#);
            sent += 1;
        }
        assert!((3..=10).contains(&sent), "{sent}");
        let realm = router.realm("realm1").unwrap();
        (2..5).for_each(|number| drop(realm.publish("com.topic").arg(number).send()));
        let received = callee.received();
        assert_eq!(callee.close(), None);
        let of = |code| received.iter().filter(|message| message[0] == code).count();
        // The chunk too many was refused to the caller, and ended its call.
        assert_eq!((of(68), of(69), of(36)), (0, 0, 3), "{received:?}");
        assert_eq!(received[0][1], subscription);
    }
}

#[test]
fn a_call_counts_until_its_callee_has_answered_whether_the_caller_reads_or_not() {
    let router = router_with(Limits::default().invocations_in_flight(2));
    let (mut sleepy, mut callee) = pair(&router);
    let mut caller = join(&router, "realm1", ALL);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..3 {
        call(&mut sleepy, request, &json!({}), "com.p");
    }
    assert_eq!(callee.received().len(), 2);
    call(&mut caller, 1, &json!({}), "com.p");
    assert_error(&caller.one(), 48, 1, "wamp.error.unavailable");
    callee.send("[70,1,{}]");
    callee.send("[70,2,{}]");
    call(&mut caller, 2, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 3);
    assert_eq!(sleepy.received().len(), 2);
}

/// Calls `com.p` so many times, lets the callee see the calls, and then has something to take and
/// does not take it: it has missed what is answered from now on.
fn stalled_caller(router: &Router, calls: u64) -> (Client, Client) {
    let (mut caller, mut callee) = pair(router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..=calls {
        call(&mut caller, request, &json!({"receive_progress": true}), "com.p");
        callee.one();
    }
    caller.send(json!([48, calls + 1, {}, "test.long", [1000]]).to_string());
    callee.send(r#"[70,1,{"progress":true},["the last that finds room"]]"#);
    (0..3).for_each(|_| caller.poll_woken());
    caller.advance(Duration::from_secs(10));
    caller.poll_woken();
    (caller, callee)
}

#[test]
fn a_progressive_result_without_room_ends_its_call_and_no_other() {
    let router = router_with(Limits::default().queued_messages(3).outgoing_bytes(1));
    let (mut caller, mut callee) = stalled_caller(&router, 2);
    for number in 0..3 {
        callee.send(format!(r#"[70,1,{{"progress":true}},[{number}]]"#));
        caller.poll_woken();
        callee.assert_silent();
    }
    callee.send(r#"[70,1,{"progress":true},[3]]"#);
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    // PR-06: once more, if it goes on.
    callee.send(r#"[70,1,{"progress":true},[4]]"#);
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    callee.send(r#"[70,1,{},[5]]"#);
    callee.assert_silent();
    let of_first: Vec<_> =
        caller.received().into_iter().filter(|message| message[1] != 3).collect();
    assert_eq!(of_first.len(), 5, "{of_first:?}");
    assert_eq!(of_first[3], json!([50, 1, {"progress": true}, [2]]));
    assert_error(&of_first[4], 48, 1, "wamp.error.unavailable");
    callee.send(r#"[70,2,{},["the other call"]]"#);
    assert_eq!(caller.one(), json!([50, 2, {}, ["the other call"]]));
    assert_eq!(caller.close(), None);
}

#[test]
fn answers_without_room_become_errors_without_payload() {
    for (limits, length, has_turns) in [
        (Limits::default().queued_messages(3), 10, true),
        (Limits::default().queued_bytes(900), 250, true),
        (Limits::default().queued_bytes(300).queued_bytes_peak(900), 250, false),
    ] {
        let router = router_with(limits.outgoing_bytes(1));
        let (mut caller, mut callee) = stalled_caller(&router, 10);
        let filling = "x".repeat(length);
        for id in 1..=10 {
            let answer = match id % 2 {
                0 => json!([70, id, {}, [filling]]),
                _ => json!([8, 68, id, {}, "com.error", [filling]]),
            };
            callee.send(answer.to_string());
            if has_turns {
                caller.poll_woken();
            }
        }
        callee.assert_silent();
        let answers: Vec<_> =
            caller.received().into_iter().filter(|message| message[1] != 11).collect();
        assert_eq!(caller.close(), None);
        // The progressive one was sent before.
        let (taken, refused) = answers[1..].split_at(3);
        assert!(
            taken
                .iter()
                .all(|answer| *answer.as_array().unwrap().last().unwrap() == json!([filling]))
        );
        assert_eq!(refused.len(), 7);
        for (answer, request) in refused.iter().zip(4..) {
            assert_eq!(*answer, json!([8, 48, request, {}, "wamp.error.unavailable"]));
        }
    }
}

/// B3: many callees that do not read hold no more than `queued_bytes_total`. Who waits for one that
/// is cut off has an answer.
#[test]
fn callees_that_are_furthest_behind_are_cut_off_when_too_much_waits_in_all() {
    let router = router_with(Limits::default().queued_bytes_total(20_000));
    let mut caller = join(&router, "realm1", ALL);
    let mut callees: Vec<_> = (0..3).map(|_| join(&router, "realm1", ALL)).collect();
    for (callee, procedure) in callees.iter_mut().zip(["com.more", "com.less", "com.read"]) {
        register(callee, 1, &json!({}), procedure);
    }
    let filling = "x".repeat(1000);
    let mut request = 0;
    let mut start = |caller: &mut Client, procedure: &str, count: usize| {
        for _ in 0..count {
            request += 1;
            caller.send(json!([48, request, {}, procedure, [filling]]).to_string());
            caller.poll();
        }
    };
    start(&mut caller, "com.more", 12);
    start(&mut caller, "com.less", 5);
    // A call that was read does not count any more.
    for _ in 0..20 {
        start(&mut caller, "com.read", 1);
        assert_eq!(callees[2].received().len(), 1);
    }
    caller.assert_silent();
    start(&mut caller, "com.less", 4);
    callees[0].poll();
    assert_eq!(callees[0].close(), Some(Close::TooSlow));
    let answers = caller.received();
    let mut answered: Vec<_> = answers.iter().map(|answer| answer[2].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, Vec::from_iter(1..=12));
    assert!(answers.iter().all(|answer| answer[4] == "wamp.error.canceled"), "{answers:?}");
    // The bytes that it held are free again.
    start(&mut caller, "com.less", 8);
    assert_eq!(callees[1].received().len(), 17);
    assert_eq!((callees[1].close(), caller.close()), (None, None));
}

/// Many callers that do not read hold no more together than events may.
#[test]
fn callers_that_are_furthest_behind_are_cut_off_when_too_much_waits_in_all() {
    let router = router_with(Limits::default().outgoing_bytes(1).queued_bytes_total(20_000));
    let mut callee = join(&router, "realm1", ALL);
    register(&mut callee, 1, &json!({}), "com.p");
    let mut callers: Vec<_> = (0..3).map(|_| join(&router, "realm1", ALL)).collect();
    let filling = "x".repeat(1000);
    let mut id = 0;
    // The last one reads; of the others the first asks for more.
    for round in 1..=40 {
        for (place, caller) in (1..).zip(&mut callers) {
            if place == 2 && round % 10 != 0 || caller.close().is_some() {
                continue;
            }
            call(caller, round, &json!({}), "com.p");
            assert_eq!(callee.received().len(), 1);
            id += 1;
            callee.send(json!([70, id, {}, [filling]]).to_string());
            callee.assert_silent();
            if place == 3 {
                assert_eq!(caller.one(), json!([50, round, {}, [filling]]));
            } else {
                caller.poll_woken();
            }
        }
    }
    let closed: Vec<_> = callers.iter().map(Client::close).collect();
    assert_eq!(closed, [Some(Close::TooSlow), None, None]);
    assert_eq!(callers[1].received().len(), 4);
}

/// It has its turn after what a caller's queue may hold of one callee.
#[test]
fn a_caller_that_reads_gets_all_results_whatever_their_size() {
    let router = router_with(Limits::default().queued_bytes(64_000).queued_bytes_peak(64_000));
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..=100 {
        call(&mut caller, request, &json!({}), "com.p");
    }
    assert_eq!(callee.received().len(), 100);
    let filling = "x".repeat(20_000);
    let mut results = 0;
    for id in 1..=100 {
        while !callee.wants_input() {
            results += caller.received().len();
            assert!(callee.poll_once(), "it asks for its next turn");
        }
        callee.send(json!([70, id, {}, [filling]]).to_string());
    }
    for answer in caller.received() {
        assert_eq!(answer[0], 50);
        results += 1;
    }
    assert_eq!(results, 100);
}

/// So does the callee.
#[test]
fn a_callee_that_reads_gets_all_calls_whatever_their_size() {
    let router = router_with(Limits::default().queued_bytes(64_000).bytes_in_flight(4_000_000));
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    let filling = "x".repeat(20_000);
    let mut calls = 0;
    for request in 1..=100 {
        while !caller.wants_input() {
            calls += callee.received().len();
            assert!(caller.poll_once(), "it asks for its next turn");
        }
        caller.send(json!([48, request, {}, "com.p", [filling]]).to_string());
    }
    caller.assert_silent();
    assert_eq!(calls + callee.received().len(), 100);
}

#[test]
fn a_shutdown_waits_for_the_answers_of_callees() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    drop(router.shutdown(Duration::from_secs(1)));
    caller.assert_silent();
    callee.assert_silent();
    callee.send("[70,1,{},[1]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [1]]));
    callee.assert_silent();
    assert_eq!([caller.close(), callee.close()], [Some(Close::Shutdown); 2]);
}

#[test]
fn a_shutdown_waits_for_a_call_that_its_callee_has_not_read() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    drop(router.shutdown(Duration::from_secs(1)));
    assert_eq!(callee.one()[1], 1);
    assert_eq!(callee.close(), None);
    caller.assert_silent();
    callee.send("[70,1,{},[1]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [1]]));
}

/// C-11, CA-01: nobody waits for a call whose caller has left or cancelled it, and the callee never
/// answers it.
#[test]
fn a_shutdown_does_not_wait_for_a_call_without_a_caller() {
    for is_read in [true, false] {
        for leaves in [true, false] {
            let router = router();
            let (mut caller, mut callee) = pair(&router);
            let mut other = Client::join_announcing(&router, &json!({"callee": {}}));
            for (client, procedure) in [(&mut callee, "com.p"), (&mut other, "com.other")] {
                register(client, 1, &json!({}), procedure);
            }
            call(&mut caller, 1, &json!({}), "com.p");
            call(&mut caller, 2, &json!({}), "com.other");
            if is_read {
                assert_eq!((callee.one()[1].clone(), other.one()[1].clone()), (json!(1), json!(1)));
            }
            drop(router.shutdown(Duration::from_secs(60)));
            caller.assert_silent();
            for client in [&mut callee, &mut other] {
                client.received();
                assert_eq!(client.close(), None, "it has a call to answer");
            }
            if leaves {
                caller.lose();
            } else {
                caller.send(r#"[49,1,{"mode":"skip"}]"#);
                caller.send(r#"[49,2,{"mode":"skip"}]"#);
                assert_eq!(caller.received().len(), 2);
            }
            for client in [&mut callee, &mut other] {
                client.received();
                assert_eq!(
                    client.close(),
                    Some(Close::Shutdown),
                    "read: {is_read}, leaves: {leaves}"
                );
            }
        }
    }
}

#[test]
fn a_shutdown_does_not_wait_for_callees_without_calls() {
    let router = router();
    let (caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    drop(router.shutdown(Duration::from_secs(1)));
    callee.assert_silent();
    assert_eq!(callee.close(), Some(Close::Shutdown));
    drop(caller);
}
