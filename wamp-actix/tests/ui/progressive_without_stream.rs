#![allow(unused)]

use wamp_actix::{Error, Progressive, rpc};

#[rpc("com.example.one")]
async fn list() -> Progressive<Vec<u8>> {
    Progressive(vec![1])
}

#[rpc("com.example.two")]
async fn fallible() -> Result<Progressive<std::ops::Range<u8>>, Error> {
    Ok(Progressive(0..3))
}

fn main() {}
