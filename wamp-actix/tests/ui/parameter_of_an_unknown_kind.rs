#![allow(unused)]

use wamp_actix::rpc;

struct Plain;

#[rpc("com.example.add")]
async fn handler(plain: Plain, nested: Option<Vec<Plain>>, borrowed: &[u32]) {}

fn main() {}
