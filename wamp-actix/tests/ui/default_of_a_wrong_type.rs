#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[default("one")] a: i64) {}

fn main() {}
