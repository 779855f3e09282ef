//! Lints that the user allows for a function are allowed for its glue, which names the function
//! and its types.

#![deny(warnings)]

use wamp_actix::{Router, handlers, rpc};

/// As long as clients call it.
#[deprecated = "use `two`"]
#[rpc("levels.one")]
async fn one() -> u8 {
    1
}

#[deprecated = "use `Two`"]
#[derive(serde::Deserialize)]
struct One {
    value: u8,
}

#[rpc("levels.two")]
#[allow(deprecated)]
async fn two(one: One, more: Option<Vec<One>>) -> u8 {
    drop(more);
    one.value
}

#[expect(deprecated)]
#[rpc("levels.three")]
async fn three(one: One) -> u8 {
    one.value
}

fn main() {
    #[allow(deprecated)]
    let listed = handlers![one, two, three];
    assert!(Router::builder().handlers(listed).build().is_ok());
}
