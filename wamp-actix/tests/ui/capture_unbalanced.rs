#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.{example.add")]
async fn open(example: &str) {}

#[rpc("com.example}.add")]
async fn closed(example: &str) {}

fn main() {}
