#![allow(unused)]

use actix_web::web::{Bytes, Json};
use wamp_actix::rpc;

#[rpc("com.example.extract")]
async fn extract(#[extract] order: Json<String>) {}

#[rpc("com.example.arg")]
async fn arg(#[arg] content: Bytes) {}

#[rpc("com.example.default")]
async fn default(#[default] content: Bytes) {}

#[rpc("com.example.{content}")]
async fn capture(content: Bytes) {}

#[rpc("com.example.kwargs")]
async fn kwargs(#[kwargs] order: Json<String>) {}

fn main() {}
