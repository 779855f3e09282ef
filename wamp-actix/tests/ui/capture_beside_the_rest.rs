#![allow(unused)]

use wamp_actix::rpc;

#[rpc("files.{owner}.{path..}")]
async fn handler(owner: &str, path: &str) {}

fn main() {}
