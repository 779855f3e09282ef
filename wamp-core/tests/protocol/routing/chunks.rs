//! Progressive call invocations.

use super::super::support::assert_error;
use super::{ALL, SEALED, call, callees, join, pair, pair_of_formats, register, router, serving};
use serde_json::json;

#[test]
fn a_later_chunk_that_the_callee_cannot_be_sent_ends_the_call_on_both_sides_pi_01() {
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
fn chunks_are_one_invocation_and_the_first_says_how_pi_01_pi_05() {
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
fn progressive_results_and_canceling_announce_progressive_invocations_too_pi_02() {
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
fn a_callee_that_lacks_the_feature_is_not_called_pi_03_x_03() {
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
fn an_id_of_a_call_that_is_no_such_call_is_a_violation_pi_06_pi_08() {
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
fn chunks_do_not_move_the_watermark_of_a_strict_realm_pi_06() {
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
fn a_callee_may_answer_before_the_last_chunk_pi_10() {
    let (mut caller, mut callee) = serving();
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
fn chunks_stay_with_the_callee_of_the_first_pi_04() {
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
fn a_caller_that_leaves_or_cancels_ends_its_progressive_call_pi_09_ca_11() {
    let (mut caller, mut callee) = serving();
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
