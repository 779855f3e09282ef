#![allow(unused)]

use wamp_actix::rpc;

use actix_web::HttpRequest;

#[rpc("users.{request}.get")]
async fn handler(#[extract] request: HttpRequest) {}

fn main() {}
