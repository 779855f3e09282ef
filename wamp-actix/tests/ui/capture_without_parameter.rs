#![allow(unused)]

use wamp_actix::rpc;

#[rpc("users.{name}.get")]
async fn handler(nick: &str) {}

fn main() {}
