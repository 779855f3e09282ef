#![allow(unused)]

use wamp_actix::session;

#[session]
async fn handler(token: Option<String>) {}

fn main() {}
