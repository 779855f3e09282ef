#![allow(unused)]

use wamp_actix::rpc;

#[rpc("")]
async fn handler() {}

fn main() {}
