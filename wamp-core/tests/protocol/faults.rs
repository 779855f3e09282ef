//! Log lines about what fails: one for each fault of the server, with what is needed to find it.

use std::time::Duration;

use serde_json::json;
use wamp_core::__private::{Acceptance, BoxedAnswer, HandlerEntry, Outcome, Plain as _, reply};
use wamp_core::{
    Attempt, Authorization, Context, Denied, Error, Identity, Limits, Permission, Realm, Router,
    Ticket,
};

use super::support::handlers::{accepting, publish, rpc, session, subscribe, wait_at};
use super::support::login::{as_user, authenticate};
use super::support::{Client, VIOLATION, assert_aborted, assert_error, handlers, hello};
use crate::log::Log;

static HANDLERS: &[HandlerEntry] = &[
    HandlerEntry { function: "shop::broken", ..rpc("work.broken", broken) },
    HandlerEntry { function: "shop::panicking", ..rpc("work.{name}.panic", panicking) },
    HandlerEntry { function: "shop::waiting", ..rpc("work.{name}.wait", waiting) },
    HandlerEntry { function: "shop::handled", ..rpc("work.handled", handled) },
    HandlerEntry { function: "shop::own", ..rpc("work.own", own) },
    HandlerEntry { function: "shop::nameless", ..rpc("work.nameless", nameless) },
    HandlerEntry { function: "shop::keys", ..rpc("work.keys", keys) },
    HandlerEntry { function: "shop::topic", ..subscribe("topic.{name}", panics_at_subscribe) },
    HandlerEntry { function: "shop::publish", ..publish("topic.{name}", broken) },
    HandlerEntry { function: "shop::slow", ..publish("slow", forever) },
    subscribe("open", accepting),
];

fn broken(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(std::io::Error::other("the disk is full").into()) })
}

fn panicking(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { panic!("out of range") })
}

fn panics_at_subscribe(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { panic!("out of range") })
}

fn waiting(_: Context) -> BoxedAnswer<()> {
    Box::pin(async {
        wait_at("a").await?;
        Err(Error::internal("the disk is full"))
    })
}

fn forever(_: Context) -> BoxedAnswer<()> {
    Box::pin(std::future::pending())
}

fn handled(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let handled = Error::internal("the disk is full");
        assert_eq!(handled.cause(), Some("the disk is full"));
        reply(&context, Outcome(1).reply())
    })
}

fn own(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(Error::new("shop.error.closed").arg("a text for the client")) })
}

fn nameless(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(Error::new("user not found")) })
}

/// Its result is a dict whose keys are lists.
fn keys(context: Context) -> BoxedAnswer<()> {
    let keys = std::collections::BTreeMap::from([(vec![1], 2)]);
    Box::pin(async move { reply(&context, Outcome(keys).reply()) })
}

fn router() -> Router {
    handlers::reset();
    Router::builder().realm(Realm::new("realm1")).handlers([HANDLERS]).build().unwrap()
}

fn joe(router: &Router) -> Client {
    Client::join_as(router, "realm1", Identity::new("joe", "user"))
}

/// Returns the lines of the log at WARN and above.
fn serious(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.starts_with("WARN") || line.starts_with("ERROR")).collect()
}

/// Checks that the log has one line at WARN or above, and that it has all these fields.
#[track_caller]
fn assert_told(log: &str, fields: &[&str]) {
    let lines = serious(log);
    let [line] = lines[..] else { panic!("{lines:#?}") };
    for field in fields {
        assert!(line.contains(&format!("{field} ")), "{field}: {line}");
    }
}

