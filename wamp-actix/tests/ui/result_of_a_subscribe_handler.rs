#![allow(unused)]

use wamp_actix::subscribe;

#[subscribe("com.example.topic")]
async fn handler() -> Vec<i64> {
    vec![1]
}

fn main() {}
