//! Calls: connections that each keep a number of them in flight, every reply checked.

use std::time::Instant;

use tokio::task::JoinSet;

use crate::Result;
use crate::callee;
use crate::client::{Client, unexpected};
use crate::contestant::Contestant;
use crate::dialect::Exchange;
use crate::scenario::Procedure;
use crate::server::Server;
use crate::tally::{InFlight, Sample, SharedTally, finish};
use crate::template::Counting;

/// Room for all replies to 32 calls of `bench.echo` with 1 KiB, so that one read takes a burst.
const BUFFER_BYTES: usize = 40 * 1024;

/// Opens `connections`, keeps `in_flight` calls of `procedure` in flight on each, and measures.
pub(crate) async fn measure(
    server: &Server,
    contestant: &Contestant,
    connections: usize,
    in_flight: usize,
    procedure: Procedure,
    seconds: f64,
) -> Result<Sample> {
    let dialect = contestant.dialect;
    let tally = SharedTally::default();
    let mut tasks = JoinSet::new();
    let callee = match contestant.forwards_in() {
        Some(serializer) => Some(callee::register(&server.endpoint, serializer, procedure).await?),
        None => None,
    };
    for _ in 0..connections {
        let client = Client::join(&server.endpoint, dialect, BUFFER_BYTES).await?;
        tasks.spawn_local(call(client, in_flight, dialect.call(procedure), tally.clone()));
    }
    let sample = tally.measure(server, seconds, &mut tasks).await?;
    finish(&mut tasks).await?;
    drop(callee);
    Ok(sample)
}

/// One connection: as many new calls as replies came in, in one write; at the end waits for what is
/// in flight.
async fn call(
    mut client: Client,
    in_flight: usize,
    exchange: Exchange,
    tally: SharedTally,
) -> Result<()> {
    let Exchange { request, reply } = exchange;
    let mut requests = Counting::new(request);
    let mut pending = InFlight::default();
    let mut free = in_flight;
    let mut now = Instant::now();
    loop {
        if !tally.is_stopping() {
            for _ in 0..free {
                client.queue(requests.next_frame());
                pending.push(now);
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        client.flush().await?;
        client.fill().await?;
        now = Instant::now();
        free = 0;
        while let Some(message) = client.next_message()? {
            let numbers = reply.read(message).ok_or_else(|| unexpected(message))?;
            tally.record(now - pending.complete(numbers.first)?);
            free += 1;
        }
    }
}
