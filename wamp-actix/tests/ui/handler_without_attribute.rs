#![allow(unused)]

use wamp_actix::handlers;

async fn plain() {}

fn list() -> wamp_actix::RouterBuilder {
    wamp_actix::Router::builder().handlers(handlers![plain])
}

fn main() {}
