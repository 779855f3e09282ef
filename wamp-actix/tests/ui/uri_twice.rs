#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.{a}", "com.example.{b}")]
#[rpc("com.example.c", realm = "customers")]
#[rpc("com.example.c")]
async fn handler(a: &str, b: &str) {}

fn main() {}
