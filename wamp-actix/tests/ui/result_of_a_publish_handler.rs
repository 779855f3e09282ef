#![allow(unused)]

use wamp_actix::{Error, publish};

#[publish("com.example.one")]
async fn value() -> bool {
    true
}

#[publish("com.example.two")]
async fn fallible() -> Result<bool, Error> {
    Ok(true)
}

fn main() {}
