//! How much one connection does before its host lets others have their turn: enough to take what
//! others left for it, and not so much that they could not take what it leaves.

use std::time::Duration;

use super::support::{Client, arguments, handlers, router, router_with};
use wamp_core::{Limits, RawMessage, Router, Serializer};

fn subscribers(router: &Router, count: usize, topic: &str) -> Vec<Client> {
    let subscriber = |_| {
        let mut client = Client::join(router);
        client.subscribe(1, topic);
        client
    };
    (0..count).map(subscriber).collect()
}

#[test]
fn a_publisher_to_many_is_not_read_until_the_next_poll() {
    let router = router();
    let _subscribers = subscribers(&router, 256, "open.a");
    let mut publisher = Client::join(&router);
    for turn in 0..3 {
        for request in 16 * turn + 1..=16 * turn + 16 {
            assert!(publisher.wants_input(), "{request}");
            publisher.publish(request, "open.a", request);
        }
        assert!(!publisher.wants_input(), "4096 deliveries");
        publisher.poll_without_round();
    }
}

#[test]
fn what_was_published_in_one_turn_does_not_count_in_the_next() {
    let router = router();
    let _subscribers = subscribers(&router, 256, "open.a");
    let mut publisher = Client::join(&router);
    for request in 1..=120 {
        publisher.publish(request, "open.a", request);
        assert!(publisher.wants_input(), "{request}");
        if request % 12 == 0 {
            assert!(publisher.poll_without_round());
        }
    }
}

/// However few get it, and however often the publisher is polled meanwhile.
#[test]
fn a_publisher_of_much_is_not_read_until_the_next_round() {
    let router = router_with(Limits::default().queued_bytes(1 << 20));
    for (count, size) in [(256, 1), (15, 1100)] {
        let _subscriber = subscribers(&router, 1, "open.a");
        let mut publisher = Client::join(&router);
        let value = "x".repeat(size);
        for round in 0..3 {
            for request in count * round + 1..=count * round + count {
                assert!(publisher.wants_input(), "{request}");
                publisher.publish(request, "open.a", value.as_str());
            }
            publisher.poll_without_round();
            assert!(!publisher.wants_input(), "{count} publications of {size} bytes");
            assert!(publisher.poll_once(), "it was woken");
        }
    }
}

