//! Null in place of Arguments, ArgumentsKw, Options or Details counts as absent, and never goes on
//! to anybody else.
//!
//! The frames are those of nexus' Go client, which takes all three itself.

use super::support::{self, Client, assert_error, handlers, published, subscribed};
use serde_json::{Value, json};
use wamp_core::{Realm, Router, Topic};

fn router() -> Router {
    handlers::reset();
    Router::builder()
        .realm(
            Realm::new("realm1").route_clients(true).topic("open.{name}", Topic::open().retained()),
        )
        .handlers([handlers::ALL])
        .build()
        .expect("the handlers of the tests are sound")
}

/// Elements that may follow the URI, each with what other clients see of it.
fn tails() -> [(&'static str, Value); 10] {
    [
        ("null", json!([])),
        ("null,null", json!([])),
        ("[],null", json!([])),
        ("null,{}", json!([])),
        (r#"null,{"name":"Bo"}"#, json!([[], {"name": "Bo"}])),
        (r#"[],{"name":"Bo"}"#, json!([[], {"name": "Bo"}])),
        ("[1],null", json!([[1]])),
        ("[null]", json!([[null]])),
        (r#"null,{"name":null}"#, json!([[], {"name": null}])),
        (r#"[1],{"name":"Bo"}"#, json!([[1], {"name": "Bo"}])),
    ]
}

/// Returns the elements of a message behind its head.
fn tail(message: &Value, head: usize) -> Value {
    support::list(message)[head..].to_vec().into()
}

#[test]
fn null_arguments_of_a_call_are_absent_to_its_handler_m_01() {
    let mut client = Client::join(&router());
    let greet = r#"[48,2,{},"test.greet",null,{"name":"Bo","times":2}]"#;
    assert_eq!(client.ask(greet), json!([50, 2, {}, ["BoBo"]]));
    for (request, null) in (3..).zip(["null", "null,null", "[],null"]) {
        let answer = client.ask(format!(r#"[48,{request},{{}},"test.nothing",{null}]"#));
        assert_eq!(answer, json!([50, request, {}]), "{null}");
        let answer = client.ask(format!(r#"[48,{request},null,"test.add",{null}]"#));
        assert_error(&answer, 48, request, "wamp.error.invalid_argument");
    }
}

#[test]
fn a_callee_never_sees_null_where_its_caller_wrote_it_m_01() {
    let router = router();
    let (mut caller, mut callee) = (Client::join(&router), Client::join(&router));
    callee.ask(r#"[64,1,null,"com.p"]"#);
    for (request, (written, seen)) in (1..).zip(tails()) {
        for options in ["{}", "null"] {
            caller.send(format!(r#"[48,{request},{options},"com.p",{written}]"#));
            let invocation = callee.one();
            assert_eq!(
                (&invocation[3], tail(&invocation, 4)),
                (&json!({}), seen.clone()),
                "{written}"
            );
            callee.send(format!("[70,{},null]", invocation[1]));
            assert_eq!(caller.one(), json!([50, request, {}]), "{written}");
        }
    }
}

#[test]
fn a_caller_never_sees_null_where_its_callee_wrote_it_m_01() {
    let router = router();
    let (mut caller, mut callee) = (Client::join(&router), Client::join(&router));
    callee.ask(r#"[64,1,{},"com.p"]"#);
    for (request, (written, seen)) in (1..).zip(tails()) {
        for options in ["{}", "null"] {
            caller.send(format!(r#"[48,{request},{{}},"com.p"]"#));
            let invocation = callee_invocation(&mut callee);
            callee.send(format!("[70,{invocation},{options},{written}]"));
            let result = caller.one();
            assert_eq!((&result[2], tail(&result, 3)), (&json!({}), seen.clone()), "{written}");
            caller.send(format!(r#"[48,{request},{{}},"com.p"]"#));
            let invocation = callee_invocation(&mut callee);
            callee.send(format!(r#"[8,68,{invocation},{options},"com.error",{written}]"#));
            let error = caller.one();
            assert_eq!((&error[3], tail(&error, 5)), (&json!({}), seen.clone()), "{written}");
        }
    }
}

/// The id of the INVOCATION that the callee got.
#[track_caller]
fn callee_invocation(callee: &mut Client) -> Value {
    callee.one()[1].clone()
}

#[test]
fn a_subscriber_never_sees_null_where_the_publisher_wrote_it_m_01() {
    let router = router();
    let (mut publisher, mut subscriber) = (Client::join(&router), Client::join(&router));
    let subscription = subscribed(&subscriber.ask(r#"[32,1,null,"open.a"]"#), 1);
    for (request, (written, seen)) in (1..).zip(tails()) {
        publisher.send(format!(r#"[16,{request},null,"open.a",{written}]"#));
        publisher.assert_silent();
        let event = subscriber.one();
        assert_eq!((&event[1], &event[3]), (&json!(subscription), &json!({})), "{written}");
        assert_eq!(tail(&event, 4), seen, "{written}");
        let options = r#"{"acknowledge":true,"retain":true}"#;
        published(
            &publisher.ask(format!(r#"[16,{request},{options},"open.a",{written}]"#)),
            request,
        );
        assert_eq!(tail(&subscriber.one(), 4), seen, "{written}");
        let mut late = Client::join(&router);
        late.send(r#"[32,1,{"get_retained":true},"open.a"]"#);
        assert_eq!(tail(&late.received()[1], 4), seen, "{written}");
    }
}

#[test]
fn null_options_are_those_without_an_entry_m_01() {
    let mut client = Client::join(&router());
    let subscription = subscribed(&client.ask(r#"[32,1,null,"open.a"]"#), 1);
    assert_eq!(client.ask(format!("[34,2,{subscription},null]")), json!([35, 2]));
    let registration = client.ask(r#"[64,3,null,"com.p"]"#)[2].clone();
    assert_eq!(client.ask(format!("[66,4,{registration},null]")), json!([67, 4]));
    client.send(r#"[48,5,null,"test.wait",["a"]]"#);
    assert_error(&client.ask("[49,5,null]"), 48, 5, "wamp.error.canceled");
    assert_eq!(
        client.ask(r#"[6,null,"wamp.close.normal"]"#),
        json!([6, {}, "wamp.close.goodbye_and_out"])
    );
}

#[test]
fn null_details_of_an_abort_are_none_m_01() {
    let mut client = Client::join(&router());
    client.send(r#"[3,null,"wamp.error.canceled",null,null]"#);
    client.assert_silent();
    assert_eq!(client.close(), Some(wamp_core::Close::Normal));
}
