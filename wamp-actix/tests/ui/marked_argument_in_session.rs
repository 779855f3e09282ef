#![allow(unused)]

use wamp_actix::session;

#[session]
async fn handler(#[default] a: i64) {}

fn main() {}
