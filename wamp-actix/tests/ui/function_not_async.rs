#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
fn handler() {}

fn main() {}
