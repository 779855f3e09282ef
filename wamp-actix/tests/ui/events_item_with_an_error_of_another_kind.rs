#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Events, Hold, subscribe};

#[subscribe("com.example.one")]
async fn items() -> Events<Empty<Result<u8, String>>> {
    Events(stream::empty())
}

#[subscribe("com.example.two")]
async fn beside() -> (Hold<u8>, Events<Empty<Result<u8, String>>>) {
    (Hold(1), Events(stream::empty()))
}

fn main() {}
