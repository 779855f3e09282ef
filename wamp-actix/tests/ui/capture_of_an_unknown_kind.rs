#![allow(unused)]

use wamp_actix::rpc;

struct Plain;

#[rpc("users.{plain}.get")]
async fn handler(plain: Plain) {}

fn main() {}
