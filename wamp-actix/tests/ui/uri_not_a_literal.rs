#![allow(unused)]

use wamp_actix::rpc;

const URI: &str = "com.example.add";

#[rpc(URI)]
async fn constant() {}

#[rpc(5)]
async fn number() {}

fn main() {}
