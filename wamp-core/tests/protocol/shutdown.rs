//! The end of the router: what is at work is finished, and clients may come back (decision 8).

use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::support::{Client, assert_aborted, assert_error, handlers, hello, router, subscribed};
use serde_json::{Value, json};
use wamp_core::{Close, Permission, Realm, Router, Stopped, Topic};

const GRACE: Duration = Duration::from_secs(9);
const CANCELED: &str = "wamp.error.canceled";
const REPLY: &str = r#"[6,{},"wamp.close.goodbye_and_out"]"#;

fn goodbye() -> Value {
    json!([6, {}, "wamp.close.system_shutdown"])
}

fn is_ready(stopped: Stopped) -> bool {
    pin!(stopped).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

/// Both ways to shut down: as for a restart, and with GOODBYE.
fn ways() -> [fn(&Router); 2] {
    [|router| drop(router.shutdown(GRACE)), |router| drop(router.shutdown(GRACE).goodbye())]
}

/// The session has ended: after these messages, and GOODBYE if it was the second way.
#[track_caller]
fn assert_ended_after(client: &mut Client, way: usize, mut messages: Vec<Value>) {
    if way == 1 {
        messages.push(goodbye());
    }
    assert_eq!(client.received(), messages, "way {way}");
    if way == 1 {
        assert_eq!(client.close(), None);
        client.send(REPLY);
    }
    assert_eq!(client.close(), Some(Close::Shutdown), "way {way}");
    client.assert_ended();
}

#[test]
fn sessions_of_every_realm_end_without_goodbye() {
    let router = router();
    let mut clients = ["realm1", "realm2"].map(|realm| Client::join_in(&router, realm));
    clients.iter_mut().for_each(Client::poll);
    drop(router.shutdown(GRACE));
    for client in &mut clients {
        assert_ended_after(client, 0, Vec::new());
    }
    assert!(!is_ready(router.shutdown(GRACE)));
    drop(clients);
    assert!(is_ready(router.shutdown(GRACE)));
}

#[test]
fn sessions_of_every_realm_get_goodbye_where_the_application_asks_for_it_g_04() {
    let router = router();
    let mut clients = ["realm1", "realm2"].map(|realm| Client::join_in(&router, realm));
    clients.iter_mut().for_each(Client::poll);
    drop(router.shutdown(GRACE).goodbye());
    for client in &mut clients {
        assert_ended_after(client, 1, Vec::new());
    }
    drop(clients);
    assert!(is_ready(router.shutdown(GRACE)));
}

#[test]
fn the_reply_to_the_goodbye_of_a_shutdown_is_awaited_for_a_second_g_05() {
    let router = router();
    let mut client = Client::join(&router);
    drop(router.shutdown(GRACE).goodbye());
    assert_eq!(client.one(), goodbye());
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(1)));
    client.advance(Duration::from_secs(1));
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Shutdown));
}

