//! CANCEL, and time limits.

use std::time::Duration;

use super::super::support::{Client, assert_error};
use super::{ALL, call, join, pair, register, router, serving};
use serde_json::json;

#[test]
fn skip_releases_the_caller_and_tells_the_callee_nothing_ca_01() {
    let (mut caller, mut callee) = serving();
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    assert_error(&caller.ask(r#"[49,1,{"mode":"skip"}]"#), 48, 1, "wamp.error.canceled");
    callee.assert_silent();
    callee.send("[70,1,{},[1]]");
    caller.assert_silent();
    callee.assert_silent();
}

#[test]
fn killnowait_releases_the_caller_and_interrupts_the_callee_ca_02_ca_05() {
    for options in [r#"{"mode":"killnowait"}"#, "{}"] {
        let (mut caller, mut callee) = serving();
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
fn under_kill_the_callee_answers_and_is_asked_once_ca_03_ca_08() {
    for (answer, result) in [
        ("[70,1,{},[7]]", json!([50, 1, {}, [7]])),
        (r#"[8,68,1,{},"com.stopped",[3]]"#, json!([8, 48, 1, {}, "com.stopped", [3]])),
    ] {
        let (mut caller, mut callee) = serving();
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
fn a_caller_that_does_not_want_to_wait_for_a_kill_is_released_ca_08() {
    let (mut caller, mut callee) = serving();
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
fn a_call_that_takes_too_long_ends_and_its_callee_is_interrupted_to_01_to_02() {
    let (mut caller, mut callee) = serving();
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
fn a_callee_that_asked_for_timeouts_keeps_them_itself_to_03_to_04() {
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
fn each_progressive_result_starts_the_time_anew_to_05() {
    let (mut caller, mut callee) = serving();
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
fn a_stream_that_cannot_be_interrupted_is_cancelled_for_the_caller_alone_ca_04() {
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
