#![allow(unused, non_snake_case)]

use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(user_name: &str, userName: &str, _user_name: &str) {}

fn main() {}
