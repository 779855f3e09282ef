//! Authorisation: a realm's authoriser is asked before anything shows, and fails closed.

#[path = "authorization/patterns.rs"]
mod patterns;
#[path = "authorization/remembered.rs"]
mod remembered;
#[path = "authorization/undecided.rs"]
mod undecided;

use std::time::Duration;

use super::support::{
    Client, arguments, assert_error, assert_event, handlers, published, subscribed,
};
use crate::log::Log;
use serde_json::{Value, json};
use wamp_core::{Action, Authorization, Error, Identity, Limits, Permission, Realm, Router, Topic};

const DENIED: &str = "wamp.error.not_authorized";
const MINUTE: Duration = Duration::from_secs(60);
const FAILED: &str = "wamp.error.authorization_failed";

/// Decides by what the URI says, and notes what it was asked.
async fn decide(request: Authorization) -> Result<Permission, Error> {
    let (uri, policy) = match (request.uri(), request.pattern()) {
        (Some(uri), None) => (uri, "exact".to_owned()),
        (None, Some((pattern, policy))) => (pattern, format!("{policy:?}").to_lowercase()),
        both => panic!("{both:?}"),
    };
    handlers::note(format!("{:?} {policy} {uri}", request.action()));
    if uri.contains("deny") {
        return Ok(Permission::deny());
    }
    if uri.contains("unpaid") {
        let error = Error::new("test.error.unpaid").arg("pay first").kwarg("plan", "pro");
        return Ok(Permission::deny_with(error).remembered());
    }
    if uri.contains("gated") {
        handlers::wait_at("authoriser").await?;
    }
    if uri.contains("broken") {
        Err(std::io::Error::other("the secret database is down"))?;
    }
    assert!(!uri.contains("panic"), "the secret of the panic");
    let permission = Permission::when(request.session().authrole() != "guest");
    Ok(match uri {
        _ if uri.contains("remembered") => permission.remembered(),
        _ if uri.contains("minute") => permission.remembered_for(MINUTE),
        _ => permission,
    })
}

fn router() -> Router {
    router_with(&Limits::default())
}

fn router_with(limits: &Limits) -> Router {
    handlers::reset();
    let realm = |name| Realm::new(name).topic("open.{name}", Topic::open()).limits(limits.clone());
    Router::builder()
        .realm(realm("realm1").authorize(decide).authorize_patterns(decide))
        .realm(realm("routed").route_clients(true).authorize(decide).authorize_patterns(decide))
        .realm(realm("free"))
        .realm(
            realm("ill").authorize(|_| -> std::future::Ready<Result<Permission, Error>> {
                panic!("at once")
            }),
        )
        .handlers([handlers::ALL])
        .build()
        .expect("the realms of the tests are sound")
}

fn guest() -> Identity {
    Identity { authrole: "guest".into(), ..Identity::anonymous() }
}

