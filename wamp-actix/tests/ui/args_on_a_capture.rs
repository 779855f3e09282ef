#![allow(unused)]

use wamp_actix::rpc;

#[rpc("users.{names}.get")]
async fn handler(#[args] names: Vec<String>) {}

fn main() {}
