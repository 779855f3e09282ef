#![allow(unused)]

use wamp_actix::rpc;

#[rpc("files.{path..}.get")]
async fn handler(path: &str) {}

fn main() {}
