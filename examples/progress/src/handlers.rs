//! The procedures and topics of the page.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix_web::web::{Data, block};
use serde::Serialize;
use wamp_actix::{Error, Progress, Realm, Snapshot, rpc, subscribe};

use crate::running::{Job, Running};
use crate::sieve::Sieve;

const MOST: u64 = 100_000_000_000;

/// The progress of a job.
#[derive(Copy, Clone, Default, Serialize)]
struct Counted {
    /// The numbers checked so far.
    numbers: u64,
    /// The number of primes among them.
    primes: u64,
}

/// Counts the primes below a limit, and sends a progressive result after each slice.
///
/// When the call is cancelled, times out, or its session ends, this future is dropped where it
/// awaits.
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

/// Sends the number of running jobs, at once and after each change.
#[subscribe("primes.running")]
async fn running(running: Data<Running>) -> Snapshot<usize> {
    Snapshot(running.count())
}
