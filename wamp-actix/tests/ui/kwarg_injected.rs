#![allow(unused)]

use wamp_actix::{Session, rpc};

#[rpc("com.example.add")]
async fn handler(#[kwarg] session: Session) {}

fn main() {}
