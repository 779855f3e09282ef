//! Fan-out: one publisher, many subscribers, every event of every subscriber checked to be the next.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::Result;
use crate::calls::number;
use crate::client::{Client, Counting, expect_prefix, unexpected};
use crate::server::Server;
use crate::tally::{InFlight, Sample, SharedTally};

/// Publications that wait for their acknowledgement.
const IN_FLIGHT: usize = 4;
const BUFFER_BYTES: usize = 4096;
/// How long the last events may take to arrive.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// What publisher and subscribers of one measurement share.
struct Topic {
    tally: SharedTally,
    /// When each event was published; the event's argument, counted from 1, is its place here.
    sent: RefCell<Vec<Instant>>,
    acknowledged: Cell<usize>,
    /// The last event of each subscriber.
    received: Vec<Cell<usize>>,
}

/// Subscribes on `subscribers` connections, publishes on one more, and measures deliveries.
pub(crate) async fn measure(server: &Server, subscribers: usize, seconds: f64) -> Result<Sample> {
    let topic = Rc::new(Topic {
        tally: SharedTally::default(),
        sent: RefCell::default(),
        acknowledged: Cell::default(),
        received: vec![Cell::default(); subscribers],
    });
    let mut tasks = JoinSet::new();
    for place in 0..subscribers {
        let mut client = Client::join(&server.endpoint, BUFFER_BYTES).await?;
        let subscribed = client.ask(r#"[32,1,{},"bench.topic"]"#).await?;
        expect_prefix(&subscribed, "[33,1,")?;
        let subscription =
            number(&subscribed[6..subscribed.len() - 1]).ok_or_else(|| unexpected(&subscribed))?;
        tasks.spawn_local(receive(client, subscription, place, topic.clone()));
    }
    let publisher = Client::join(&server.endpoint, BUFFER_BYTES).await?;
    tasks.spawn_local(publish(publisher, topic.clone()));
    let sample = topic.tally.measure(server, seconds, &mut tasks).await?;
    drain(&topic, &mut tasks).await?;
    Ok(sample)
}

/// Publishes as the acknowledgements come in; ends with the last of them.
async fn publish(mut client: Client, topic: Rc<Topic>) -> Result<()> {
    let mut publications = Counting::new(r#"[16,#,{"acknowledge":true},"bench.topic",[#]]"#);
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
            pending.complete(published(message).ok_or_else(|| unexpected(message))?)?;
            topic.acknowledged.set(topic.acknowledged.get() + 1);
            free += 1;
        }
    }
}

/// One subscriber: an event that is not the next one is an error. Runs until it is aborted.
async fn receive(mut client: Client, subscription: u64, place: usize, topic: Rc<Topic>) -> Result<()> {
    let received = &topic.received[place];
    loop {
        client.fill().await?;
        let now = Instant::now();
        while let Some(message) = client.next_message()? {
            let event = event(message, subscription).ok_or_else(|| unexpected(message))?;
            let last = received.get();
            if event != last + 1 {
                return Err(format!("subscriber {place} got event {event} after event {last}").into());
            }
            received.set(event);
            let sent = *topic.sent.borrow().get(last).ok_or("an event that was not published")?;
            topic.tally.record(now - sent);
        }
        client.flush().await?;
    }
}

/// The request a PUBLISHED answers.
fn published(message: &[u8]) -> Option<u64> {
    let rest = message.strip_prefix(b"[17,")?;
    number(&rest[..rest.iter().position(|&byte| byte == b',')?])
}

/// The argument of an EVENT of this subscription.
fn event(message: &[u8], subscription: u64) -> Option<usize> {
    let event = scan_event(message, subscription).or_else(|| decode_event(message, subscription))?;
    usize::try_from(event).ok()
}

/// `[36,SUBSCRIPTION,PUBLICATION,{},[ARGUMENT]]`
fn scan_event(message: &[u8], subscription: u64) -> Option<u64> {
    let mut fields = message.strip_prefix(b"[36,")?.strip_suffix(b"]]")?.splitn(3, |&byte| byte == b',');
    let (id, _publication, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let argument = rest.strip_prefix(b"{},[")?;
    if number(id)? == subscription { number(argument) } else { None }
}

/// The same with details, or spaced differently.
fn decode_event(message: &[u8], subscription: u64) -> Option<u64> {
    match serde_json::from_slice::<Vec<Value>>(message).ok()?.as_slice() {
        [code, id, Value::Number(_), Value::Object(_), Value::Array(arguments)]
            if code == 36 && id == subscription && arguments.len() == 1 =>
        {
            arguments[0].as_u64()
        }
        _ => None,
    }
}

/// Waits until every subscriber has every event; one that is lost or twice delivered is an error.
async fn drain(topic: &Topic, tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    let deadline = Instant::now() + DRAIN_LIMIT;
    loop {
        while let Some(ended) = tasks.try_join_next() {
            ended??;
        }
        let sent = topic.sent.borrow().len();
        let missing: usize = topic.received.iter().map(|received| sent - received.get()).sum();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_with_and_without_details() {
        assert_eq!(event(b"[36,7,123456789,{},[42]]", 7), Some(42));
        assert_eq!(event(br#"[36,7,123456789,{"topic":"bench.topic"},[42]]"#, 7), Some(42));
        assert_eq!(event(b"[36,8,123456789,{},[42]]", 7), None);
        assert_eq!(event(b"[36,7,123456789,{},[42,43]]", 7), None);
    }
}
