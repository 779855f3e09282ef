#![allow(unused)]

use actix_web::web::Data;
use wamp_actix::rpc;

#[rpc("com.example.add")]
async fn handler(#[default] text: Data<String>) {}

fn main() {}
