//! One event into the mailboxes of 1 000 subscribers.

use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use wamp_core::{Connection, Framing, Identity, Realm, Router, Serializer, Topic, Transport};

const SUBSCRIBERS: usize = 1_000;

fn subscriber(router: &Router, now: Instant) -> Connection {
    let transport = Transport {
        serializer: Serializer::Json,
        framing: Framing { reserve: 2, seal: |_, _, _| {} },
        identity: Identity::anonymous(),
        host: Rc::new(()),
    };
    let mut connection = Connection::new(router, transport, now);
    connection.receive(r#"[1,"realm1",{"roles":{"subscriber":{}}}]"#.into(), now);
    connection.receive(r#"[32,1,{},"bench.topic"]"#.into(), now);
    connection.take_output();
    connection
}

fn drain(subscribers: &mut [Connection], now: Instant) {
    for connection in subscribers {
        connection.poll(&mut Context::from_waker(Waker::noop()), now);
        connection.take_output();
    }
}

fn publish(criterion: &mut Criterion) {
    let realm = Realm::new("realm1").topic("bench.topic", Topic::open());
    let router: Router = Router::builder().realm(realm).handlers([]).build().expect("the topic is valid");
    let now = Instant::now();
    let mut subscribers: Vec<_> = (0..SUBSCRIBERS).map(|_| subscriber(&router, now)).collect();
    let realm = router.realm("realm1").expect("declared above");
    criterion.bench_function("publish to 1 000 mailboxes", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut elapsed = std::time::Duration::ZERO;
            for number in 0..iterations {
                let start = Instant::now();
                realm.publish("bench.topic").arg(number).send().expect("a number can be published");
                elapsed += start.elapsed();
                drain(&mut subscribers, now);
            }
            elapsed
        });
    });
    criterion.bench_function("publish to 1 000 mailboxes and take it out again", |bencher| {
        bencher.iter(|| {
            realm.publish("bench.topic").arg(1).send().expect("a number can be published");
            drain(&mut subscribers, now);
        });
    });
}

criterion_group!(benches, publish);
criterion_main!(benches);