#[test]
fn what_the_authoriser_allows_goes_on_as_without_it() {
    let mut client = Client::join(&router());
    assert_eq!(client.ask(r#"[48,1,{},"test.add",[1,2]]"#), json!([50, 1, {}, [3]]));
    let id = client.subscribe(2, "open.a");
    let mut other = client.session().realm().clone().publish("open.a").arg(1).send();
    assert!(other.is_ok(), "the application needs no permission");
    assert_event(&client.one(), id, 1);
    published(&client.ask(r#"[16,3,{"acknowledge":true,"exclude_me":true},"open.a"]"#), 3);
    assert_eq!(
        handlers::journal(),
        ["Call exact test.add", "Subscribe exact open.a", "Publish exact open.a"]
    );
    other = client.session().realm().publish("open.deny").send();
    assert!(other.is_ok());
}

#[test]
fn what_it_denies_is_not_authorized_z_01() {
    let router = router();
    let mut client = Client::join(&router);
    for (request, code, message) in [
        (1, 48, r#"[48,1,{},"test.deny"]"#),
        (2, 32, r#"[32,2,{},"open.deny"]"#),
        (3, 16, r#"[16,3,{"acknowledge":true},"open.deny"]"#),
        (4, 64, r#"[64,4,{},"com.deny"]"#),
        (5, 32, r#"[32,5,{"match":"prefix"},"open.deny"]"#),
    ] {
        assert_error(&client.ask(message), code, request, DENIED);
    }
    client.send(r#"[16,6,{},"open.deny"]"#);
    client.assert_silent();
    let mut guest = Client::join_as(&router, "realm1", guest());
    assert_error(&guest.ask(r#"[48,1,{},"test.add",[1,2]]"#), 48, 1, DENIED);
}

#[test]
fn an_error_of_the_authoriser_itself_reaches_the_client_and_is_no_line_of_error() {
    let mut client = Client::join(&router());
    let log = Log::of(|| {
        // The second time it is remembered.
        for request in [1, 2] {
            assert_eq!(
                client.ask(format!(r#"[48,{request},{{}},"test.unpaid"]"#)),
                json!([8, 48, request, {}, "test.error.unpaid", ["pay first"], { "plan": "pro" }])
            );
        }
        for (request, code, message) in [
            (3, 32, r#"[32,3,{},"open.unpaid"]"#),
            (4, 16, r#"[16,4,{"acknowledge":true},"open.unpaid"]"#),
            (5, 64, r#"[64,5,{},"com.unpaid"]"#),
        ] {
            assert_error(&client.ask(message), code, request, "test.error.unpaid");
        }
    });
    assert!(!log.contains("ERROR ") && !log.contains("WARN "), "{log}");
    assert_eq!(handlers::journal().len(), 4);
}

#[test]
fn an_authoriser_that_fails_or_panics_is_a_denial_without_a_word_of_why_z_02() {
    let router = router();
    let mut client = Client::join(&router);
    let mut request = 0;
    for word in ["broken", "panic", "broken.gated"] {
        for (code, message) in [
            (48, r#"[48,REQ,{},"test.WORD"]"#),
            (32, r#"[32,REQ,{},"open.WORD"]"#),
            (16, r#"[16,REQ,{"acknowledge":true},"open.WORD"]"#),
            (64, r#"[64,REQ,{},"com.WORD"]"#),
        ] {
            request += 1;
            client.send(message.replace("REQ", &request.to_string()).replace("WORD", word));
            if word.ends_with("gated") {
                client.assert_silent();
                handlers::open("authoriser");
            }
            let error = client.one();
            assert_error(&error, code, request, FAILED);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
    let mut client = Client::join_in(&router, "ill");
    assert_error(&client.ask(r#"[48,1,{},"test.add",[1,2]]"#), 48, 1, FAILED);
    client.send(r#"[16,2,{},"open.a"]"#);
    client.assert_silent();
}

#[test]
fn nothing_that_exists_shows_before_the_decision_z_05() {
    let mut client = Client::join(&router());
    let mut texts = Vec::new();
    // One that exists, one that does not, one that another role would be allowed.
    for (request, uri) in [(1, "test.deny"), (2, "test.deny.nothing"), (3, "wamp.deny")] {
        let error = client.ask(format!(r#"[48,{request},{{}},"{uri}"]"#));
        assert_error(&error, 48, request, DENIED);
        texts.push(error[5].clone());
    }
    for (request, topic) in [(4, "open.deny"), (5, "nowhere.deny"), (6, "wamp.deny")] {
        let error = client.ask(format!(r#"[32,{request},{{}},"{topic}"]"#));
        assert_error(&error, 32, request, DENIED);
        texts.push(error[5].clone());
    }
    for (request, topic) in [(7, "open.deny"), (8, "nowhere.deny")] {
        let error = client.ask(format!(r#"[16,{request},{{"acknowledge":true}},"{topic}"]"#));
        assert_error(&error, 16, request, DENIED);
        texts.push(error[5].clone());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    // A request that is allowed and names nothing that exists is told so, as ever.
    assert_error(&client.ask(r#"[48,9,{},"test.missing"]"#), 48, 9, "wamp.error.no_such_procedure");
    assert_error(&client.ask(r#"[32,10,{},"nowhere.at.all"]"#), 32, 10, DENIED);
}

#[test]
fn a_denied_register_does_not_tell_that_the_procedure_is_taken_z_05() {
    let router = router();
    let mut client = Client::join_in(&router, "routed");
    assert_error(&client.ask(r#"[64,1,{},"test.deny"]"#), 64, 1, DENIED);
    assert_error(
        &client.ask(r#"[64,2,{},"test.add"]"#),
        64,
        2,
        "wamp.error.procedure_already_exists",
    );
    assert_eq!(client.ask(r#"[64,3,{},"com.mine"]"#)[0], 65);
    client.send(r#"[64,4,{"match":"prefix"},"com.gated"]"#);
    client.assert_silent();
    handlers::open("authoriser");
    assert_eq!(client.one()[0], 65);
    assert!(handlers::journal().contains(&"Register prefix com.gated".to_owned()));
}

#[test]
fn a_routed_call_waits_for_the_authoriser_and_then_reaches_its_callee() {
    let router = router();
    let mut callee = Client::join_in(&router, "routed");
    assert_eq!(callee.ask(r#"[64,1,{},"com.x"]"#)[0], 65);
    callee.send(r#"[64,2,{},"com.gated"]"#);
    callee.assert_silent();
    handlers::open("authoriser");
    assert_eq!(callee.one()[0], 65);
    let mut caller = Client::join_in(&router, "routed");
    caller.send(r#"[48,1,{},"com.gated",[7]]"#);
    caller.assert_silent();
    callee.assert_silent();
    handlers::open("authoriser");
    caller.assert_silent();
    let invocation = callee.one();
    assert_eq!((&invocation[0], &invocation[4]), (&json!(68), &json!([7])));
    callee.send(format!(r#"[70,{},{{}},[8]]"#, invocation[1]));
    callee.assert_silent();
    assert_eq!(caller.one(), json!([50, 1, {}, [8]]));
}

#[test]
fn the_syntax_of_a_uri_is_checked_before_anybody_is_asked() {
    let mut client = Client::join(&router());
    for (code, message) in [
        (48, r#"[48,1,{},"a..b"]"#),
        (32, r#"[32,2,{},"a..b"]"#),
        (16, r#"[16,3,{"acknowledge":true},"a..b"]"#),
        (64, r#"[64,4,{},"a..b"]"#),
    ] {
        let request = serde_json::from_str::<Value>(message).unwrap()[1].as_u64().unwrap();
        assert_error(&client.ask(message), code, request, "wamp.error.invalid_uri");
    }
    assert!(handlers::journal().is_empty());
}

#[test]
fn leaving_unsubscribing_and_cancelling_need_no_permission_z_06() {
    let mut client = Client::join(&router());
    let id = client.subscribe(1, "open.a");
    client.send(r#"[48,2,{},"test.wait",["a"]]"#);
    handlers::journal();
    client.send(r#"[49,2,{"mode":"kill"}]"#);
    assert_error(&client.one(), 48, 2, "wamp.error.canceled");
    assert_eq!(client.ask(format!("[34,3,{id}]"))[0], 35);
    assert_eq!(client.ask(r#"[6,{},"wamp.close.normal"]"#)[0], 6);
    assert!(!handlers::journal().iter().any(|line| line.contains("exact")));
}

#[test]
fn a_call_that_the_authoriser_thinks_about_can_be_cancelled() {
    let mut client = Client::join(&router());
    for (request, mode) in [(1, "skip"), (2, "kill"), (3, "killnowait")] {
        client.send(format!(r#"[48,{request},{{}},"test.item.gated{request}"]"#));
        client.assert_silent();
        client.send(format!(r#"[49,{request},{{"mode":"{mode}"}}]"#));
        assert_error(&client.one(), 48, request, "wamp.error.canceled");
    }
    // With `skip`, too: no handler is there that could go on.
    assert_eq!(handlers::waiting("authoriser"), 0);
    client.assert_silent();
}

#[test]
fn a_call_times_out_while_the_authoriser_thinks_and_with_what_is_left_after_that() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{"timeout":100},"test.item.gated"]"#);
    client.assert_silent();
    client.advance(Duration::from_millis(100));
    assert_error(&client.one(), 48, 1, "wamp.error.timeout");
    assert_eq!(handlers::waiting("authoriser"), 0);
    // The gate of the authoriser, then that of the handler.
    client.send(r#"[48,2,{"timeout":100},"test.item.gated.x"]"#);
    client.assert_silent();
    client.advance(Duration::from_millis(60));
    handlers::open("authoriser");
    assert_error(&client.one(), 48, 2, "wamp.error.no_such_procedure");
}

#[test]
fn publications_keep_their_order_while_the_authoriser_thinks() {
    let router = router();
    let mut subscriber = Client::join(&router);
    subscriber.send(r#"[32,1,{},"open.gated"]"#);
    subscriber.send(r#"[32,2,{},"open.b"]"#);
    handlers::open("authoriser");
    subscriber.received();
    let mut publisher = Client::join(&router);
    publisher.publish(1, "open.gated", 1);
    publisher.publish(2, "open.b", 2);
    publisher.publish(3, "open.gated", 3);
    publisher.send(r#"[16,4,{"acknowledge":true},"open.deny"]"#);
    publisher.assert_silent();
    subscriber.assert_silent();
    handlers::open("authoriser");
    publisher.assert_silent();
    assert_eq!(arguments(&subscriber.received()), [1, 2]);
    handlers::open("authoriser");
    assert_error(&publisher.one(), 16, 4, DENIED);
    assert_eq!(arguments(&subscriber.received()), [3]);
}

#[test]
fn a_publish_handler_decides_after_the_authoriser() {
    let mut client = Client::join(&router());
    client.send(r#"[16,1,{"acknowledge":true},"slow.gated"]"#);
    client.assert_silent();
    assert_eq!(handlers::journal(), ["Publish exact slow.gated"]);
    handlers::open("authoriser");
    client.assert_silent();
    assert!(!handlers::journal().is_empty(), "the handler has begun");
}

#[test]
fn a_request_that_waits_for_its_permission_is_answered_when_the_session_ends() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{},"test.gated"]"#);
    client.send(r#"[32,2,{},"open.gated"]"#);
    client.send(r#"[16,3,{"acknowledge":true},"open.gated"]"#);
    client.send(r#"[64,4,{},"com.gated"]"#);
    client.assert_silent();
    client.session().close("wamp.close.killed");
    let answers = client.received();
    for (code, request) in [(48, 1), (32, 2), (16, 3), (64, 4)] {
        let answer = answers.iter().find(|answer| answer[2] == request && answer[0] == 8).unwrap();
        assert_error(answer, code, request, "wamp.error.canceled");
    }
    assert_eq!(answers.last().unwrap()[0], 6);
    drop(client);
    assert_eq!(handlers::waiting("authoriser"), 0);
}

#[test]
fn requests_that_wait_for_their_permission_count_as_calls_in_flight() {
    let limits = Limits::default().calls_in_flight(3);
    let mut client = Client::join(&router_with(&limits));
    client.send(r#"[32,1,{},"open.gated"]"#);
    client.send(r#"[64,2,{},"com.gated"]"#);
    client.send(r#"[48,3,{},"test.gated"]"#);
    client.assert_silent();
    for (request, code, message) in [
        (4, 32, r#"[32,4,{},"open.gated4"]"#),
        (5, 64, r#"[64,5,{},"com.gated5"]"#),
        (6, 48, r#"[48,6,{},"test.gated6"]"#),
        (7, 48, r#"[48,7,{},"test.nothing"]"#),
    ] {
        assert_error(&client.ask(message), code, request, "wamp.error.unavailable");
    }
    // Requests that do not wait for an authoriser are served.
    subscribed(&client.ask(r#"[32,8,{},"open.a"]"#), 8);
    handlers::open("authoriser");
    client.received();
    assert_eq!(client.ask(r#"[48,9,{},"test.nothing"]"#)[0], 50);
}

#[test]
fn chunks_that_come_before_the_permission_reach_the_callee_after_it() {
    let router = router();
    let mut callee = Client::connect(&router);
    let role = r#"{"features":{"progressive_call_invocations":true,"call_canceling":true,
        "progressive_call_results":true}}"#;
    let roles = format!(r#"{{"callee":{role},"caller":{role}}}"#);
    callee.ask(format!(r#"[1,"routed",{{"roles":{roles}}}]"#));
    callee.ask(r#"[64,1,{},"com.x"]"#);
    let mut caller = Client::connect(&router);
    caller.ask(format!(r#"[1,"routed",{{"roles":{roles}}}]"#));
    callee.send(r#"[64,2,{},"com.gated"]"#);
    handlers::open("authoriser");
    callee.received();
    caller.send(r#"[48,1,{"progress":true},"com.gated",[1]]"#);
    caller.send(r#"[48,1,{"progress":true},"com.gated",[2]]"#);
    caller.send(r#"[48,1,{},"com.gated",[3]]"#);
    caller.assert_silent();
    handlers::open("authoriser");
    caller.assert_silent();
    let chunks: Vec<Value> = callee.received().iter().map(|message| message[4].clone()).collect();
    assert_eq!(chunks, [json!([1]), json!([2]), json!([3])]);
}

#[test]
fn chunks_that_wait_for_the_permission_are_limited_in_number() {
    let limits = Limits::default().queued_messages(10);
    let mut caller = Client::connect(&router_with(&limits));
    let features = r#"{"progressive_call_invocations":true}"#;
    caller.ask(format!(r#"[1,"realm1",{{"roles":{{"caller":{{"features":{features}}}}}}}]"#));
    for _ in 0..11 {
        caller.send(r#"[48,1,{"progress":true},"test.gated"]"#);
    }
    caller.assert_silent();
    let answer = caller.ask(r#"[48,1,{"progress":true},"test.gated"]"#);
    assert_error(&answer, 48, 1, "wamp.error.unavailable");
}

#[test]
fn a_realm_without_an_authoriser_asks_none() {
    let mut client = Client::join_in(&router(), "free");
    assert_eq!(client.ask(r#"[48,1,{},"test.add",[1,2]]"#), json!([50, 1, {}, [3]]));
    assert!(handlers::journal().is_empty());
}

#[test]
fn the_actions_can_be_told_apart() {
    assert_ne!(Action::Call, Action::Publish);
    assert!(!Permission::deny().is_allowed());
}
