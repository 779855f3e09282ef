#![allow(unused)]

use wamp_actix::subscribe;

#[subscribe("com.example.topic")]
async fn handler(#[kwarg] name: &str) {}

fn main() {}
