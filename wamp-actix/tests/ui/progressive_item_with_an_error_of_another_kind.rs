#![allow(unused)]

use futures_util::stream::{self, Empty};
use wamp_actix::{Progressive, rpc};

#[rpc("com.example.one")]
async fn items() -> Progressive<Empty<Result<u8, std::num::ParseIntError>>> {
    Progressive(stream::empty())
}

fn main() {}
