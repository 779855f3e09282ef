#![allow(unused)]

use wamp_actix::{publish, rpc};

#[rpc("com.example.one")]
async fn handler() -> Result<i64, std::num::ParseIntError> {
    "1".parse()
}

#[publish("com.example.topic")]
async fn event() -> Result<(), String> {
    Ok(())
}

fn main() {}
