//! Functions that are no layers.

use wamp_actix::{Error, Invocation, Next, rpc};

async fn without_next(_work: Invocation) -> Result<(), Error> {
    Ok(())
}

async fn without_a_result(work: Invocation, next: Next) {
    next.run(work).await.ok();
}

#[rpc("test.one", around = without_next)]
async fn one() {}

#[rpc("test.two", around = without_a_result)]
async fn two() {}

#[rpc("test.three", around = unknown)]
async fn three() {}

fn main() {}
