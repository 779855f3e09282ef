//! The procedures that the load generator calls.

use wamp_actix::{Raw, rpc};

#[rpc("bench.add")]
async fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

#[rpc("bench.echo")]
async fn echo(value: Raw<'_>) -> Raw<'_> {
    value
}
