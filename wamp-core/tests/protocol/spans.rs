//! The span of a call, in which the lines of its handler stand.

use wamp_core::__private::{BoxedAnswer, HandlerEntry, Outcome, reply};
use wamp_core::{Context, Error, Identity, Realm, Router};

use super::support::handlers::{rpc, wait_at};
use super::support::{Client, assert_error, handlers};
use crate::log::Log;

static HANDLERS: &[HandlerEntry] = &[
    HandlerEntry { function: "shop::item", ..rpc("shop.{item}.show", noting) },
    HandlerEntry { function: "shop::order", ..rpc("shop.{item}.order", waiting) },
    HandlerEntry { function: "shop::lose", ..rpc("shop.lose", losing) },
    HandlerEntry { function: "shop::panic", ..rpc("shop.panic", panicking) },
];

fn noting(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        tracing::info!("shown");
        reply(&context, Outcome(()).reply())
    })
}

fn waiting(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        tracing::info!("before");
        wait_at("a").await?;
        tracing::info!("between");
        wait_at("a").await?;
        tracing::info!("after");
        reply(&context, Outcome(()).reply())
    })
}

/// Writes a line when it is dropped.
struct Noted;

impl Drop for Noted {
    fn drop(&mut self) {
        tracing::info!("dropped");
    }
}

fn losing(_: Context) -> BoxedAnswer<()> {
    Box::pin(async {
        let _noted = Noted;
        wait_at("a").await
    })
}

fn panicking(_: Context) -> BoxedAnswer<()> {
    Box::pin(async {
        tracing::info!("shown");
        Err(Error::internal(format!("{:?}", panic_now())))
    })
}

fn panic_now() {
    panic!("out of range")
}

fn joe() -> Client {
    Log::install();
    handlers::reset();
    let router = Router::builder().realm(Realm::new("realm1")).handlers([HANDLERS]).build();
    Client::join_as(&router.unwrap(), "realm1", Identity::new("joe", "user"))
}

/// Returns the line of a handler that has this text.
#[track_caller]
fn line<'l>(log: &'l str, text: &str) -> &'l str {
    let lines: Vec<_> = log.lines().filter(|line| line.contains(text)).collect();
    let [line] = lines[..] else { panic!("{text}: {log}") };
    line
}

#[test]
fn a_line_of_a_handler_names_the_call() {
    let mut client = joe();
    let log = Log::of(|| drop(client.ask(r#"[48,1,{},"shop.7.show"]"#)));
    let session = format!("session={}", client.id);
    for field in [
        "in wamp.call",
        r#"uri="shop.7.show""#,
        r#"declared="shop.{item}.show""#,
        r#"function="shop::item""#,
        "request=1",
        &session,
        r#"authid="joe""#,
        r#"realm="realm1""#,
    ] {
        let line = line(&log, "message=shown");
        assert!(line.contains(&format!("{field} ")), "{field}: {line}");
    }
    assert!(log.contains("SPAN DEBUG target=wamp_actix::call in wamp.call"), "{log}");
}

#[test]
fn lines_after_an_await_name_the_call_and_lines_of_others_between_do_not() {
    let mut client = joe();
    let log = Log::of(|| {
        for (request, item) in [(1, "a"), (2, "b")] {
            client.send(format!(r#"[48,{request},{{}},"shop.{item}.order"]"#));
        }
        client.received();
        tracing::info!("outside");
        for _ in 0..4 {
            handlers::open("a");
            client.received();
        }
    });
    assert_eq!(log.matches("SPAN").count(), 2, "one for each call: {log}");
    assert!(!line(&log, "outside").contains("wamp.call"), "{log}");
    for text in ["before", "between", "after"] {
        for (request, item) in [(1, "a"), (2, "b")] {
            let uri = format!(r#"uri="shop.{item}.order""#);
            let lines = log.lines().filter(|line| line.contains(&format!("message={text}")));
            let of_call: Vec<_> = lines.filter(|line| line.contains(&uri)).collect();
            assert_eq!(of_call.len(), 1, "{text}: {log}");
            assert!(of_call[0].contains(&format!("request={request} ")), "{log}");
        }
    }
}

#[test]
fn a_handler_that_is_dropped_at_an_await_is_dropped_in_its_span() {
    let mut client = joe();
    let log = Log::of(|| {
        client.send(r#"[48,1,{},"shop.lose"]"#);
        client.received();
        client.send("[49,1,{}]");
        assert_error(&client.one(), 48, 1, "wamp.error.canceled");
    });
    assert!(line(&log, "message=dropped").contains(r#"in wamp.call uri="shop.lose""#), "{log}");
}

#[test]
fn a_handler_that_panics_leaves_its_span() {
    let mut client = joe();
    let log = Log::of(|| {
        let answer = client.ask(r#"[48,1,{},"shop.panic"]"#);
        assert_error(&answer, 48, 1, "wamp.error.runtime_error");
        tracing::info!("outside");
    });
    assert!(line(&log, "message=shown").contains("in wamp.call"), "{log}");
    assert!(!line(&log, "outside").contains("wamp.call"), "{log}");
}
