//! Sessions: what it costs to open and close one, and to keep one open.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::client::{Client, Endpoint};
use crate::dialect::Dialect;
use crate::server::Server;
use crate::tally::{Sample, SharedTally, finish};

/// Loops that open and close sessions at the same time.
pub(crate) const CONNECTING: usize = 16;
const BUFFER_BYTES: usize = 1024;
/// Until memory is read: what is freed after a session is established should be.
const SETTLE: Duration = Duration::from_millis(500);

/// Opens and closes sessions, one after the other in each of `CONNECTING` loops.
pub(crate) async fn connect(server: &Server, dialect: Dialect, seconds: f64) -> Result<Sample> {
    let tally = SharedTally::default();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTING {
        tasks.spawn_local(come_and_go(server.endpoint.clone(), dialect, tally.clone()));
    }
    let sample = tally.measure(server, seconds, &mut tasks).await?;
    finish(&mut tasks).await?;
    Ok(sample)
}

async fn come_and_go(endpoint: Endpoint, dialect: Dialect, tally: SharedTally) -> Result<()> {
    while !tally.is_stopping() {
        let start = Instant::now();
        let mut client = Client::join(&endpoint, dialect, BUFFER_BYTES).await?;
        dialect.leave(&mut client).await?;
        client.close().await?;
        tally.record(start.elapsed());
    }
    Ok(())
}

/// Resident memory per session in KiB, of `count` sessions that do nothing.
pub(crate) async fn idle(server: &Server, dialect: Dialect, count: usize) -> Result<f64> {
    // The first session pays for what all share.
    let _first = Client::join(&server.endpoint, dialect, BUFFER_BYTES).await?;
    tokio::time::sleep(SETTLE).await;
    let before = server.resident_kib()?;
    let _others = open(server, dialect, count - 1).await?;
    tokio::time::sleep(SETTLE).await;
    let grown = server.resident_kib()? - before;
    Ok(grown / (count - 1) as f64)
}

/// `count` sessions, open until they are dropped, that answer no ping.
pub(crate) async fn open(server: &Server, dialect: Dialect, count: usize) -> Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(Client::join(&server.endpoint, dialect, BUFFER_BYTES).await?);
    }
    Ok(clients)
}
