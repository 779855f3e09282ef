#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.user-{name}")]
async fn handler(name: &str) {}

fn main() {}
