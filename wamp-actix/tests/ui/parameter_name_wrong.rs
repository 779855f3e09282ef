#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(
    #[arg(name = "")] a: i64,
    #[kwarg(name = 5)] b: i64,
    #[kwarg = "c"] c: i64,
    #[arg(rename = "d")] d: i64,
) {
}

fn main() {}
