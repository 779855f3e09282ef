#![allow(unused)]

use wamp_actix::{Realm, rpc};

#[rpc("users.get")]
async fn handler(#[default] realm: Option<Realm>) {}

fn main() {}
