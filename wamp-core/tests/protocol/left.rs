//! Why a session ended, as the log tells it.

use std::time::Duration;

use super::support::{Client, router, router_with};
use crate::log::Log;
use wamp_core::{Left, Limits, Router};

/// Returns the reasons in the log lines of the sessions that end meanwhile.
fn reasons(ends: impl FnOnce()) -> Vec<String> {
    let log = Log::of(ends);
    let closed = log.lines().filter(|line| line.contains("session closed"));
    let reason = |line: &str| line.split_once("reason=\"")?.1.split('"').next().map(str::to_owned);
    closed.map(|line| reason(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// Checks that a session which ends like this has left for this reason, also when its connection is
/// lost afterwards.
#[track_caller]
fn assert_left(left: &str, router: &Router, ends: impl FnOnce(&mut Client)) {
    let mut client = Client::join(router);
    let reasons = reasons(|| {
        ends(&mut client);
        client.poll();
        client.lose();
        drop(client);
    });
    assert_eq!(reasons, [left]);
}

#[test]
fn a_client_that_says_goodbye_or_aborts_has_left_by_goodbye() {
    for farewell in [r#"[6,{},"wamp.close.close_realm"]"#, r#"[3,{},"wamp.error.canceled"]"#] {
        assert_left("goodbye", &router(), |client| client.send(farewell));
    }
}

#[test]
fn a_session_whose_connection_is_dropped_or_lost_is_lost() {
    assert_left("lost", &router(), Client::lose);
    let client = Client::join(&router());
    assert_eq!(reasons(|| drop(client)), ["lost"]);
}

#[test]
fn a_host_tells_why_it_ended_the_session() {
    for (left, name) in
        [(Left::Stall, "stall"), (Left::Ping, "ping"), (Left::Violation, "violation")]
    {
        assert_left(name, &router(), |client| client.lose_for(left));
    }
}

#[test]
fn a_session_that_the_application_closes_is_killed() {
    assert_left("killed", &router(), |client| client.session().close("wamp.close.killed"));
}

#[test]
fn a_client_that_breaks_the_protocol_has_left_by_violation() {
    for message in ["no JSON", r#"[1,"realm1",{"roles":{"caller":{}}}]"#] {
        assert_left("violation", &router(), |client| client.send(message));
    }
}

#[test]
fn a_subscriber_that_is_cut_off_has_left_by_overflow() {
    let router = router_with(Limits::default().queued_messages(1).outgoing_bytes(1));
    assert_left("overflow", &router, |client| {
        client.subscribe(1, "open.a");
        let publish = || router.realm("realm1").unwrap().publish("open.a").send().unwrap();
        for _ in 0..2 {
            publish();
            client.poll();
        }
        client.advance(Duration::from_secs(60));
        client.poll_woken();
        publish();
    });
}

#[test]
fn sessions_leave_by_shutdown_with_and_without_goodbye() {
    let ways: [fn(&Router); 2] = [
        |router| drop(router.shutdown(Duration::ZERO)),
        |router| drop(router.shutdown(Duration::ZERO).goodbye()),
    ];
    for way in ways {
        let router = router();
        assert_left("shutdown", &router, |_| way(&router));
    }
}
