//! When a poll of a host that was not woken has something to do. The other tests of this crate poll
//! only after messages, or when woken, too.

use std::time::Duration;

use super::support::{Client, handlers, hello, router, router_with};
use wamp_core::Limits;

#[test]
fn a_request_that_is_answered_at_once_leaves_nothing_to_poll() {
    let router = router();
    let mut client = Client::join(&router);
    assert!(!client.poll_without_round());
    for message in [
        r#"[48,1,{},"test.add",[1,2]]"#,
        r#"[48,2,{},"no.procedure"]"#,
        r#"[32,3,{},"open.a"]"#,
        r#"[16,4,{"acknowledge":true},"open.a"]"#,
    ] {
        client.send(message);
        assert!(!client.poll_once(), "nothing woke it: {message}");
        assert_eq!(client.output().len(), 1, "{message}");
    }
}

#[test]
fn until_a_session_is_open_and_was_polled_each_message_needs_it() {
    let router = router();
    let mut client = Client::connect(&router);
    assert!(client.poll_without_round());
    client.send(hello("realm1"));
    assert!(client.has_session() && client.poll_without_round());
    assert!(!client.poll_without_round());
}

#[test]
fn a_handler_that_is_not_ready_is_polled_until_it_waits_for_its_waker() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    assert!(client.poll_without_round());
    assert!(!client.poll_without_round());
    handlers::open("a");
    assert!(client.poll_once(), "it was woken");
    assert_eq!(client.output().len(), 1);
}

#[test]
fn a_call_with_a_time_limit_is_looked_after() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{"timeout":1000},"test.wait",["a"]]"#);
    client.poll_once();
    assert!(client.poll_without_round());
    client.advance(Duration::from_secs(1));
    assert_eq!(client.received().len(), 1);
    assert!(!client.poll_without_round());
}

#[test]
fn what_found_no_room_is_polled_for() {
    let router = router_with(Limits::default().outgoing_bytes(1));
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.add",[1,2]]"#);
    assert!(client.poll_without_round());
}
