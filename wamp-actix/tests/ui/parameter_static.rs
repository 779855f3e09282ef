#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(a: &'static str, b: Option<Vec<&'static [u8]>>) {}

fn main() {}
