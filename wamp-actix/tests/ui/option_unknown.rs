#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add", timeout = "5s")]
async fn handler() {}

fn main() {}
