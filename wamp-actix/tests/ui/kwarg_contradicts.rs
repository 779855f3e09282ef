#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[arg] #[kwarg] a: i64, #[kwarg] #[extract] b: String) {}

fn main() {}
