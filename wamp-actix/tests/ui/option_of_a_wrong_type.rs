#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add", realm = 5, role = true, crate = "wamp_actix")]
async fn handler() {}

#[rpc("com.example.sub", role = ["a", 5], realm = "")]
async fn list() {}

fn main() {}
