#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[arg(name = "b")] a: i64, b: i64) {}

fn main() {}
