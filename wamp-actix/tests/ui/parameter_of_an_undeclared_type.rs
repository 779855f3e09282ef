#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(a: Missing) {}

fn main() {}
