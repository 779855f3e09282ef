#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.one")]
async fn types<T: serde::de::DeserializeOwned>(value: T) {
    drop(value);
}

#[rpc("com.example.two")]
async fn constants<const N: usize>(value: u8) {
    let _ = value;
}

#[rpc("com.example.three")]
async fn hidden(value: impl serde::de::DeserializeOwned) {
    drop(value);
}

fn main() {}
