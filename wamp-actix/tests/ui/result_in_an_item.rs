#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Error, Progressive, rpc};

type Inner = Result<u8, String>;

#[rpc("com.example.one")]
async fn items() -> Progressive<Empty<Result<Result<u8, String>, Error>>> {
    Progressive(stream::empty())
}

#[rpc("com.example.two")]
async fn alias() -> Result<Progressive<Empty<Result<Inner, Error>>>, Error> {
    Ok(Progressive(stream::empty()))
}

fn main() {}
