//! Decisions that a session remembers: those that its authorisers let it remember, for as long as
//! they say, until the application lets it forget them.

use std::time::Duration;

use wamp_core::{Authorization, Error, Identity, Limits, Permission, Realm, Router, Topic};

use crate::authorization::{DENIED, MINUTE, router, router_with};
use crate::support::{Client, assert_error, handlers, published, subscribed};

/// How often the authoriser was asked since somebody looked last.
fn asked() -> usize {
    handlers::journal().iter().filter(|line| !line.starts_with("dropped")).count()
}

#[track_caller]
fn call(client: &mut Client, request: u64, uri: &str) {
    assert_eq!(client.ask(format!(r#"[48,{request},{{}},"{uri}"]"#))[0], 50);
}

/// Finding A3.
#[test]
fn an_authoriser_that_allowed_once_is_asked_again() {
    let mut client = Client::join(&router());
    for request in 1..=3 {
        call(&mut client, request, "test.nothing");
    }
    for request in 4..=5 {
        assert_error(
            &client.ask(format!(r#"[48,{request},{{}},"test.deny"]"#)),
            48,
            request,
            DENIED,
        );
    }
    assert_eq!(asked(), 5);
    for request in 6..=7 {
        client.publish(request, "open.a", 1);
    }
    for request in 8..=9 {
        client.ask(format!(r#"[32,{request},{{"match":"wildcard"}},"open."]"#));
    }
    assert_eq!(asked(), 4);
}

#[test]
fn a_decision_that_may_be_remembered_is_until_the_session_ends() {
    let router = router();
    let mut client = Client::join(&router);
    for request in 1..=3 {
        call(&mut client, request, "test.item.remembered");
        client.advance(MINUTE * 60 * 24);
    }
    assert_eq!(handlers::journal(), ["Call exact test.item.remembered"]);
    let mut other = Client::join(&router);
    call(&mut other, 1, "test.item.remembered");
    assert_eq!(asked(), 1, "another session is another question");
}

#[test]
fn a_denial_can_be_remembered_too() {
    let guest = crate::authorization::guest();
    let mut client = Client::join_as(&router(), "realm1", guest);
    for request in 1..=3 {
        let answer = client.ask(format!(r#"[48,{request},{{}},"test.item.remembered"]"#));
        assert_error(&answer, 48, request, DENIED);
    }
    assert_eq!(asked(), 1);
}

#[test]
fn a_decision_that_may_be_remembered_for_a_time_is_for_that_time() {
    let mut client = Client::join(&router());
    call(&mut client, 1, "test.item.minute");
    client.advance(MINUTE - Duration::from_millis(1));
    call(&mut client, 2, "test.item.minute");
    assert_eq!(asked(), 1);
    client.advance(Duration::from_millis(1));
    call(&mut client, 3, "test.item.minute");
    assert_eq!(asked(), 1);
    client.advance(MINUTE - Duration::from_millis(1));
    call(&mut client, 4, "test.item.minute");
    assert_eq!(asked(), 0, "the time runs anew from the second answer");
}

/// The authoriser's knowledge may be as old as the question.
#[test]
fn the_time_for_which_a_decision_may_be_remembered_runs_from_the_question() {
    let mut client = Client::join(&router_with(&Limits::default().authorize_timeout(MINUTE)));
    client.send(r#"[48,1,{},"test.item.minute.gated"]"#);
    client.assert_silent();
    client.advance(MINUTE - Duration::from_millis(2));
    handlers::open("authoriser");
    client.received();
    client.advance(Duration::from_millis(1));
    client.send(r#"[48,2,{},"test.item.minute.gated"]"#);
    assert_eq!((client.received().len(), asked()), (1, 1));
    client.advance(Duration::from_millis(1));
    client.send(r#"[48,3,{},"test.item.minute.gated"]"#);
    client.assert_silent();
    assert_eq!(asked(), 1);
}

#[test]
fn decisions_are_remembered_apart_by_action_and_policy() {
    let mut client = Client::join(&router());
    for round in [0, 10] {
        subscribed(&client.ask(format!(r#"[32,{},{{}},"open.remembered"]"#, round + 1)), round + 1);
        let answer =
            client.ask(format!(r#"[16,{},{{"acknowledge":true}},"open.remembered"]"#, round + 2));
        published(&answer, round + 2);
        client.ask(format!(r#"[32,{},{{"match":"wildcard"}},"open.remembered"]"#, round + 3));
        client.ask(format!(r#"[32,{},{{"match":"prefix"}},"open.remembered"]"#, round + 4));
        client.received();
        for filler in 5..=10 {
            client.ask(format!(r#"[48,{},{{}},"test.item.remembered"]"#, round + filler));
        }
    }
    let expected = [
        "Subscribe exact open.remembered",
        "Publish exact open.remembered",
        "Subscribe wildcard open.remembered",
        "Subscribe prefix open.remembered",
        "Call exact test.item.remembered",
    ];
    assert_eq!(handlers::journal(), expected);
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut client = Client::join(&router_with(&Limits::default().remembered_decisions(4)));
    let mut request = 0;
    let mut ask = |client: &mut Client, name: u64| {
        request += 1;
        call(client, request, &format!("test.item.remembered{name}"));
        asked()
    };
    for name in 1..=4 {
        assert_eq!(ask(&mut client, name), 1);
    }
    for name in 1..=4 {
        assert_eq!(ask(&mut client, name), 0, "at the limit");
    }
    assert_eq!(ask(&mut client, 5), 1, "one past it");
    assert_eq!(ask(&mut client, 5), 0);
    assert_eq!(ask(&mut client, 1), 1, "the others made room");
    let mut client = Client::join(&router_with(&Limits::default().remembered_decisions(0)));
    call(&mut client, 1, "test.item.remembered");
    call(&mut client, 2, "test.item.remembered");
    assert_eq!(asked(), 2);
}

#[test]
fn several_authorisers_are_remembered_for_the_shortest_of_their_times() {
    handlers::reset();
    let remember = |time: Option<Duration>| {
        move |request: Authorization| async move {
            handlers::note("asked");
            let permission = Permission::when(request.uri() != Some("test.add"));
            Ok::<_, Error>(match time {
                Some(time) => permission.remembered_for(time),
                None => permission,
            })
        }
    };
    let realm = |name, first, second| {
        Realm::new(name).authorize(remember(first)).authorize(remember(second))
    };
    let router = Router::builder()
        .realm(realm("realm1", Some(Duration::MAX), Some(MINUTE)))
        .realm(realm("never", Some(MINUTE), None))
        .handlers([handlers::ALL])
        .build()
        .expect("two sound realms");
    let mut client = Client::join(&router);
    call(&mut client, 1, "test.nothing");
    call(&mut client, 2, "test.nothing");
    assert_eq!(asked(), 2);
    client.advance(MINUTE);
    call(&mut client, 3, "test.nothing");
    assert_eq!(asked(), 2);
    // A denial is one alone, and its own time counts.
    client.ask(r#"[48,4,{},"test.add"]"#);
    client.advance(MINUTE * 2);
    client.ask(r#"[48,5,{},"test.add"]"#);
    assert_eq!(asked(), 1);
    let mut client = Client::join_in(&router, "never");
    call(&mut client, 1, "test.nothing");
    call(&mut client, 2, "test.nothing");
    assert_eq!(asked(), 4);
}

fn named(authid: &str) -> Identity {
    Identity { authid: authid.into(), ..Identity::anonymous() }
}

#[test]
fn a_session_that_is_told_to_forget_asks_about_its_next_request() {
    let router = router();
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    call(&mut client, 1, "test.item.remembered");
    call(&mut other, 1, "test.item.remembered");
    assert_eq!(asked(), 2);
    client.session().forget_decisions();
    call(&mut client, 2, "test.item.remembered");
    assert_eq!(asked(), 1);
    call(&mut client, 3, "test.item.remembered");
    call(&mut other, 2, "test.item.remembered");
    assert_eq!(asked(), 0, "it remembers anew, and the other has not forgotten");
}

#[test]
fn a_realm_lets_all_sessions_of_an_authid_forget() {
    let router = router();
    let mut joes = [(); 2].map(|()| Client::join_as(&router, "realm1", named("joe")));
    let mut eve = Client::join_as(&router, "realm1", named("eve"));
    let mut elsewhere = Client::join_as(&router, "routed", named("joe"));
    for client in joes.iter_mut().chain([&mut eve, &mut elsewhere]) {
        call(client, 1, "test.item.remembered");
    }
    assert_eq!(asked(), 4);
    router.realm("realm1").expect("declared").forget_decisions("joe");
    for client in joes.iter_mut().chain([&mut eve, &mut elsewhere]) {
        call(client, 2, "test.item.remembered");
    }
    assert_eq!(asked(), 2);
}

/// Every request read after that is asked about, also if somebody was being asked about the same
/// meanwhile.
#[test]
fn what_is_decided_after_the_session_was_told_to_forget_but_was_asked_before_is_not_remembered() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{},"test.item.remembered.gated"]"#);
    client.assert_silent();
    client.session().forget_decisions();
    handlers::open("authoriser");
    client.received();
    asked();
    client.send(r#"[48,2,{},"test.item.remembered.gated"]"#);
    client.assert_silent();
    assert_eq!(asked(), 1);
    handlers::open("authoriser");
    client.received();
    client.send(r#"[48,3,{},"test.item.remembered.gated"]"#);
    assert_eq!((client.received().len(), asked()), (1, 0));
}

/// On whatever thread the session is served.
#[test]
fn forgetting_holds_for_every_request_that_is_read_after_it_returned() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let may = Arc::new(AtomicBool::new(true));
    let decide = {
        let may = Arc::clone(&may);
        move |_| {
            let permission = Permission::when(may.load(Ordering::SeqCst)).remembered();
            async move { Ok(permission) }
        }
    };
    let realm = Realm::new("realm1").topic("open.{name}", Topic::open()).authorize(decide);
    let router = Router::builder().realm(realm).handlers([]).build().expect("a sound realm");
    for _ in 0..200 {
        may.store(true, Ordering::SeqCst);
        let forgotten = Arc::new(AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut client = Client::join_as(&router, "realm1", named("joe"));
                for request in 1.. {
                    let is_forgotten = forgotten.load(Ordering::Acquire);
                    let answer = client.ask(format!(r#"[32,{request},{{}},"open.a"]"#));
                    if is_forgotten {
                        assert_error(&answer, 32, request, DENIED);
                        break;
                    }
                }
            });
            while router.realm("realm1").expect("declared").session_count() == 0 {
                std::thread::yield_now();
            }
            may.store(false, Ordering::SeqCst);
            router.realm("realm1").expect("declared").forget_decisions("joe");
            forgotten.store(true, Ordering::Release);
        });
    }
}
