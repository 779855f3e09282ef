//! Request ids, URIs, and registrations of clients.

use super::support::{
    self, Client, assert_error, handlers, published, router, router_with, subscribed,
};
use serde_json::json;
use wamp_core::Limits;

const INVALID_URI: &str = "wamp.error.invalid_uri";

#[test]
fn all_requests_share_one_counter_i_01() {
    let mut client = Client::join_in(&router(), "strict");
    let id = client.subscribe(1, "open.a");
    published(&client.ask(r#"[16,2,{"acknowledge":true},"open.b"]"#), 2);
    assert_eq!(client.ask(r#"[48,3,{},"test.nothing"]"#), json!([50, 3, {}]));
    assert_eq!(client.ask(format!("[34,4,{id}]")), json!([35, 4]));
    assert_error(&client.ask(r#"[64,5,{},"a.b"]"#), 64, 5, "wamp.error.not_authorized");
    assert_error(&client.ask("[66,6,1]"), 66, 6, "wamp.error.no_such_registration");
    assert_eq!(client.ask(r#"[48,7,{},"test.nothing"]"#), json!([50, 7, {}]));
}

#[test]
fn in_a_strict_realm_requests_that_do_not_count_one_by_one_are_a_protocol_violation_i_02() {
    let router = router();
    for (before, id) in [(0, 2), (0, 5), (1, 1), (1, 3), (2, 1), (2, 1_u64 << 53)] {
        for request in [
            format!(r#"[48,{id},{{}},"test.add",[1,2]]"#),
            format!(r#"[16,{id},{{}},"open.a"]"#),
            format!(r#"[32,{id},{{}},"open.a"]"#),
            format!("[34,{id},1]"),
            format!(r#"[64,{id},{{}},"a.b"]"#),
            format!("[66,{id},1]"),
        ] {
            let mut client = Client::join_in(&router, "strict");
            (1..=before).for_each(|id| client.publish(id, "open.a", 1));
            client.send(request.clone());
            client.assert_violated(&request);
        }
    }
}

#[test]
fn the_counter_of_a_strict_realm_begins_with_each_session_i_02() {
    let router = router();
    for _ in 0..2 {
        assert_eq!(
            Client::join_in(&router, "strict").ask(r#"[48,1,{},"test.nothing"]"#),
            json!([50, 1, {}])
        );
    }
}

#[test]
fn cancel_consumes_no_id_and_a_publish_without_acknowledgement_does_i_03() {
    let mut client = Client::join_in(&router(), "strict");
    client.publish(1, "open.a", 1);
    client.send("[49,1,{}]");
    client.send("[49,7,{}]");
    client.assert_silent();
    assert_eq!(client.ask(r#"[48,2,{},"test.nothing"]"#), json!([50, 2, {}]));
}

#[test]
fn a_request_that_is_answered_by_error_consumes_its_id_i_04() {
    let mut client = Client::join_in(&router(), "strict");
    assert_error(&client.ask(r#"[32,1,{},"a..b"]"#), 32, 1, INVALID_URI);
    client.publish(2, "a..b", 1);
    assert_eq!(client.ask(r#"[48,3,{},"test.nothing"]"#), json!([50, 3, {}]));
}

#[test]
fn an_id_that_is_still_outstanding_is_a_protocol_violation_c_14() {
    let router = router();
    for realm in ["realm1", "strict"] {
        let mut client = Client::join_in(&router, realm);
        client.send(r#"[48,1,{},"test.wait",["a"]]"#);
        client.send(r#"[48,1,{},"test.wait",["a"]]"#);
        client.assert_violated(realm);
    }
}

#[test]
fn ids_are_taken_in_any_order_with_gaps_and_again_d_02() {
    let mut client = Client::join(&router());
    for id in [77, 3, 3, 1, 2, 9_007_199_254_740_992_u64] {
        assert_eq!(client.ask(format!(r#"[48,{id},{{}},"test.nothing"]"#)), json!([50, id, {}]));
        let subscription = client.subscribe(id, "open.a");
        published(&client.ask(format!(r#"[16,{id},{{"acknowledge":true}},"open.b"]"#)), id);
        assert_eq!(client.ask(format!("[34,{id},{subscription}]")), json!([35, id]));
        assert_error(
            &client.ask(format!(r#"[64,{id},{{}},"a.b"]"#)),
            64,
            id,
            "wamp.error.not_authorized",
        );
        assert_error(
            &client.ask(format!("[66,{id},1]")),
            66,
            id,
            "wamp.error.no_such_registration",
        );
    }
}

#[test]
fn the_id_of_a_call_that_was_cancelled_is_free_although_its_handler_runs_on_d_02() {
    let mut client = Client::join(&router());
    client.send(r#"[48,5,{},"test.wait",["first"]]"#);
    assert_error(&client.ask(r#"[49,5,{"mode":"skip"}]"#), 48, 5, "wamp.error.canceled");
    client.send(r#"[48,5,{"timeout":1000},"test.wait",["second"]]"#);
    client.send("[49,6,{}]");
    handlers::open("first");
    client.assert_silent();
    handlers::open("second");
    assert_eq!(client.one(), json!([50, 5, {}, ["second"]]));
    assert_eq!(client.deadline_in(), None);
}

#[test]
fn handlers_that_run_on_after_a_cancellation_count_as_calls_in_flight() {
    let mut client = Client::join(&router_with(Limits::default().calls_in_flight(2)));
    let wait = r#"[48,5,{},"test.wait",["a"]]"#;
    for _ in 0..2 {
        client.send(wait);
        assert_error(&client.ask(r#"[49,5,{"mode":"skip"}]"#), 48, 5, "wamp.error.canceled");
    }
    assert_error(&client.ask(wait), 48, 5, "wamp.error.unavailable");
    handlers::open("a");
    client.assert_silent();
    client.send(wait);
    client.assert_silent();
}

#[test]
fn an_outstanding_id_is_refused_even_when_it_would_be_the_next_d_02() {
    let mut client = Client::join(&router());
    client.send(r#"[48,2,{},"test.wait",["a"]]"#);
    client.ask(r#"[48,1,{},"test.nothing"]"#);
    client.send(r#"[48,2,{},"test.wait",["a"]]"#);
    client.assert_violated("CALL 2 twice");
}

#[test]
fn the_id_of_a_subscribe_or_publish_that_is_not_decided_is_outstanding_too_d_02() {
    let router = router();
    for pending in [r#"[32,5,{},"gated.a"]"#, r#"[16,5,{"acknowledge":true},"slow.a"]"#] {
        let mut client = Client::join(&router);
        client.send(pending);
        client.send(r#"[48,5,{},"test.nothing"]"#);
        client.assert_violated(pending);
    }
}

#[test]
fn publication_ids_are_drawn_at_random_i_07() {
    let mut client = Client::join(&router());
    let ids: std::collections::HashSet<u64> = (1..=200)
        .map(|request| {
            let answer = client.ask(format!(r#"[16,{request},{{"acknowledge":true}},"open.a"]"#));
            published(&answer, request)
        })
        .collect();
    assert!(ids.len() == 200 && ids.iter().any(|id| *id > 1 << 40), "{ids:?}");
}

#[test]
fn an_invalid_uri_is_an_error_and_the_session_lives_u_03() {
    let mut client = Client::join(&router());
    let long = "a".repeat(1 << 20);
    let mut request = 0;
    // The last ones would match the wildcard and the prefix of a handler.
    for uri in [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a#b",
        r"a\tb",
        r"a\nb",
        r"open.a\n",
        "open.",
        "open.a b",
        "gated.",
        "slow.#",
        "test.item.",
        "test.item.a b",
        "test.rest.a..b",
        "test.rest.a b",
        &long,
    ] {
        for (code, message) in [(48, "{}"), (32, "{}"), (64, "{}"), (16, r#"{"acknowledge":true}"#)]
        {
            request += 1;
            let answer = client.ask(format!(r#"[{code},{request},{message},"{uri}"]"#));
            assert_error(&answer, code, request, INVALID_URI);
        }
    }
    assert!(client.has_session());
}

#[test]
fn the_loose_check_accepts_what_only_the_strict_one_refuses_u_03() {
    let mut client = Client::join(&router());
    subscribed(&client.ask(r#"[32,1,{},"open.A-b\u00fc:c"]"#), 1);
    assert_error(&client.ask(r#"[48,2,{},"A-b.\u00fc"]"#), 48, 2, "wamp.error.no_such_procedure");
}

#[test]
fn an_invalid_topic_of_an_unacknowledged_publish_is_dropped_without_a_word_u_04() {
    let mut client = Client::join(&router());
    client.publish(1, "a..b", 1);
    client.publish(2, "", 1);
    client.publish(3, "wamp.session.on_join", 1);
    client.assert_silent();
    assert!(client.has_session());
}

#[test]
fn clients_neither_publish_nor_register_under_wamp_u_06() {
    let router = router();
    let mut client = Client::join(&router);
    for (request, uri) in ["wamp", "wamp.x", "wamp.session.on_join"].iter().enumerate() {
        let (first, second) = (2 * request as u64 + 1, 2 * request as u64 + 2);
        assert_error(&client.ask(format!(r#"[64,{first},{{}},"{uri}"]"#)), 64, first, INVALID_URI);
        let publish = format!(r#"[16,{second},{{"acknowledge":true}},"{uri}"]"#);
        assert_error(&client.ask(publish), 16, second, INVALID_URI);
    }
    assert_error(&client.ask(r#"[64,7,{},"wampx.y"]"#), 64, 7, "wamp.error.not_authorized");
    let realm = router.realm("realm1").unwrap();
    assert!(realm.publish("wamp.x").send().is_err());
    assert!(realm.publish("a..b").send().is_err());
    assert!(realm.publish("wampx.y").send().is_ok());
}

#[test]
fn the_patterns_of_the_application_do_not_swallow_what_belongs_to_wamp_u_08() {
    static GREEDY: &[wamp_core::__private::HandlerEntry] = &[
        handlers::rpc("{all..}", handlers::nothing),
        handlers::subscribe("{all..}", handlers::accepting),
        handlers::publish("{a}.{b}", handlers::letting_through),
    ];
    let router = support::router_of(GREEDY);
    let mut client = Client::join(&router);
    assert_error(&client.ask(r#"[48,1,{},"wamp.foo"]"#), 48, 1, "wamp.error.no_such_procedure");
    assert_eq!(client.ask(r#"[48,2,{},"wampx.foo"]"#), json!([50, 2, {}]));
    assert_error(&client.ask(r#"[32,3,{},"wamp.foo"]"#), 32, 3, "wamp.error.not_authorized");
    let publish = r#"[16,4,{"acknowledge":true},"wamp.foo"]"#;
    assert_error(&client.ask(publish), 16, 4, INVALID_URI);
}

#[test]
fn clients_cannot_register_procedures_r_06() {
    let mut client = Client::join(&router());
    assert_error(&client.ask(r#"[64,1,{},"com.p"]"#), 64, 1, "wamp.error.not_authorized");
    let options = r#"{"match":"prefix","invoke":"roundrobin","disclose_caller":true}"#;
    assert_error(
        &client.ask(format!(r#"[64,2,{options},"com.p"]"#)),
        64,
        2,
        "wamp.error.not_authorized",
    );
    assert_error(&client.ask(r#"[48,3,{},"com.p"]"#), 48, 3, "wamp.error.no_such_procedure");
}

#[test]
fn an_unknown_registration_cannot_be_taken_back_r_04() {
    let mut client = Client::join(&router());
    assert_error(&client.ask("[66,1,1]"), 66, 1, "wamp.error.no_such_registration");
}
