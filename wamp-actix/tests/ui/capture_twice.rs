#![allow(unused)]

use wamp_actix::rpc;

#[rpc("users.{name}.{name}")]
async fn handler(name: &str) {}

fn main() {}
