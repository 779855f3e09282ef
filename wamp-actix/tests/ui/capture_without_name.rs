#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.{}.get")]
async fn empty() {}

#[rpc("com.{1st}.get")]
async fn number() {}

fn main() {}
