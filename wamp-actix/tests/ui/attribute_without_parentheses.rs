#![allow(unused)]

use wamp_actix::{rpc, subscribe};

#[rpc("com.example.add")]
#[subscribe = "com.example.topic"]
async fn handler() {}

fn main() {}
