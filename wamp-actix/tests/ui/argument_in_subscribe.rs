#![allow(unused)]

use wamp_actix::subscribe;

#[subscribe("chat.{room}", "talk.{room}")]
async fn handler(room: &str, token: String) {}

fn main() {}
