//! Requests that authorisers and handlers do not decide in time are given up, and a shutdown waits
//! for them as for a call (finding B10).

use std::time::Duration;

use wamp_core::{Limits, Router};

use crate::authorization::{FAILED, router, router_with};
use crate::support::{Client, assert_error, handlers, subscribed};

const TIMEOUT: &str = "wamp.error.timeout";
const SECOND: Duration = Duration::from_secs(1);
const INSTANT: Duration = Duration::from_millis(1);

#[test]
fn an_authoriser_that_does_not_decide_in_time_has_failed() {
    let router = router_with(&Limits::default().authorize_timeout(3 * SECOND));
    for (code, message) in [
        (32, r#"[32,1,{},"open.gated"]"#),
        (32, r#"[32,1,{"match":"prefix"},"open.gated"]"#),
        (64, r#"[64,1,{},"com.gated"]"#),
        (48, r#"[48,1,{},"test.item.gated"]"#),
        (48, r#"[48,1,{"timeout":60000},"test.item.gated"]"#),
        (16, r#"[16,1,{"acknowledge":true},"open.gated"]"#),
    ] {
        let mut client = Client::join(&router);
        client.send(message);
        client.assert_silent();
        client.advance(3 * SECOND - INSTANT);
        client.assert_silent();
        assert_eq!(client.deadline_in(), Some(INSTANT));
        client.advance(INSTANT);
        assert_error(&client.one(), code, 1, FAILED);
        assert_eq!((handlers::waiting("authoriser"), client.deadline_in()), (0, None), "{message}");
        client.assert_silent();
    }
}

#[test]
fn by_default_an_authoriser_has_ten_seconds() {
    let mut client = Client::join(&router());
    client.send(r#"[32,1,{},"open.gated"]"#);
    client.assert_silent();
    assert_eq!(client.deadline_in(), Some(10 * SECOND));
}

#[test]
fn a_call_whose_own_time_is_shorter_times_out_while_the_authoriser_thinks() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{"timeout":9999},"test.item.gated"]"#);
    client.assert_silent();
    client.advance(Duration::from_millis(9999));
    assert_error(&client.one(), 48, 1, TIMEOUT);
    assert_eq!(handlers::waiting("authoriser"), 0);
}

#[test]
fn a_publication_without_a_decision_holds_the_others_up_no_longer_than_its_time() {
    let router = router();
    let mut client = Client::join(&router);
    let id = client.subscribe(1, "open.a");
    client.send(r#"[16,2,{"acknowledge":true},"open.gated"]"#);
    client.send(r#"[16,3,{"exclude_me":false},"open.a",[7]]"#);
    client.send(r#"[16,4,{"acknowledge":true},"open.gated"]"#);
    client.assert_silent();
    client.advance(10 * SECOND);
    let answers = client.received();
    assert_error(&answers[0], 16, 2, FAILED);
    assert_eq!((&answers[1][0], &answers[1][1]), (&36.into(), &id.into()));
    // The time of the last runs from when it was asked about.
    client.advance(10 * SECOND - INSTANT);
    client.assert_silent();
    client.advance(INSTANT);
    assert_error(&client.one(), 16, 4, FAILED);
}

#[test]
fn a_subscribe_handler_that_does_not_decide_in_time_is_dropped() {
    let mut client =
        Client::join_in(&router_with(&Limits::default().subscribe_timeout(3 * SECOND)), "free");
    client.send(r#"[32,1,{},"gated.a"]"#);
    client.assert_silent();
    client.advance(SECOND);
    client.send(r#"[32,2,{},"gated.a"]"#);
    client.send(r#"[32,3,{},"gated.b"]"#);
    client.assert_silent();
    client.advance(2 * SECOND - INSTANT);
    client.assert_silent();
    client.advance(INSTANT);
    let answers = client.received();
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert_error(&answers[0], 32, 1, TIMEOUT);
    assert_error(&answers[1], 32, 2, TIMEOUT);
    assert_eq!((handlers::waiting("gated.a"), handlers::waiting("gated.b")), (0, 1));
    client.session().realm().publish("gated.a").arg(1).send().expect("an event");
    client.assert_silent();
    assert_eq!(client.deadline_in(), Some(SECOND));
    handlers::open("gated.b");
    subscribed(&client.one(), 3);
    assert_eq!(client.deadline_in(), None);
    // It can be asked for again.
    client.send(r#"[32,4,{},"gated.a"]"#);
    client.assert_silent();
    handlers::open("gated.a");
    subscribed(&client.one(), 4);
}

#[test]
fn a_publish_handler_that_does_not_decide_in_time_is_dropped() {
    let mut client =
        Client::join_in(&router_with(&Limits::default().publish_timeout(3 * SECOND)), "free");
    client.send(r#"[16,1,{"acknowledge":true},"slow.a",[1]]"#);
    client.send(r#"[16,2,{"acknowledge":true},"slow.b",[2]]"#);
    client.assert_silent();
    client.advance(3 * SECOND - INSTANT);
    client.assert_silent();
    client.advance(INSTANT);
    assert_error(&client.one(), 16, 1, TIMEOUT);
    assert_eq!((handlers::waiting("slow.a"), handlers::waiting("slow.b")), (0, 1));
    handlers::open("slow.b");
    assert_eq!(client.one()[0], 17);
    assert_eq!(client.deadline_in(), None);
}

fn stop(router: &Router, grace: Duration) {
    drop(router.shutdown(grace));
}

const WAITING: [(u64, &str, &str); 4] = [
    (32, r#"[32,1,{},"open.gated"]"#, "authoriser"),
    (64, r#"[64,1,{},"com.gated"]"#, "authoriser"),
    (32, r#"[32,1,{},"gated.a"]"#, "gated.a"),
    (16, r#"[16,1,{"acknowledge":true},"slow.a"]"#, "slow.a"),
];

#[test]
fn a_shutdown_waits_for_what_is_being_decided() {
    for (code, message, gate) in WAITING {
        let router = router();
        let mut client = Client::join_in(&router, "routed");
        client.send(message);
        client.received();
        if handlers::waiting(gate) == 0 {
            // `slow.a` and `gated.a` have gates of their own behind it.
            handlers::open("authoriser");
            client.received();
        }
        stop(&router, 5 * SECOND);
        client.assert_silent();
        client.advance(4 * SECOND);
        client.assert_silent();
        handlers::open(gate);
        let answers = client.received();
        let answer = answers.first().expect("an answer");
        assert_eq!((&answer[0], &answer[1]), (&(code + 1).into(), &1.into()), "{answers:?}");
    }
}

#[test]
fn what_is_not_decided_within_the_grace_of_a_shutdown_is_canceled() {
    for (code, message, _) in WAITING {
        let router = router();
        let mut client = Client::join_in(&router, "routed");
        client.send(message);
        client.received();
        stop(&router, 5 * SECOND);
        client.assert_silent();
        client.advance(5 * SECOND);
        let answers = client.received();
        assert_error(&answers[0], code, 1, "wamp.error.canceled");
        assert!(!client.has_session());
    }
}

#[test]
fn during_a_shutdown_no_authoriser_is_asked_any_more() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"open.gated"]"#);
    client.assert_silent();
    stop(&router, 5 * SECOND);
    client.assert_silent();
    assert_error(&client.ask(r#"[32,2,{},"open.a"]"#), 32, 2, "wamp.error.canceled");
    assert_error(&client.ask(r#"[64,3,{},"com.a"]"#), 64, 3, "wamp.error.canceled");
}
