#![allow(unused)]

use wamp_actix::{Error, Hold, IntoAcceptance, Snapshot, subscribe};

#[subscribe("com.example.nested")]
async fn nested() -> (Hold<u8>, (Hold<u8>, Snapshot<Result<u8, Error>>)) {
    (Hold(1), (Hold(2), Snapshot(Ok(3))))
}

#[subscribe("com.example.hidden")]
async fn hidden() -> impl IntoAcceptance {
    Snapshot(Err::<u8, _>(Error::not_authorized("not yours")))
}

fn main() {}
