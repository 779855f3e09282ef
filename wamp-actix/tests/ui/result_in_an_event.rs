#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Error, Events, Hold, Snapshot, subscribe};

#[subscribe("com.example.one")]
async fn items() -> Events<Empty<Result<Result<u8, String>, Error>>> {
    Events(stream::empty())
}

#[subscribe("com.example.two")]
async fn shown() -> (Hold<u8>, Snapshot<Result<Result<u8, String>, Error>>) {
    (Hold(1), Snapshot(Ok(Ok(1))))
}

fn main() {}
