#![allow(unused)]

use wamp_actix::rpc;

use std::collections::HashMap;

#[rpc("com.example.add")]
async fn handler(#[kwargs] a: HashMap<String, i64>, #[kwargs] b: HashMap<String, i64>) {}

fn main() {}
