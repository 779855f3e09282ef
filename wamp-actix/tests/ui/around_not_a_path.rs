//! A layer that is no path.

use wamp_actix::rpc;

#[rpc("test.one", around = "audited")]
async fn one() {}

#[rpc("test.two", around = [])]
async fn two() {}

#[rpc("test.three", around = [|work, next| next.run(work)])]
async fn three() {}

fn main() {}
