#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Progressive, subscribe};

#[subscribe("com.example.topic")]
async fn items() -> Progressive<Empty<u8>> {
    Progressive(stream::empty())
}

fn main() {}
