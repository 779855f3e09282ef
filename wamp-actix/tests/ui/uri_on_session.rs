#![allow(unused)]

use wamp_actix::session;

#[session("com.example.joined")]
async fn handler() {}

fn main() {}
