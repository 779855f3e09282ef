#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async unsafe fn handler() {}

fn main() {}
