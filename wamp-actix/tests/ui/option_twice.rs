#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add", realm = "a", realm = "b")]
async fn handler() {}

fn main() {}
