//! GOODBYE from either side.

use std::time::Duration;

use super::support::{Client, assert_event, handlers, hello, router};
use serde_json::json;
use wamp_core::Close;

const GOODBYE: &str = r#"[6,{},"wamp.close.close_realm"]"#;
const REPLY: &str = r#"[6,{},"wamp.close.goodbye_and_out"]"#;

#[test]
fn goodbye_is_answered_and_the_session_is_gone_g_01() {
    let router = router();
    let mut client = Client::join(&router);
    client.subscribe(1, "sub.hold");
    assert_eq!(client.ask(GOODBYE), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(client.close(), Some(Close::Normal));
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
    assert_eq!(handlers::journal(), ["dropped sub.hold"]);
}

#[test]
fn any_reason_and_any_details_are_accepted_g_02() {
    let router = router();
    for goodbye in [
        r#"[6,{"message":"x"},"wamp.close.normal"]"#,
        r#"[6,{"a":[null]},"com.myapp.done"]"#,
        r#"[6,{},"wamp.close.goodbye_and_out"]"#,
    ] {
        assert_eq!(
            Client::join(&router).ask(goodbye),
            json!([6, {}, "wamp.close.goodbye_and_out"])
        );
    }
}

#[test]
fn after_the_reply_nothing_is_sent_or_processed_g_03() {
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
fn a_session_that_the_server_closes_gets_goodbye_and_its_reply_is_not_answered_g_04() {
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
fn events_before_the_order_to_close_go_out_before_goodbye_and_none_after_g_04() {
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
fn after_our_goodbye_every_other_message_is_ignored_g_05() {
    let router = router();
    let mut client = Client::join(&router);
    client.session().close("wamp.close.killed");
    assert_eq!(client.one()[0], 6);
    for message in
        [r#"[48,1,{},"test.wait",["a"]]"#, r#"[32,7,{},"open.a"]"#, "[99]", "", "[70,1,{}]"]
    {
        client.send(message);
    }
    client.send(hello("realm1"));
    client.assert_silent();
    assert_eq!((handlers::waiting("a"), client.close()), (0, None));
    client.send(REPLY);
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn the_transport_is_closed_when_the_reply_does_not_come_g_05() {
    let mut client = Client::join(&router());
    client.session().close("wamp.close.killed");
    assert_eq!(client.one()[0], 6);
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(5)));
    client.advance(Duration::from_secs(5));
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn a_goodbye_that_crosses_ours_is_the_reply_g_06() {
    let mut client = Client::join(&router());
    client.session().close("wamp.close.killed");
    client.poll();
    client.send(GOODBYE);
    assert_eq!(client.one(), json!([6, {}, "wamp.close.killed"]));
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn an_order_to_close_that_comes_after_the_clients_goodbye_sends_no_second_one_g_06() {
    let mut client = Client::join(&router());
    client.session().close("wamp.close.killed");
    client.send(GOODBYE);
    assert_eq!(client.one(), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(client.close(), Some(Close::Normal));
}
