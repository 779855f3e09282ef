#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[arg(1)] a: i64, #[default = 1] b: i64, #[default()] c: i64) {}

fn main() {}
