#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler((a, b): (i64, i64), _: u8, #[args] [c, d]: [u8; 2]) -> i64 {
    a + b
}

fn main() {}
