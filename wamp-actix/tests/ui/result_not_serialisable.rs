#![allow(unused)]

use wamp_actix::{Error, Kwargs, rpc};

struct Plain;

#[rpc("com.example.one")]
async fn value() -> Plain {
    Plain
}

#[rpc("com.example.two")]
async fn nested() -> Result<Kwargs<Option<Plain>>, Error> {
    Ok(Kwargs(None))
}

fn main() {}
