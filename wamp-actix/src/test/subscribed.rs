//! A subscription of a test client, and its events.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use wamp_core::{Error, Payload, PublicationId, SubscriptionId};

use super::client::Client;
use super::message::Message;

/// An EVENT.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The id of the publication.
    pub publication: PublicationId,
    /// The details, such as `topic` of a pattern subscription, or `retained`.
    pub details: Map<String, Value>,
    /// The arguments.
    pub payload: Payload,
}

/// The events of a subscription that the test has not taken.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) events: VecDeque<Event>,
    /// The reason for which the server has ended it.
    pub(super) revoked: Option<Error>,
}

impl Inbox {
    pub(super) fn revoke(&mut self, message: &Message) {
        self.revoked = Some(message.revocation());
    }
}

/// A subscription of a client: a stream of its events.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Subscribed {
    client: Client,
    id: SubscriptionId,
}

impl Subscribed {
    pub(super) fn new(client: Client, id: SubscriptionId) -> Self {
        Self { client, id }
    }

    /// Returns the id of the subscription.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Waits for the next event; `None` once the session has ended, or the server has
    /// [revoked](Self::revoked) the subscription.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// Waits for the next event, and reads its positional arguments: a tuple or a `Vec`.
    ///
    /// ```
    /// use wamp_actix::test::join;
    /// use wamp_actix::{Realm, Router, Topic};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// let realm = Realm::new("realm1").topic("prices.{item}", Topic::open());
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// let mut prices = join(&router).await?.subscribe("prices.apple").await?;
    /// join(&router).await?.publish("prices.apple").arg(17).await?;
    /// assert_eq!(prices.next_args::<(u32,)>().await, (17,));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// The subscription has ended, or the arguments have other types.
    pub async fn next_args<T: DeserializeOwned>(&mut self) -> T {
        let event = self.next().await.unwrap_or_else(|| panic!("no event: {}", self.ending()));
        let args = event.payload.args();
        args.unwrap_or_else(|error| {
            panic!("the event {} reads differently: {error}", event.payload)
        })
    }

    /// Runs the server until it is idle, and returns the next event if there is one.
    pub async fn try_next(&mut self) -> Option<Event> {
        self.client.settle().await;
        let id = self.id.get();
        self.client.with(|state| state.inboxes.get_mut(&id)?.events.pop_front())
    }

    /// Returns the reason for which the server has ended the subscription, with its text as the
    /// first argument; `None` as long as it has not.
    #[must_use]
    pub fn revoked(&self) -> Option<Error> {
        self.client.with(|state| state.inboxes.get(&self.id.get())?.revoked.clone())
    }

    /// Ends the subscription.
    ///
    /// # Errors
    /// The ERROR that answers UNSUBSCRIBE.
    pub async fn unsubscribe(self) -> Result<(), Error> {
        self.client.request(|request| json!([34, request, self.id])).await?;
        self.client.with(|state| state.inboxes.remove(&self.id.get()));
        Ok(())
    }

    fn poll_event(&self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.client.poll(context, |state| {
            let inbox = state.inboxes.entry(self.id.get()).or_default();
            let event = inbox.events.pop_front();
            let is_over = inbox.revoked.is_some() || state.ended.is_some();
            (event.is_some() || is_over).then_some(event)
        })
    }

    fn ending(&self) -> String {
        let ended = || self.client.with(|state| state.ended.clone());
        self.revoked().or_else(ended).map_or_else(String::new, |error| error.to_string())
    }
}

impl Stream for Subscribed {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}
