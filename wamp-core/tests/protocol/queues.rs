//! Queues of a session: a client that reads gets everything, and no client holds more than the
//! limits say.

use std::time::Duration;

use super::support;
use super::support::{Client, arguments, assert_aborted, assert_error, handlers, router_with};
use crate::log::Log;
use serde_json::json;
use wamp_core::{Close, Limits, Router};
use wamp_core::{RawMessage, Serializer};

const UNAVAILABLE: &str = "wamp.error.unavailable";

/// By default.
const WRITE_STALL: Duration = Duration::from_secs(10);

fn subscriber(router: &Router) -> Client {
    let mut client = Client::join(router);
    client.subscribe(1, "open.a");
    client
}

/// From the server, which nothing holds back.
fn publish(router: &Router, number: usize, filling: &str) {
    router.realm("realm1").unwrap().publish("open.a").arg(number).arg(filling).send().unwrap();
}

fn assert_cut_off(mut client: Client) {
    client.poll();
    assert_eq!(client.close(), Some(Close::TooSlow));
    assert_aborted(client.ready().last().unwrap(), UNAVAILABLE);
}

#[test]
fn what_comes_before_a_subscriber_has_its_turn_is_not_held_against_it() {
    for limits in [Limits::default().queued_messages(10), Limits::default().queued_bytes(1000)] {
        let router = router_with(limits);
        let mut client = subscriber(&router);
        for round in 0..5 {
            (0..100).for_each(|number| publish(&router, 100 * round + number, ""));
            assert_eq!(
                arguments(&client.received()),
                (100 * round..100 * (round + 1)).collect::<Vec<_>>()
            );
        }
        assert_eq!(client.close(), None);
    }
}

#[test]
fn a_subscriber_that_takes_nothing_in_its_turns_is_cut_off_by_one_event_too_many() {
    for (limits, filling) in
        [(Limits::default().queued_messages(10), 0), (Limits::default().queued_bytes(10_000), 900)]
    {
        let router = router_with(limits.outgoing_bytes(1));
        let mut client = subscriber(&router);
        // The first waits to be taken, and ten wait behind it.
        for number in 0..11 {
            publish(&router, number, &"x".repeat(filling));
            client.poll();
            assert_eq!(client.close(), None);
        }
        client.advance(WRITE_STALL);
        client.poll_woken();
        publish(&router, 11, &"x".repeat(filling));
        assert_cut_off(client);
    }
}

/// The first of many that it takes slowly, a piece at a time.
#[test]
fn a_subscriber_that_takes_a_part_of_its_output_between_its_turns_misses_nothing() {
    let router = router_with(Limits::default().outgoing_bytes(1).queued_messages(10));
    let mut client = subscriber(&router);
    for number in 0..100 {
        publish(&router, number, "");
        client.output_moves();
        client.poll();
    }
    assert_eq!(arguments(&client.received()), (0..100).collect::<Vec<_>>());
    // Now it stalls.
    for number in 0..20 {
        publish(&router, number, "");
        client.poll();
        client.advance(Duration::from_secs(1));
    }
    assert_cut_off(client);
}

/// B3: a socket takes nothing for a while although its peer reads, and the host looks more often.
#[test]
fn a_subscriber_that_takes_a_piece_every_400_ms_gets_12_mib_whole() {
    let router = router_with(Limits::default());
    let mut client = subscriber(&router);
    let filling = "x".repeat(60_000);
    (0..210).for_each(|number| publish(&router, number, &filling));
    let mut numbers = Vec::new();
    for number in 210..360 {
        for _ in 0..2 {
            client.poll_woken();
            client.advance(Duration::from_millis(200));
        }
        publish(&router, number, "");
        numbers.extend(arguments(&client.ready()));
    }
    numbers.extend(arguments(&client.received()));
    assert_eq!(numbers, (0..360).collect::<Vec<_>>());
    assert_eq!(client.close(), None);
}

