//! The bound on the sessions of a realm.

use std::time::Duration;

use super::support::{Client, assert_aborted, handlers, hello, welcomed};
use wamp_core::__private::HandlerEntry;
use wamp_core::{Close, Identity, Limits, Realm, Router};

static HESITATING: &[HandlerEntry] = &[handlers::session(handlers::hesitating)];
static LOCKING_OUT: &[HandlerEntry] = &[handlers::session(handlers::locking_out)];

fn router_for(sessions: usize, handlers: &'static [HandlerEntry]) -> Router {
    handlers::reset();
    let limits = Limits::default().sessions(sessions);
    Router::builder()
        .realm(Realm::new("realm1"))
        .handlers([handlers])
        .limits(limits)
        .build()
        .unwrap()
}

fn assert_full(router: &Router, realm: &str) {
    let mut client = Client::connect(router);
    assert_aborted(&client.ask(hello(realm)), "wamp.error.unavailable");
    assert_eq!(client.close(), Some(Close::NoRoom));
    client.assert_ended();
}

#[test]
fn a_realm_takes_as_many_sessions_as_its_limit_says_and_the_next_is_told_to_try_again() {
    let router = router_for(3, &[]);
    let mut clients: Vec<_> = (0..3).map(|_| Client::join(&router)).collect();
    assert_full(&router, "realm1");
    assert_eq!(router.realm("realm1").unwrap().session_count(), 3);
    clients[0].send(r#"[6,{},"wamp.close.normal"]"#);
    Client::join(&router).lose();
    clients[1].lose();
    let _newcomers = [Client::join(&router), Client::join(&router)];
    assert_full(&router, "realm1");
}

#[test]
fn the_limit_may_be_a_realms_own_and_counts_no_session_of_another_realm() {
    let small = Realm::new("small").limits(Limits::default().sessions(1));
    let router =
        Router::builder().realm(small).realm(Realm::new("realm1")).handlers([]).build().unwrap();
    let _others = [Client::join(&router), Client::join(&router)];
    let _only = Client::join_in(&router, "small");
    assert_full(&router, "small");
    Client::join(&router);
}

#[test]
fn a_realm_for_any_name_counts_the_sessions_of_all_names_together() {
    let router =
        Router::builder().handlers([]).limits(Limits::default().sessions(2)).build().unwrap();
    let _both = [Client::join_in(&router, "here"), Client::join_in(&router, "there")];
    assert_full(&router, "elsewhere");
}

/// Else several that wait at the same time would all be let in.
#[test]
fn a_session_about_which_handlers_decide_has_its_room_already() {
    let router = router_for(1, HESITATING);
    let mut first = Client::connect(&router);
    first.send(hello("realm1"));
    first.assert_silent();
    assert_full(&router, "realm1");
    handlers::open("door");
    welcomed(&first.one());
    assert_full(&router, "realm1");
}

#[test]
fn a_client_that_is_refused_or_gives_up_before_welcome_gives_the_room_back() {
    let router = router_for(1, LOCKING_OUT);
    for _ in 0..3 {
        assert_aborted(&Client::connect(&router).ask(hello("realm1")), "test.error.locked_out");
    }
    let router = router_for(1, HESITATING);
    let waiting = || {
        let mut client = Client::connect(&router);
        client.send(hello("realm1"));
        client.assert_silent();
        client
    };
    waiting().lose();
    let mut late = waiting();
    late.advance(Duration::from_secs(5));
    assert_aborted(&late.one(), "wamp.error.canceled");
    drop(waiting());
    waiting();
}

#[test]
fn a_client_that_cannot_log_in_takes_no_room() {
    let nobody = |_| async { Err::<Identity, _>(wamp_core::Denied::credentials()) };
    let realm = Realm::new("realm1").authenticate(wamp_core::Http::new("badge", nobody));
    let limits = Limits::default().sessions(1).denial_delay(Duration::ZERO);
    let router = Router::builder().realm(realm).handlers([]).limits(limits).build().unwrap();
    for _ in 0..3 {
        let mut client = Client::connect(&router);
        assert_aborted(&client.ask(hello("realm1")), "wamp.error.authentication_denied");
    }
}
