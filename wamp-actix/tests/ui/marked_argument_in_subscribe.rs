#![allow(unused)]

use wamp_actix::subscribe;

#[subscribe("com.example.topic")]
async fn handler(#[default] a: i64, #[args] rest: Vec<i64>, #[arg] b: i64) {}

fn main() {}
