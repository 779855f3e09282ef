//! `subscribe` where it makes no sense, a value that is none, beside a handler of subscribers.

#![allow(unused)]

use wamp_actix::{publish, rpc, subscribe};

#[rpc("a", subscribe = true)]
async fn called() {}

#[subscribe("b", subscribe = true)]
async fn subscribed() {}

#[publish("c", subscribe = "yes")]
async fn published() {}

#[publish("d.{name}", subscribe = true)]
#[subscribe("d.{name}")]
async fn both(name: &str) {}

fn main() {}
