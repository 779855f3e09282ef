//! Fan-out: one publisher, many subscribers, every event of every subscriber checked to be the next.
//!
//! Of a server that does not keep a publisher's order only the number of events is checked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::client::{Client, unexpected};
use crate::dialect::{Dialect, Exchange};
use crate::server::Server;
use crate::tally::{InFlight, Sample, SharedTally};
use crate::template::{Counting, Template};

/// Publications that wait for their acknowledgement.
const IN_FLIGHT: usize = 4;
const BUFFER_BYTES: usize = 4096;
/// How long the last events may take to arrive.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// What publisher and subscribers of one measurement share.
struct Topic {
    dialect: Dialect,
    tally: SharedTally,
    /// When each event was published; the event's argument, counted from 1, is its place here.
    sent: RefCell<Vec<Instant>>,
    acknowledged: Cell<u64>,
    /// How many events each subscriber has.
    received: Vec<Cell<u64>>,
}

impl Topic {
    /// When the event at this place was published.
    fn published(&self, index: u64) -> Option<Instant> {
        self.sent.borrow().get(usize::try_from(index).ok()?).copied()
    }
}

/// Subscribes on `subscribers` connections, publishes on one more, and measures deliveries.
pub(crate) async fn measure(
    server: &Server,
    dialect: Dialect,
    subscribers: usize,
    seconds: f64,
) -> Result<Sample> {
    let topic = Rc::new(Topic {
        dialect,
        tally: SharedTally::default(),
        sent: RefCell::default(),
        acknowledged: Cell::default(),
        received: vec![Cell::default(); subscribers],
    });
    let mut tasks = JoinSet::new();
    for place in 0..subscribers {
        let mut client = Client::join(&server.endpoint, dialect, BUFFER_BYTES).await?;
        let event = dialect.subscribe(&mut client).await?;
        tasks.spawn_local(receive(client, event, place, topic.clone()));
    }
    let publisher = Client::join(&server.endpoint, dialect, BUFFER_BYTES).await?;
    tasks.spawn_local(publish(publisher, dialect.publish(), topic.clone()));
    let sample = topic.tally.measure(server, seconds, &mut tasks).await?;
    drain(&topic, &mut tasks).await?;
    Ok(sample)
}

/// Publishes as the acknowledgements come in; ends with the last of them.
async fn publish(mut client: Client, publication: Exchange, topic: Rc<Topic>) -> Result<()> {
    let Exchange { request, reply } = publication;
    let mut publications = Counting::new(request);
    let mut pending = InFlight::default();
    let mut free = IN_FLIGHT;
    loop {
        if !topic.tally.is_stopping() {
            let now = Instant::now();
            for _ in 0..free {
                client.queue(publications.next_frame());
                pending.push(now);
                topic.sent.borrow_mut().push(now);
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        client.flush().await?;
        client.fill().await?;
        free = 0;
        while let Some(message) = client.next_message()? {
            let numbers = reply.read(message).ok_or_else(|| unexpected(message))?;
            pending.complete(numbers.first)?;
            topic.acknowledged.set(topic.acknowledged.get() + 1);
            free += 1;
        }
    }
}

/// One subscriber: an event that is not the next one is an error. Runs until it is aborted.
async fn receive(mut client: Client, event: Template, place: usize, topic: Rc<Topic>) -> Result<()> {
    let received = &topic.received[place];
    loop {
        client.fill().await?;
        let now = Instant::now();
        while let Some(message) = client.next_message()? {
            let number = event.read(message).ok_or_else(|| unexpected(message))?.last;
            let next = received.get() + 1;
            if topic.dialect.keeps_order() && number != next {
                return Err(format!("subscriber {place} got event {number} instead of {next}").into());
            }
            received.set(next);
            let sent = number.checked_sub(1).and_then(|index| topic.published(index));
            topic.tally.record(now - sent.ok_or("an event that was not published")?);
        }
        client.flush().await?;
    }
}

/// Waits until every subscriber has every event; one that is lost or twice delivered is an error.
async fn drain(topic: &Topic, tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    let deadline = Instant::now() + DRAIN_LIMIT;
    loop {
        while let Some(ended) = tasks.try_join_next() {
            ended??;
        }
        let sent = topic.sent.borrow().len() as u64;
        let missing: u64 = topic.received.iter().map(|received| sent.saturating_sub(received.get())).sum();
        if topic.acknowledged.get() == sent && missing == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            let acknowledged = topic.acknowledged.get();
            return Err(
                format!("{sent} published, {acknowledged} acknowledged, {missing} deliveries lost").into()
            );
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
