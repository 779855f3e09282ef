#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.a b")]
async fn handler() {}

fn main() {}
