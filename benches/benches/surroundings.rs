//! The time that layers around a handler and metrics add to a call: clients with and without them
//! take turns, so that what else the machine does meets all alike.

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

/// A client of one realm.
struct Surrounded {
    by: &'static str,
    client: Client,
    calls: Calls,
    /// Nanoseconds of a call, by turn.
    times: Vec<f64>,
}

impl Surrounded {
    fn new((by, layers, metrics): (&'static str, usize, bool)) -> Self {
        let pass = async |work: Invocation, next: Next| next.run(work).await;
        let realm = (0..layers).fold(Realm::new("realm1"), |realm, _| realm.around(pass));
        let router =
            Router::builder().realm(realm).handlers(handlers![add]).metrics(metrics).build();
        let router = router.expect("the handler is valid");
        let (_, json) = SERIALIZERS[0];
        let client = Client::join(&router, json, Instant::now());
        Self { by, client, calls: Calls::new(json, "bench.add", json!([20, 22])), times: vec![] }
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
    let surroundings = [
        ("nothing", 0, false),
        ("1 layer", 1, false),
        ("2 layers", 2, false),
        ("4 layers", 4, false),
        ("metrics", 0, true),
    ];
    let mut clients = surroundings.map(Surrounded::new);
    for _ in 0..TURNS {
        clients.iter_mut().for_each(Surrounded::take_turn);
    }
    for Surrounded { by, mut times, .. } in clients {
        times.sort_by(f64::total_cmp);
        let [least, tenth, median] = [0, TURNS / 10, TURNS / 2].map(|at| times[at]);
        println!("{by}: least {least:.0} ns, tenth {tenth:.0} ns, median {median:.0} ns");
    }
}
