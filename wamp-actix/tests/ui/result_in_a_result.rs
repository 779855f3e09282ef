#![allow(unused)]

use wamp_actix::{Error, rpc};

type Inner = Result<u8, String>;

#[rpc("com.example.one")]
async fn handler() -> Result<Result<u8, String>, Error> {
    Ok(Err("too late".into()))
}

#[rpc("com.example.two")]
async fn alias() -> Result<Inner, Error> {
    Ok(Ok(1))
}

fn main() {}