/// B3.
#[test]
fn a_subscriber_that_takes_nothing_for_write_stall_and_not_a_millisecond_less_is_cut_off() {
    const STALL: Duration = Duration::from_secs(3);
    for (time, is_cut_off) in [(STALL - Duration::from_millis(1), false), (STALL, true)] {
        let limits = Limits::default().queued_messages(10).outgoing_bytes(1).write_stall(STALL);
        let router = router_with(limits);
        let mut client = subscriber(&router);
        // Long idle, which is no stall.
        client.advance(2 * STALL);
        (0..20).for_each(|number| publish(&router, number, ""));
        client.poll();
        client.advance(STALL / 2);
        client.output_moves();
        client.poll_woken();
        assert_eq!(client.deadline_in(), Some(STALL), "it is judged in time");
        client.advance(time);
        client.poll();
        assert_eq!(client.deadline_in().is_none(), is_cut_off, "it is judged once");
        publish(&router, 20, "");
        if is_cut_off {
            assert_cut_off(client);
        } else {
            assert_eq!(arguments(&client.received()), (0..21).collect::<Vec<_>>());
            assert_eq!((client.close(), client.deadline_in()), (None, None));
        }
    }
}

/// However it reads, for it is the server that holds that much.
#[test]
fn more_bytes_than_a_queue_may_hold_at_its_peak_cut_a_subscriber_off() {
    let limits = Limits::default().queued_bytes(1000).queued_bytes_peak(10_000);
    let event = 1000 - json!([36, 1, 1_u64 << 53, {}, [0, ""]]).to_string().len();
    let router = router_with(limits);
    let (mut exact, beyond) = (subscriber(&router), subscriber(&router));
    (0..9).for_each(|number| publish(&router, number, &"x".repeat(event)));
    assert_eq!(exact.received().len(), 9);
    (0..9).for_each(|number| publish(&router, number, &"x".repeat(event)));
    assert_eq!(exact.received().len(), 9);
    assert_cut_off(beyond);
}

#[test]
fn more_messages_than_a_queue_may_hold_at_its_peak_cut_a_subscriber_off() {
    let limits =
        Limits::default().queued_messages(10).queued_bytes(1000).queued_bytes_peak(128 * 50);
    let router = router_with(limits);
    let (mut exact, beyond) = (subscriber(&router), subscriber(&router));
    (0..50).for_each(|number| publish(&router, number, ""));
    assert_eq!(exact.received().len(), 50);
    publish(&router, 50, "");
    assert_eq!(exact.received().len(), 1);
    assert_cut_off(beyond);
}

/// Calls that were at work when their caller stopped to take its results.
#[test]
fn results_of_handlers_that_the_client_does_not_take_are_bounded() {
    let mut client =
        Client::join(&router_with(Limits::default().queued_bytes(1000).queued_bytes_peak(10_000)));
    let names: Vec<_> = "abcdefgh".chars().map(|name| name.to_string().repeat(3_000)).collect();
    for (name, request) in names.iter().zip(1..) {
        client.send(json!([48, request, {}, "test.wait", [name]]).to_string());
    }
    client.poll();
    names.iter().for_each(|name| handlers::open(name));
    client.poll();
    let answers = client.ready();
    for (answer, request) in answers.iter().zip(1..) {
        if request <= 4 {
            assert_eq!((&answer[0], &answer[1]), (&json!(50), &json!(request)));
        } else {
            assert_error(answer, 48, request, UNAVAILABLE);
        }
    }
    assert_eq!(answers.len(), 8);
}

