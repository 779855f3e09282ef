#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[args] a: Vec<i64>, #[args] b: Vec<i64>) {}

fn main() {}
