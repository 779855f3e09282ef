#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Error, Events, Hold, IntoAcceptance, subscribe};

#[subscribe("com.example.nested")]
async fn nested() -> (Hold<u8>, (Hold<u8>, Events<Empty<Result<u8, Error>>>)) {
    (Hold(1), (Hold(2), Events(stream::empty())))
}

#[subscribe("com.example.hidden")]
async fn hidden() -> impl IntoAcceptance {
    Events(stream::empty::<u8>())
}

#[subscribe("com.example.list")]
async fn list() -> Events<Vec<u8>> {
    Events(vec![1])
}

fn main() {}
