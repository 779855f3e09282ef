#![allow(unused)]

use wamp_actix::{publish, rpc, subscribe};

#[rpc("wamp.session.count")]
async fn count() {}

#[subscribe("wamp.session.on_join")]
#[publish("wamp")]
async fn event() {}

fn main() {}
