#![allow(unused)]

use wamp_actix::rpc;

#[derive(serde::Deserialize)]
struct Amount(i64);

#[rpc("com.example.add")]
async fn handler(#[default] amount: Amount) {
    let _ = amount.0;
}

fn main() {}
