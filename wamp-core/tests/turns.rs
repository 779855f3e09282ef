//! How much one connection does before its host lets others have their turn: enough to take what others left for it, and
//! not so much that they could not take what it leaves.

#![allow(clippy::unwrap_used, reason = "in the closures of the tests, too")]

mod support;

use support::{Client, arguments, handlers, router, router_with};
use wamp_core::{Frame, Limits, Router, Serializer};

fn subscribers(router: &Router, count: usize, topic: &str) -> Vec<Client> {
    let subscriber = |_| {
        let mut client = Client::join(router);
        client.subscribe(1, topic);
        client
    };
    (0..count).map(subscriber).collect()
}

#[test]
fn who_has_published_to_many_is_not_read_until_the_next_poll() {
    let router = router();
    let _subscribers = subscribers(&router, 64, "open.a");
    let mut publisher = Client::join(&router);
    for turn in 0..3 {
        for request in 64 * turn + 1..=64 * turn + 64 {
            assert!(publisher.wants_input(), "{request}");
            publisher.publish(request, "open.a", request);
        }
        assert!(!publisher.wants_input(), "4096 deliveries");
        publisher.poll();
    }
}

#[test]
fn who_publishes_to_nobody_may_go_on() {
    let router = router();
    let mut publisher = Client::join(&router);
    for request in 1..=5000 {
        publisher.publish(request, "open.a", request);
        assert!(publisher.wants_input(), "{request}");
    }
}

/// 200 subscribers get 21 events in a turn of the publisher, though a batch has 64 in one.
#[test]
fn a_batch_of_publications_to_many_is_taken_in_turns() {
    let router = router_with(Limits { queued_messages: 30, ..Limits::default() });
    let mut subscribers = subscribers(&router, 200, "open.a");
    let mut publisher = Client::join_by(&router, Serializer::JsonBatched);
    let batch: String = (1..=500).map(|id| format!("[16,{id},{{}},\"open.a\",[{id}]]\x1e")).collect();
    publisher.send_frame(Frame::Text(batch.into()));
    let mut seen = vec![Vec::new(); subscribers.len()];
    loop {
        for (subscriber, seen) in subscribers.iter_mut().zip(&mut seen) {
            seen.append(&mut arguments(&subscriber.received()));
        }
        if publisher.wants_input() {
            break;
        }
        assert!(publisher.poll_once(), "somebody woke it");
    }
    let all: Vec<_> = (1..=500).map(serde_json::Value::from).collect();
    assert!(seen.iter().all(|seen| *seen == all));
}

/// What waited behind a handler's decision is published by a poll, after which nobody might poll again.
#[test]
fn who_publishes_to_many_in_a_poll_is_polled_again() {
    let router = router();
    let mut subscribers = subscribers(&router, 64, "open.a");
    let mut publisher = Client::join(&router);
    publisher.publish(1, "slow.a", 1);
    for request in 2..=65 {
        publisher.publish(request, "open.a", request);
    }
    publisher.poll();
    subscribers[0].assert_silent();
    handlers::open("slow.a");
    assert!(publisher.poll_once());
    assert_eq!(subscribers[0].received().len(), 64);
    assert!(!publisher.wants_input());
    publisher.poll();
    assert!(publisher.wants_input());
}

#[test]
fn a_subscriber_takes_in_one_poll_what_all_others_left_in_their_turns() {
    let router = router();
    let [subscriber] = &mut subscribers(&router, 1, "open.a")[..] else { panic!("one") };
    let mut publisher = Client::join(&router);
    for request in 1..=4000 {
        publisher.publish(request, "open.a", request);
    }
    assert!(subscriber.poll_once());
    assert_eq!(subscriber.output().len(), 4000);
}
