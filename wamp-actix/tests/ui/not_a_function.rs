#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
struct Handler;

fn main() {}
