#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add", retries = 3)]
async fn handler() {}

fn main() {}
