#![allow(unused)]

use wamp_actix::rpc;

#[rpc("users.{name}.get")]
async fn handler(#[kwarg] name: &str) {}

fn main() {}
