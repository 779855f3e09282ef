#![allow(unused)]

use wamp_actix::{Chunks, rpc};

#[rpc("com.example.one")]
async fn handler(#[args] rest: Vec<u8>, chunks: Chunks<u8>) {}

type Numbers = Option<Chunks<u8>>;

#[rpc("com.example.two")]
async fn alias(numbers: Numbers, #[args] rest: Vec<u8>) {}

fn main() {}
