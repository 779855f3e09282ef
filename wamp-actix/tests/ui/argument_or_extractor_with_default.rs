#![allow(unused)]

use wamp_actix::rpc;

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};

#[derive(Default, serde::Deserialize)]
struct Claims {
    admin: bool,
}

impl FromRequest for Claims {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self { admin: true }))
    }
}

#[rpc("com.example.add")]
async fn handler(#[default] claims: Claims) -> bool {
    claims.admin
}

fn main() {}
