#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[arg] #[extract] a: i64, #[default] #[default(1)] b: i64) {}

fn main() {}
