#![allow(unused)]

use wamp_actix::{Events, session};

use futures_util::stream;

#[session]
async fn handler() -> Events<stream::Empty<u8>> {
    Events(stream::empty())
}

fn main() {}
