//! Fan-out: one publisher, many subscribers, every event of every subscriber checked to be the
//! next.
//!
//! Of a server that does not keep a publisher's order only the number of events is checked. The
//! publisher has a thread of its own, as it has elsewhere: among the subscribers it would wait
//! until a thousand of them had read.

use std::cell::{Cell, RefCell};
use std::iter;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::task::{JoinSet, spawn_blocking};

use crate::Result;
use crate::client::{Client, Endpoint, unexpected};
use crate::dialect::{Dialect, Exchange};
use crate::server::Server;
use crate::tally::{InFlight, Sample, SharedTally};
use crate::template::{Counting, Template};

/// Publications that wait for their acknowledgement.
const IN_FLIGHT: usize = 4;
const BUFFER_BYTES: usize = 4096;
/// How long the last events may take to arrive.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// State shared by the publisher and the subscribers.
#[derive(Default)]
struct Publisher {
    /// When each event was published; the event's argument, counted from 1, is its place here.
    sent: Mutex<Vec<Instant>>,
    acknowledged: AtomicU64,
    /// True if no new event may be published.
    is_stopping: AtomicBool,
}

impl Publisher {
    fn sent(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.sent.lock().expect("nothing panics while it holds the lock")
    }

    /// `publish` puts into `sent` what it sends. The lock is held, so that all that will ever be
    /// sent is there once it stops.
    fn unless_stopping(&self, publish: impl FnOnce(&mut Vec<Instant>)) {
        let mut sent = self.sent();
        if !self.is_stopping.load(Ordering::Relaxed) {
            publish(&mut sent);
        }
    }

    fn stop(&self) {
        let _sent = self.sent();
        self.is_stopping.store(true, Ordering::Relaxed);
    }
}

/// State shared by the subscribers of one measurement.
struct Topic {
    dialect: Dialect,
    tally: SharedTally,
    publisher: Arc<Publisher>,
    /// As much of the publisher's `sent` as was needed.
    sent: RefCell<Vec<Instant>>,
    /// How many events each subscriber has.
    received: Vec<Cell<u64>>,
}

impl Topic {
    /// When the event at this place was published.
    fn published(&self, index: usize) -> Option<Instant> {
        let mut sent = self.sent.borrow_mut();
        if index >= sent.len() {
            let known = sent.len();
            sent.extend_from_slice(&self.publisher.sent()[known..]);
        }
        sent.get(index).copied()
    }
}

/// Subscribes on `subscribers` connections, publishes on one more, and measures deliveries.
pub(crate) async fn measure(
    server: &Server,
    dialect: Dialect,
    subscribers: usize,
    seconds: f64,
) -> Result<Sample> {
    let publisher = Arc::new(Publisher::default());
    let topic = Rc::new(Topic {
        dialect,
        tally: SharedTally::default(),
        publisher: Arc::clone(&publisher),
        sent: RefCell::default(),
        received: vec![Cell::default(); subscribers],
    });
    let mut tasks = JoinSet::new();
    for place in 0..subscribers {
        let mut client = Client::join(&server.endpoint, dialect, BUFFER_BYTES).await?;
        let event = dialect.subscribe(&mut client).await?;
        tasks.spawn_local(receive(client, event, place, topic.clone()));
    }
    let endpoint = server.endpoint.clone();
    let publishing = spawn_blocking(move || {
        let publishing = publish(&endpoint, dialect, &publisher);
        let runtime = runtime::Builder::new_current_thread().enable_io().build();
        runtime
            .map_err(Into::into)
            .and_then(|runtime| runtime.block_on(publishing))
            .map_err(|error| error.to_string())
    });
    tasks.spawn_local(async move { Ok(publishing.await??) });
    let sample = topic.tally.measure(server, seconds, &mut tasks).await?;
    topic.publisher.stop();
    drain(&topic, &mut tasks).await?;
    Ok(sample)
}

/// Publishes as the acknowledgements come in; ends with the last of them.
async fn publish(endpoint: &Endpoint, dialect: Dialect, publisher: &Publisher) -> Result<()> {
    let mut client = Client::join(endpoint, dialect, BUFFER_BYTES).await?;
    let Exchange { request, reply } = dialect.publish();
    let mut publications = Counting::new(request);
    let mut pending = InFlight::default();
    let mut free = IN_FLIGHT;
    loop {
        publisher.unless_stopping(|sent| {
            let now = Instant::now();
            for _ in 0..free {
                client.queue(publications.next_frame());
                pending.push(now);
            }
            sent.extend(iter::repeat_n(now, free));
        });
        if pending.is_empty() {
            return Ok(());
        }
        client.flush().await?;
        client.fill().await?;
        free = 0;
        while let Some(message) = client.next_message()? {
            let numbers = reply.read(message).ok_or_else(|| unexpected(message))?;
            pending.complete(numbers.first)?;
            publisher.acknowledged.fetch_add(1, Ordering::Relaxed);
            free += 1;
        }
    }
}

/// One subscriber: an event that is not the next one is an error. Runs until it is aborted.
async fn receive(
    mut client: Client,
    event: Template,
    place: usize,
    topic: Rc<Topic>,
) -> Result<()> {
    let received = &topic.received[place];
    loop {
        client.fill().await?;
        let now = Instant::now();
        while let Some(message) = client.next_message()? {
            let number = event.read(message).ok_or_else(|| unexpected(message))?.last;
            let next = received.get() + 1;
            if topic.dialect.keeps_order() && number != next {
                return Err(
                    format!("subscriber {place} got event {number} instead of {next}").into()
                );
            }
            received.set(next);
            let index = number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
            let sent = index.and_then(|index| topic.published(index));
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
        let sent = topic.publisher.sent().len() as u64;
        let missing: u64 =
            topic.received.iter().map(|received| sent.saturating_sub(received.get())).sum();
        let acknowledged = topic.publisher.acknowledged.load(Ordering::Relaxed);
        if acknowledged == sent && missing == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!(
                "{sent} published, {acknowledged} acknowledged, {missing} deliveries lost"
            )
            .into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
