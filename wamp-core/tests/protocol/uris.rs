//! A text that is no URI is never sent as one, whoever chose it: autobahn ends its session when it
//! gets one (C10).

use super::support::{self, Client, assert_error, handlers, id, subscribed};
use serde_json::{Value, json};
use wamp_core::__private::{Acceptance, BoxedAnswer, HandlerEntry};
use wamp_core::{
    Close, Context, Error, MetaApi, Permission, Realm, Router, SessionId, SubscriptionId,
};

/// Texts that are no URIs and that an application takes for URIs.
const TEXTS: &[&str] = &[
    "user not found",
    "",
    "bad uri #",
    "a..b",
    ".a",
    "a.",
    "see you later!",
    "a\nb",
    "a\u{1c}b",
    "ü\u{a0}",
    "\u{feff}a",
];

const RUNTIME_ERROR: &str = "wamp.error.runtime_error";

thread_local! {
    static TEXT: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

fn set(text: &str) {
    TEXT.with_borrow_mut(|current| text.clone_into(current));
}

fn failure() -> Error {
    Error::new(TEXT.with_borrow(String::clone)).arg("why").kwarg("code", 7)
}

fn fail(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(failure()) })
}

fn refuse(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { Err(failure()) })
}

static HANDLERS: &[HandlerEntry] = &[
    handlers::rpc("failing.call", fail),
    handlers::subscribe("failing.topic", refuse),
    handlers::publish("failing.topic", fail),
    handlers::subscribe("failing.held", handlers::accepting),
];

fn router() -> Router {
    handlers::reset();
    Router::builder()
        .realm(Realm::new("realm1").route_clients(true).meta_api(MetaApi::reading().killing()))
        .handlers([HANDLERS])
        .build()
        .expect("the handlers of the tests are sound")
}

/// Texts that are none, and their neighbours that are.
fn texts() -> impl Iterator<Item = (String, String)> {
    let long = "a".repeat(1025);
    let bad = TEXTS.iter().map(|text| (*text).to_owned()).chain([long]);
    let bad = bad.map(|text| (text, RUNTIME_ERROR.to_owned()));
    let good = ["shop.error.out_of_stock", "ü", "wamp.error.canceled", &"a".repeat(1024)]
        .map(str::to_owned);
    bad.chain(good.map(|uri| (uri.clone(), uri)))
}

#[test]
fn the_error_of_a_handler_without_a_uri_is_a_runtime_error_with_its_arguments() {
    let router = router();
    for (text, sent) in texts() {
        set(&text);
        let mut client = Client::join(&router);
        for (code, message) in [
            (48, r#"[48,1,{},"failing.call"]"#),
            (32, r#"[32,1,{},"failing.topic"]"#),
            (16, r#"[16,1,{"acknowledge":true},"failing.topic"]"#),
        ] {
            let expected = json!([8, code, 1, {}, sent, ["why"], {"code": 7}]);
            assert_eq!(client.ask(message), expected, "{text:?}");
        }
    }
}

#[test]
fn the_refusal_of_a_session_without_a_uri_is_a_runtime_error() {
    static ADMITTING: &[HandlerEntry] = &[handlers::session(refuse)];
    let router = support::router_of(ADMITTING);
    for (text, sent) in texts() {
        set(&text);
        let mut client = Client::connect(&router);
        let abort = client.ask(support::hello("realm1"));
        assert_eq!((&abort[0], &abort[2]), (&json!(3), &json!(sent)), "{text:?}");
        assert_eq!(client.close(), Some(Close::Refused));
    }
}

#[test]
fn the_error_of_a_callee_without_a_uri_is_a_runtime_error_with_its_arguments_c_08() {
    let router = router();
    let (mut caller, mut callee) = (Client::join(&router), Client::join(&router));
    callee.ask(r#"[64,1,{},"com.p"]"#);
    for (request, (text, sent)) in (1..).zip(texts()) {
        caller.send(format!(r#"[48,{request},{{}},"com.p"]"#));
        let invocation = id(&callee.one()[1]);
        callee.send(json!([8, 68, invocation, {}, text, ["why"], {"code": 7}]).to_string());
        let expected = json!([8, 48, request, {}, sent, ["why"], {"code": 7}]);
        assert_eq!(caller.one(), expected, "{text:?}");
        callee.assert_silent();
        assert!(callee.has_session());
    }
}

#[test]
fn the_error_of_an_authoriser_is_one_that_is_predefined() {
    handlers::reset();
    let realm = Realm::new("realm1").authorize(|_| async { Err::<Permission, _>(failure()) });
    let router = Router::builder().realm(realm).handlers([HANDLERS]).build().unwrap();
    set("not for you!");
    let mut client = Client::join(&router);
    let answer = client.ask(r#"[48,1,{},"failing.call"]"#);
    assert_error(&answer, 48, 1, "wamp.error.authorization_failed");
}

#[test]
fn a_session_that_is_closed_for_a_reason_without_a_uri_gets_it_as_the_message() {
    let router = router();
    for (text, sent) in texts() {
        let mut client = Client::join(&router);
        client.session().close(&text);
        let goodbye = match (text.as_str(), sent == RUNTIME_ERROR) {
            ("", _) => json!([6, {}, "wamp.close.normal"]),
            (text, true) => json!([6, {"message": text}, "wamp.close.normal"]),
            (uri, false) => json!([6, {}, uri]),
        };
        assert_eq!(client.one(), goodbye);
    }
}

#[test]
fn a_client_that_may_kill_gives_no_reason_that_is_no_uri() {
    let router = router();
    let (mut client, victim) = (Client::join(&router), Client::join(&router));
    for (request, text) in (1..).zip(TEXTS) {
        let kill = json!([48, request, {}, "wamp.session.kill", [victim.id], {"reason": text}]);
        assert_error(&client.ask(kill.to_string()), 48, request, "wamp.error.invalid_uri");
    }
}

/// A subscriber that is told of its revocation.
fn subscriber(router: &Router) -> (Client, u64) {
    let mut client =
        Client::join_announcing(router, &json!({"subscriber": {"subscription_revocation": true}}));
    let id = subscribed(&client.ask(r#"[32,1,{},"failing.held"]"#), 1);
    (client, id)
}

#[test]
fn a_revocation_for_a_reason_without_a_uri_has_it_as_the_message_e_12() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    for (text, sent) in texts() {
        let (mut client, subscription) = subscriber(&router);
        let session = SessionId::new(client.id).unwrap();
        assert!(realm.revoke(SubscriptionId::new(subscription).unwrap(), session, &text));
        let details: Value = match (text.as_str(), sent == RUNTIME_ERROR) {
            ("", _) => json!({ "subscription": subscription }),
            (text, true) => json!({"subscription": subscription, "message": text}),
            (uri, false) => json!({"subscription": subscription, "reason": uri}),
        };
        assert_eq!(client.one(), json!([35, 0, details]));
    }
}

#[test]
fn what_no_client_takes_for_a_uri_is_none_u_01() {
    let router = router();
    let mut client = Client::join(&router);
    for (request, text) in (1..).zip(TEXTS) {
        let publish = json!([16, request, {"acknowledge": true}, text]);
        assert_error(&client.ask(publish.to_string()), 16, request, "wamp.error.invalid_uri");
        assert_error(
            &client.ask(json!([64, request, {}, text]).to_string()),
            64,
            request,
            "wamp.error.invalid_uri",
        );
        assert!(router.realm("realm1").unwrap().publish(*text).send().is_err());
    }
}