#[test]
fn a_shutdown_begins_when_it_is_polled_or_dropped() {
    let router = router();
    let mut client = Client::join(&router);
    let stopped = router.shutdown(GRACE);
    assert!(!router.is_stopping());
    assert_eq!(client.ask(r#"[48,1,{},"test.add",[1,2]]"#), json!([50, 1, {}, [3]]));
    let mut stopped = pin!(stopped.goodbye());
    assert!(!router.is_stopping());
    assert!(stopped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(router.is_stopping());
    assert_ended_after(&mut client, 1, Vec::new());
    drop(client);
    assert!(stopped.poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn of_two_shutdowns_the_first_counts() {
    let router = router();
    let mut client = Client::join(&router);
    drop(router.shutdown(GRACE));
    drop(router.shutdown(GRACE).goodbye());
    assert_ended_after(&mut client, 0, Vec::new());
}

#[test]
fn calls_finish_within_the_grace() {
    for (way, shut_down) in ways().into_iter().enumerate() {
        let router = router();
        let (mut client, mut idle) = (Client::join(&router), Client::join(&router));
        client.send(r#"[48,1,{},"test.wait",["a"]]"#);
        client.send(r#"[48,2,{},"test.wait",["b"]]"#);
        client.poll();
        shut_down(&router);
        client.assert_silent();
        assert_ended_after(&mut idle, way, Vec::new());
        assert_error(&client.ask(r#"[48,3,{},"test.add",[1,2]]"#), 48, 3, CANCELED);
        handlers::open("b");
        assert_eq!(client.one(), json!([50, 2, {}, ["b"]]));
        client.advance(GRACE - Duration::from_secs(1));
        client.assert_silent();
        assert_eq!(client.close(), None);
        handlers::open("a");
        assert_ended_after(&mut client, way, vec![json!([50, 1, {}, ["a"]])]);
    }
}

#[test]
fn calls_that_are_left_after_the_grace_are_cancelled() {
    for (way, shut_down) in ways().into_iter().enumerate() {
        let router = router();
        let mut client = Client::join(&router);
        client.send(r#"[48,1,{},"test.wait",["a"]]"#);
        shut_down(&router);
        client.assert_silent();
        assert_eq!(client.deadline_in(), Some(GRACE));
        client.advance(GRACE);
        assert_ended_after(
            &mut client,
            way,
            vec![json!([8, 48, 1, {}, CANCELED, ["the server shuts down"]])],
        );
        assert_eq!(handlers::waiting("a"), 0);
    }
}

/// Requests that wait for a handler, where it waits, and the answer.
fn waiting() -> [(&'static str, &'static str, u64, u64); 2] {
    [
        (r#"[32,1,{},"gated.a"]"#, "gated.a", 32, 33),
        (r#"[16,1,{"acknowledge":true},"slow.a"]"#, "slow.a", 16, 17),
    ]
}

#[test]
fn publications_and_subscriptions_that_wait_for_a_handler_finish_within_the_grace() {
    for (way, shut_down) in ways().into_iter().enumerate() {
        for (request, gate, _, answer) in waiting() {
            let router = router();
            let mut client = Client::join(&router);
            client.send(request);
            client.poll();
            shut_down(&router);
            client.assert_silent();
            assert_eq!((client.close(), client.deadline_in()), (None, Some(GRACE)), "{request}");
            handlers::open(gate);
            let mut messages = client.received();
            assert_eq!(messages[0][0], answer, "{request}");
            messages.remove(0);
            assert_eq!(messages.len(), way, "{request}");
            client.send(REPLY);
            assert_eq!(client.close(), Some(Close::Shutdown), "{request}");
        }
    }
}

#[test]
fn publications_and_subscriptions_that_are_left_after_the_grace_are_cancelled() {
    for (request, gate, code, _) in waiting() {
        let router = router();
        let mut client = Client::join(&router);
        client.send(request);
        drop(router.shutdown(GRACE));
        client.assert_silent();
        client.advance(GRACE);
        assert_ended_after(
            &mut client,
            0,
            vec![json!([8, code, 1, {}, CANCELED, ["the server shuts down"]])],
        );
        assert_eq!(handlers::waiting(gate), 0, "{request}");
    }
}

#[test]
fn requests_that_wait_for_the_authoriser_finish_within_the_grace() {
    let realm = || {
        let hesitate = |_| async {
            handlers::wait_at("authoriser").await?;
            Ok(Permission::allow())
        };
        Realm::new("realm1")
            .route_clients(true)
            .topic("open.{name}", Topic::open())
            .authorize(hesitate)
    };
    for (request, code, answer) in [
        (r#"[32,1,{},"open.a"]"#, 32, 33),
        (r#"[16,1,{"acknowledge":true},"open.a"]"#, 16, 17),
        (r#"[64,1,{},"com.p"]"#, 64, 65),
        (r#"[48,1,{},"test.add",[1,2]]"#, 48, 50),
    ] {
        for is_answered in [true, false] {
            handlers::reset();
            let router =
                Router::builder().realm(realm()).handlers([handlers::ALL]).build().unwrap();
            let mut client = Client::join(&router);
            client.send(request);
            client.poll();
            drop(router.shutdown(GRACE));
            client.assert_silent();
            assert_eq!(client.close(), None, "{request}");
            if is_answered {
                handlers::open("authoriser");
                assert_eq!(client.one()[0], answer, "{request}");
            } else {
                client.advance(GRACE);
                assert_error(&client.one(), code, 1, CANCELED);
            }
            assert_eq!(client.close(), Some(Close::Shutdown), "{request}");
        }
    }
}

#[test]
fn a_stream_of_events_does_not_hold_the_shutdown_up() {
    let router = router();
    let mut client = Client::join(&router);
    subscribed(&client.ask(r#"[32,1,{},"feed.a"]"#), 1);
    drop(router.shutdown(GRACE));
    assert_ended_after(&mut client, 0, Vec::new());
}

#[test]
fn a_handler_that_runs_on_after_a_cancellation_does_not_hold_the_shutdown_up() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    assert_error(&client.ask(r#"[49,1,{"mode":"skip"}]"#), 48, 1, CANCELED);
    drop(router.shutdown(GRACE));
    assert_ended_after(&mut client, 0, Vec::new());
    assert_eq!(handlers::waiting("a"), 0);
}

#[test]
fn a_client_may_say_goodbye_while_its_calls_finish() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    drop(router.shutdown(GRACE));
    client.assert_silent();
    let goodbye = r#"[6,{},"wamp.close.close_realm"]"#;
    assert_eq!(client.ask(goodbye), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(handlers::journal(), ["dropped wait a"]);
}

#[test]
fn a_client_that_is_not_in_yet_is_let_go_without_abort_s_20() {
    let router = router();
    let (mut early, mut late) = (Client::connect(&router), Client::connect(&router));
    early.assert_silent();
    drop(router.shutdown(GRACE));
    assert_ended_after(&mut early, 0, Vec::new());
    late.send(hello("realm1"));
    assert_ended_after(&mut late, 0, Vec::new());
}

#[test]
fn a_client_that_is_not_in_yet_gets_abort_where_goodbye_is_asked_for_s_20() {
    let router = router();
    let (mut early, mut late) = (Client::connect(&router), Client::connect(&router));
    early.assert_silent();
    drop(router.shutdown(GRACE).goodbye());
    late.send(hello("realm1"));
    for client in [&mut early, &mut late] {
        assert_aborted(&client.one(), "wamp.close.system_shutdown");
        assert_eq!(client.close(), Some(Close::Shutdown));
        client.assert_ended();
    }
}

#[test]
fn a_router_without_connections_stops_at_once() {
    assert!(is_ready(router().shutdown(GRACE)));
}

#[test]
fn of_two_orders_to_close_the_first_counts() {
    let router = router();
    let mut client = Client::join(&router);
    client.session().close("wamp.close.killed");
    drop(router.shutdown(GRACE));
    assert_eq!(client.one(), json!([6, {}, "wamp.close.killed"]));
}

#[test]
fn a_session_that_opens_while_a_shutdown_begins_on_another_thread_is_not_forgotten() {
    for _ in 0..500 {
        let router = router();
        let mut client = Client::connect(&router);
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                drop(router.shutdown(Duration::ZERO));
            });
            barrier.wait();
            client.send(hello("realm1"));
        });
        let messages = client.received();
        assert!(messages.iter().all(|message| message[0] == 2), "{messages:?}");
        assert_eq!(client.close(), Some(Close::Shutdown));
    }
}
