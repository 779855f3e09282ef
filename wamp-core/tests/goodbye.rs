//! GOODBYE from either side, and the end of the router.

mod support;

use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::json;
use support::{Client, assert_aborted, assert_error, assert_event, handlers, hello, router};
use wamp_core::{Close, Stopped};

const GOODBYE: &str = r#"[6,{},"wamp.close.close_realm"]"#;
const REPLY: &str = r#"[6,{},"wamp.close.goodbye_and_out"]"#;

fn is_ready(stopped: Stopped) -> bool {
    pin!(stopped).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

#[test]
fn g_01_goodbye_is_answered_and_the_session_is_gone() {
    let router = router();
    let mut client = Client::join(&router);
    client.subscribe(1, "sub.hold");
    assert_eq!(client.ask(GOODBYE), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(client.close(), Some(Close::Normal));
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
    assert_eq!(handlers::journal(), ["dropped sub.hold"]);
}

#[test]
fn g_02_any_reason_and_any_details_are_accepted() {
    let router = router();
    for goodbye in [
        r#"[6,{"message":"x"},"wamp.close.normal"]"#,
        r#"[6,{"a":[null]},"com.myapp.done"]"#,
        r#"[6,{},"wamp.close.goodbye_and_out"]"#,
    ] {
        assert_eq!(Client::join(&router).ask(goodbye), json!([6, {}, "wamp.close.goodbye_and_out"]));
    }
}

#[test]
fn g_03_after_the_reply_nothing_is_sent_or_processed() {
    let router = router();
    let mut client = Client::join(&router);
    let mut other = Client::join(&router);
    let id = other.subscribe(1, "open.a");
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    client.subscribe(2, "open.a");
    other.send(r#"[16,2,{"exclude_me":false},"open.a",[1]]"#);
    client.send(GOODBYE);
    client.publish(3, "open.a", 2);
    assert_eq!(client.one(), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(handlers::journal(), ["dropped wait a"]);
    assert_event(&other.one(), id, 1);
    client.assert_ended();
}

#[test]
fn what_a_session_keeps_may_panic_when_it_is_dropped() {
    let router = router();
    let mut client = Client::join(&router);
    client.ask(r#"[48,1,{},"test.keep"]"#);
    assert_eq!(client.ask(GOODBYE), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(handlers::journal(), ["sore"]);
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
}

#[test]
fn g_04_a_session_that_the_server_closes_gets_goodbye_and_its_reply_is_not_answered() {
    let router = router();
    let mut client = Client::join(&router);
    let session = client.session();
    client.poll();
    session.close("wamp.close.killed");
    assert_eq!(client.one(), json!([6, {}, "wamp.close.killed"]));
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
    assert_eq!(client.close(), None);
    client.send(REPLY);
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Normal));
    client.assert_ended();
    session.close("wamp.close.killed");
    client.assert_silent();
}

#[test]
fn g_04_events_before_the_order_to_close_go_out_before_goodbye_and_none_after() {
    let router = router();
    let mut client = Client::join(&router);
    let id = client.subscribe(1, "open.a");
    let realm = router.realm("realm1").unwrap();
    realm.publish("open.a").arg(1).send().unwrap();
    client.session().close("wamp.close.killed");
    realm.publish("open.a").arg(2).send().unwrap();
    let messages = client.received();
    assert_event(&messages[0], id, 1);
    assert_eq!(messages[1..], [json!([6, {}, "wamp.close.killed"])]);
}

#[test]
fn g_05_after_our_goodbye_every_other_message_is_ignored() {
    let router = router();
    let mut client = Client::join(&router);
    client.session().close("wamp.close.killed");
    assert_eq!(client.one()[0], 6);
    for message in [r#"[48,1,{},"test.wait",["a"]]"#, r#"[32,7,{},"open.a"]"#, "[99]", "", "[70,1,{}]"] {
        client.send(message);
    }
    client.send(hello("realm1"));
    client.assert_silent();
    assert_eq!((handlers::waiting("a"), client.close()), (0, None));
    client.send(REPLY);
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn g_05_the_transport_is_closed_when_the_reply_does_not_come() {
    let mut client = Client::join(&router());
    client.session().close("wamp.close.killed");
    assert_eq!(client.one()[0], 6);
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(5)));
    client.advance(Duration::from_secs(5));
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn g_06_a_goodbye_that_crosses_ours_is_the_reply() {
    let mut client = Client::join(&router());
    client.session().close("wamp.close.killed");
    client.poll();
    client.send(GOODBYE);
    assert_eq!(client.one(), json!([6, {}, "wamp.close.killed"]));
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn g_06_an_order_to_close_that_comes_after_the_clients_goodbye_sends_no_second_one() {
    let mut client = Client::join(&router());
    client.session().close("wamp.close.killed");
    client.send(GOODBYE);
    assert_eq!(client.one(), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn a_shutdown_says_goodbye_to_every_session_of_every_realm() {
    let router = router();
    let mut clients: Vec<Client> = ["realm1", "realm2"].map(|realm| Client::join_in(&router, realm)).into();
    clients.iter_mut().for_each(Client::poll);
    let stopped = router.shutdown(Duration::from_secs(9));
    assert!(router.is_stopping());
    for client in &mut clients {
        assert_eq!(client.one(), json!([6, {}, "wamp.close.system_shutdown"]));
        client.send(REPLY);
        assert_eq!(client.close(), Some(Close::Shutdown));
    }
    assert_eq!(clients.len(), 2);
    drop(clients);
    assert!(is_ready(stopped));
}

#[test]
fn a_shutdown_lets_calls_finish_within_the_grace() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    client.send(r#"[48,2,{},"test.wait",["b"]]"#);
    client.poll();
    let _stopped = router.shutdown(Duration::from_secs(9));
    client.assert_silent();
    assert_error(&client.ask(r#"[48,3,{},"test.add",[1,2]]"#), 48, 3, "wamp.error.canceled");
    handlers::open("b");
    assert_eq!(client.one(), json!([50, 2, {}, ["b"]]));
    client.advance(Duration::from_secs(8));
    handlers::open("a");
    let goodbye = json!([6, {}, "wamp.close.system_shutdown"]);
    assert_eq!(client.received(), [json!([50, 1, {}, ["a"]]), goodbye]);
}

#[test]
fn a_shutdown_cancels_the_calls_that_are_left_after_the_grace() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    client.send(r#"[48,2,{},"test.wait",["b"]]"#);
    let stopped = router.shutdown(Duration::from_secs(9));
    client.assert_silent();
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(9)));
    client.advance(Duration::from_secs(9));
    let mut messages = client.received();
    assert_eq!(messages.pop(), Some(json!([6, {}, "wamp.close.system_shutdown"])));
    messages.sort_by_key(|message| message[2].as_u64());
    assert_eq!(messages.len(), 2);
    assert_error(&messages[0], 48, 1, "wamp.error.canceled");
    assert_error(&messages[1], 48, 2, "wamp.error.canceled");
    assert_eq!(handlers::waiting("a") + handlers::waiting("b"), 0);
    assert_eq!(client.close(), None);
    client.advance(Duration::from_secs(5));
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Shutdown));
    assert!(!is_ready(stopped));
    drop(client);
    assert!(is_ready(router.shutdown(Duration::ZERO)));
}

#[test]
fn a_client_may_say_goodbye_while_its_calls_finish_in_a_shutdown() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait",["a"]]"#);
    let _stopped = router.shutdown(Duration::from_secs(9));
    client.assert_silent();
    assert_eq!(client.ask(GOODBYE), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(handlers::journal(), ["dropped wait a"]);
}

#[test]
fn no_session_opens_during_a_shutdown() {
    let router = router();
    let mut client = Client::connect(&router);
    let _stopped = router.shutdown(Duration::from_secs(9));
    assert_aborted(&client.ask(hello("realm1")), "wamp.close.system_shutdown");
    client.assert_ended();
}

#[test]
fn a_router_without_connections_stops_at_once() {
    assert!(is_ready(router().shutdown(Duration::from_secs(9))));
}

#[test]
fn of_two_orders_to_close_the_first_counts() {
    let router = router();
    let mut client = Client::join(&router);
    client.session().close("wamp.close.killed");
    let _stopped = router.shutdown(Duration::from_secs(9));
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
        let last = client.received().pop().unwrap();
        assert_eq!(last[2], "wamp.close.system_shutdown", "{last}");
    }
}
