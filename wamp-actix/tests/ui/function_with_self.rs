#![allow(unused)]

use wamp_actix::rpc;

struct Adder;

impl Adder {
    #[rpc("com.example.add")]
    async fn handler(&self, a: i64) -> i64 {
        a
    }
}

fn main() {}
