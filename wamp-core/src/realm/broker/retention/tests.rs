//! Internals of retention: how long events are kept, and what one step of a showing does.

use std::sync::Arc;

use super::*;
use crate::codec::payload::Payload;
use crate::codec::serializer::Serializer;
use crate::codec::value::Format;
use crate::id::{PublicationId, SessionId};
use crate::identity::Identity;
use crate::message::{ClientFeatures, MatchPolicy};
use crate::realm::broker::event::Event;
use crate::session::backlog::Backlog;
use crate::session::handle::SessionHandle;
use crate::session::mailbox::Mailbox;

fn retention(limits: &Limits) -> Arc<Retention> {
    Arc::new(Retention::new(Patterns::default(), limits))
}

/// Retains an event of the server for this topic.
fn retain(retention: &Retention, topic: &str, payload: &Payload) {
    let of_router = Event::of_router(PublicationId::random(), topic, payload, None);
    let event = Event { retainer: Some(Retainer::Server), ..of_router };
    let place = retention.place(&event).expect("it is to be kept");
    retention.hold().keep(&event, place);
}

fn number(value: u64) -> Payload {
    Payload::builder().arg(value).build().expect("a number")
}

fn show(retention: &Arc<Retention>) -> Showing {
    Showing::begin(retention, &mut retention.hold())
}

fn session() -> SessionHandle {
    let (identity, features) = (Identity::anonymous(), ClientFeatures::default());
    let limits = Limits::default();
    let mailbox = Mailbox::new(&limits, &Backlog::new(&limits));
    SessionHandle::new(
        SessionId::random(),
        identity,
        None,
        features,
        Serializer::Json,
        None,
        mailbox,
    )
}

fn pattern(uri: &str) -> Pattern {
    Pattern { policy: MatchPolicy::Prefix, uri: uri.into() }
}

/// Returns the numbers that a showing hands out, and the number of steps that it needs to find
/// them.
fn shown(mut showing: Showing, pattern: &Pattern) -> (Vec<u64>, usize) {
    let (session, mut numbers, mut searches) = (session(), Vec::new(), 1);
    loop {
        match showing.next(pattern, &session, |_| true) {
            Step::Searched => searches += 1,
            Step::Found { left_out } => assert_eq!(left_out, 0),
            Step::Event(event) => {
                let mut out = Vec::new();
                let id = crate::id::SubscriptionId::new(1).expect("an id");
                event.write(Serializer::Json, &mut out, id, true).expect("JSON");
                let message: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
                numbers.push(message[4][0].as_u64().expect("a number"));
            }
            Step::Done => return (numbers, searches),
        }
    }
}

#[test]
fn the_lock_is_given_back_after_so_many_topics() {
    let retention = retention(&Limits::default());
    for topic in 0..1000 {
        retain(&retention, &format!("a.{topic}"), &number(topic));
    }
    let (numbers, searches) = shown(show(&retention), &pattern("a."));
    assert_eq!(numbers, Vec::from_iter(0..1000));
    assert!((4..=5).contains(&searches), "{searches}");
    assert_eq!(
        shown(show(&retention), &pattern("a.99")),
        (vec![99, 990, 991, 992, 993, 994, 995, 996, 997, 998, 999], 2)
    );
}

#[test]
fn what_is_replaced_stays_for_showings_that_began_before_and_no_longer() {
    let retention = retention(&Limits::default());
    retain(&retention, "a", &number(1));
    let (first, second) = (show(&retention), show(&retention));
    retain(&retention, "a", &number(2));
    let third = show(&retention);
    retain(&retention, "a", &number(3));
    assert_eq!(retention.hold().count(), 3);
    assert_eq!(shown(first, &pattern("a")).0, [1]);
    assert_eq!(shown(show(&retention), &pattern("a")).0, [3]);
    assert_eq!(retention.hold().count(), 3);
    assert_eq!(shown(second, &pattern("a")).0, [1]);
    assert_eq!(retention.hold().count(), 2);
    assert_eq!(shown(third, &pattern("a")).0, [2]);
    assert_eq!(retention.hold().count(), 1);
    retain(&retention, "a", &number(4));
    assert_eq!(retention.hold().count(), 1);
}

#[test]
fn what_is_replaced_takes_no_room_from_what_is_not() {
    let retention = retention(&Limits::default().retained_events(4));
    for topic in ["a", "b", "c"] {
        retain(&retention, topic, &number(1));
    }
    let showing = show(&retention);
    for value in 2..10 {
        retain(&retention, "a", &number(value));
        assert_eq!(retention.hold().count(), 4);
    }
    retain(&retention, "d", &number(1));
    let mut all = shown(show(&retention), &pattern("")).0;
    all.sort_unstable();
    assert_eq!(all, [1, 1, 1, 9]);
    assert_eq!(shown(showing, &pattern("")).0, [1, 1]);
}

#[test]
fn of_one_topic_only_so_many_stay_that_were_replaced() {
    let retention = retention(&Limits::default());
    retain(&retention, "a", &number(0));
    let showings: Vec<_> = (1..=40)
        .map(|value| {
            let showing = show(&retention);
            retain(&retention, "a", &number(value));
            showing
        })
        .collect();
    assert_eq!(retention.hold().count(), 17);
    let of_each: Vec<_> =
        showings.into_iter().map(|showing| shown(showing, &pattern("a")).0).collect();
    assert!(of_each[..24].iter().all(Vec::is_empty));
    assert_eq!(of_each[24..].concat(), Vec::from_iter(24..40));
    assert_eq!(retention.hold().count(), 1);
}

/// Retains an event whose payload takes six times as much in JSON.
fn retain_in_cbor(retention: &Retention, topic: &str) -> Arc<retained::Retained> {
    let payload = Payload::builder().arg("\u{1}".repeat(100)).build().expect("a text");
    retain(retention, topic, &payload.transcoded(Format::Cbor).expect("CBOR has all characters"));
    let store = retention.hold();
    Arc::clone(store.get(store.last()).expect("it is there"))
}

#[test]
fn a_payload_is_transcoded_once_while_there_is_room_for_it() {
    let is_transcoded_once = |event: &retained::Retained| {
        let payloads = [(); 2].map(|()| event.payload(Format::Json).expect("a text"));
        let [first, second] = payloads
            .each_ref()
            .map(|payload| payload.encoded_args().expect("a list").as_bytes().as_ptr());
        first == second
    };
    let retention = retention(&Limits::default().retained_bytes(1200));
    let first = retain_in_cbor(&retention, "a");
    let second = retain_in_cbor(&retention, "b");
    assert!(is_transcoded_once(&first) && !is_transcoded_once(&second));
    drop(first);
    retain(&retention, "a", &number(1));
    assert!(is_transcoded_once(&second));
}

#[test]
fn a_payload_that_becomes_longer_than_what_a_queue_holds_is_left_out() {
    let event = retain_in_cbor(&retention(&Limits::default().queued_bytes(500)), "a");
    assert!(event.payload(Format::Cbor).is_ok());
    assert!([(); 2].iter().all(|()| event.payload(Format::Json).is_err()));
}

#[test]
fn the_first_left_out_is_told_at_once_and_the_others_together_a_minute_later() {
    let (mut left_out, now) = (LeftOut::default(), Instant::now());
    assert_eq!(left_out.count(2, now), Some(2));
    assert_eq!(left_out.count(3, now + LOG_PAUSE / 2), None);
    assert_eq!(left_out.count(1, now + LOG_PAUSE), Some(4));
    assert_eq!(left_out.count(1, now + LOG_PAUSE), None);
}
