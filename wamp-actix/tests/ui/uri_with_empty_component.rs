#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com..example")]
async fn handler() {}

fn main() {}
