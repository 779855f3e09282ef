//! Progressive results.

use super::{ALL, call, join, register, router, serving};
use serde_json::{Value, json};

#[test]
fn progressive_results_come_in_order_and_the_last_has_no_mark_pr_02_pr_03() {
    let (mut caller, mut callee) = serving();
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
fn progress_is_asked_of_a_callee_that_announces_it_whether_or_not_it_can_be_interrupted_pr_01() {
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
fn progress_that_the_caller_did_not_ask_for_is_dropped_pr_05() {
    let (mut caller, mut callee) = serving();
    call(&mut caller, 1, &json!({}), "com.p");
    assert_eq!(callee.one()[3], json!({}));
    callee.send(r#"[70,1,{"progress":true},[1]]"#);
    caller.assert_silent();
    callee.send("[70,1,{},[2]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [2]]));
}

#[test]
fn a_callee_that_goes_on_after_its_caller_left_is_interrupted_again_pr_06() {
    let (mut caller, mut callee) = serving();
    call(&mut caller, 1, &json!({"receive_progress": true}), "com.p");
    callee.one();
    caller.lose();
    let interrupt = json!([69, 1, {"mode": "killnowait"}]);
    assert_eq!(callee.one(), interrupt);
    assert_eq!(callee.ask(r#"[70,1,{"progress":true},[1]]"#), interrupt);
    callee.send("[70,1,{}]");
    callee.assert_silent();
}
