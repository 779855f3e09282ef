#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add", role)]
async fn handler() {}

fn main() {}
