#![allow(unused)]

use wamp_actix::{Snapshot, subscribe};

#[subscribe("com.example.one")]
async fn shown() -> Snapshot<Result<u8, String>> {
    Snapshot(Ok(1))
}

fn main() {}
