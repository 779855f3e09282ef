//! Registrations: the procedures that clients may register, and the choice among several.

use std::collections::HashSet;

use super::super::support::{Client, assert_error};
use super::{ALL, call, callees, join, pair, register, router};
use serde_json::{Value, json};

#[test]
fn a_procedure_has_one_registration_until_that_ends_r_02_r_03_r_07() {
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
fn a_call_of_a_registration_that_has_ended_finds_no_procedure_and_one_at_work_goes_on_r_03() {
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
fn where_clients_are_not_routed_none_can_register_r_06() {
    let mut client = join(&router(), "closed", ALL);
    assert_error(&client.ask(r#"[64,1,{},"com.p"]"#), 64, 1, "wamp.error.not_authorized");
    assert_error(&client.ask(r#"[32,2,{},"com.t"]"#), 32, 2, "wamp.error.not_authorized");
    assert_error(&client.ask("[66,3,1]"), 66, 3, "wamp.error.no_such_registration");
}

#[test]
fn what_is_no_uri_or_reserved_cannot_be_registered_u_03_u_06() {
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
fn no_pattern_of_a_client_receives_calls_of_the_protocols_own_procedures_u_08() {
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
fn the_best_match_is_called_and_told_the_procedure_h_03_h_05() {
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
fn patterns_match_as_strings_or_by_components_h_01_h_02_h_06() {
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
fn of_the_applications_procedures_and_the_clients_the_better_match_serves_h_04() {
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
fn a_shared_registration_has_one_policy_and_lasts_as_long_as_its_callees_h_08_h_11_h_12() {
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
fn options_of_register_that_do_not_exist_are_violations_h_10_m_05() {
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
