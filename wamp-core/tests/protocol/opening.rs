//! HELLO, WELCOME and ABORT: how a session opens, and how it does not.

use std::collections::HashSet;
use std::time::Duration;

use super::support::{self, Client, assert_aborted, handlers, hello, router, router_of, welcomed};
use serde_json::{Value, json};
use wamp_core::__private::HandlerEntry;
use wamp_core::{Close, Identity, Realm, Router};

#[test]
fn hello_is_answered_by_welcome_with_the_roles_that_are_served_s_01() {
    let mut client = Client::connect(&router());
    let welcome = client.ask(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    welcomed(&welcome);
    assert!(welcome[2]["roles"]["broker"].is_object() && welcome[2]["roles"]["dealer"].is_object());
    assert_eq!(welcome[2]["realm"], "realm1");
    assert_eq!(client.close(), None);
}

#[test]
fn session_ids_differ_and_show_no_sequence_s_02() {
    let router = router();
    let ids: Vec<u64> = (0..1000).map(|_| Client::join(&router).id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 1000);
    let steps: HashSet<u64> = ids.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    assert!(steps.len() > 990, "{} different steps", steps.len());
}

#[test]
fn welcome_announces_what_is_served_and_nothing_else_s_03() {
    let welcome = Client::connect(&router()).ask(hello("realm1"));
    let broker = json!({
        "event_retention": true,
        "payload_passthru_mode": true,
        "pattern_based_subscription": true,
        "publisher_exclusion": true,
        "publisher_identification": true,
        "subscriber_blackwhite_listing": true,
        "subscription_revocation": true,
    });
    let dealer = json!({
        "call_canceling": true,
        "call_timeout": true,
        "caller_identification": true,
        "payload_passthru_mode": true,
        "progressive_call_invocations": true,
        "progressive_call_results": true,
    });
    assert_eq!(
        welcome[2]["roles"],
        json!({"broker": {"features": broker}, "dealer": {"features": dealer}})
    );
}

#[test]
fn welcome_names_the_agent_and_hello_may_s_07() {
    let router = Router::builder().handlers([]).agent("shop/7").build().unwrap();
    let hello = r#"[1,"realm1",{"agent":"test","roles":{"caller":{}}}]"#;
    assert_eq!(Client::connect(&router).ask(hello)[2]["agent"], "shop/7");
}

#[test]
fn welcome_shows_the_identity_that_the_host_gave_s_08() {
    let identity = Identity {
        authid: "joe".into(),
        authrole: "staff".into(),
        authmethod: "cookie".into(),
        authprovider: "shop".into(),
        ..Identity::anonymous()
    };
    let welcome = Client::connect_as(&router(), identity).ask(hello("realm1"));
    let shown = ["authid", "authrole", "authmethod", "authprovider"].map(|key| &welcome[2][key]);
    assert_eq!(shown, ["joe", "staff", "cookie", "shop"]);
}

#[test]
fn a_client_without_roles_is_a_protocol_violation_s_09() {
    let router = router();
    for details in [
        "{}",
        r#"{"roles":{}}"#,
        r#"{"roles":null}"#,
        r#"{"roles":{"caller":null}}"#,
        r#"{"roles":{"foo":{}}}"#,
        r#"{"roles":[]}"#,
        r#"{"roles":{"caller":[]}}"#,
        r#"{"roles":{"caller":1}}"#,
        r#"{"roles":"caller"}"#,
    ] {
        let mut client = Client::connect(&router);
        client.send(format!(r#"[1,"realm1",{details}]"#));
        client.assert_violated(details);
    }
}

#[test]
fn unknown_roles_features_and_details_are_ignored_s_10() {
    let router = router();
    for details in [
        r#"{"roles":{"caller":{},"foo":{}}}"#,
        r#"{"roles":{"foo":1,"caller":{}}}"#,
        r#"{"roles":{"caller":{},"callee":null}}"#,
        r#"{"roles":{"subscriber":{"features":{"foo":true},"bar":[]}}}"#,
        r#"{"foo":[{}],"_bar":1,"roles":{"publisher":{}},"agent":null}"#,
        r#"{"roles":{"cal\u006cer":{}}}"#,
    ] {
        welcomed(&Client::connect(&router).ask(format!(r#"[1,"realm1",{details}]"#)));
    }
}

#[test]
fn a_realm_that_is_not_declared_does_not_exist_s_11() {
    let mut client = Client::connect(&router());
    assert_aborted(&client.ask(hello("elsewhere")), "wamp.error.no_such_realm");
    assert_eq!(client.close(), Some(Close::Refused));
    client.assert_ended();
}

#[test]
fn a_router_without_declared_realms_has_one_for_every_name_s_11() {
    let router = Router::builder().handlers([]).build().unwrap();
    let mut clients: Vec<Client> = ["a", "b"].map(|realm| Client::join_in(&router, realm)).into();
    assert_eq!(clients[0].session().realm().name(), "a");
    assert_eq!(router.realm("anything").unwrap().session_count(), 2);
    clients[1].lose();
    assert_eq!(clients[0].session().realm().session_count(), 1);
}

#[test]
fn a_realm_that_is_no_uri_is_refused_with_invalid_uri_s_12() {
    let router = router();
    for realm in ["", "a b", "a..b", ".", "a#b", "a\tb", &"a".repeat(1025)] {
        let mut client = Client::connect(&router);
        assert_aborted(&client.ask(hello(realm)), "wamp.error.invalid_uri");
        assert_eq!(client.close(), Some(Close::Refused));
    }
}

#[test]
fn a_message_before_hello_is_a_protocol_violation_s_13() {
    let router = router();
    for message in [
        r#"[48,1,{},"test.add",[1,2]]"#,
        r#"[6,{},"wamp.close.close_realm"]"#,
        r#"[5,"",{}]"#,
        r#"[8,68,1,{},"a.b"]"#,
        r#"[16,1,{},"a.b"]"#,
        r#"[32,1,{},"a.b"]"#,
        "[34,1,1]",
        "[49,1,{}]",
        r#"[64,1,{},"a.b"]"#,
        "[66,1,1]",
        "[70,1,{}]",
        "[33,1,1]",
        "[17,1,1]",
        "[50,1,{}]",
        "",
    ] {
        let mut client = Client::connect(&router);
        client.send(message);
        client.assert_violated(message);
    }
}

#[test]
fn nothing_is_executed_before_welcome_s_13() {
    let router = router_of(HESITATING);
    let mut client = Client::connect(&router);
    client.send(hello("realm1"));
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    client.assert_violated("CALL before WELCOME");
    assert_eq!(handlers::waiting("a"), 0);
}

#[test]
fn a_second_hello_is_a_protocol_violation_s_14() {
    let mut client = Client::join(&router());
    client.send(hello("realm1"));
    client.assert_violated("second HELLO");
}

#[test]
fn an_abort_of_the_client_is_not_answered_in_any_state_s_15() {
    let abort = r#"[3,{"message":"x"},"wamp.error.system_shutdown",[1],{"a":1}]"#;
    let mut opening = Client::connect(&router());
    let mut joining = Client::connect(&router_of(HESITATING));
    joining.send(hello("realm1"));
    let router = router();
    let mut open = Client::join(&router);
    let mut leaving = Client::join(&router);
    leaving.session().close("wamp.close.killed");
    assert_eq!(leaving.one()[0], 6);
    for client in [&mut opening, &mut joining, &mut open, &mut leaving] {
        client.send(abort);
        client.assert_silent();
        assert_eq!(client.close(), Some(Close::Normal));
        client.assert_ended();
    }
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
}

#[test]
fn a_lost_transport_ends_the_session_and_its_subscriptions_s_19() {
    let router = router();
    let mut client = Client::join(&router);
    client.subscribe(1, "sub.hold");
    client.send(r#"[48,2,{},"test.wait",["a"]]"#);
    client.lose();
    assert_eq!(handlers::journal(), ["dropped sub.hold", "dropped wait a"]);
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
    client.assert_ended();
}

#[test]
fn a_role_that_was_not_announced_may_be_played_s_21() {
    let mut client = Client::connect(&router());
    client.ask(r#"[1,"realm1",{"roles":{"subscriber":{}}}]"#);
    assert_eq!(client.ask(r#"[48,1,{},"test.add",[1,2]]"#), json!([50, 1, {}, [3]]));
}

#[test]
fn a_transport_without_hello_is_closed_after_the_hello_timeout_t_22() {
    let mut client = Client::connect(&router());
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(5)));
    client.advance(Duration::from_millis(4999));
    client.poll();
    assert_eq!(client.close(), None);
    client.advance(Duration::from_millis(1));
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Refused));
    client.assert_ended();
}

#[test]
fn anonymous_is_found_among_the_offered_methods_and_assumed_without_any_a_02() {
    let router = router();
    for methods in ["[]", "null", r#"["anonymous"]"#, r#"["foo","ticket","anonymous"]"#] {
        let hello =
            format!(r#"[1,"realm1",{{"roles":{{"caller":{{}}}},"authmethods":{methods}}}]"#);
        assert_eq!(Client::connect(&router).ask(hello)[2]["authmethod"], "anonymous");
    }
}

#[test]
fn a_client_that_does_not_offer_anonymous_is_refused_a_03() {
    let router = router();
    for methods in [r#"["ticket"]"#, r#"["foo","wampcra"]"#, r#"["Anonymous"]"#] {
        let mut client = Client::connect(&router);
        let hello =
            format!(r#"[1,"realm1",{{"roles":{{"caller":{{}}}},"authmethods":{methods}}}]"#);
        assert_aborted(&client.ask(hello), "wamp.error.no_matching_auth_method");
        assert_eq!(client.close(), Some(Close::Refused));
    }
}

#[test]
fn an_anonymous_session_gets_an_authid_of_its_own_whatever_it_claims_a_20() {
    let router = router();
    let claims = r#"[1,"realm1",{"roles":{"caller":{}},
        "authid":"admin","authrole":"staff","authextra":{"a":1}}]"#;
    let mut authids = HashSet::new();
    for _ in 0..2 {
        let mut client = Client::connect(&router);
        let welcome = client.ask(claims);
        assert_eq!(welcome[2]["authrole"], "anonymous");
        assert_eq!(client.session().authrole(), "anonymous");
        assert_eq!(client.session().authid(), welcome[2]["authid"]);
        authids.insert(welcome[2]["authid"].as_str().unwrap().to_owned());
    }
    assert!(authids.len() == 2 && !authids.contains("admin"), "{authids:?}");
}

static ADMITTING: &[HandlerEntry] = &[
    handlers::session(handlers::admitting),
    HandlerEntry { roles: &["staff"], ..handlers::session(handlers::locking_out) },
];
static LOCKING_OUT: &[HandlerEntry] =
    &[handlers::session(handlers::admitting), handlers::session(handlers::locking_out)];
static BREAKING_DOWN: &[HandlerEntry] = &[handlers::session(handlers::breaking_down)];
static HESITATING: &[HandlerEntry] =
    &[handlers::session(handlers::hesitating), handlers::session(handlers::hesitating)];

#[test]
fn what_a_session_handler_holds_lives_until_the_session_ends() {
    let mut client = Client::join(&router_of(ADMITTING));
    assert_eq!((handlers::alive(), handlers::journal()), (1, vec![]));
    client.send(r#"[6,{},"wamp.close.normal"]"#);
    assert_eq!(handlers::journal(), ["dropped session in realm1"]);
}

#[test]
fn a_session_handler_of_another_role_does_not_decide() {
    let router = router_of(ADMITTING);
    Client::join(&router);
    let staff = Identity { authrole: "staff".into(), ..Identity::anonymous() };
    let mut client = Client::connect_as(&router, staff);
    assert_aborted(&client.ask(hello("realm1")), "test.error.locked_out");
}

#[test]
fn a_session_handler_that_refuses_aborts_with_its_uri_and_text() {
    let router = router_of(LOCKING_OUT);
    let mut client = Client::connect(&router);
    let abort = client.ask(hello("realm1"));
    assert_eq!(abort, json!([3, {"message": "come back tomorrow"}, "test.error.locked_out"]));
    assert_eq!(client.close(), Some(Close::Refused));
    assert_eq!(handlers::journal(), ["dropped session in realm1"]);
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
    client.assert_ended();
}

#[test]
fn a_session_handler_that_panics_aborts_without_the_panics_text() {
    let mut client = Client::connect(&router_of(BREAKING_DOWN));
    let abort = client.ask(hello("realm1"));
    assert_aborted(&abort, "wamp.error.runtime_error");
    assert!(!abort.to_string().contains("secret"), "{abort}");
}

#[test]
fn session_handlers_run_one_after_the_other_and_welcome_waits_for_all() {
    let router = router_of(HESITATING);
    let mut client = Client::connect(&router);
    client.send(hello("realm1"));
    client.assert_silent();
    assert_eq!((handlers::waiting("door"), client.has_session()), (1, false));
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
    handlers::open("door");
    client.assert_silent();
    handlers::open("door");
    welcomed(&client.one());
    assert_eq!(router.realm("realm1").unwrap().session_count(), 1);
}

#[test]
fn joining_has_a_time_limit_that_begins_with_hello() {
    let mut client = Client::connect(&router_of(HESITATING));
    client.advance(Duration::from_secs(4));
    client.send(hello("realm1"));
    client.advance(Duration::from_secs(4));
    client.assert_silent();
    assert_eq!(client.close(), None);
    client.advance(Duration::from_secs(1));
    assert_aborted(&client.one(), "wamp.error.canceled");
    assert_eq!(client.close(), Some(Close::Refused));
    assert_eq!(handlers::waiting("door"), 0);
}

#[test]
fn a_session_that_is_decided_during_a_shutdown_is_refused_s_20() {
    for says_goodbye in [false, true] {
        let router = router_of(HESITATING);
        let mut client = Client::connect(&router);
        client.send(hello("realm1"));
        handlers::open("door");
        client.poll();
        let stopped = router.shutdown(Duration::from_secs(9));
        drop(if says_goodbye { stopped.goodbye() } else { stopped });
        handlers::open("door");
        if says_goodbye {
            assert_aborted(&client.one(), "wamp.close.system_shutdown");
        }
        client.assert_silent();
        assert_eq!(client.close(), Some(Close::Shutdown));
    }
}

#[test]
fn two_realms_share_neither_topics_nor_procedures_u_09() {
    let router = router();
    let mut here = Client::join(&router);
    let mut there = Client::join_in(&router, "realm2");
    there.subscribe(1, "open.a");
    here.publish(1, "open.a", 1);
    there.assert_silent();
    assert_eq!(here.ask(r#"[48,2,{},"test.realm1"]"#), json!([50, 2, {}]));
    let error: Value = there.ask(r#"[48,2,{},"test.realm1"]"#);
    support::assert_error(&error, 48, 2, "wamp.error.no_such_procedure");
    assert_eq!(router.realm("realm2").unwrap().session_count(), 1);
}

#[test]
fn a_realm_for_any_name_is_one_realm() {
    let router = Router::builder()
        .realm(Realm::any().topic("open.a", wamp_core::Topic::open()))
        .handlers([])
        .build()
        .unwrap();
    let mut here = Client::join_in(&router, "here");
    let mut there = Client::join_in(&router, "there");
    let id = there.subscribe(1, "open.a");
    here.publish(1, "open.a", 1);
    support::assert_event(&there.one(), id, 1);
}