/// Checks that this request of joe's is told in one line at ERROR.
#[track_caller]
fn assert_fault(request: &str, fields: &[&str]) {
    Log::install();
    let router = router();
    let mut client = joe(&router);
    let log = Log::of(|| {
        client.send(request);
        client.received();
    });
    assert_told(&log, fields);
    let session = format!("session={}", client.id);
    let id = r#"authid="joe""#;
    assert_told(&log, &["ERROR target=wamp_actix::call", &session, id, r#"realm="realm1""#]);
}

#[test]
fn an_error_that_a_handler_returns_is_one_line() {
    let fields = [
        "ERROR target=wamp_actix::call",
        r#"cause="the disk is full""#,
        r#"error="wamp.error.runtime_error""#,
        r#"uri="work.broken""#,
        r#"declared="work.broken""#,
        r#"function="shop::broken""#,
        "request=1",
    ];
    assert_fault(r#"[48,1,{},"work.broken"]"#, &fields);
}

#[test]
fn the_line_has_the_id_that_the_client_is_told() {
    Log::install();
    let router = router();
    let (mut client, mut told) = (joe(&router), String::new());
    let log = Log::of(|| {
        let answer = client.ask(r#"[48,1,{},"work.broken"]"#);
        told = answer[5][0].as_str().expect("a text").to_owned();
    });
    let id = told.strip_prefix("internal error ").expect("the neutral text");
    assert_told(&log, &[&format!("id=\"{id}\"")]);
}

#[test]
fn a_panic_is_one_line() {
    let fields = [
        r#"cause="panic: out of range""#,
        r#"uri="work.7.panic""#,
        r#"declared="work.{name}.panic""#,
        r#"function="shop::panicking""#,
        "request=1",
    ];
    assert_fault(r#"[48,1,{},"work.7.panic"]"#, &fields);
}

#[test]
fn a_result_that_cannot_be_serialised_is_one_line() {
    let fields = [r#"error="wamp.error.invalid_payload""#, r#"function="shop::keys""#, "request=1"];
    assert_fault(r#"[48,1,{},"work.keys"]"#, &fields);
}

#[test]
fn an_error_whose_uri_is_none_is_one_line_that_has_the_text() {
    let fields = [r#"error="user not found""#, r#"function="shop::nameless""#, "request=1"];
    assert_fault(r#"[48,1,{},"work.nameless"]"#, &fields);
}

#[test]
fn a_panic_in_a_subscribe_handler_is_one_line() {
    let fields = [
        r#"cause="panic: out of range""#,
        r#"uri="topic.7""#,
        r#"declared="topic.{name}""#,
        r#"function="shop::topic""#,
        "request=1",
    ];
    assert_fault(r#"[32,1,{},"topic.7"]"#, &fields);
}

#[test]
fn an_error_of_a_publish_handler_is_one_line_whether_or_not_the_publisher_learns_it() {
    for options in ["{}", r#"{"acknowledge":true}"#] {
        let fields = [
            r#"cause="the disk is full""#,
            r#"uri="topic.7""#,
            r#"declared="topic.{name}""#,
            r#"function="shop::publish""#,
            "request=1",
        ];
        assert_fault(&format!(r#"[16,1,{options},"topic.7"]"#), &fields);
    }
}

#[test]
fn a_handler_that_does_not_decide_in_time_is_one_line() {
    let router = router();
    let mut client = joe(&router);
    let log = Log::of(|| {
        client.send(r#"[16,1,{"acknowledge":true},"slow"]"#);
        client.advance(Limits::default().publish_timeout + Duration::from_secs(1));
        client.received();
    });
    let fields = [
        r#"cause="the layers or the #[publish] handler did not decide in time""#,
        r#"uri="slow""#,
        r#"function="shop::slow""#,
        "request=1",
    ];
    assert_told(&log, &fields);
}

#[test]
fn an_error_after_an_await_is_told_with_the_uri_that_was_called() {
    let router = router();
    let mut client = joe(&router);
    client.send(r#"[48,1,{},"work.7.wait"]"#);
    client.poll();
    let log = Log::of(|| {
        handlers::open("a");
        assert_error(&client.one(), 48, 1, "wamp.error.runtime_error");
    });
    let declared = r#"declared="work.{name}.wait""#;
    assert_told(&log, &[r#"uri="work.7.wait""#, declared, "request=1"]);
}

#[test]
fn an_error_that_no_caller_waits_for_any_more_is_told_all_the_same() {
    let router = router();
    let mut client = joe(&router);
    client.send(r#"[48,1,{},"work.7.wait"]"#);
    client.send(r#"[49,1,{"mode":"skip"}]"#);
    client.received();
    let log = Log::of(|| {
        handlers::open("a");
        client.received();
    });
    assert_told(&log, &[r#"cause="the disk is full""#, r#"uri="work.7.wait""#, "request=1"]);
}

#[test]
fn an_error_that_is_made_and_handled_is_not_told() {
    let router = router();
    let mut client = joe(&router);
    let log = Log::of(|| drop(client.ask(r#"[48,1,{},"work.handled"]"#)));
    assert!(!log.contains("the disk is full") && serious(&log).is_empty(), "{log}");
}

#[test]
fn an_error_of_the_application_and_a_refusal_are_told_at_debug() {
    Log::install();
    let router = router();
    for (uri, error) in
        [("work.own", "shop.error.closed"), ("work.none", "wamp.error.no_such_procedure")]
    {
        let mut client = joe(&router);
        let log = Log::of(|| drop(client.ask(format!(r#"[48,1,{{}},"{uri}"]"#))));
        assert!(serious(&log).is_empty(), "{log}");
        let line = log.lines().find(|line| line.contains("request refused")).expect("a line");
        for field in [
            "DEBUG target=wamp_actix::call",
            &format!("error=\"{error}\""),
            &format!("uri=\"{uri}\""),
            "request=1",
            &format!("session={}", client.id),
            r#"authid="joe""#,
            r#"realm="realm1""#,
        ] {
            assert!(line.contains(field), "{field}: {line}");
        }
        assert!(!line.contains("a text for the client"), "{line}");
    }
}

#[test]
fn a_session_handler_that_panics_is_one_line() {
    static JOINS: &[HandlerEntry] =
        &[HandlerEntry { function: "shop::join", ..session(panics_at_subscribe) }];
    let router = Router::builder().realm(Realm::new("realm1")).handlers([JOINS]).build().unwrap();
    let mut client = Client::connect_as(&router, Identity::new("joe", "user"));
    let log = Log::of(|| drop(client.ask(hello("realm1"))));
    let fields = [
        "ERROR target=wamp_actix::call",
        r#"cause="panic: out of range""#,
        r#"function="shop::join""#,
        r#"authid="joe""#,
        r#"realm="realm1""#,
    ];
    assert_told(&log, &fields);
}

#[test]
fn a_login_that_fails_is_one_line() {
    for panics in [true, false] {
        let ticket = Ticket::new(move |_: Attempt| async move {
            assert!(!panics, "no database");
            Err::<Identity, _>(Denied::failed("no database"))
        });
        let realm = Realm::new("realm1").authenticate(ticket);
        let router = Router::builder().realm(realm).handlers([]).build().unwrap();
        let mut client = Client::connect(&router);
        client.ask(as_user("realm1", "ticket", "joe"));
        let log = Log::of(|| {
            client.send(authenticate("secret!!!", &json!({})));
            client.received();
        });
        let cause = if panics { "panic: no database" } else { "no database" };
        let cause = format!("cause=\"{cause}\"");
        assert_told(&log, &["ERROR target=wamp_actix::auth", &cause, r#"realm="realm1""#]);
        if !panics {
            assert_told(&log, &[r#"authid="joe""#]);
        }
    }
}

#[test]
fn an_authoriser_that_fails_is_one_line() {
    let decide = |_: Authorization| async {
        Err::<Permission, _>(std::io::Error::other("no database").into())
    };
    let realm = Realm::new("realm1").authorize(decide);
    let router = Router::builder().realm(realm).handlers([HANDLERS]).build().unwrap();
    let mut client = joe(&router);
    let log = Log::of(|| drop(client.ask(r#"[48,1,{},"work.own"]"#)));
    let fields = [
        "ERROR target=wamp_actix::auth",
        r#"cause="no database""#,
        r#"uri="work.own""#,
        &format!("session={}", client.id),
        r#"authid="joe""#,
        r#"realm="realm1""#,
    ];
    assert_told(&log, &fields);
}

#[test]
fn a_violation_is_one_line_that_names_the_session() {
    let router = router();
    let mut client = joe(&router);
    let session = format!("session={}", client.id);
    let log = Log::of(|| {
        client.send(r#"[5,"x",{}]"#);
        assert_aborted(&client.one(), VIOLATION);
    });
    let fields = [
        "WARN target=wamp_actix::session",
        r#"text="AUTHENTICATE without a challenge""#,
        &session,
        r#"authid="joe""#,
        r#"realm="realm1""#,
    ];
    assert_told(&log, &fields);
}

#[test]
fn a_violation_is_told_with_the_request_and_the_uri_where_the_message_has_them() {
    let longs = format!("a.{}", "b".repeat(100));
    for (message, request, uri) in [
        (r#"[16,7,{"acknowledge":1},"topic.7"]"#, Some("7"), Some("topic.7")),
        (r#"[48,7,{"progress":true},"work.own"]"#, Some("7"), Some("work.own")),
        (r#"[48,7,{},"work.own",[],[]]"#, Some("7"), Some("work.own")),
        (r#"[64,7,{"invoke":"none"},"work.own"]"#, Some("7"), Some("work.own")),
        (r#"[32,7,{"match":"none"}]"#, Some("7"), None),
        (r#"[70,7,{}]"#, Some("7"), None),
        (r#"[48,0,{},"work.own"]"#, None, Some("work.own")),
        (r#"[48,"7",{},"work.own"]"#, None, None),
        (r#"[5,"7",{"a":1},"work.own"]"#, None, None),
        (r#"{"a":1}"#, None, None),
        (&format!(r#"[48,7,[],"{longs}"]"#), Some("7"), Some(&longs[..64])),
        ("[48,7,{},\"work.\\u001b\\r\\n\",1]", Some("7"), Some("work.\\u{1b}\\r\\n")),
    ] {
        let router = router();
        let mut client = joe(&router);
        let log = Log::of(|| {
            client.send(message);
            assert_aborted(&client.one(), VIOLATION);
        });
        let fields = [
            ("request=", request.map(str::to_owned)),
            ("uri=", uri.map(|uri| format!("\"{uri}\""))),
        ];
        for (name, value) in fields {
            match value {
                Some(value) => assert_told(&log, &[&format!("{name}{value}")]),
                None => assert!(!serious(&log)[0].contains(name), "{message}: {log}"),
            }
        }
    }
}

#[test]
fn one_line_at_info_counts_what_is_served_and_lines_at_debug_name_it() {
    let log = Log::of(|| drop(router()));
    let serving: Vec<_> = log.lines().filter(|line| line.contains("serving")).collect();
    let (counts, handlers): (Vec<_>, Vec<_>) =
        serving.iter().partition(|line| line.starts_with("INFO"));
    assert_eq!(handlers.len(), HANDLERS.len(), "{log}");
    assert!(
        handlers.iter().all(|line: &&str| line.starts_with("DEBUG target=wamp_actix::session "))
    );
    assert!(log.contains("serving #[rpc(\"work.{name}.panic\")] shop::panicking at "), "{log}");
    let [line] = counts[..] else { panic!("{log}") };
    for field in ["target=wamp_actix::session", "realms=1", "rpc=7", "subscribe=2", "publish=2"] {
        assert!(line.contains(&format!("{field} ")), "{field}: {line}");
    }
}

#[test]
fn a_subscriber_that_is_cut_off_is_one_line_that_names_the_session() {
    handlers::reset();
    let limits = Limits::default().queued_messages(1).outgoing_bytes(1);
    let realm = Realm::new("realm1");
    let router =
        Router::builder().realm(realm).handlers([HANDLERS]).limits(limits).build().unwrap();
    let mut client = joe(&router);
    let session = format!("session={}", client.id);
    client.subscribe(1, "open");
    let publish = || router.realm("realm1").unwrap().publish("open").send().unwrap();
    let log = Log::of(|| {
        for _ in 0..2 {
            publish();
            client.poll();
        }
        client.advance(Duration::from_secs(60));
        client.poll_woken();
        publish();
        client.poll();
    });
    let fields =
        ["WARN target=wamp_actix::session", &session, r#"authid="joe""#, r#"realm="realm1""#];
    assert_told(&log, &fields);
}
