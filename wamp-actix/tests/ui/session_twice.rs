#![allow(unused)]

use wamp_actix::session;

#[session]
#[session(realm = "customers")]
async fn handler() {}

fn main() {}
