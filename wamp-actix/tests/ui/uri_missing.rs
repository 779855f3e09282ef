#![allow(unused)]

use wamp_actix::rpc;

#[rpc]
async fn without() {}

#[rpc(realm = "customers")]
async fn with_options() {}

fn main() {}
