//! What the page calls and subscribes to.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix_web::web::{Data, block};
use serde::Serialize;
use wamp_actix::{Error, Progress, Realm, Snapshot, rpc, subscribe};

use crate::running::{Job, Running};
use crate::sieve::Sieve;

const MOST: u64 = 100_000_000_000;

/// How far a job is.
#[derive(Copy, Clone, Default, Serialize)]
struct Counted {
    /// Numbers that were looked at.
    numbers: u64,
    /// How many of them are prime.
    primes: u64,
}

/// Counts the primes below a limit, and tells after each slice how far it is.
///
/// When the call is cancelled, times out, or its session ends, this future is dropped where it awaits.
#[rpc("primes.count")]
async fn count_primes(
    limit: u64,
    progress: Progress<Counted>,
    running: Data<Running>,
    realm: Realm,
) -> Result<Counted, Error> {
    if limit > MOST {
        return Err(Error::invalid_argument(format_args!("the limit is at most {MOST}")));
    }
    let _job = Job::begin(running, realm)?;
    let sieve = Arc::new(block(move || Sieve::new(limit)).await?);
    let mut counted = Counted::default();
    for slice in sieve.slices() {
        counted.numbers = slice.end;
        let sieve = Arc::clone(&sieve);
        counted.primes += block(move || sieve.count(slice)).await?;
        progress.send(counted).await?;
    }
    Ok(counted)
}

/// How many jobs are at work: at once, and after each change.
#[subscribe("primes.running")]
async fn running(running: Data<Running>) -> Snapshot<usize> {
    Snapshot(running.count())
}