/// A text of U+0001 is six times as long in JSON.
#[test]
fn an_event_that_is_too_long_in_one_format_is_left_out_for_it_alone() {
    let router = router_with(Limits::default().queued_bytes(1000));
    let mut json = Client::join_by(&router, Serializer::Json);
    let mut cbor = Client::join_by(&router, Serializer::Cbor);
    let mut publisher = Client::join_by(&router, Serializer::CborBatched);
    let id = json.subscribe(1, "open.a");
    cbor.subscribe(1, "open.a");
    let room = 1000 - json!([36, id, 1_u64 << 52, {}, [""]]).to_string().len();
    let values = [1, room / 6, room / 6 + 2, 1].map(|count| "\u{1}".repeat(count));
    for (value, request) in values.iter().zip(1..) {
        publisher.publish(request, "open.a", value.as_str());
        publisher.poll();
        assert_eq!(json.received().len(), usize::from(request != 3));
        assert_eq!(cbor.received().len(), 1);
        publisher.advance(Duration::from_secs(1));
        publisher.poll();
    }
    assert_eq!((json.close(), cbor.close()), (None, None));
}

/// B3: the log tells of each encoding, for it is too long to be sent.
#[test]
fn a_long_event_is_not_encoded_for_a_session_that_takes_nothing_any_more() {
    let goes_on = |_: &Router, _: &Client| {};
    let is_closed = |_: &Router, client: &Client| client.session().close("com.example.close.ended");
    let is_cut_off = |router: &Router, _: &Client| {
        (0..9).for_each(|number| publish(router, number, &"x".repeat(1000)));
    };
    let encodings_after = |end: &dyn Fn(&Router, &Client)| {
        let router = router_with(Limits::default().queued_bytes(8_000).queued_bytes_peak(8_000));
        let client = subscriber(&router);
        end(&router, &client);
        assert_eq!(client.close(), None, "it has not had its turn");
        let log = Log::of(|| publish(&router, 1, &"x".repeat(16 << 10)));
        log.matches("an event is too long").count()
    };
    assert_eq!(encodings_after(&goes_on), 1);
    assert_eq!([encodings_after(&is_closed), encodings_after(&is_cut_off)], [0, 0]);
}

#[test]
fn an_event_for_one_subscriber_is_not_longer_than_its_queue() {
    let router = router_with(Limits::default().queued_bytes(1000));
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"sub.emit"]"#);
    assert_eq!(client.received().len(), 2);
    let subscription = handlers::subscription();
    assert!(subscription.emit("x".repeat(1000)).is_err());
    assert!(subscription.emit("x".repeat(900)).is_ok());
    assert_eq!(client.received().len(), 1);
}

/// A long publication is not added to what subscribers have not had their turn for.
#[test]
fn a_long_publication_waits_for_the_next_round() {
    let router = router_with(Limits::default().queued_bytes(64_000));
    let mut client = subscriber(&router);
    let mut publisher = Client::join(&router);
    publisher.publish(1, "open.a", 1);
    publisher.publish(2, "open.a", "x".repeat(2_000));
    assert!(!publisher.wants_input());
    publisher.poll_without_round();
    assert_eq!(client.received().len(), 1);
    assert!(publisher.poll_once(), "it asks for its next turn");
    assert_eq!(client.received().len(), 1);
}

/// An event that many sessions share is counted once.
#[test]
fn the_subscriber_furthest_behind_is_cut_off_when_too_much_waits_in_all() {
    let router = router_with(Limits::default().queued_bytes_total(20_000));
    let mut sessions: Vec<_> = (0..50).map(|_| subscriber(&router)).collect();
    let mut behind = subscriber(&router);
    behind.subscribe(2, "open.b");
    let realm = router.realm("realm1").unwrap();
    let send = |topic| drop(realm.publish(topic).arg("x".repeat(1000)).send());
    (0..4).for_each(|_| send("open.a"));
    (0..2).for_each(|_| send("open.b"));
    behind.poll_woken();
    assert_eq!((behind.close(), behind.ready().len()), (None, 6));
    (0..30).for_each(|_| send("open.b"));
    for session in &mut sessions {
        assert_eq!(session.received().len(), 4);
    }
    assert_cut_off(behind);
}

