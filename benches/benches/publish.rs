//! One event into the mailboxes of 1 000 subscribers, in one format and in all three.

mod support;

use std::cell::RefCell;
use std::time::Instant;

use support::{Bench, Client, SERIALIZERS};
use wamp_core::{Realm, Router, Serializer, Topic};

const SUBSCRIBERS: usize = 1_000;

fn main() {
    let mut bench = Bench::from_args();
    let [json, msgpack, cbor] = SERIALIZERS.map(|(_, serializer)| serializer);
    publish(&mut bench, "JSON", &[json]);
    publish(&mut bench, "MessagePack", &[msgpack]);
    publish(&mut bench, "CBOR", &[cbor]);
    publish(&mut bench, "a third each", &[json, msgpack, cbor]);
    bench.finish();
}

fn publish(bench: &mut Bench, formats: &str, serializers: &[Serializer]) {
    let realm = Realm::new("realm1").topic("bench.topic", Topic::open());
    let router: Router =
        Router::builder().realm(realm).handlers([]).build().expect("the topic is valid");
    let now = Instant::now();
    let subscribers = serializers.iter().cycle().take(SUBSCRIBERS);
    let subscribers: RefCell<Vec<_>> = RefCell::new(
        subscribers
            .map(|serializer| Client::subscriber(&router, *serializer, now, "bench.topic", "exact"))
            .collect(),
    );
    let drain =
        || subscribers.borrow_mut().iter_mut().for_each(|subscriber| drop(subscriber.drain()));
    let realm = router.realm("realm1").expect("declared above");
    let publish = || realm.publish("bench.topic").arg(1).send().expect("a number can be published");
    bench.step(&format!("publish to 1 000 mailboxes, {formats}"), &drain, |()| {
        publish();
    });
    bench.step(
        &format!("and take it out again, {formats}"),
        || (),
        |()| {
            publish();
            drain();
        },
    );
}
