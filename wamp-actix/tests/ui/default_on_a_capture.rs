#![allow(unused)]

use wamp_actix::rpc;

#[rpc("users.{name}.get")]
async fn handler(#[default] name: &str) {}

fn main() {}
