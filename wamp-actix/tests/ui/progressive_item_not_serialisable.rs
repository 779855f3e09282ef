#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Error, Progressive, rpc};

struct Plain;

#[rpc("com.example.one")]
async fn items() -> Progressive<Empty<Plain>> {
    Progressive(stream::empty())
}

#[rpc("com.example.two")]
async fn fallible() -> Result<Progressive<Empty<Result<Plain, Error>>>, Error> {
    Ok(Progressive(stream::empty()))
}

fn main() {}
