//! `retain` where it makes no sense, and a value that is none.

use wamp_actix::{publish, rpc, subscribe};

#[rpc("a", retain = true)]
async fn called() {}

#[subscribe("b", retain = true)]
async fn subscribed() {}

#[publish("c", retain = "yes")]
async fn published() {}

fn main() {}