/// Events that are held back for a handler that has not decided are freed with their session only.
#[test]
fn a_subscriber_that_makes_a_handler_wait_is_cut_off_before_those_that_read() {
    let router = router_with(Limits::default().queued_bytes_total(20_000));
    let (mut waiting, mut reading) = (Client::join(&router), subscriber(&router));
    waiting.send(r#"[32,1,{},"gated.a"]"#);
    let realm = router.realm("realm1").unwrap();
    for _ in 0..200 {
        realm.publish("gated.a").arg("x".repeat(100)).send().unwrap();
        waiting.poll();
        publish(&router, 1, &"x".repeat(3000));
        assert_eq!(reading.received().len(), 1);
    }
    assert_eq!(reading.close(), None);
    assert_cut_off(waiting);
}

/// The lists of a publication that waits take memory of their own, however short their names are.
#[test]
fn the_lists_of_publications_that_wait_count_beside_their_messages_l_03() {
    let names: Vec<_> = (100..1000).map(|number| number.to_string()).collect();
    let message = |request: u64| {
        let options = json!({"acknowledge": true, "eligible_authid": names});
        json!([16, request, options, "slow.a", []]).to_string()
    };
    let length = message(1).len();
    for (messages, is_refused) in [(2, false), (3, true)] {
        let router = router_with(Limits::default().bytes_in_flight(6 * length));
        let mut client = Client::join(&router);
        for request in 1..=messages {
            client.assert_silent();
            client.send(message(request));
        }
        match is_refused {
            true => assert_error(&client.one(), 16, messages, UNAVAILABLE),
            false => client.assert_silent(),
        }
        // The room is free again when they are decided.
        for request in [1, 2] {
            handlers::open("slow.a");
            support::published(&client.one(), request);
        }
        for request in [8, 9] {
            client.send(message(request));
            client.assert_silent();
        }
    }
}

#[test]
fn events_that_are_held_back_for_all_subscriptions_together_are_bounded() {
    let router = router_with(Limits::default().queued_bytes(10_000));
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"gated.a"]"#);
    client.send(r#"[32,2,{},"gated.b"]"#);
    let send =
        |topic: &str| router.realm("realm1").unwrap().publish(topic).arg("x".repeat(3000)).send();
    for topic in ["gated.a", "gated.b", "gated.a"] {
        send(topic).unwrap();
        client.assert_silent();
    }
    send("gated.b").unwrap();
    assert_error(&client.one(), 32, 2, UNAVAILABLE);
    handlers::open("gated.a");
    assert_eq!(client.received().len(), 3);
    client.send(r#"[32,3,{},"gated.b"]"#);
    (0..3).for_each(|_| drop(send("gated.b")));
    client.assert_silent();
    handlers::open("gated.b");
    assert_eq!(client.received().len(), 4);
}

/// Arguments that are written anew, without their tags, are shorter than their message; its options
/// are kept with them.
#[test]
fn what_a_message_says_beside_its_arguments_counts_whatever_becomes_of_them() {
    for tag in [None, Some(0xc0)] {
        let router = router_with(Limits::default().bytes_in_flight(5000));
        let mut client = Client::join_by(&router, Serializer::Cbor);
        for request in 1..4 {
            let options = json!({"acknowledge": true, "eligible_authid": ["x".repeat(1000)]});
            let message = json!([16, request, options, "slow.a", ["abc"]]);
            let mut message = support::wire::encode(Serializer::Cbor, &message);
            let value = message.len() - 4;
            tag.into_iter().for_each(|tag| message.insert(value, tag));
            client.send_frame(RawMessage::Binary(message.into()));
        }
        assert_error(&client.one(), 16, 3, UNAVAILABLE);
    }
}

#[test]
fn a_peak_below_what_may_wait_anyhow_is_a_fault_of_the_router() {
    let build = |limits: Limits| Router::builder().handlers([]).limits(limits).build();
    assert!(build(Limits::default().queued_bytes(1000).queued_bytes_peak(1000)).is_ok());
    let error: wamp_core::BuildError =
        build(Limits::default().queued_bytes(1001).queued_bytes_peak(1000)).unwrap_err();
    let faults: Vec<_> = error.faults().collect();
    assert_eq!(faults, ["`Limits::queued_bytes_peak` is less than `Limits::queued_bytes`"]);
}
