//! Disclosure, passthru mode, and the features that a realm announces.

use super::super::support::{self, Client, assert_error};
use super::{ALL, SEALED, call, join, pair, register, router};
use serde_json::{Value, json};

#[test]
fn the_callee_sees_the_caller_if_one_of_them_asks_di_01_di_02_di_04() {
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
fn a_realm_may_forbid_disclosure_di_03_di_04() {
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
fn a_payload_in_passthru_mode_travels_untouched_with_its_keys_x_01_x_04() {
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
fn a_caller_that_cannot_take_passthru_gets_an_error_x_03() {
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
fn a_realm_that_routes_clients_announces_what_only_works_there_s_03() {
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
