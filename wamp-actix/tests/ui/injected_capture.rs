#![allow(unused)]

use wamp_actix::{Session, rpc};

#[rpc("users.{session}.get")]
async fn handler(session: Session) {}

fn main() {}
