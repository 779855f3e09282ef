#![allow(unused)]

use wamp_actix::{publish, rpc};

#[rpc("wamp.session.count")]
async fn count() {}

#[publish("wamp")]
async fn event() {}

fn main() {}
