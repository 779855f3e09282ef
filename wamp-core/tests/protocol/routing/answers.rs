//! A call and its answer, and callers and callees that leave.

use super::super::support::{Client, assert_error};
use super::{ALL, call, join, pair, pair_of_formats, register, router, serving};
use serde_json::json;

#[test]
fn a_call_reaches_the_callee_and_its_answer_the_caller_c_08() {
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
fn an_error_of_the_callee_is_the_callers_c_08() {
    let (mut caller, mut callee) = serving();
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    callee.send(r#"[8,68,1,{"x":1},"com.error",["why"],{"code":7}]"#);
    callee.assert_silent();
    assert_eq!(caller.one(), json!([8, 48, 1, {}, "com.error", ["why"], {"code": 7}]));
}

#[test]
fn a_session_may_call_what_it_registered_itself_c_12() {
    let mut client = join(&router(), "realm1", ALL);
    let registration = register(&mut client, 1, &json!({}), "com.p");
    call(&mut client, 2, &json!({}), "com.p");
    assert_eq!(client.one(), json!([68, 1, registration, {}, [2]]));
    assert_eq!(client.ask("[70,1,{},[3]]"), json!([50, 2, {}, [3]]));
}

#[test]
fn invocations_are_numbered_from_1_in_each_session_i_06() {
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

#[test]
fn a_call_that_the_callee_cannot_be_sent_takes_no_id_i_06() {
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
fn an_answer_to_what_was_never_asked_is_a_violation_and_a_late_one_is_dropped_p_03() {
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
fn an_error_for_anything_but_an_invocation_is_a_violation_p_02() {
    let router = router();
    for request_type in [16, 32, 34, 48, 49, 64, 66, 70] {
        let mut client = join(&router, "realm1", ALL);
        client.send(format!(r#"[8,{request_type},1,{{}},"a.b"]"#));
        client.assert_violated("ERROR");
    }
}

#[test]
fn the_callers_of_a_callee_that_leaves_are_told_c_10() {
    for leave in [Client::lose, |client: &mut Client| client.send(r#"[6,{},"wamp.close.normal"]"#)]
    {
        let (mut caller, mut callee) = serving();
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
fn the_callees_of_a_caller_that_leaves_are_interrupted_if_they_can_be_c_11() {
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
