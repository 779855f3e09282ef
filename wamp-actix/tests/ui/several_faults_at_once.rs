#![allow(unused)]

use wamp_actix::{handlers, rpc, subscribe};

#[rpc("com.{name.add", timeout = "5s", role = [])]
#[subscribe("com..topic", realm = 1)]
fn handler<T>(#[arg] #[extract] a: T, (b, c): (i64, i64), #[args] d: Vec<i64>, #[args] e: impl Send) {}

fn list() -> wamp_actix::RouterBuilder {
    wamp_actix::Router::builder().handlers(handlers![handler])
}

fn main() {}
