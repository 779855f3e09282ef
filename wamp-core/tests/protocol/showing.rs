//! How retained events go out: a piece at a time as there is room, before the events that come
//! later, and none twice.

use std::collections::HashMap;

use super::support::*;
use crate::log::Log;
use serde_json::{Value, json};
use wamp_core::{Limits, Realm, Router, Serializer, Topic};

/// Bytes of outgoing frames with which the tests fill a peer's room.
const ROOM: usize = 4096;

fn router(limits: Limits) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("a.{rest..}", Topic::open().retained())
        .topic("plain", Topic::open())
        .route_clients(true);
    Router::builder()
        .realm(realm)
        .handlers([handlers::ALL])
        .limits(limits.outgoing_bytes(ROOM))
        .build()
        .expect("the declarations are sound")
}

fn text(topic: u64) -> String {
    format!("{topic:0>100}")
}

/// Retains an event of more than 100 bytes on each of these topics, in their order.
fn retain(router: &Router, topics: impl IntoIterator<Item = u64>) {
    let realm = router.realm("realm1").expect("declared above");
    for topic in topics {
        realm.publish(format!("a.{topic:03}")).arg(text(topic)).retain().send().expect("a topic");
    }
}

fn ask(client: &mut Client, request: u64) {
    client.send(format!(r#"[32,{request},{{"match":"prefix","get_retained":true}},"a."]"#));
}

/// Returns the arguments of events, and asserts that they are retained ones.
fn shown(messages: &[Value]) -> Vec<Value> {
    let events = messages.iter().filter(|message| message[0] == 36);
    let events: Vec<_> =
        events.inspect(|event| assert_eq!(event[3]["retained"], true, "{event}")).collect();
    events.iter().map(|event| event[4][0].clone()).collect()
}

fn texts(topics: impl IntoIterator<Item = u64>) -> Vec<Value> {
    topics.into_iter().map(|topic| text(topic).into()).collect()
}

#[test]
fn retained_events_go_out_a_piece_at_a_time_and_in_the_order_of_their_publication() {
    let router = router(Limits::default());
    retain(&router, (1..=200).rev());
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    let (mut messages, mut pieces) = (Vec::new(), 0);
    loop {
        client.poll();
        assert!(client.output_len() < ROOM + 300, "{}", client.output_len());
        let piece = client.output();
        if piece.is_empty() {
            break;
        }
        messages.extend(piece.iter().map(|frame| wire::message(wire::serializer(), frame)));
        pieces += 1;
    }
    subscribed(&messages[0], 1);
    assert_eq!(shown(&messages), texts((1..=200).rev()));
    assert!(pieces > 5, "{pieces}");
}

#[test]
fn events_that_come_later_follow_the_retained_ones_and_none_comes_twice() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    client.poll();
    let realm = router.realm("realm1").expect("declared above");
    // Of one topic a later event that is not retained, of another one that takes the place of what
    // is to be shown.
    realm.publish("a.099").arg("later").send().expect("a topic");
    realm.publish("a.100").arg("instead").retain().send().expect("a topic");
    let messages = client.received();
    let (retained, later): (Vec<_>, Vec<_>) =
        messages[1..].iter().cloned().partition(|event| event[3]["retained"] == true);
    assert_eq!(shown(&retained), texts(1..=100));
    assert_eq!(arguments(&later), ["later", "instead"]);
    assert_eq!(messages[101..], later);
    let mut another = Client::join(&router);
    another.send(r#"[32,1,{"get_retained":true},"a.100"]"#);
    assert_eq!(arguments(&another.received()), ["instead"]);
}

#[test]
fn what_gave_way_before_its_turn_is_not_shown() {
    let router = router(Limits::default().retained_events(100));
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    client.poll();
    retain(&router, 101..=190);
    let messages = client.received();
    let (retained, later): (Vec<_>, Vec<_>) =
        messages[1..].iter().cloned().partition(|event| event[3]["retained"] == true);
    let first = retained.len() - 10;
    assert!(first < 90, "the room is not as large as that");
    assert_eq!(shown(&retained), texts((1..=first as u64).chain(91..=100)));
    assert_eq!(arguments(&later), texts(101..=190));
}

#[test]
fn asked_again_while_they_are_under_way_they_are_sent_once_e_06() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    for request in 1..=50 {
        ask(&mut client, request);
        client.poll();
    }
    let messages = client.received();
    assert_eq!(messages.iter().filter(|message| message[0] == 33).count(), 50);
    assert_eq!(shown(&messages), texts(1..=100));
    ask(&mut client, 51);
    assert_eq!(shown(&client.received()), texts(1..=100));
}

#[test]
fn connections_that_do_not_read_hold_a_piece_each_and_hold_no_other_up() {
    let router = router(Limits::default());
    retain(&router, 1..=500);
    let mut idle: Vec<_> = (0..200).map(|_| Client::join(&router)).collect();
    idle.iter_mut().for_each(|client| ask(client, 1));
    let (mut asking, mut witness) = (Client::join(&router), Client::join(&router));
    let (mut asked, mut sent) = (0, 0);
    for round in 1..=40 {
        for client in &mut idle {
            client.poll_once();
        }
        for _ in 0..50 {
            asked += 1;
            ask(&mut asking, asked);
        }
        asking.poll_once();
        sent += asking.output_len();
        drop(asking.output());
        assert_eq!(
            witness.ask(format!(r#"[48,{round},{{}},"test.add",[1,2]]"#)),
            json!([50, round, {}, [3]])
        );
        assert!(idle.iter().map(Client::output_len).sum::<usize>() < 200 * (ROOM + 300));
    }
    // Two thousand requests: an answer to each, and the events not much more often than the output
    // was taken.
    assert!(sent < asked as usize * 100 + 40 * (ROOM + 300), "{sent}");
    let messages = idle[0].received();
    assert_eq!(shown(&messages), texts(1..=500));
}

#[test]
fn a_client_is_read_and_answered_while_retained_events_wait_for_room() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    client.poll();
    assert!(client.wants_input());
    client.send(r#"[48,2,{},"test.add",[1,2]]"#);
    let messages = client.received();
    let answer = messages.iter().position(|message| *message == json!([50, 2, {}, [3]]));
    assert!(answer.expect("answered") < 100);
    assert_eq!(shown(&messages), texts(1..=100));
}

#[test]
fn of_too_many_the_newest_are_shown_and_the_log_says_so_once_in_a_minute() {
    let router = router(Limits::default().retained_per_subscription(3));
    retain(&router, (1..=3).chain(4..=6).rev());
    let mut client = Client::join(&router);
    let warned = Log::of(|| {
        for request in 1..=3 {
            ask(&mut client, request);
            assert_eq!(shown(&client.received()), texts([3, 2, 1]));
        }
        client.advance(std::time::Duration::from_secs(60));
        ask(&mut client, 4);
        client.received();
    });
    let warned: Vec<_> = warned.lines().filter(|line| line.contains("retained")).collect();
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(warned[0].contains("left_out=3") && warned[1].contains("left_out=9"), "{warned:?}");
    // At the limit nothing is left out.
    let router = self::router(Limits::default().retained_per_subscription(3));
    retain(&router, 1..=3);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    let warned = Log::of(|| assert_eq!(shown(&client.received()), texts(1..=3)));
    assert!(!warned.contains("retained"), "{warned}");
}

#[test]
fn nothing_retained_comes_after_unsubscribed_and_a_later_subscription_begins_anew_b_04() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    // Another session that keeps the id of the subscription in use.
    let mut other = Client::join(&router);
    ask(&mut other, 1);
    let id = subscribed(&other.received()[0], 1);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    client.poll();
    router
        .realm("realm1")
        .expect("declared above")
        .publish("a.001")
        .arg("live")
        .send()
        .expect("a topic");
    client.send(format!("[34,2,{id}]"));
    client.send(r#"[32,3,{"match":"prefix"},"a."]"#);
    let messages = client.received();
    let [.., live, unsubscribed, again] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(
        (&live[4], unsubscribed, again),
        (&json!(["live"]), &json!([35, 2]), &json!([33, 3, id]))
    );
    assert!(shown(&messages[1..messages.len() - 3]).len() < 100);
}

#[test]
fn a_subscription_that_ends_on_the_way_leaves_nothing_in_the_way_of_others() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    let plain = client.subscribe(1, "plain");
    ask(&mut client, 2);
    client.poll();
    let id = subscribed(&client.ready()[0], 2);
    client.send(format!("[34,3,{id}]"));
    client.received();
    router
        .realm("realm1")
        .expect("declared above")
        .publish("plain")
        .arg(1)
        .send()
        .expect("a topic");
    assert_event(&client.one(), plain, 1);
}

#[test]
fn what_waited_for_a_subscription_that_was_refused_is_not_sent_to_a_later_one() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut other = Client::join(&router);
    other.send(r#"[32,1,{},"gated.x"]"#);
    handlers::open("gated.x");
    let id = subscribed(&other.one(), 1);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    client.send(r#"[32,2,{},"gated.x"]"#);
    client.poll();
    router
        .realm("realm1")
        .expect("declared above")
        .publish("gated.x")
        .arg("early")
        .send()
        .expect("a topic");
    // Looks through the mailbox.
    client.send(r#"[32,3,{"match":"prefix"},"a."]"#);
    handlers::refuse("gated.x");
    client.poll();
    client.send(r#"[32,4,{},"gated.x"]"#);
    client.poll();
    handlers::open("gated.x");
    let messages = client.received();
    assert!(messages.contains(&json!([33, 4, id])), "{messages:?}");
    assert!(!messages.iter().any(|message| message[4][0] == "early"), "{messages:?}");
}

#[test]
fn what_ends_another_subscription_does_not_bring_later_events_before_the_retained_ones() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    let plain = client.subscribe(1, "plain");
    ask(&mut client, 2);
    client.poll();
    let realm = router.realm("realm1").expect("declared above");
    realm.publish("a.100").arg("live").send().expect("a topic");
    realm.publish("plain").arg("plain").send().expect("a topic");
    client.send(format!("[34,3,{plain}]"));
    let messages = client.received();
    let at = |expected: &Value| messages.iter().position(|message| &message[4][0] == expected);
    let (last, live, plain) = (at(&text(100).into()), at(&"live".into()), at(&"plain".into()));
    let unsubscribed = messages.iter().position(|message| *message == json!([35, 3]));
    assert!(last.expect("shown") < live.expect("delivered"));
    assert!(plain.expect("delivered") < unsubscribed.expect("answered"));
}

#[test]
fn nothing_retained_comes_after_the_revocation_e_12() {
    let router = router(Limits::default());
    retain(&router, 1..=100);
    let mut client =
        Client::join_announcing(&router, &json!({"subscriber": {"subscription_revocation": true}}));
    ask(&mut client, 1);
    client.poll();
    let realm = router.realm("realm1").expect("declared above");
    let session = client.session().id();
    let id = wamp_core::SubscriptionId::new(1).expect("an id");
    assert!(realm.revoke(id, session, "no more"));
    let messages = client.received();
    assert_eq!(messages.last().expect("revoked")[0], 35);
    ask(&mut client, 2);
    assert_eq!(shown(&client.received()), texts(1..=100));
}

#[test]
fn a_subscriber_that_makes_events_wait_and_does_not_read_is_cut_off() {
    let limits =
        Limits::default().queued_messages(64).queued_bytes(8 << 10).queued_bytes_peak(8 << 10);
    let router = router(limits);
    retain(&router, 1..=100);
    let mut client = Client::join(&router);
    ask(&mut client, 1);
    client.poll();
    let realm = router.realm("realm1").expect("declared above");
    for request in 2..=4 {
        for _ in 0..30 {
            realm.publish("a.001").arg("live").send().expect("a topic");
        }
        // Each looks through the mailbox.
        client.send(format!(r#"[64,{request},{{}},"com.proc"]"#));
        client.send(format!(r#"[32,{},{{"match":"prefix"}},"a."]"#, request + 10));
        client.poll();
        assert_eq!(client.close().is_some(), request == 4, "{request}");
    }
}

/// However it ends, that events waited takes nothing from the room of those that wait later.
#[test]
fn what_waited_once_does_not_count_any_more() {
    let router = router(Limits::default().queued_bytes(10_000));
    retain(&router, 1..=100);
    let realm = router.realm("realm1").expect("declared above");
    realm.publish("gated.x").arg(1).retain().send().expect("a topic");
    let publish = |topic: &str| realm.publish(topic).arg("x".repeat(900)).send().expect("a topic");
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"plain"]"#);
    let mut request = 1;
    let mut ask_for = |client: &mut Client, options: &str, topic: &str| {
        request += 1;
        client.send(format!(r#"[32,{request},{options},"{topic}"]"#));
    };
    for round in 0..20 {
        ask_for(&mut client, r#"{"match":"prefix","get_retained":true}"#, "a.");
        client.poll();
        ask_for(&mut client, r#"{"get_retained":true}"#, "gated.x");
        for topic in ["plain", "a.001", "gated.x"] {
            publish(topic);
        }
        // Looks through the mailbox.
        ask_for(&mut client, "{}", "plain");
        match round % 3 {
            0 => handlers::open("gated.x"),
            1 => handlers::refuse("gated.x"),
            _ => {
                client.received();
                publish("gated.x");
                client.poll();
                handlers::open("gated.x");
            }
        }
        let messages = client.received();
        for message in messages.iter().filter(|message| message[0] == 33) {
            let end = format!("[34,{},{}]", message[1].as_u64().expect("an id") + 1000, message[2]);
            client.send(end);
        }
        client.received();
        client.send(format!(r#"[32,{},{{}},"plain"]"#, 2000 + round));
        client.received();
    }
    // Ten events of nearly a thousand bytes fit.
    ask_for(&mut client, "{}", "gated.y");
    for _ in 0..10 {
        publish("gated.y");
    }
    client.assert_silent();
    handlers::open("gated.y");
    assert_eq!(client.received().len(), 11);
    assert_eq!(client.close(), None);
}

#[test]
fn what_a_handler_decides_about_begins_with_the_retained_events_too() {
    let router = router(Limits::default());
    let realm = router.realm("realm1").expect("declared above");
    realm.publish("snapshot.a").arg("x".repeat(2 * ROOM)).retain().send().expect("a topic");
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{"get_retained":true},"snapshot.a"]"#);
    client.assert_silent();
    realm.publish("snapshot.a").arg("held").retain().send().expect("a topic");
    handlers::open("snapshot.a");
    let said = arguments(&client.received());
    assert_eq!(said[1..], ["snapshot", "held", "stream"]);
    assert_eq!(said[0].as_str().map(str::len), Some(2 * ROOM));
}

#[test]
fn every_serializer_is_shown_the_same() {
    let router = router(Limits::default());
    retain(&router, 1..=50);
    for serializer in Serializer::ALL {
        for _ in 0..2 {
            let mut client = Client::join_by(&router, *serializer);
            ask(&mut client, 1);
            assert_eq!(shown(&client.received()), texts(1..=50), "{serializer:?}");
        }
    }
}

/// Publishers of other threads replace what is retained without a pause: whoever subscribes
/// meanwhile sees of each topic one event after the other, from the retained one on.
#[test]
fn while_others_publish_no_event_is_missing_and_none_comes_twice_e_01() {
    const TOPICS: u64 = 20;
    let router = router(Limits::default());
    std::thread::scope(|scope| {
        let realm = router.realm("realm1").expect("declared above");
        scope.spawn(move || {
            for value in 0..400 {
                for topic in 0..TOPICS {
                    realm
                        .publish(format!("a.{topic}"))
                        .arg(value)
                        .retain()
                        .send()
                        .expect("a topic");
                }
                std::thread::yield_now();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..60 {
                    let mut client = Client::join(&router);
                    ask(&mut client, 1);
                    let mut last: HashMap<Value, u64> = HashMap::new();
                    for _ in 0..5 {
                        client.poll();
                        for frame in client.output() {
                            let message = wire::message(wire::serializer(), &frame);
                            let Some(value) = message[4][0].as_u64() else { continue };
                            let before = last.insert(message[3]["topic"].clone(), value);
                            assert!(
                                before.is_none_or(|before| before + 1 == value),
                                "{before:?} {message}"
                            );
                            let is_retained = message[3]["retained"] == true;
                            assert!(!is_retained || before.is_none(), "{before:?} {message}");
                        }
                    }
                }
            });
        }
    });
}