#[test]
fn a_publisher_without_subscribers_may_go_on() {
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
    let router = router_with(Limits::default().queued_messages(30));
    let mut subscribers = subscribers(&router, 200, "open.a");
    let mut publisher = Client::join_by(&router, Serializer::JsonBatched);
    let batch: String =
        (1..=500).map(|id| format!("[16,{id},{{}},\"open.a\",[{id}]]\x1e")).collect();
    publisher.send_frame(RawMessage::Text(batch.into()));
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

/// Publications that waited behind a handler's decision are published by polls; nothing else might
/// poll again.
#[test]
fn what_waited_for_a_handler_is_published_in_turns_and_in_order() {
    let router = router();
    let mut subscribers = subscribers(&router, 64, "open.a");
    let mut publisher = Client::join(&router);
    publisher.publish(1, "slow.a", 1);
    for request in 2..=201 {
        publisher.publish(request, "open.a", request);
    }
    publisher.poll();
    subscribers[0].assert_silent();
    handlers::open("slow.a");
    let mut seen = Vec::new();
    for _ in 0..3 {
        assert!(publisher.poll_once());
        let events = arguments(&subscribers[0].received());
        assert!(events.len() <= 64, "{}", events.len());
        seen.extend(events);
        // It waits for a handler again, with some behind it, and is not asked twice.
        if seen.len() == 64 {
            publisher.publish(202, "slow.a", 202);
            publisher.publish(203, "open.a", 203);
        }
    }
    publisher.poll();
    seen.append(&mut arguments(&subscribers[0].received()));
    assert_eq!(handlers::waiting("slow.a"), 1);
    handlers::open("slow.a");
    publisher.poll();
    seen.append(&mut arguments(&subscribers[0].received()));
    let all: Vec<_> =
        (2..=203).filter(|number| *number != 202).map(serde_json::Value::from).collect();
    assert_eq!(seen, all);
    assert!(publisher.wants_input());
}

#[test]
fn what_waited_for_a_handler_waits_for_the_next_round_too() {
    let router = router();
    let [subscriber] = &mut subscribers(&router, 1, "open.a")[..] else { panic!("one") };
    let mut publisher = Client::join(&router);
    for request in 1..=100 {
        publisher.publish(request, "open.a", request);
    }
    publisher.publish(101, "slow.a", 101);
    for request in 102..=301 {
        publisher.publish(request, "open.a", request);
    }
    publisher.poll_without_round();
    assert_eq!(subscriber.received().len(), 100);
    handlers::open("slow.a");
    for count in [156, 0, 0] {
        publisher.poll_without_round();
        assert_eq!(subscriber.received().len(), count);
    }
    assert!(publisher.poll_once());
    assert_eq!(subscriber.received().len(), 44);
}

/// By a host that does not ask whether the connection wants input.
#[test]
fn a_handler_is_asked_once_although_enough_was_published_before() {
    let router = router();
    let _subscribers = subscribers(&router, 64, "open.a");
    let mut publisher = Client::join(&router);
    for request in 1..=64 {
        publisher.publish(request, "open.a", request);
    }
    publisher.publish(65, "slow.a", 65);
    publisher.poll();
    assert_eq!(handlers::waiting("slow.a"), 1);
}

/// Publications in a round of [`small_router`]: a 64th of what a queue holds.
const ROUND: u64 = 25;

fn small_router() -> Router {
    router_with(Limits::default().queued_messages(1600))
}

fn publish_a_round(publisher: &mut Client, number: u64) {
    for request in ROUND * number + 1..=ROUND * (number + 1) {
        assert!(publisher.wants_input(), "{request}");
        publisher.publish(request, "open.a", request);
    }
    publisher.poll();
}

#[test]
fn a_publisher_waits_for_subscribers_that_are_behind_but_not_for_long() {
    let router = small_router();
    let [slow, stalled] = &mut subscribers(&router, 2, "open.a")[..] else { panic!("two") };
    let mut publisher = Client::join(&router);
    for number in 0..32 {
        publish_a_round(&mut publisher, number);
    }
    assert!(publisher.wants_input(), "nobody's queue is more than half full");
    publish_a_round(&mut publisher, 32);
    assert!(!publisher.wants_input());
    assert_eq!(publisher.deadline_in(), Some(Duration::from_millis(40)));
    publisher.advance(Duration::from_millis(39));
    publisher.poll();
    publisher.assert_silent();
    assert!(!publisher.wants_input());
    publisher.advance(Duration::from_millis(1));
    publisher.poll();
    assert!(publisher.wants_input());
    assert_eq!(publisher.deadline_in(), None);
    assert_eq!(slow.received().len(), 825);
    for number in 33..64 {
        publish_a_round(&mut publisher, number);
        assert!(!publisher.wants_input());
        publisher.advance(Duration::from_millis(40));
        publisher.poll();
        assert_eq!(slow.received().len(), 25);
    }
    // No call waits for a client that has left.
    stalled.lose();
    publish_a_round(&mut publisher, 64);
    assert!(publisher.wants_input());
}

/// By its own events, say.
#[test]
fn a_publisher_waits_for_subscribers_that_are_behind_however_often_it_is_woken() {
    let router = small_router();
    let _subscriber = subscribers(&router, 1, "open.a");
    let mut publisher = Client::join(&router);
    let mut count = 0;
    while publisher.wants_input() {
        count += 1;
        publisher.publish(count, "open.a", count);
        publisher.poll_woken();
        publisher.poll();
        assert!(count < 1600, "the subscriber is cut off");
    }
    assert!((800..=825).contains(&count), "{count}");
    assert_eq!(publisher.deadline_in(), Some(Duration::from_millis(40)));
}

#[test]
fn handlers_that_decide_slowly_are_not_asked_while_their_publisher_waits() {
    let router = small_router();
    let _subscriber = subscribers(&router, 1, "slow.a");
    let mut publisher = Client::join(&router);
    publisher.publish(1, "slow.a", 1);
    let mut count = 0;
    // Longer is the time that a handler has.
    while publisher.deadline_in().is_none_or(|deadline| deadline > Duration::from_millis(40)) {
        count += 1;
        // The next one waits for the decision, or for the end of the pause.
        publisher.publish(count + 1, "slow.a", count + 1);
        publisher.poll();
        handlers::open("slow.a");
        publisher.poll();
    }
    assert!((800..=825).contains(&count), "{count}");
    publisher.poll();
    assert_eq!(handlers::waiting("slow.a"), 0);
    publisher.advance(Duration::from_millis(40));
    publisher.poll();
    assert_eq!(handlers::waiting("slow.a"), 1);
}

#[test]
fn a_batch_waits_for_subscribers_that_are_behind_without_being_polled() {
    let router = router_with(Limits::default().queued_bytes(64_000));
    let [subscriber] = &mut subscribers(&router, 1, "open.a")[..] else { panic!("one") };
    let mut publisher = Client::join_by(&router, Serializer::JsonBatched);
    let value = "x".repeat(1000);
    let batch: String =
        (1..=40).map(|id| format!("[16,{id},{{}},\"open.a\",[\"{value}\"]]\x1e")).collect();
    publisher.send_frame(RawMessage::Text(batch.into()));
    publisher.poll();
    // 64 kB hold some thirty before the subscriber is behind.
    let mut pauses = 0;
    while let Some(pause) = publisher.deadline_in() {
        assert_eq!(pause, Duration::from_millis(40));
        publisher.advance(pause);
        publisher.poll();
        pauses += 1;
    }
    assert!((8..12).contains(&pauses), "{pauses}");
    assert!(publisher.wants_input());
    assert_eq!(subscriber.received().len(), 40);
}

/// It wakes itself after each 64 of them, and nobody else is kept from having a turn.
#[test]
fn a_batch_of_small_publications_waits_for_subscribers_that_are_behind() {
    let router = router();
    let [subscriber] = &mut subscribers(&router, 1, "open.a")[..] else { panic!("one") };
    let mut publisher = Client::join_by(&router, Serializer::JsonBatched);
    let batch: String = (1..=9000).map(|id| format!("[16,{id},{{}},\"open.a\"]\x1e")).collect();
    publisher.send_frame(RawMessage::Text(batch.into()));
    publisher.poll();
    assert_eq!(publisher.deadline_in(), Some(Duration::from_millis(40)));
    let count = subscriber.received().len();
    // A queue holds 16 384 of them, and a round has 256.
    assert!((8193..=8192 + 256).contains(&count), "{count}");
    publisher.advance(Duration::from_millis(40));
    publisher.poll();
    assert_eq!(subscriber.received().len(), 9000 - count);
}

/// Their bytes count, too.
#[test]
fn a_publisher_waits_for_subscribers_whose_queues_hold_much() {
    let router = router_with(Limits::default().queued_bytes(64_000));
    let _subscriber = subscribers(&router, 1, "open.a");
    let mut publisher = Client::join(&router);
    let value = "x".repeat(1000);
    for request in 1..=31 {
        publisher.publish(request, "open.a", value.as_str());
        publisher.poll();
        assert!(publisher.wants_input(), "{request}");
    }
    publisher.publish(32, "open.a", value.as_str());
    publisher.poll();
    assert!(!publisher.wants_input());
}

/// One with few publications on the way is slow enough.
#[test]
fn a_publisher_that_has_not_published_a_round_in_that_time_does_not_wait() {
    let router = small_router();
    let _subscriber = subscribers(&router, 1, "open.a");
    let mut publisher = Client::join(&router);
    for request in 1..=1580 {
        publisher.publish(request, "open.a", request);
        if request % 4 == 0 {
            publisher.advance(Duration::from_millis(8));
            publisher.poll();
            publisher.poll_woken();
        }
        assert!(publisher.wants_input(), "{request}");
    }
}

#[test]
fn a_subscriber_takes_in_one_poll_what_all_others_left_in_their_turns() {
    let router = router();
    let [subscriber] = &mut subscribers(&router, 1, "open.a")[..] else { panic!("one") };
    let mut publisher = Client::join(&router);
    for request in 1..=3000 {
        publisher.publish(request, "open.a", request);
    }
    assert!(subscriber.poll_once());
    assert_eq!(subscriber.output().len(), 3000);
}
