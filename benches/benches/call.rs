//! Decode, dispatch and encode of one CALL in each format, without a socket; first, how often it
//! allocates.

mod support;

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};
use support::{Bench, Calls, Client, SERIALIZERS};
use wamp_actix::{Invocation, Next, Raw, Realm, handlers, rpc};
use wamp_core::Router;

#[rpc("bench.add")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[rpc("bench.echo")]
async fn echo(value: Raw<'_>) -> Raw<'_> {
    value
}

/// A list of about 64 KiB in JSON, of what documents consist of.
fn records() -> Value {
    let record = |number: u32| {
        json!({
            "id": number, "name": format!("record {number}"), "price": f64::from(number) + 0.25,
            "tags": ["new", "sale"], "stock": { "here": number % 7, "ordered": null }, "open": true,
        })
    };
    (0..540).map(record).collect()
}

/// A call inside layers that do nothing, or with metrics.
fn surrounded(bench: &mut Bench, name: &str, layers: usize, metrics: bool) {
    let pass = async |work: Invocation, next: Next| next.run(work).await;
    let realm = (0..layers).fold(Realm::new("realm1"), |realm, _| realm.around(pass));
    let router = Router::builder().realm(realm).handlers(handlers![add]).metrics(metrics).build();
    let router = router.expect("the handler is valid");
    let (_, json) = SERIALIZERS[0];
    let mut client = Client::join(&router, json, Instant::now());
    let mut calls = Calls::new(json, "bench.add", json!([20, 22]));
    bench.step(
        name,
        || calls.frame(),
        |frame| {
            black_box(client.receive(frame));
        },
    );
}

fn main() {
    let mut bench = Bench::from_args();
    let router =
        Router::builder().handlers(handlers![add, echo]).build().expect("the handlers are valid");
    let calls = [
        ("add", "bench.add", json!([20, 22])),
        ("echo 1 KiB", "bench.echo", json!([{ "text": "x".repeat(1013) }])),
        ("echo 64 KiB", "bench.echo", json!([records()])),
    ];
    for (name, procedure, args) in calls {
        for (format, serializer) in SERIALIZERS {
            let mut client = Client::join(&router, serializer, Instant::now());
            let mut calls = Calls::new(serializer, procedure, args.clone());
            bench.step(
                &format!("{name}, {format}"),
                || calls.frame(),
                |frame| {
                    black_box(client.receive(frame));
                },
            );
        }
    }
    surrounded(&mut bench, "add inside 1 layer, JSON", 1, false);
    surrounded(&mut bench, "add inside 2 layers, JSON", 2, false);
    surrounded(&mut bench, "add with metrics, JSON", 0, true);
    bench.finish();
}
