#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler((a, b): (i64, i64), _: u8, _: wamp_actix::Session) -> i64 {
    a + b
}

fn main() {}
