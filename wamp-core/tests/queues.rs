//! What may wait for a session: a client that reads gets everything, and nobody holds more than the limits say.

#![allow(clippy::unwrap_used, reason = "in the closures of the tests, too")]

mod support;

use serde_json::json;
use support::{Client, arguments, assert_aborted, assert_error, handlers, router_with};
use wamp_core::{Close, Limits, Router};

const UNAVAILABLE: &str = "wamp.error.unavailable";

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
            assert_eq!(arguments(&client.received()), (100 * round..100 * (round + 1)).collect::<Vec<_>>());
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
        client.poll_without_round();
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
    }
    assert_cut_off(client);
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
    let limits = Limits::default().queued_messages(10).queued_bytes(1000).queued_bytes_peak(128 * 50);
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
fn results_of_handlers_that_nobody_takes_are_bounded() {
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

#[test]
fn a_peak_below_what_may_wait_anyhow_is_a_fault_of_the_router() {
    let build = |limits: Limits| Router::builder().handlers([]).limits(limits).build();
    assert!(build(Limits::default().queued_bytes(1000).queued_bytes_peak(1000)).is_ok());
    let error: wamp_core::BuildError =
        build(Limits::default().queued_bytes(1001).queued_bytes_peak(1000)).unwrap_err();
    let faults: Vec<_> = error.faults().collect();
    assert_eq!(faults, ["`Limits::queued_bytes_peak` is less than `Limits::queued_bytes`"]);
}
