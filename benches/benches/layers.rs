//! The time that layers around a handler add to a call: clients with and without them take turns,
//! so that what else the machine does meets all alike.

mod support;

use std::hint::black_box;
use std::time::Instant;

use serde_json::json;
use support::{Calls, Client, SERIALIZERS};
use wamp_actix::{Invocation, Next, Realm, handlers, rpc};
use wamp_core::Router;

const TURNS: usize = 3_000;
const CALLS_IN_A_TURN: u32 = 200;

#[rpc("bench.add")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// A client whose calls run inside layers that do nothing.
struct Layered {
    layers: usize,
    client: Client,
    calls: Calls,
    /// Nanoseconds of a call, by turn.
    times: Vec<f64>,
}

impl Layered {
    fn new(layers: usize) -> Self {
        let pass = async |work: Invocation, next: Next| next.run(work).await;
        let realm = (0..layers).fold(Realm::new("realm1"), |realm, _| realm.around(pass));
        let router = Router::builder().realm(realm).handlers(handlers![add]).build();
        let router = router.expect("the handler is valid");
        let (_, json) = SERIALIZERS[0];
        let client = Client::join(&router, json, Instant::now());
        Self {
            layers,
            client,
            calls: Calls::new(json, "bench.add", json!([20, 22])),
            times: vec![],
        }
    }

    fn take_turn(&mut self) {
        let frames: Vec<_> = (0..CALLS_IN_A_TURN).map(|_| self.calls.frame()).collect();
        let start = Instant::now();
        for frame in frames {
            black_box(self.client.receive(frame));
        }
        self.times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS_IN_A_TURN));
    }
}

fn main() {
    let mut clients = [0, 1, 2, 4].map(Layered::new);
    for _ in 0..TURNS {
        clients.iter_mut().for_each(Layered::take_turn);
    }
    for Layered { layers, mut times, .. } in clients {
        times.sort_by(f64::total_cmp);
        let [least, tenth, median] = [0, TURNS / 10, TURNS / 2].map(|at| times[at]);
        println!(
            "{layers} layers: least {least:.0} ns, tenth {tenth:.0} ns, median {median:.0} ns"
        );
    }
}
