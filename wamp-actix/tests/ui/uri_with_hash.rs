#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example#a")]
async fn handler() {}

fn main() {}
